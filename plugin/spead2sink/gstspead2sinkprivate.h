/* gst-spead2: spead2sink as its own files see it
 *
 * gstspead2sink.c has properties, states, events and what workers call;
 * gstspead2sinkstream.c is the way from a buffer to a heap.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_PRIVATE_H
#define GST_SPEAD2_SINK_PRIVATE_H

#include "common/gstspead2adapter.h"
#include "common/gstspead2index.h"
#include "common/gstspead2payload.h"
#include "gstspead2sink.h"
#include "gstspead2sinkproperties.h"
#include "gstspead2sinkreports.h"
#include "spead2/heap/layout.h"
#include "spead2/send/sender.h"

G_BEGIN_DECLS

/* The object lock guards the settings and the rest of the first part. sender is
 * NULL but in READY and above, and there after a start that failed. It is set and
 * cleared with the lock by state changes, while the pad is inactive: they and the
 * streaming thread read it without the lock, all other threads with it, and use it
 * only as long as they hold it. What follows sender belongs to the streaming
 * thread, or to state changes while the pad is inactive; the last part is atomic,
 * or the workers' own, since heaps end one at a time. The lock is held while calling
 * the engine only for what neither waits nor calls back. */
struct _GstSpead2Sink {
  GstBaseSink parent;

  GstSpead2SinkSettings settings;
  GError *uri_error; /* why the last URI was not taken */
  gboolean in_use;   /* PAUSED or PLAYING: most settings are fixed */
  gboolean reopen;   /* one that sockets or packets depend on has changed */
  GSocket *used_socket;
  gboolean close_used; /* used_socket is closed when it is given up */
  guint64 offset_jumps;
  guint64 index_wraps;
  guint64 remainder_bytes; /* dropped */
  guint64 padding_bytes;
  GCancellable *resolving; /* ends the look-up of a name; any thread */
  gboolean making; /* heaps were made that are not in the queue yet; written by
                           the streaming thread only */
  gboolean stop_wanted; /* a stop heap goes behind them */

  Spead2Sender *sender;

  Spead2Items *items;
  Spead2Layout *layout;
  Spead2Flavour flavour;
  GstSpead2Adapter adapter;
  GstSpead2Payload payload;
  GstCaps *refused; /* if the last that came were, or NULL */
  GstSpead2Index index;
  gboolean timed;    /* descriptors go by time */
  gboolean uses_utc; /* items do */
  gboolean uses_ptp;
  const Spead2Item
      *index_item;       /* the narrowest with the sample index, or NULL */
  GstStructure *waiting; /* an event's values for the next buffer, or NULL */
  GstStructure *given;   /* the same, of the buffer that has come */
  gboolean made;   /* heaps of the buffer, or list, in the chain function */
  GPtrArray *left; /* (owned Spead2Heap) those that a step keeps waiting */
  GstPadChainFunction chain; /* the base class's */
  GstPadChainListFunction chain_list;
  gboolean jump_warned;
  gboolean wrap_warned;
  gboolean given_warned;

  gint stop_pending; /* atomic: heaps went out since the last stop heap */
  gint redescribe;   /* atomic: receivers do not know what was described */
  gint requested;    /* atomic: descriptors are asked for */
  gint started;      /* atomic: a heap of this stream has been pushed */
  gint failed;       /* atomic: on-error=fail, and a heap did */
  gint copy_warned;  /* atomic: zero-copy=on was told why it is not done */
  GstSpead2SinkReports reports;
};

/* Whether the payload has a type of its own there, beside that of caps. */
gboolean gst_spead2_items_give_type (const Spead2Items *items);

/* As GstBaseSink's: which caps of a filter are best. */
GstCaps *gst_spead2_sink_get_caps (GstBaseSink *base, GstCaps *filter);

/* The same for caps of an ACCEPT_CAPS query. */
gboolean gst_spead2_sink_accept_caps (GstSpead2Sink *self, GstCaps *caps);

/* Every CAPS event, also one that brings the caps that were there before refused
 * ones. A pad sends caps that were refused again, in front of all that follows:
 * that is one refusal, and one message. */
void gst_spead2_sink_note_caps (GstSpead2Sink *self, GstEvent *event);

/* As GstBaseSink's: what buffers are from now on. */
gboolean gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps);

/* The item with the sample index whose bits run over first, or NULL. */
const Spead2Item *gst_spead2_sink_find_index_item (const Spead2Items *items);

/* As long as there are no caps. */
void gst_spead2_sink_forget_caps (GstSpead2Sink *self);

/* A new stream: it is described and counted from its beginning. */
void gst_spead2_sink_reset_stream (GstSpead2Sink *self);

/* The pad's chain functions: the only place that sees each buffer once, and
 * before the base class may drop it. */
GstFlowReturn gst_spead2_sink_chain (
    GstPad *pad, GstObject *parent, GstBuffer *buffer);
GstFlowReturn gst_spead2_sink_chain_list (
    GstPad *pad, GstObject *parent, GstBufferList *list);

/* As GstBaseSink's. */
GstFlowReturn gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer);
GstFlowReturn gst_spead2_sink_render_list (
    GstBaseSink *base, GstBufferList *list);

/* Ends the stream on the wire at an EOS event: what is queued, then the stop heap. */
GstFlowReturn gst_spead2_sink_end_stream (GstSpead2Sink *self, GstEvent *eos);

/* The base class's wait for an event's time, and for PLAYING; steps are done. */
GstFlowReturn gst_spead2_sink_sync_event (GstSpead2Sink *self, GstEvent *event);

/* Nothing is sent for it, but the open heap, and samples are counted. */
GstFlowReturn gst_spead2_sink_skip_gap (GstSpead2Sink *self, GstEvent *event);

/* Waits until all that has been accepted is released. Pausing does not end the wait:
 * heaps go on being sent, only an open heap waits for PLAYING. */
void gst_spead2_sink_drain_all (GstSpead2Sink *self, GstQuery *query);

/* Action signals; any thread. */
gboolean gst_spead2_sink_send_descriptors (GstSpead2Sink *self);
gboolean gst_spead2_sink_send_stop (GstSpead2Sink *self);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_PRIVATE_H */
