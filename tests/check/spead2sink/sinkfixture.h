/* The fixture of the sink's tests: a pipeline with a spead2sink named "sender", a
 * pad that pushes into it, a receiver that listens where it sends to, and a
 * decoder that is fed with every datagram that the kernel took, without loss.
 *
 * A program's tests share these variables; each test runs in a process of its
 * own, between setup_fixture() and teardown_fixture(). Functions fail the test when
 * what they say does not come true.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_SINK_FIXTURE_H
#define SPEAD2_TESTS_SINK_FIXTURE_H

#include <gst/check/gstcheck.h>

#include "../fakereceiver.h"
#include "../tools.h"
#include "faults.h"

#define ID_TIMESTAMP 0x1600
#define ID_SAMPLES 0x3300

#define CAPS_S8 "audio/x-raw,format=S8,rate=48000,channels=1,layout=interleaved"
#define CAPS_STEREO                                                            \
  "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,"         \
  "channel-mask=(bitmask)3"

extern FakeReceiver *receiver; /* a port where somebody listens */
extern FakeReceiver *decoder;  /* fed with what was sent, without loss */
extern GstElement *pipeline, *sink;
extern GstPad *pad; /* pushes into the sink; NULL with a source element */
extern GstBus *bus;

/* A checked fixture: around each test. */
void setup_fixture (void);
void teardown_fixture (void);

/* A whole pipeline instead of the pad, with a spead2sink named "sender". */
void launch (const gchar *text);
gboolean have_element (const gchar *name);
/* An element of the pipeline, which owns it. */
GstElement *element (const gchar *name);

/* To PLAYING, as far as it goes without data; caps may be NULL. */
void play (const gchar *caps);
/* Until it is there. */
void go_to (GstState state);
void run_to_eos (void); /* to PLAYING, until EOS comes */
/* To NULL, and the pad can push again. */
void restart (void);
gboolean set_caps (const gchar *text); /* whether they were taken */
void push_segment (void);
void flush (void); /* FLUSH_START, FLUSH_STOP, SEGMENT */
/* Steps so many buffers with a flush, until that is done and the state is there. */
void step (GstState state, guint64 buffers);

/* The payload of all tests: where it begins says what it is. */
guint8 pattern (guint64 position);
void fill_pattern (guint8 *bytes, gsize size, guint64 begin);
GstBuffer *make_buffer (gsize size, guint64 begin, guint64 offset);
/* With a reference timestamp of that scale, which is caps. */
GstBuffer *make_dated_buffer (gsize size, const gchar *scale, guint64 date);
GstFlowReturn try_push (gsize size, guint64 begin, guint64 offset);
void push (gsize size, guint64 begin, guint64 offset);
/* n buffers, of a heap and a sample a byte each, one behind the other. */
void push_heaps (guint n, gsize size);
void push_buffer (GstBuffer *buffer);
/* An event with values for the next heap: "spead2-items, NAME=VALUE". */
void push_values (const gchar *structure);
void push_eos (void);
/* Counts one more when nobody holds the buffer any longer. */
GstBuffer *watched (GstBuffer *buffer, gint *n_freed);

/* A thread named "feed" that pushes n buffers of the pattern, until one is not OK, and
 * then EOS. */
typedef struct {
  guint n;
  gsize size;
  gsize next_size; /* from the third buffer on; 0: the same */
  gboolean eos;

  gint end; /* atomic: no more buffers */
  GThread *thread;
  GstFlowReturn flow; /* of the last one, when it has ended */
} Feed;

void feed_begin (Feed *feed);
/* The same to PLAYING with a blocked network, until max-heaps=2 are outstanding: the
 * feed waits, or is about to. */
void feed_full (Feed *feed, const gchar *caps);
GstFlowReturn feed_end (Feed *feed);  /* until it ends by itself */
GstFlowReturn feed_stop (Feed *feed); /* after the buffer that is pushed now */

/* Asks with a DRAIN query. */
void drain (void);

/* The next message of a type. Warnings that come before it are kept, an error
 * fails the test. */
GstMessage *pop (GstMessageType type);
void wait_eos (void);
/* push_eos() and wait_eos(). */
void finish (void);
void assert_no_message (GstMessageType types);
void drop_messages (void);

void assert_words (const gchar *text, const gchar *words);
/* The next warning, or error, is the sink's, of that domain and code. It says words,
 * unless NULL: what a message says is asserted once, where it is the subject. */
void assert_warning (GQuark domain, gint code, const gchar *words);
void assert_error (GQuark domain, gint code, const gchar *words);

/* A field of stats, now or when it has that value. The caller frees the string, which
 * may be NULL. */
guint64 counter (const gchar *name);
gboolean stat_flag (const gchar *name);
gchar *stat_string (const gchar *name);
#define wait_stat(name, value) wait_until (counter (name) == (value))

/* Until a sending thread has waited for a network that is blocked, for the first time. */
void wait_blocked (void);

/* Decodes what has been sent since the fixture was set up. The functions below
 * look at the decoder. */
void decode (void);
const FakeHeap *whole_heap (guint index);
/* The value of the first item with that id, an immediate, in a whole heap. */
guint64 immediate (guint index, guint64 id);
void assert_timestamp (const FakeHeap *heap, guint64 timestamp);
/* The heap is whole, and carries size bytes of the pattern from begin on. */
void assert_heap (
    guint index, guint64 cnt, guint64 timestamp, gsize size, guint64 begin);
/* What push_heaps() makes, in order, and then a stop heap. */
void assert_stream (guint n, gsize size);
/* The value of item 0x1000 in 8 bytes. */
guint64 date_of (guint index);
/* The last heap, and the only one of its kind, is a stop heap. */
void assert_stop_heap (guint index, guint64 cnt);
void assert_descriptors (guint index, guint n);
/* The caller frees it. */
FakeDescriptor *descriptor (guint heap, guint n);
/* The second descriptor of a heap, of the samples, has that numpy type. */
void assert_dtype (guint heap, const gchar *dtype);

#endif /* SPEAD2_TESTS_SINK_FIXTURE_H */
