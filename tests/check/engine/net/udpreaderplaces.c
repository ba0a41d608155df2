/* Payload that is read straight to where it belongs, or copied there, and datagrams that turn
 * out to be others than were predicted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "readerfixture.h"
#include "spead2/wire/flavour.h"

/* A datagram: a stream's name, the offset of its payload in the memory, payload. */
#define HEADER 16
#define PIECE 5000
#define SEGMENT (HEADER + PIECE)
#define N 400 /* pieces that fit into the memory */

static guint8 *memory;
static guint64 end;    /* of what has come */
static guint n_places; /* most that are predicted */
static guint n_predictions, n_placed, n_taken;

static guint8
byte_at (guint64 offset)
{
  return offset * 131 + (offset >> 8) * 7 + 5;
}

static gboolean
predict (const guint8 *last, gsize size, Spead2Places *places, gpointer data)
{
  guint64 offset = spead2_read_u64 (last + 8);
  gsize payload = size - HEADER;

  fail_unless (data == given);
  n_predictions++;
  if (offset + payload != end || payload == 0)
    return FALSE;
  *places = (Spead2Places){
      .n = MIN ((N * PIECE - end) / payload, MIN (n_places, places->n)),
      .header_size = HEADER,
      .payload_size = payload,
      .payload = memory + end,
  };
  memcpy (places->header, last, HEADER);
  spead2_write_u64 (places->header + 8, end);
  spead2_places_add_step (places, 8, payload);
  return places->n > 0;
}

static void
take_placed (const Spead2Places *places, guint n, guint64 time, gpointer data)
{
  fail_unless (data == given);
  fail_unless (n > 0 && n <= places->n);
  fail_unless (places->payload == memory + end);
  end += n * places->payload_size;
  n_placed += n;
}

static void
take (const Spead2Datagram *datagram, gpointer data)
{
  guint64 offset = spead2_read_u64 (datagram->data + 8);
  gsize size = datagram->size - HEADER;

  fail_unless (data == given);
  memcpy (memory + offset, datagram->data + HEADER, size);
  end = MAX (end, offset + size);
  n_taken++;
}

static void
setup (void)
{
  open_fixture ();
  reader_options.placer = (Spead2PlacerFuncs){predict, take_placed};
  reopen ("127.0.0.1", 1, TRUE);
  memory = g_malloc0 (N * PIECE);
  n_places = G_MAXUINT;
  end = n_placed = n_taken = 0;
}

static void
teardown (void)
{
  g_free (memory);
  close_fixture ();
}

/* A train of size bytes of payload, in pieces, from an offset on; drops says after how many
 * pieces one is left out. Reads it. */
static void
receive_train (
    guint8 stream, guint64 offset, gsize size, gsize piece, guint drop)
{
  guint8 *bytes = g_malloc0 (65536), *at = bytes;
  guint i;

  for (i = 0; size > 0; i++) {
    gsize length = MIN (size, piece);

    if (i == drop)
      offset += piece;
    memset (at, stream, 8);
    spead2_write_u64 (at + 8, offset);
    at += HEADER;
    for (gsize k = 0; k < length; k++)
      *at++ = byte_at (offset + k);
    offset += length;
    size -= length;
  }
  send_message (0, bytes, at - bytes, HEADER + piece);
  fail_if (spead2_udp_reader_drain (reader, ALL, take, given));
  g_free (bytes);
}

/* All that has come is right, but for a piece. */
static void
check_memory (guint64 missing)
{
  guint64 i = 0;

  while (i < end && (i / PIECE == missing || memory[i] == byte_at (i)))
    i++;
  fail_unless_equals_uint64 (i, end);
}

GST_START_TEST (what_continues_is_placed)
{
  for (guint i = 0; i < 4; i++)
    receive_train (1, i * 5 * PIECE, 5 * PIECE, PIECE, G_MAXUINT);
  /* Of the first train, the first one says where the others belong. */
  fail_unless_equals_int (n_taken, 1);
  fail_unless_equals_int (n_placed, 19);
  fail_unless_equals_uint64 (counters ()->placed, 15);
  fail_unless_equals_uint64 (counters ()->datagrams, 20);
  fail_unless_equals_uint64 (counters ()->bytes, 20 * SEGMENT);
  fail_unless_equals_uint64 (end, 20 * PIECE);
  check_memory (G_MAXUINT64);

  /* A single datagram, and a train that has more than could be predicted. */
  receive_train (1, end, PIECE, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 16);
  n_places = 2;
  receive_train (1, end, 4 * PIECE + 70, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 18);
  fail_unless_equals_int (n_taken, 1 + 2);
  check_memory (G_MAXUINT64);
}
GST_END_TEST

static const struct {
  guint8 stream;
  gint64 offset; /* from what was expected */
  gsize size, piece;
  guint drop;
  guint64 missing; /* piece */
} others[] = {
    {2, 0, 5 * PIECE, PIECE, G_MAXUINT, G_MAXUINT64}, /* other bytes in front */
    {1, PIECE, 5 * PIECE, PIECE, G_MAXUINT, 5},
    {1, 0, 5 * PIECE, PIECE, 0, 5},
    {1, 0, 5 * PIECE, PIECE, 3, 8},
    {1, -3 * PIECE, 5 * PIECE, PIECE, G_MAXUINT, G_MAXUINT64},
    {1, 0, 5 * (PIECE - 8), PIECE - 8, G_MAXUINT, G_MAXUINT64},
    {1, 0, 5 * (PIECE + 8), PIECE + 8, G_MAXUINT, G_MAXUINT64},
    {1, 0, 2 * PIECE + 10, PIECE, G_MAXUINT, G_MAXUINT64}, /* a short one */
    {1, 0, 300, 300, G_MAXUINT, G_MAXUINT64},
    {1, 0, 20 * 300, 300, G_MAXUINT, G_MAXUINT64},
};

/* It is given as if nothing had been predicted; and then nothing is for some messages. */
GST_START_TEST (what_does_not_continue_is_given)
{
  guint n =
      (others[__i__].size + others[__i__].piece - 1) / others[__i__].piece;

  receive_train (1, 0, 5 * PIECE, PIECE, G_MAXUINT);
  receive_train (others[__i__].stream, end + others[__i__].offset,
      others[__i__].size, others[__i__].piece, others[__i__].drop);
  fail_unless_equals_uint64 (counters ()->placed, 0);
  fail_unless_equals_int (n_taken + n_placed, 5 + n);
  check_memory (others[__i__].missing);

  for (guint i = 0; i < 40 && counters ()->placed == 0; i++)
    receive_train (1, end, 5 * PIECE, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 5);
  fail_unless_equals_int (n_taken + n_placed, 5 + n + 17 * 5);
  check_memory (others[__i__].missing);
}
GST_END_TEST

/* Small payload is copied there, as is what comes to one of several sockets. */
GST_START_TEST (what_is_copied)
{
  for (guint i = 0; i < 4; i++)
    receive_train (1, end, 20 * 3000, 3000, G_MAXUINT);
  reopen ("127.0.0.1", 2, TRUE);
  for (guint i = 0; i < 4; i++)
    receive_train (1, end, 5 * PIECE, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 0);
  fail_unless_equals_int (n_taken, 8);
  fail_unless_equals_int (n_placed, 4 * 19 + 4 * 4);
  check_memory (G_MAXUINT64);
}
GST_END_TEST

/* What is behind a missing one is predicted anew. The last one is shorter. */
GST_START_TEST (what_is_copied_up_to_a_missing_one)
{
  receive_train (1, 0, 20 * 300 + 10, 300, 7);
  fail_unless_equals_int (n_taken, 3);
  fail_unless_equals_int (n_placed, 18);
  fail_unless_equals_int (n_predictions, 2);
  fail_unless_equals_uint64 (end, 21 * 300 + 10);
  for (guint i = 0; i < end; i++)
    if (i < 7 * 300 || i >= 8 * 300)
      fail_unless_equals_int (memory[i], byte_at (i));
}
GST_END_TEST

/* Once in a message: a stream in another order is not held up. */
GST_START_TEST (what_cannot_be_predicted)
{
  n_places = 0;
  receive_train (1, 0, 20 * 300, 300, G_MAXUINT);
  fail_unless_equals_int (n_taken, 20);
  fail_unless_equals_int (n_predictions, 1);
  check_memory (G_MAXUINT64);
}
GST_END_TEST

/* And what comes behind it is given. */
GST_START_TEST (what_is_discarded_is_not_placed)
{
  guint8 *bytes = new_bytes (5 * SEGMENT, 0);

  receive_train (1, end, 5 * PIECE, PIECE, G_MAXUINT);
  send_message (0, bytes, 5 * SEGMENT, SEGMENT);
  spead2_udp_reader_discard (reader); /* predict() fails without user_data */
  fail_unless_equals_uint64 (counters ()->discarded, 5);
  receive_train (1, end, 5 * PIECE, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 0);
  fail_unless_equals_int (n_taken, 2);
  receive_train (1, end, 5 * PIECE, PIECE, G_MAXUINT);
  fail_unless_equals_uint64 (counters ()->placed, 5);
  check_memory (G_MAXUINT64);
  g_free (bytes);
}
GST_END_TEST

static Suite *
udpreaderplaces_suite (void)
{
  Suite *suite = suite_create ("udpreaderplaces");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, what_continues_is_placed);
  tcase_add_loop_test (
      tc, what_does_not_continue_is_given, 0, G_N_ELEMENTS (others));
  tcase_add_test (tc, what_is_copied);
  tcase_add_test (tc, what_is_copied_up_to_a_missing_one);
  tcase_add_test (tc, what_cannot_be_predicted);
  tcase_add_test (tc, what_is_discarded_is_not_placed);
  return suite;
}

GST_CHECK_MAIN (udpreaderplaces);
