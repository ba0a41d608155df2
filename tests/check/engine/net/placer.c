/* Payload that is read or copied to where it belongs, without a socket.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/net/placer.h"

/* A datagram: its number, payload of bytes that have that value. */
#define HEADER 8
#define PIECE 5000
#define SEGMENT (HEADER + PIECE)
#define N 4 /* datagrams of the message that is next */

static Spead2Placer placer;
static guint8 memory[SPEAD2_MAX_MESSAGE];
static guint8 sent[N * SEGMENT]; /* the message that comes */
static guint8 payload[(1 + SPEAD2_PLACER_MAX_PLACES) * PIECE];
static guint n_predicted; /* at most */
static guint n_placed;

static void
make_datagram (guint8 *data, guint64 number)
{
  spead2_write_u64 (data, number);
  memset (data + HEADER, number, PIECE);
}

static gboolean
predict (const guint8 *last, gsize size, Spead2Places *places, gpointer data)
{
  guint64 next = spead2_read_u64 (last) + 1;

  places->n = MIN (n_predicted, places->n);
  places->header_size = HEADER;
  places->payload_size = size - HEADER;
  places->payload = payload + next * PIECE;
  places->n_steps = 0;
  spead2_write_u64 (places->header, next);
  spead2_places_add_step (places, 0, 1);
  return n_predicted > 0;
}

static void
count_placed (const Spead2Places *places, guint n, guint64 time, gpointer data)
{
  fail_unless_equals_uint64 (time, 77);
  n_placed += n;
}

/* The last datagram had number 0; those from 1 on are next. */
static void
setup (void)
{
  static guint8 last[SEGMENT];
  guint i;

  memset (&placer, 0, sizeof placer);
  memset (memory, 0xff, sizeof memory);
  memset (payload, 0xff, sizeof payload);
  placer.funcs = (Spead2PlacerFuncs){predict, count_placed};
  n_predicted = G_MAXUINT;
  n_placed = 0;
  make_datagram (last, 0);
  spead2_placer_note (&placer, last, SEGMENT);
  for (i = 0; i < N; i++)
    make_datagram (sent + i * SEGMENT, 1 + i);
}

/* Writes the message to the placer's memory, as the kernel does. */
static void
scatter (guint n_iovs, gsize size)
{
  const guint8 *from = sent;
  guint i;

  for (i = 0; i < n_iovs; i++) {
    gsize n = MIN (placer.iovs[i].iov_len, size);

    memcpy (placer.iovs[i].iov_base, from, n);
    from += n;
    size -= n;
  }
  fail_unless_equals_uint64 (size, 0);
}

static guint
read_message (gsize size, gboolean intact)
{
  const Spead2ReadMessage message = {memory, size, SEGMENT, N, N};
  guint n_iovs = spead2_placer_prepare (&placer, memory, NULL);

  fail_unless (n_iovs > 0);
  scatter (n_iovs, size);
  return spead2_placer_settle (&placer, &message, intact);
}

static void
check_payload (guint from, guint to)
{
  guint i;

  for (i = from * PIECE; i < to * PIECE; i++)
    fail_unless_equals_int (payload[i], i / PIECE);
  fail_unless_equals_int (payload[to * PIECE], 0xff);
}

GST_START_TEST (payload_is_read_to_its_places)
{
  fail_unless_equals_int (read_message (sizeof sent, TRUE), N);
  check_payload (1, 1 + N);
  spead2_placer_give (&placer, N, 77, NULL);
  fail_unless_equals_int (n_placed, N);
}
GST_END_TEST;

GST_START_TEST (what_is_behind_the_places_lies_where_it_would)
{
  n_predicted = 3;
  fail_unless_equals_int (read_message (sizeof sent, TRUE), 3);
  check_payload (1, 4);
  fail_if (memcmp (memory + 3 * SEGMENT, sent + 3 * SEGMENT, SEGMENT));
}
GST_END_TEST;

/* Whatever is wrong with it: the last header, its size, or that it is cut off. */
GST_START_TEST (a_message_that_is_not_as_predicted_is_put_together)
{
  gsize size = sizeof sent - (__i__ == 1);
  guint i;

  n_predicted = __i__ == 3 ? 2 : G_MAXUINT;
  if (__i__ == 0)
    make_datagram (sent + 3 * SEGMENT, 100);
  if (__i__ == 3)
    make_datagram (sent, 100);
  fail_unless_equals_int (read_message (size, __i__ != 2), 0);
  fail_if (memcmp (memory, sent, size));
  fail_unless_equals_int (n_placed, 0);
  /* The next 16 messages are read as usual. */
  for (i = 0; i < 16; i++) {
    const Spead2ReadMessage message = {memory, sizeof sent, SEGMENT, N, N};

    spead2_placer_note (&placer, memory, SEGMENT);
    fail_unless_equals_int (spead2_placer_prepare (&placer, memory, NULL), 0);
    fail_unless_equals_int (spead2_placer_settle (&placer, &message, TRUE), 0);
  }
  spead2_placer_note (&placer, memory, SEGMENT);
  fail_unless (spead2_placer_prepare (&placer, memory, NULL) > 0);
}
GST_END_TEST;

GST_START_TEST (nothing_is_read_to_places_that_are_unknown)
{
  n_predicted = 0;
  fail_unless_equals_int (spead2_placer_prepare (&placer, memory, NULL), 0);
  n_predicted = G_MAXUINT;
  spead2_placer_note (&placer, memory, SPEAD2_PLACER_MIN_DATAGRAM - 1);
  fail_unless_equals_int (spead2_placer_prepare (&placer, memory, NULL), 0);
  spead2_placer_note (&placer, NULL, 0);
  fail_unless_equals_int (spead2_placer_prepare (&placer, memory, NULL), 0);
}
GST_END_TEST;

/* The first was given to somebody else, and the last one is cut short. */
GST_START_TEST (payload_is_copied_up_to_what_does_not_continue)
{
  const Spead2ReadMessage message = {sent, sizeof sent - 1, SEGMENT, N, N};

  spead2_placer_note (&placer, sent, SEGMENT);
  fail_unless_equals_int (
      spead2_placer_copy (&placer, &message, 1, 77, NULL), 2);
  check_payload (2, 4);
  fail_unless_equals_int (n_placed, 2);
  fail_unless_equals_int (
      spead2_placer_copy (&placer, &message, 3, 77, NULL), 0);

  setup ();
  make_datagram (sent + 2 * SEGMENT, 100);
  spead2_placer_note (&placer, sent, SEGMENT);
  fail_unless_equals_int (
      spead2_placer_copy (&placer, &message, 1, 77, NULL), 1);
  check_payload (2, 3);
}
GST_END_TEST;

static Suite *
placer_suite (void)
{
  Suite *suite = suite_create ("placer");
  TCase *tc = tcase_create ("placer");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_test (tc, payload_is_read_to_its_places);
  tcase_add_test (tc, what_is_behind_the_places_lies_where_it_would);
  tcase_add_loop_test (
      tc, a_message_that_is_not_as_predicted_is_put_together, 0, 4);
  tcase_add_test (tc, nothing_is_read_to_places_that_are_unknown);
  tcase_add_test (tc, payload_is_copied_up_to_what_does_not_continue);
  return suite;
}

GST_CHECK_MAIN (placer);
