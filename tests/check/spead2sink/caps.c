/* What spead2sink negotiates: the caps that it offers and accepts, those that it
 * refuses, with which words, and what it says to ALLOCATION.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/video/video.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define ITEM "application/x-spead-item"
#define OWN_TYPE "samples,id=0x3300,value=payload,dtype=\"<c8\""
#define OWN_FORMAT "samples,id=0x3300,value=payload,format=i12"
#define AUDIO(format, layout)                                                  \
  "audio/x-raw,format=" format ",rate=48000,channels=2,layout=" layout         \
  ",channel-mask=(bitmask)3"
#define GOOD AUDIO ("S16LE", "interleaved")
#define SINK " ! spead2sink name=sender"

static GstPad *
sink_pad (void)
{
  GstPad *found = gst_element_get_static_pad (sink, "sink");

  gst_object_unref (found); /* the sink has it */
  return found;
}

static GstCaps *
query_caps (const gchar *filter)
{
  GstCaps *caps = filter ? gst_caps_from_string (filter) : NULL;
  GstCaps *result = gst_pad_query_caps (sink_pad (), caps);

  gst_clear_caps (&caps);
  return result;
}

static void
assert_caps (gboolean good, GstCaps *caps, GstCaps *expected)
{
  gchar *text = gst_caps_to_string (caps),
        *other = gst_caps_to_string (expected);

  fail_unless (good, "%s is not %s", text, other);
  g_free (text);
  g_free (other);
}

static gboolean
accepts (const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);
  gboolean accepted = gst_pad_query_accept_caps (sink_pad (), caps);

  gst_caps_unref (caps);
  return accepted;
}

/* -- queries -------------------------------------------------------------------------- */

/* Items, a filter, and what is left of it, in this order. */
static const struct {
  const gchar *items;
  const gchar *filter;
  const gchar *result;
} filters[] = {
    {NULL, NULL, "ANY"},
    {NULL, "ANY", "ANY"},
    {NULL, "EMPTY", "EMPTY"},
    {NULL, "audio/x-raw,format=S24LE", "EMPTY"},
    {NULL, "audio/x-raw,format=S16LE,layout=non-interleaved", "EMPTY"},
    {NULL, "audio/x-raw,format=S16LE",
        "audio/x-raw,format=S16LE,layout=interleaved"},
    /* A dtype goes before a format, and the filter's order before the sink's. */
    {NULL,
        "audio/x-raw,format={S24LE,S24BE,S32BE,F64LE,S8},rate=[1,100],"
        "layout={non-interleaved,interleaved}",
        "audio/x-raw,format={S32BE,F64LE,S8},rate=[1,100],layout=interleaved;"
        "audio/x-raw,format=S24BE,rate=[1,100],layout=interleaved"},
    /* What is not audio may follow as it is. */
    {NULL, "video/x-raw; audio/x-raw,format=S24LE; audio/x-flac",
        "video/x-raw; audio/x-flac"},
    {NULL, "video/x-raw,format=I420; audio/x-raw,format=U8",
        "audio/x-raw,format=U8,layout=interleaved; video/x-raw,format=I420"},
    /* But for packed samples of no width. */
    {NULL, BYTES ",sample-bits=65", "EMPTY"},
    {NULL, BYTES ",sample-bits=[-5,100]", BYTES ",sample-bits=[0,64]"},
    {NULL, BYTES ",sample-bits=10,channels={0,2}",
        BYTES ",sample-bits=10,channels=2"},
    {NULL, BYTES ",channels=0", BYTES ",channels=0"},
    /* The user knows what they are. */
    {OWN_TYPE, "audio/x-raw,format=S24LE", "audio/x-raw,format=S24LE"},
    {OWN_FORMAT, "audio/x-raw,format=S24LE", "audio/x-raw,format=S24LE"},
    {OWN_TYPE, AUDIO ("S16LE", "non-interleaved"),
        AUDIO ("S16LE", "non-interleaved")},
    {OWN_TYPE, "audio/x-raw,format={S24LE,S16LE}",
        "audio/x-raw,format=S16LE,layout=interleaved;"
        "audio/x-raw,format={S24LE,S16LE}"},
    {OWN_TYPE, BYTES ",sample-bits=65", BYTES ",sample-bits=65"},
};

/* In NULL, and while it is used. */
GST_START_TEST (caps_that_have_a_type_are_offered)
{
  GstCaps *expected = gst_caps_from_string (filters[__i__ / 2].result);
  GstCaps *result;

  if (filters[__i__ / 2].items)
    g_object_set (sink, "items", filters[__i__ / 2].items, NULL);
  /* Out of the test's pad: what that has been given is not asked for. */
  fail_unless (gst_pad_unlink (pad, sink_pad ()));
  if (__i__ % 2)
    gst_element_set_state (sink, GST_STATE_PAUSED);
  result = query_caps (filters[__i__ / 2].filter);
  assert_caps (gst_caps_is_strictly_equal (result, expected), result, expected);
  gst_caps_unref (result);
  gst_caps_unref (expected);
}

GST_END_TEST;

static const struct {
  const gchar *items;
  const gchar *caps;
  gboolean accepted;
} offers[] = {
    {NULL, GOOD, TRUE},
    {NULL, AUDIO ("S24BE", "interleaved"), TRUE},
    {NULL, AUDIO ("S24LE", "interleaved"), FALSE},
    {NULL, AUDIO ("S24_32BE", "interleaved"), FALSE},
    {NULL, AUDIO ("S16LE", "non-interleaved"), FALSE},
    {NULL, "video/x-raw,format=I420,width=8,height=8,framerate=1/1", TRUE},
    {NULL, "audio/x-opus", TRUE},
    {NULL, BYTES ",sample-bits=10,channels=2", TRUE},
    {NULL, BYTES ",sample-bits=10,channels=-1", FALSE},
    {NULL, BYTES ",sample-bits=65", FALSE},
    {OWN_TYPE, AUDIO ("S24LE", "interleaved"), TRUE},
    {OWN_TYPE, AUDIO ("S16LE", "non-interleaved"), TRUE},
};

GST_START_TEST (caps_that_have_a_type_are_accepted)
{
  if (offers[__i__].items)
    g_object_set (sink, "items", offers[__i__].items, NULL);
  fail_unless (gst_pad_unlink (pad, sink_pad ()));
  fail_unless_equals_int (accepts (offers[__i__].caps), offers[__i__].accepted);
}

GST_END_TEST;

/* -- pipelines ----------------------------------------------------------------------- */

/* A pipeline, the element that it needs, the sink's items, and the caps that it
 * ends with. */
static const struct {
  const gchar *needs;
  const gchar *text;
  const gchar *items;
  const gchar *caps;
} converted[] = {
    {"audioconvert",
        "audiotestsrc num-buffers=2 ! audio/x-raw,format=S24LE ! audioconvert",
        NULL, "audio/x-raw,format=S32LE,layout=interleaved"},
    {"audioconvert",
        "audiotestsrc num-buffers=2 ! audio/x-raw,format=S20BE,channels=2 ! "
        "audioconvert ! queue",
        NULL, "audio/x-raw,format=S32LE,layout=interleaved,channels=2"},
    {"audioconvert",
        "audiotestsrc num-buffers=2 ! "
        "audio/x-raw,format=S16LE,layout=non-interleaved,channels=2 ! "
        "audioconvert",
        NULL, "audio/x-raw,format=S16LE,layout=interleaved,channels=2"},
    {"audiotestsrc",
        "audiotestsrc num-buffers=2 ! capsfilter "
        "caps=audio/x-raw,format={(string)S24LE,(string)S32BE}",
        NULL, "audio/x-raw,format=S32BE,layout=interleaved"},
    {"audiotestsrc",
        "audiotestsrc num-buffers=2 ! "
        "audio/x-raw,layout={(string)non-interleaved,(string)interleaved},"
        "format=S16LE,channels=2",
        NULL, "audio/x-raw,format=S16LE,layout=interleaved,channels=2"},
    {"adctestsrc", "adctestsrc num-buffers=2", NULL, "audio/x-raw,format=S8"},
    /* The caps lack a layout. */
    {NULL,
        "fakesrc num-buffers=2 sizetype=fixed sizemax=400 filltype=zero ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=1",
        NULL, "audio/x-raw,format=S16LE,layout=interleaved"},
    /* Pictures are what they were. */
    {"videoconvert",
        "videotestsrc num-buffers=2 ! "
        "video/x-raw,format=NV12,width=32,height=8 ! videoconvert",
        NULL, "video/x-raw,format=NV12"},
    {"videoconvert",
        "videotestsrc num-buffers=2 ! "
        "video/x-raw,format=GRAY8,width=32,height=8 ! videoconvert",
        NULL, "video/x-raw,format=GRAY8"},
    /* What the user has explained. */
    {"audiotestsrc", "audiotestsrc num-buffers=2 ! audio/x-raw,format=S24LE",
        "samples,id=0x3300,value=payload,dtype=\"|V3\"",
        "audio/x-raw,format=S24LE"},
    {"audiotestsrc", "audiotestsrc num-buffers=2 ! audio/x-raw,format=S24LE",
        "samples,id=0x3300,value=payload,format=u8,shape=<-1,3>",
        "audio/x-raw,format=S24LE"},
    {"audiotestsrc",
        "audiotestsrc num-buffers=2 ! "
        "audio/x-raw,format=S16LE,layout=non-interleaved,channels=2",
        "samples,id=0x3300,value=payload,dtype=\"<i2\",shape=<2,-1>",
        "audio/x-raw,format=S16LE,layout=non-interleaved"},
};

GST_START_TEST (what_can_be_sent_is_negotiated_without_a_word)
{
  GstCaps *caps, *expected = gst_caps_from_string (converted[__i__].caps);
  gchar *text;

  if (converted[__i__].needs && !have_element (converted[__i__].needs)) {
    gst_caps_unref (expected);
    return;
  }
  text = g_strconcat (converted[__i__].text, SINK, NULL);
  launch (text);
  if (converted[__i__].items)
    g_object_set (sink, "items", converted[__i__].items, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  caps = gst_pad_get_current_caps (sink_pad ());
  assert_caps (gst_caps_is_subset (caps, expected), caps, expected);
  decode ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 3);
  if (converted[__i__].items == NULL)
    assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_caps_unref (caps);
  gst_caps_unref (expected);
  g_free (text);
}

GST_END_TEST;

#define LONE "audiotestsrc ! audio/x-raw,format=S24LE"

/* Nothing in front of the sink can make something else: it says why. */
static const struct {
  const gchar *needs;
  const gchar *text;
} hopeless[] = {
    {"audiotestsrc", LONE},
    {"audiotestsrc", LONE " ! queue"},
    {"audiotestsrc", LONE " ! identity"},
    {"audiotestsrc", LONE " ! tee"},
    {"audiotestsrc", LONE " ! audioconvert ! audio/x-raw,format=S24LE"},
    {"interleave", LONE " ! interleave"},
    {"wavparse", LONE " ! wavenc ! wavparse"},
    {"wavparse", LONE " ! wavenc ! decodebin"},
    {NULL,
        "fakesrc ! audio/x-raw,format=S24LE,rate=48000,channels=1,"
        "layout=interleaved"},
};

GST_START_TEST (what_cannot_be_sent_is_refused_with_its_reason)
{
  gchar *text;

  if (hopeless[__i__].needs && !have_element (hopeless[__i__].needs))
    return;
  text = g_strconcat (hopeless[__i__].text, SINK, NULL);
  launch (text);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "Audio format S24LE has neither a numpy type nor a SPEAD format");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_free (text);
}

GST_END_TEST;

/* -- refused ---------------------------------------------------------------------------- */

static const struct {
  const gchar *caps;
  const gchar *words;
} refusals[] = {
    {"audio/x-raw",
        "not whole: add format, rate, channels, layout=interleaved."},
    {"audio/x-raw,format=S16LE,rate=48000,channels=1",
        "not whole: add layout=interleaved."},
    {"audio/x-raw,format=S16LE,rate=48000,layout=interleaved",
        "not whole: add channels."},
    {"audio/x-raw,format=S16LE,channels=1,layout=interleaved",
        "not whole: add rate."},
    {"audio/x-raw,rate=48000,channels=1,layout=interleaved",
        "not whole: add format."},
    {"audio/x-raw,format=S16LE,rate=48000,channels=4,layout=interleaved",
        "not whole: add channel-mask."},
    {"audio/x-raw,format=S16LE,rate=48000,channels=0,layout=interleaved",
        "channels=0 in audio caps: there is at least 1."},
    {"audio/x-raw,format=S16LE,rate=48000,channels=-1,layout=interleaved",
        "channels=-1 in audio caps"},
    {"audio/x-raw,format=S17LE,rate=48000,channels=1,layout=interleaved",
        "is none that GStreamer has"},
    {"audio/x-raw,format=S16LE,rate=48000,channels=2,layout=non-interleaved,"
     "channel-mask=(bitmask)3",
        "must be interleaved"},
    {"video/x-raw,format=GRAY8", "at least format, width and height"},
    {BYTES ",sample-bits=10,channels=0", "channels=0 in caps"},
    {BYTES ",sample-bits=10,channels=-1", "channels=-1 in caps"},
    {BYTES ",sample-bits=-1", "Samples of -1 bits do not exist"},
    {BYTES ",sample-bits=(string)10",
        "The field sample-bits of caps is a gchararray: it must be an int."},
    {BYTES ",sample-bits=10,channels=(fraction)2/1",
        "The field channels of caps is a GstFraction"},
    {ITEM, "have a dtype or a format, and not both"},
    {ITEM ",dtype=\"|u1\",format=u8", "have a dtype or a format, and not both"},
    {ITEM ",dtype=7",
        "The field dtype of caps is a gint: it must be a string."},
    {ITEM ",dtype=\"<i3\"",
        "dtype='<i3' in caps is no numpy dtype: there is no"},
    {ITEM ",dtype=\"|O\"", "objects of Python are no values"},
    {ITEM ",format=x8", "format in caps: 'x8' is no format"},
    {ITEM ",format=u8,shape=5", "The shape in caps is an array"},
    {ITEM ",format=u8,shape=<0>", "The shape in caps is an array"},
    {ITEM ",format=u8,shape=<-1,-1>", "The shape in caps is an array"},
    {ITEM ",format=u8,shape=<2,2>,order=fortran", "order=fortran in caps"},
};

GST_START_TEST (refused_caps_are_refused_once)
{
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless (gst_pad_push_event (pad, gst_event_new_stream_start ("test")));
  set_caps (refusals[__i__].caps);
  push_segment ();
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (try_push (400, 0, 0), GST_FLOW_NOT_NEGOTIATED);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, refusals[__i__].words);
  set_caps (refusals[__i__].caps);
  assert_no_message (GST_MESSAGE_ERROR);
}

GST_END_TEST;

/* All of GStreamer's that are neither numpy's nor SPEAD's. */
static const gchar *const unknown_formats[] = {"S24LE", "U24LE", "S24_32LE",
    "S24_32BE", "U24_32LE", "U24_32BE", "S20LE", "S20BE", "U20LE", "U20BE",
    "S18LE", "S18BE", "U18LE", "U18BE"};

GST_START_TEST (audio_formats_without_a_type_are_refused)
{
  gchar *caps = g_strdup_printf (
      "audio/x-raw,format=%s,rate=48000,channels=1,layout=interleaved",
      unknown_formats[__i__]);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless (gst_pad_push_event (pad, gst_event_new_stream_start ("test")));
  set_caps (caps);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, unknown_formats[__i__]);
  g_free (caps);
}

GST_END_TEST;

/* They leave no trace in what comes with others. */
GST_START_TEST (other_caps_make_good_for_refused_ones)
{
  play (GOOD);
  push (400, 0, 0);
  set_caps (AUDIO ("S24LE", "interleaved"));
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  fail_unless (set_caps (GOOD));
  push (400, 400, 100);
  set_caps (AUDIO ("S24LE", "interleaved"));
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  fail_unless (set_caps (GOOD));
  finish ();
  decode ();
  assert_heap (0, 1, 0, 400, 0);
  assert_heap (1, 2, 100, 400, 400);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

/* -- allocation -------------------------------------------------------------------------- */

/* Rows of gray pictures are found by the meta; all others are sent as they lie. */
static const struct {
  const gchar *caps;
  gboolean with_meta;
} allocations[] = {
    {"video/x-raw,format=GRAY8,width=10,height=5,framerate=1/1", TRUE},
    {"video/x-raw,format=GRAY16_LE,width=10,height=5,framerate=1/1", TRUE},
    {"video/x-raw,format=RGB,width=10,height=5,framerate=1/1", FALSE},
    {GOOD, FALSE},
    {BYTES, FALSE},
    {NULL, FALSE},
};

GST_START_TEST (pictures_need_not_be_without_padding)
{
  GstCaps *caps = allocations[__i__].caps
      ? gst_caps_from_string (allocations[__i__].caps)
      : NULL;
  GstQuery *query = gst_query_new_allocation (caps, TRUE);

  play (allocations[__i__].caps);
  fail_unless (gst_pad_peer_query (pad, query));
  fail_unless_equals_int (
      gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL),
      allocations[__i__].with_meta);
  gst_query_unref (query);
  gst_clear_caps (&caps);
}

GST_END_TEST;

static Suite *
sinkcaps_suite (void)
{
  Suite *s = suite_create ("sinkcaps");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (
      tc, caps_that_have_a_type_are_offered, 0, 2 * G_N_ELEMENTS (filters));
  tcase_add_loop_test (
      tc, caps_that_have_a_type_are_accepted, 0, G_N_ELEMENTS (offers));
  tcase_add_loop_test (tc, what_can_be_sent_is_negotiated_without_a_word, 0,
      G_N_ELEMENTS (converted));
  tcase_add_loop_test (tc, what_cannot_be_sent_is_refused_with_its_reason, 0,
      G_N_ELEMENTS (hopeless));
  tcase_add_loop_test (tc, audio_formats_without_a_type_are_refused, 0,
      G_N_ELEMENTS (unknown_formats));
  tcase_add_loop_test (
      tc, refused_caps_are_refused_once, 0, G_N_ELEMENTS (refusals));
  tcase_add_test (tc, other_caps_make_good_for_refused_ones);
  tcase_add_loop_test (
      tc, pictures_need_not_be_without_padding, 0, G_N_ELEMENTS (allocations));
  return s;
}

GST_CHECK_MAIN (sinkcaps);
