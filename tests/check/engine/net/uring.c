/* The io_uring that sends from huge pages, over loopback behind a faulty network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../../tools.h"
#include "spead2/error.h"
#include "spead2/heap/heap.h"
#include "spead2/net/uring.h"
#include "spead2/net/uringreaper.h"

#define MIB (1 << 20)
#define SECOND G_GUINT64_CONSTANT (1000000000)
#define HEADER 72

static gint fds[2]; /* a sending socket, and one that it sends to */
static struct sockaddr_in address;
static Spead2HugePages *pages;
static Spead2Uring *ring;
static guint n_released;
static guint n_copied;
static guint released[1024]; /* the numbers, in order */

static void
note_released (guint message, gboolean copied, gpointer user_data)
{
  fail_unless (user_data == &n_released);
  released[n_released++ % G_N_ELEMENTS (released)] = message;
  n_copied += copied;
}

static gboolean
open_ring (void)
{
  GError *error = NULL;

  faults_io_uring (0);
  ring = spead2_uring_new (note_released, &n_released, &error);
  if (ring == NULL) {
    g_print ("skipped: %s\n", error->message);
    g_error_free (error);
  }
  return ring != NULL;
}

/* More than is registered at a time: what an earlier test had is released late. */
static gboolean
open_pages (gsize slab_size, guint n_slabs)
{
  GError *error = NULL;

  if (!may_lock (64 * MIB)) {
    g_print ("skipped: too little memory may be locked\n");
    return FALSE;
  }
  pages = spead2_huge_pages_new (slab_size, n_slabs, &error);
  if (pages == NULL) {
    g_print ("skipped: %s\n", error->message);
    g_error_free (error);
  }
  return pages != NULL;
}

/* A ring, and four slabs of 1 MiB that it may use. */
static gboolean
open_all (void)
{
  if (!open_ring () || !open_pages (MIB, 4))
    return FALSE;
  fail_unless (spead2_uring_use (ring, pages, NULL));
  spead2_uring_begin (ring);
  return TRUE;
}

static void
setup (void)
{
  socklen_t size = sizeof address;
  gint buffer = 4 * MIB;
  guint i;

  faults_reset ();
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  for (i = 0; i < 2; i++)
    fds[i] = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt (fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  setsockopt (fds[1], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  fail_unless (bind (fds[1], (struct sockaddr *) &address, size) == 0);
  fail_unless (getsockname (fds[1], (struct sockaddr *) &address, &size) == 0);
}

static void
teardown (void)
{
  faults_hold_releases (FALSE);
  if (ring) {
    while (spead2_uring_in_flight (ring) > 0)
      spead2_uring_reap (ring);
    spead2_uring_free (ring);
  }
  if (pages) {
    ASSERT_OBJECT_REFCOUNT (pages, "pages", 1);
    gst_object_unref (pages);
  }
  close (fds[0]);
  close (fds[1]);
  faults_reset ();
}

/* Sends a header of one byte's value, and n_pieces of the pages. */
static gint
send_pieces (guint8 value, guint n_pieces, gsize piece)
{
  struct iovec iov[64];
  const struct mmsghdr header = {{.msg_name = &address,
      .msg_namelen = sizeof address,
      .msg_iov = iov,
      .msg_iovlen = 1 + n_pieces}};
  guint i;

  iov[0].iov_base = spead2_uring_reserve (ring, HEADER);
  iov[0].iov_len = HEADER;
  fail_unless (iov[0].iov_base != NULL);
  memset (iov[0].iov_base, value, HEADER);
  for (i = 1; i <= n_pieces; i++) {
    iov[i].iov_base = spead2_huge_pages_data (pages) + MIB + i * 4096;
    iov[i].iov_len = piece;
  }
  return spead2_uring_send (ring, fds[0], &header, 1);
}

static void
reap_until (guint n)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (n_released < n && g_get_monotonic_time () < end)
    spead2_uring_reap (ring);
  fail_unless_equals_int (n_released, n);
}

static void
assert_words (GError *error, gint errnum, const gchar *words)
{
  fail_unless (g_error_matches (error, SPEAD2_ERRNO, errnum));
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  g_error_free (error);
}

/* Only then can all of its iovecs lie in the one registered mapping. */
GST_START_TEST (a_heap_knows_whether_all_of_it_lies_on_the_pages)
{
  GstBuffer *ours, *mixed = gst_buffer_new_allocate (NULL, 10, NULL);
  Spead2Heap *heap = spead2_heap_new (40);

  if (!open_pages (1000, 4))
    return;
  ours = gst_buffer_new_allocate (GST_ALLOCATOR (pages), 500, NULL);
  fail_unless (heap->pages == NULL);
  fail_unless (spead2_heap_append_buffer (heap, ours, 0, 500, NULL));
  fail_unless (heap->pages == pages);
  fail_unless (spead2_heap_append_buffer (heap, ours, 100, 100, NULL));
  fail_unless (heap->pages == pages);
  fail_unless (spead2_heap_append_buffer (heap, mixed, 0, 10, NULL));
  fail_unless (heap->pages == NULL);
  fail_unless (spead2_heap_append_buffer (heap, ours, 0, 500, NULL));
  fail_unless (heap->pages == NULL);
  spead2_heap_free (heap);

  heap = spead2_heap_new (40);
  fail_unless (spead2_heap_append_buffer (heap, mixed, 0, 10, NULL));
  fail_unless (spead2_heap_append_buffer (heap, ours, 0, 500, NULL));
  fail_unless (heap->pages == NULL);
  spead2_heap_free (heap);
  gst_buffer_unref (ours);
  gst_buffer_unref (mixed);
}
GST_END_TEST;

/* -- the ring --------------------------------------------------------------------- */

GST_START_TEST (a_ring_that_does_not_open_says_why)
{
  static const struct {
    gint errnum;
    const gchar *words;
  } cases[] = {{ENOSYS, "io_uring"}, {EPERM, "kernel.io_uring_disabled"},
      {EINVAL, "Linux 6.15"}};
  GError *error = NULL;
  guint i;

  /* The faulty network has none unless it is asked for. */
  fail_unless (spead2_uring_new (note_released, NULL, &error) == NULL);
  fail_unless (error != NULL);
  if (error->domain == SPEAD2_ERROR) {
    g_print ("skipped: %s\n", error->message);
    g_clear_error (&error);
    return;
  }
  assert_words (g_steal_pointer (&error), ENOSYS, "io_uring");
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    faults_io_uring (cases[i].errnum);
    fail_unless (spead2_uring_new (note_released, NULL, &error) == NULL);
    assert_words (g_steal_pointer (&error), cases[i].errnum, cases[i].words);
  }
  faults_io_uring (0);
  faults_fail_register (ENOMEM, 1);
  fail_unless (spead2_uring_new (note_released, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERRNO, ENOMEM));
  g_clear_error (&error);
}
GST_END_TEST;

GST_START_TEST (messages_arrive_in_order_and_are_released)
{
  guint8 bytes[65536];
  guint i;

  if (!open_all ())
    return;
  memset (spead2_huge_pages_data (pages) + MIB, 77, MIB);
  faults_capture (TRUE, FALSE);
  for (i = 0; i < 100; i++) {
    fail_unless_equals_int (send_pieces (i, 1, 1000), 1);
    fail_unless_equals_int (
        recv (fds[1], bytes, sizeof bytes, 0), 1000 + HEADER);
    fail_unless_equals_int (bytes[HEADER - 1], i);
    fail_unless_equals_int (bytes[HEADER], 77);
  }
  reap_until (100);
  fail_unless_equals_int (spead2_uring_in_flight (ring), 0);
  /* On loopback all are. */
  fail_unless_equals_int (n_copied, 100);
  fail_unless_equals_int (faults_n_messages (), 100);
}
GST_END_TEST;

/* The limit that messages are filled to is the kernel's. */
GST_START_TEST (a_message_has_17_fragments_and_no_more)
{
  if (!open_all ())
    return;
  fail_unless_equals_int (send_pieces (1, SPEAD2_URING_FRAGMENTS - 1, 1000), 1);
  fail_unless_equals_int (
      send_pieces (1, SPEAD2_URING_FRAGMENTS, 1000), -EMSGSIZE);
  reap_until (1);
}
GST_END_TEST;

GST_START_TEST (a_refused_message_is_not_released)
{
  if (!open_all ())
    return;
  faults_fail_message (1, 1, EPERM);
  fail_unless (send_pieces (0, 1, 1000) > 0);
  fail_unless_equals_int (send_pieces (1, 1, 1000), -EPERM);
  fail_unless (send_pieces (2, 1, 1000) > 0);
  faults_fail_submit (EBUSY, 1);
  fail_unless_equals_int (send_pieces (3, 1, 1000), -EIO);
  fail_unless (send_pieces (4, 1, 1000) > 0);
  reap_until (3);
  fail_unless_equals_int (released[0], 1);
  fail_unless_equals_int (released[1], 3);
  fail_unless_equals_int (released[2], 4);
}
GST_END_TEST;

/* n messages of a header of one byte's value each, from begin on, the first of
 * them the batch's message number at; that of value bad has more pieces than the
 * kernel takes. */
static gint
send_chain_at (guint at, guint8 begin, guint n, gint bad)
{
  static struct iovec iovs[40][1 + SPEAD2_URING_FRAGMENTS];
  struct mmsghdr headers[40] = {{{0}}};
  guint i, k;

  for (i = 0; i < n; i++) {
    struct msghdr *header = &headers[i].msg_hdr;

    header->msg_name = &address;
    header->msg_namelen = sizeof address;
    header->msg_iov = iovs[at + i];
    header->msg_iovlen =
        begin + (gint) i == bad ? 1 + SPEAD2_URING_FRAGMENTS : 2;
    header->msg_iov[0].iov_base = spead2_uring_reserve (ring, HEADER);
    header->msg_iov[0].iov_len = HEADER;
    memset (header->msg_iov[0].iov_base, begin + i, HEADER);
    for (k = 1; k < header->msg_iovlen; k++)
      header->msg_iov[k] =
          (struct iovec){spead2_huge_pages_data (pages) + MIB + k * 4096, 100};
  }
  return spead2_uring_send (ring, fds[0], headers, n);
}

static gint
send_chain (guint8 begin, guint n, gint bad)
{
  return send_chain_at (0, begin, n, bad);
}

static void
assert_received (guint8 begin, guint n)
{
  guint8 bytes[65536];
  guint i;

  for (i = 0; i < n; i++) {
    fail_unless_equals_int (
        recv (fds[1], bytes, sizeof bytes, 0), HEADER + 100);
    fail_unless_equals_int (bytes[0], begin + i);
  }
  fail_unless (recv (fds[1], bytes, sizeof bytes, MSG_DONTWAIT) < 0);
}

GST_START_TEST (a_chain_ends_at_the_message_that_is_refused)
{
  if (!open_all ())
    return;
  fail_unless_equals_int (
      send_chain (0, SPEAD2_URING_CHAIN, -1), SPEAD2_URING_CHAIN);
  assert_received (0, SPEAD2_URING_CHAIN);
  fail_unless_equals_int (send_chain (20, 5, -1), 5);
  assert_received (20, 5);
  /* No more at a time. */
  fail_unless_equals_int (
      send_chain (0, SPEAD2_URING_CHAIN + 1, -1), SPEAD2_URING_CHAIN);
  assert_received (0, SPEAD2_URING_CHAIN);

  fail_unless_equals_int (send_chain (30, 6, 32), 2);
  assert_received (30, 2);
  /* Its errno; nothing is sent. */
  fail_unless_equals_int (send_chain_at (2, 33, 3, -1), -EMSGSIZE);
  assert_received (0, 0);
  fail_unless_equals_int (send_chain_at (2, 33, 3, -1), 3);
  assert_received (33, 3);
  /* Another message has nothing to do with it. */
  fail_unless_equals_int (send_chain (30, 3, 32), 2);
  assert_received (30, 2);
  fail_unless_equals_int (send_chain (36, 3, -1), 3);
  assert_received (36, 3);
  fail_unless_equals_int (send_chain (40, 3, 40), -EMSGSIZE);
  assert_received (0, 0);

  /* Nor has a new batch. */
  fail_unless_equals_int (send_chain (50, 3, 51), 1);
  assert_received (50, 1);
  spead2_uring_begin (ring);
  fail_unless_equals_int (send_chain_at (1, 60, 3, -1), 3);
  assert_received (60, 3);
  reap_until (2 * SPEAD2_URING_CHAIN + 5 + 2 + 3 + 2 + 3 + 1 + 3);
}
GST_END_TEST;

/* Those that are refused use no numbers up, however many are in flight. */
GST_START_TEST (only_what_went_is_in_flight)
{
  const FaultsRule full = {
      .errnum = EAGAIN, .times = FAULTS_FOREVER, .above_bytes = 1000};
  guint i;

  if (!open_all ())
    return;
  faults_add_rule (&full);
  faults_hold_releases (TRUE);
  for (i = 1; i <= 200; i++) {
    spead2_uring_begin (ring);
    fail_unless_equals_int (send_chain (0, 3, 1), 1);
    assert_received (0, 1);
    fail_unless_equals_int (spead2_uring_in_flight (ring), i);
  }
  faults_hold_releases (FALSE);
  reap_until (200);
}
GST_END_TEST;

/* A message without headers in the room keeps those that were reserved before it
 * was sent. */
GST_START_TEST (headers_behind_a_message_without_are_kept)
{
  struct iovec iov = {NULL, 100};
  const struct mmsghdr bare = {{.msg_name = &address,
      .msg_namelen = sizeof address,
      .msg_iov = &iov,
      .msg_iovlen = 1}};
  guint8 *first, *seen;
  guint i, n = 0;

  if (!open_all ())
    return;
  faults_hold_releases (TRUE);
  first = spead2_uring_reserve (ring, 30000);
  for (i = 0; i < 50; i++) {
    iov.iov_base = spead2_huge_pages_data (pages) + MIB + i * 1001;
    fail_unless_equals_int (spead2_uring_send (ring, fds[0], &bare, 1), 1);
  }
  spead2_uring_begin (ring);
  while ((seen = spead2_uring_reserve (ring, 1000)) != NULL) {
    fail_unless (seen + 1000 <= first || seen >= first + 30000);
    fail_unless (++n < 1000);
  }
  fail_unless_equals_int (n, (SPEAD2_HEADER_AREA_SIZE - 30000) / 1000);
  faults_hold_releases (FALSE);
  reap_until (50);
}
GST_END_TEST;

/* As long as the kernel reads headers, nobody writes there. */
GST_START_TEST (headers_in_flight_are_not_given_again)
{
  guint8 *seen = NULL;
  guint i, n = 0;

  if (!open_all ())
    return;
  faults_hold_releases (TRUE);
  for (i = 0; i < 20; i++)
    fail_unless (send_pieces (i, 1, 1000) > 0);
  spead2_uring_begin (ring);
  while ((seen = spead2_uring_reserve (ring, 1000)) != NULL) {
    fail_unless_equals_int (spead2_huge_pages_count (seen, 1000), 1);
    memset (seen, 0xff, 1000);
    fail_unless (++n < 1000);
  }
  fail_unless_equals_int (n, (SPEAD2_HEADER_AREA_SIZE - 20 * HEADER) / 1000);
  faults_hold_releases (FALSE);
  reap_until (20);
  spead2_uring_begin (ring);
  for (i = 0; i < 65; i++)
    fail_unless (spead2_uring_reserve (ring, 1000) != NULL);
  fail_unless (spead2_uring_reserve (ring, 1000) == NULL);
  fail_unless (
      spead2_uring_reserve (ring, SPEAD2_HEADER_AREA_SIZE + 1) == NULL);
}
GST_END_TEST;

GST_START_TEST (so_many_messages_are_in_flight_and_no_more)
{
  guint i;

  if (!open_all ())
    return;
  faults_hold_releases (TRUE);
  for (i = 0; i < SPEAD2_URING_MESSAGES; i++) {
    fail_unless (spead2_uring_next (ring, 0) >= 0);
    fail_unless (send_pieces (i, 1, 10) > 0);
  }
  fail_unless_equals_int (spead2_uring_next (ring, 0), -1);
  fail_unless_equals_int (n_released, 0);
  faults_hold_releases (FALSE);
  reap_until (SPEAD2_URING_MESSAGES);
  fail_unless (spead2_uring_next (ring, 0) >= 0);
}
GST_END_TEST;

GST_START_TEST (refused_memory_is_not_tried_again)
{
  GError *error = NULL;

  if (!open_ring () || !open_pages (MIB, 1))
    return;
  faults_fail_register (ENOMEM, 1);
  fail_unless (!spead2_uring_use (ring, pages, &error));
  assert_words (g_steal_pointer (&error), ENOMEM, "ulimit -l");
  fail_unless (!spead2_uring_use (ring, pages, &error));
  assert_words (g_steal_pointer (&error), ENOMEM, "ulimit -l");
  spead2_uring_forget (ring);
  fail_unless (spead2_uring_use (ring, pages, &error));
}
GST_END_TEST;

/* A new pool: the old one's memory may still be read. */
GST_START_TEST (another_mapping_waits_for_the_first)
{
  Spead2HugePages *others;
  GError *error = NULL;

  if (!open_all ())
    return;
  others = spead2_huge_pages_new (MIB, 1, NULL);
  fail_unless (others != NULL);
  faults_hold_releases (TRUE);
  fail_unless (send_pieces (0, 1, 1000) > 0);
  fail_unless (!spead2_uring_use (ring, others, &error));
  fail_unless (error == NULL);
  faults_hold_releases (FALSE);
  reap_until (1);
  fail_unless (spead2_uring_use (ring, others, &error));
  ASSERT_OBJECT_REFCOUNT (pages, "pages", 1);
  spead2_uring_forget (ring);
  ASSERT_OBJECT_REFCOUNT (others, "others", 1);
  gst_object_unref (others);
}
GST_END_TEST;

/* -- what nobody waits for ----------------------------------------------------------- */

static void
note_freed (gpointer freed)
{
  g_atomic_int_set ((gint *) freed, TRUE);
}

GST_START_TEST (what_is_buried_is_freed_when_it_is_released)
{
  GPtrArray *rings, *heaps;
  gint freed = FALSE;

  if (!open_all ())
    return;
  rings = g_ptr_array_new ();
  heaps = g_ptr_array_new_with_free_func (note_freed);
  faults_hold_releases (TRUE);
  fail_unless (send_pieces (0, 1, 1000) > 0);
  spead2_uring_detach (ring);
  g_ptr_array_add (rings, g_steal_pointer (&ring));
  g_ptr_array_add (heaps, &freed);
  spead2_uring_reaper_defer_free (rings, heaps);
  fail_unless (!spead2_uring_reaper_wait (SECOND / 5));
  fail_unless (!g_atomic_int_get (&freed));
  faults_hold_releases (FALSE);
  fail_unless (spead2_uring_reaper_wait (10 * SECOND));
  fail_unless (g_atomic_int_get (&freed));
  fail_unless_equals_int (n_released, 0);
}
GST_END_TEST;

static Suite *
uring_suite (void)
{
  Suite *suite = suite_create ("uring");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, a_heap_knows_whether_all_of_it_lies_on_the_pages);
  tcase_add_test (tc, a_ring_that_does_not_open_says_why);
  tcase_add_test (tc, messages_arrive_in_order_and_are_released);
  tcase_add_test (tc, a_message_has_17_fragments_and_no_more);
  tcase_add_test (tc, a_refused_message_is_not_released);
  tcase_add_test (tc, a_chain_ends_at_the_message_that_is_refused);
  tcase_add_test (tc, only_what_went_is_in_flight);
  tcase_add_test (tc, headers_behind_a_message_without_are_kept);
  tcase_add_test (tc, headers_in_flight_are_not_given_again);
  tcase_add_test (tc, so_many_messages_are_in_flight_and_no_more);
  tcase_add_test (tc, refused_memory_is_not_tried_again);
  tcase_add_test (tc, another_mapping_waits_for_the_first);
  tcase_add_test (tc, what_is_buried_is_freed_when_it_is_released);
  return suite;
}

GST_CHECK_MAIN (uring);
