/* spead2src: what is on its buffers, and which heaps share one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

#define HEAP_SIZE 4000

/* The values on a buffer. */
static GstStructure *
values_of (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstSpead2Items");

  fail_unless (meta != NULL);
  return gst_custom_meta_get_structure (meta);
}

static void
check_value (GstBuffer *buffer, const gchar *name, guint64 expected)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (values_of (buffer), name, &value),
      "no %s", name);
  fail_unless_equals_uint64 (value, expected);
}

/* -- values ------------------------------------------------------------------------- */

/* Heaps with another item each time, and for six heaps each with one more, or with an
 * addressed one in the place of the immediate. */
static void
send_changing_heap (guint64 cnt)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  gchar payload[HEAP_SIZE] = "abcdefgh";

  packet_standard (packet, cnt, HEAP_SIZE, 0, HEAP_SIZE);
  packet_immediate (packet, TIMESTAMP, 8 * cnt);
  if (cnt / 6 % 4 == 2)
    packet_addressed (packet, 0x4100 + cnt % 3, 0);
  else
    packet_immediate (packet, 0x4100 + cnt % 3, 100 + cnt);
  if (cnt / 6 % 4 == 3)
    packet_immediate (packet, 0x4200, 200 + cnt);
  packet_addressed (packet, SAMPLES, cnt / 6 % 4 == 2 ? 8 : 0);
  packet_payload (packet, payload, HEAP_SIZE);
  send_packet (packet);
}

static void
check_changed (GstBuffer *buffer, guint64 cnt)
{
  GBytes *bytes;
  gchar name[16];

  check_value (buffer, "heap-cnt", cnt);
  check_value (buffer, "item-0x1600", 8 * cnt);
  g_snprintf (name, sizeof name, "item-0x%x", 0x4100 + (guint) cnt % 3);
  if (cnt / 6 % 4 == 2) {
    fail_unless (gst_structure_get (
        values_of (buffer), name, G_TYPE_BYTES, &bytes, NULL));
    fail_unless_equals_uint64 (g_bytes_get_size (bytes), 8);
    fail_if (memcmp (g_bytes_get_data (bytes, NULL), "abcdefgh", 8));
    g_bytes_unref (bytes);
  } else {
    check_value (buffer, name, 100 + cnt);
  }
  if (cnt / 6 % 4 == 3)
    check_value (buffer, "item-0x4200", 200 + cnt);
  fail_unless_equals_int (
      gst_structure_n_fields (values_of (buffer)), cnt / 6 % 4 == 3 ? 4 : 3);
}

GST_START_TEST (a_buffer_that_is_issued_again_has_the_values_of_its_heap)
{
  GHashTable *seen = g_hash_table_new (NULL, NULL);
  gboolean again = FALSE;
  guint64 cnt;

  start_source ("", NULL);
  for (cnt = 1; cnt <= 24 || (!again && cnt < 1000); cnt++) {
    GstBuffer *buffer;

    send_changing_heap (cnt);
    buffer = next_buffer ();
    again |= !g_hash_table_add (seen, buffer);
    check_changed (buffer, cnt);
    gst_buffer_unref (buffer);
  }
  fail_unless (again);
  g_hash_table_unref (seen);
  stop_source ();
}
GST_END_TEST;

static Suite *
buffers_suite (void)
{
  Suite *suite = suite_create ("buffers");
  TCase *tc = tcase_create ("buffers");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_buffer_that_is_issued_again_has_the_values_of_its_heap);
  return suite;
}

GST_CHECK_MAIN (buffers);
