/* gst-spead2: spead2sink as its own files see it
 *
 * gstspead2sink.c            class, properties, signals
 * gstspead2sinkproperties.c  the table of properties
 * gstspead2sinkstate.c       changes of state: opening, starting, closing
 * gstspead2sinkopen.c        from settings to a heap maker and a sender
 * gstspead2sinkcaps.c        which caps are offered and accepted
 * gstspead2sinkquery.c       ALLOCATION, DRAIN and ACCEPT_CAPS queries
 * gstspead2sinkstream.c      buffers and events: heaps are made and pushed
 * gstspead2sinkcallbacks.c   what the sender and the heap maker call
 * gstspead2sinkreports.c     messages at a limited rate, and the summary
 * gstspead2sinkstats.c           the sender's counters as a GstStructure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_PRIVATE_H
#define GST_SPEAD2_SINK_PRIVATE_H

#include "common/gstspead2heapmaker.h"
#include "common/gstspead2netelement.h"
#include "gstspead2sink.h"
#include "gstspead2sinkproperties.h"
#include "gstspead2sinkreports.h"
#include "spead2/send/sender.h"

G_BEGIN_DECLS

/* Whether receivers have been sent the end of the stream. */
typedef enum {
  GST_SPEAD2_SINK_END_NONE,    /* nothing was sent since READY */
  GST_SPEAD2_SINK_END_PENDING, /* heaps, or a stop heap that was lost */
  GST_SPEAD2_SINK_END_SENT     /* a stop heap, and nothing behind it */
} GstSpead2SinkEnd;

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
  GstSpead2NetElement net;
  GstSpead2HeapMakerCounters maker_counters; /* of the maker, for stats */
  gboolean making; /* heaps were made that are not in the queue yet: written by
                           the streaming thread only */
  gboolean stop_wanted; /* a stop heap goes behind them */

  Spead2Sender *sender;

  GstSpead2HeapMaker *maker; /* (owned) as long as the sender */
  GstCaps *refused;          /* if the last that came were, or NULL */
  gboolean made;   /* heaps of the buffer, or list, in the chain function */
  GPtrArray *left; /* (owned Spead2Heap) made, and not pushed before a step */
  guint n_kept;    /* of left: the first ones, which a step does not skip, since
                      they have bytes of earlier buffers */
  GstPadChainFunction chain; /* the base class's */
  GstPadChainListFunction chain_list;

  gint end;        /* atomic: a GstSpead2SinkEnd */
  gint redescribe; /* atomic: a description was lost, or receivers begin anew */
  gint requested;  /* atomic: descriptors are asked for */
  gint started;    /* atomic: a heap of this stream has been pushed */
  gint failed;     /* atomic: on-error=fail, and a heap did */
  gint copy_warned; /* atomic: the warning about zero-copy=on was posted */
  GstSpead2SinkReports reports;
};

/* -- gstspead2sink.c ------------------------------------------------------------- */

/* The functions of the base class. */
GstBaseSinkClass *gst_spead2_sink_base_class (void);

/* Emits heap-done. */
void gst_spead2_sink_signal_heap_done (
    GstSpead2Sink *self, const Spead2HeapResult *result);

/* -- gstspead2sinkstate.c: as GstBaseSink's and GstElement's ----------------------- */

gboolean gst_spead2_sink_start (GstBaseSink *base);
gboolean gst_spead2_sink_stop (GstBaseSink *base);
GstStateChangeReturn gst_spead2_sink_set_state (
    GstElement *element, GstState state);
GstStateChangeReturn gst_spead2_sink_change_state (
    GstElement *element, GstStateChange transition);

/* -- gstspead2sinkcaps.c ----------------------------------------------------------- */

/* As GstBaseSink's: which caps of a filter are best. */
GstCaps *gst_spead2_sink_get_caps (GstBaseSink *base, GstCaps *filter);

/* The same for caps of an ACCEPT_CAPS query. */
gboolean gst_spead2_sink_accept_caps (GstSpead2Sink *self, GstCaps *caps);

/* -- gstspead2sinkquery.c: as GstBaseSink's ---------------------------------------- */

gboolean gst_spead2_sink_query (GstBaseSink *base, GstQuery *query);
gboolean gst_spead2_sink_propose_allocation (
    GstBaseSink *base, GstQuery *query);

/* -- gstspead2sinkstream.c --------------------------------------------------------- */

/* The pad's chain functions: the only place where each buffer passes once, and before
 * the base class may drop it. Its statistics do not replace them: "dropped" counts no
 * samples, a list as one buffer and none outside of the segment, and a dropped buffer's
 * OFFSET and values are lost. */
GstFlowReturn gst_spead2_sink_chain (
    GstPad *pad, GstObject *parent, GstBuffer *buffer);
GstFlowReturn gst_spead2_sink_chain_list (
    GstPad *pad, GstObject *parent, GstBufferList *list);

/* As GstBaseSink's. */
gboolean gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps);
GstFlowReturn gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer);
GstFlowReturn gst_spead2_sink_render_list (
    GstBaseSink *base, GstBufferList *list);
gboolean gst_spead2_sink_event (GstBaseSink *base, GstEvent *event);
GstFlowReturn gst_spead2_sink_wait_event (GstBaseSink *base, GstEvent *event);
gboolean gst_spead2_sink_unlock (GstBaseSink *base);
gboolean gst_spead2_sink_unlock_stop (GstBaseSink *base);

/* A new stream: it is described and counted from its beginning. */
void gst_spead2_sink_reset_stream (GstSpead2Sink *self);

/* Waits until all that has been accepted is released. Pausing does not end the wait:
 * heaps go on being sent, only an open heap waits for PLAYING. */
void gst_spead2_sink_drain_all (GstSpead2Sink *self, GstQuery *query);

/* A heap of stream control; while there is a sender. */
static inline Spead2Heap *
gst_spead2_sink_new_control (GstSpead2Sink *self, guint control)
{
  return spead2_heap_new_control (
      spead2_sender_packet_config (self->sender)->flavour, control);
}

/* Action signals; any thread. */
gboolean gst_spead2_sink_send_descriptors (GstSpead2Sink *self);
gboolean gst_spead2_sink_send_stop (GstSpead2Sink *self);

/* -- gstspead2sinkcallbacks.c: with the element as user_data ------------------------- */

extern const Spead2SenderCallbacks gst_spead2_sink_sender_callbacks;
extern const GstSpead2HeapMakerCallbacks gst_spead2_sink_maker_callbacks;

G_END_DECLS

#endif /* GST_SPEAD2_SINK_PRIVATE_H */
