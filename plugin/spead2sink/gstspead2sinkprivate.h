/* gst-spead2: what the files of spead2sink share
 *
 * gstspead2sink.c            class, properties, signals
 * gstspead2sinkproperties.c  declares the properties
 * gstspead2sinkstate.c       state changes: opens, starts, closes
 * gstspead2sinkopen.c        from settings to a heap maker and a sender
 * gstspead2sinkcaps.c        CAPS and ACCEPT_CAPS queries
 * gstspead2sinkquery.c       ALLOCATION and DRAIN queries
 * gstspead2sinkstream.c      buffers, caps, events, action signals
 * gstspead2sinkpush.c        heaps into the sender's queue; pauses, flushes, steps
 * gstspead2sinkstart.c       start-time: with which sample the stream begins
 * gstspead2sinkdestinations.c  action signals that change the destinations
 * gstspead2sinkcallbacks.c   what the sender and the heap maker call
 * gstspead2sinkreports.c     messages at a limited rate, and the summary
 * gstspead2sinkstats.c       the sender's counters as a GstStructure
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

/* What receivers know of the end of the stream. */
typedef enum {
  GST_SPEAD2_SINK_END_NONE,    /* no heap was pushed since READY */
  GST_SPEAD2_SINK_END_PENDING, /* heaps were pushed after the last stop heap, or
                                  that was dropped, or failed for all */
  GST_SPEAD2_SINK_END_SENT /* the last heap that was pushed is a stop heap */
} GstSpead2SinkEnd;

/* With which sample the stream begins. */
typedef struct {
  /* Properties, as they were on the way to PAUSED. */
  guint64 time;      /* ns since 1970, or 0 */
  guint64 alignment; /* samples, or 0 */

  /* Guarded by the object lock. */
  gboolean pending; /* there is a time, and no heap was pushed since READY */
  gboolean live;    /* of upstream, known in PLAYING */
  GstClockTimeDiff shift; /* part of ts-offset, ns */
  /* date before which samples are left out, known in PLAYING */
  guint64 earliest;
} GstSpead2SinkStart;

typedef enum {
  GST_SPEAD2_SINK_CHANGE_ADD,
  GST_SPEAD2_SINK_CHANGE_REMOVE,
  GST_SPEAD2_SINK_CHANGE_CLEAR,
  GST_SPEAD2_SINK_CHANGE_STOP
} GstSpead2SinkChangeKind;

/* A change of the destinations, or a stop heap to those there are. */
typedef struct {
  GstSpead2SinkChangeKind kind;
  Spead2Endpoint endpoint; /* of ADD and REMOVE */
} GstSpead2SinkChange;

/* Threads: "streaming thread" includes state changes, which run while the pad is
 * inactive. The object lock is held during calls of the engine that neither wait nor
 * call back, and during no others. */
struct _GstSpead2Sink {
  GstBaseSink parent;

  /* Guarded by the object lock. */
  GstSpead2SinkSettings settings;
  GstSpead2NetElement net;
  GstSpead2HeapMakerCounters maker_counters; /* a copy, for stats */
  /* the streaming thread has heaps that are not in the queue */
  gboolean making;
  GArray *changes; /* (owned, GstSpead2SinkChange) after these, in order */

  /* Exists in READY and above, unless a start failed. Set and cleared by state changes,
   * with the object lock. The streaming thread reads it without the lock; all other
   * threads hold the lock while they use it. */
  Spead2Sender *sender;

  /* The streaming thread's. */
  GstSpead2HeapMaker *maker; /* (owned) exists as long as sender */
  /* (owned) the last caps, if they were refused; or NULL */
  GstCaps *refused_caps;
  /* of the buffer, or list, that the pad's chain function has */
  gboolean heaps_made;
  GPtrArray *unpushed; /* (owned Spead2Heap) a step ended the wait for a slot */
  /* the first of these, which contain bytes of earlier buffers: they
   * are pushed even if the step skips the buffer */
  guint n_kept;
  GstPadChainFunction chain; /* the base class's */
  GstPadChainListFunction chain_list;

  GstSpead2SinkStart start;

  /* Atomic; any thread. */
  gint end; /* GstSpead2SinkEnd */
  /* send descriptors again: some were lost, a destination is new, is reached again or has
   * become the first, or a stop heap came */
  gint redescribe;
  gint requested; /* send descriptors again: the application asks for them */
  /* runs have one heap: not all go to one destination or in turn */
  gint single;
  /* descriptors are in a heap of their own: there are several destinations */
  gint apart;
  gint started;     /* a heap was pushed since the stream began */
  gint failed;      /* a heap failed, with on-error=fail */
  gint copy_warned; /* the warning about zero-copy=on was posted */

  /* The workers': they report one heap at a time. */
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

/* As GstBaseSink's. */
GstCaps *gst_spead2_sink_get_caps (GstBaseSink *base, GstCaps *filter);

/* The result of an ACCEPT_CAPS query. */
gboolean gst_spead2_sink_accept_caps (GstSpead2Sink *self, GstCaps *caps);

/* -- gstspead2sinkquery.c: as GstBaseSink's ---------------------------------------- */

gboolean gst_spead2_sink_query (GstBaseSink *base, GstQuery *query);
gboolean gst_spead2_sink_propose_allocation (
    GstBaseSink *base, GstQuery *query);

/* -- gstspead2sinkstream.c --------------------------------------------------------- */

/* The pad's chain functions, which every buffer passes once, before the base class
 * may drop it: its samples are counted here. The base class's own statistic "dropped"
 * cannot replace that: it counts no samples, a list as one buffer, and no buffer
 * outside of the segment. */
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

/* Begins a new stream: descriptors are sent again and the sample index starts again.
 * Heaps and bytes that are not in the queue are dropped. */
void gst_spead2_sink_reset_stream (GstSpead2Sink *self);

/* For a DRAIN query: returns when all buffers are released. A pause does not end the
 * wait, and queued heaps are sent in it; a heap that is not in the queue waits for
 * PLAYING. */
void gst_spead2_sink_drain_all (GstSpead2Sink *self, GstQuery *query);

/* Action signals; any thread. */
gboolean gst_spead2_sink_send_descriptors (GstSpead2Sink *self);
gboolean gst_spead2_sink_send_stop (GstSpead2Sink *self);

/* -- gstspead2sinkpush.c: streaming thread, with the preroll lock -------------------- */

/* Returned if a step has ended a wait. The heaps that were not pushed are in
 * unpushed. As the result of render() it has the base class start the step: the
 * buffer is skipped, or rendered again. It is what gst_base_sink_wait_preroll()
 * returns. */
#define GST_SPEAD2_SINK_FLOW_STEP GST_FLOW_CUSTOM_ERROR

/* Makes heaps of list, or of buffer if that is NULL, and pushes them, with unpushed
 * heaps before them. For render(): a second call with the same buffer makes none. */
GstFlowReturn gst_spead2_sink_push_buffers (
    GstSpead2Sink *self, GstBufferList *list, GstBuffer *buffer);

/* Ends the open heap, and pushes it, with unpushed heaps before it. After
 * GST_SPEAD2_SINK_FLOW_STEP another call resumes the wait. */
GstFlowReturn gst_spead2_sink_push_open (GstSpead2Sink *self);

/* Pushes unpushed heaps. */
GstFlowReturn gst_spead2_sink_push_unpushed (GstSpead2Sink *self);

/* The same, and resumes the wait after each step: for use where no buffer or event
 * follows that could do so. */
GstFlowReturn gst_spead2_sink_push_all_unpushed (GstSpead2Sink *self);

/* Frees unpushed heaps from index n_kept on. Their descriptors
 * are sent again. */
void gst_spead2_sink_drop_unpushed (GstSpead2Sink *self, guint n_kept);

/* Pushes a stop heap, which starts a new stream. It waits for nothing, and any thread
 * may call it, with the object lock. FALSE while flushing. */
gboolean gst_spead2_sink_push_stop_heap (GstSpead2Sink *self);

/* Returns when no heap is outstanding; a pause interrupts the wait, PLAYING resumes it. */
GstFlowReturn gst_spead2_sink_drain (GstSpead2Sink *self);

/* The same through steps, before an error is posted: applications then set NULL, which
 * drops queued heaps. */
GstFlowReturn gst_spead2_sink_wait_sent (GstSpead2Sink *self);

/* Why a wait was ended by flushing: GST_FLOW_ERROR after a heap failed with
 * on-error=fail, otherwise GST_FLOW_FLUSHING. */
GstFlowReturn gst_spead2_sink_flushing (GstSpead2Sink *self);

/* A new heap of stream control; only while there is a sender. */
static inline Spead2Heap *
gst_spead2_sink_new_control (GstSpead2Sink *self, guint control)
{
  return spead2_heap_new_control (
      spead2_sender_packet_config (self->sender)->flavour, control);
}

/* -- gstspead2sinkstart.c ---------------------------------------------------------------- */

/* READY to PAUSED, and back. */
void gst_spead2_sink_start_begin (GstSpead2Sink *self);
void gst_spead2_sink_start_end (GstSpead2Sink *self);

/* PAUSED to PLAYING, before the base class is: the clock is known. FALSE after an error
 * message. */
gboolean gst_spead2_sink_start_play (GstSpead2Sink *self);

/* FLUSH_STOP. */
void gst_spead2_sink_start_flush (GstSpead2Sink *self);

/* A buffer has arrived, before the base class waits for its time. */
void gst_spead2_sink_start_arrive (GstSpead2Sink *self);

/* A buffer is about to be pushed into the heap maker. */
void gst_spead2_sink_start_render (GstSpead2Sink *self);

/* -- gstspead2sinkdestinations.c --------------------------------------------------- */

/* Action signals; any thread. */
void gst_spead2_sink_add (GstSpead2Sink *self, const gchar *host, gint port);
void gst_spead2_sink_remove (GstSpead2Sink *self, const gchar *host, gint port);
void gst_spead2_sink_clear (GstSpead2Sink *self);
GstStructure *gst_spead2_sink_get_destination_stats (
    GstSpead2Sink *self, const gchar *host, gint port);

/* Makes a change, or while heaps are made, has it wait until they are pushed. FALSE if it
 * is refused, with an error unless it is STOP. With the object lock; only while there is a
 * sender. */
gboolean gst_spead2_sink_change_or_wait (
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error);

/* Heaps were made, and have been pushed or freed: makes the changes that waited, and posts
 * a warning for each that is refused. Only while there is a sender. */
void gst_spead2_sink_end_making (GstSpead2Sink *self);

/* The destinations are others: notes what heaps depend on. With the object lock; only
 * while there is a sender. */
void gst_spead2_sink_note_destinations (GstSpead2Sink *self);

/* -- gstspead2sinkcallbacks.c: with the element as user_data ------------------------- */

extern const Spead2SenderCallbacks gst_spead2_sink_sender_callbacks;
extern const GstSpead2HeapMakerCallbacks gst_spead2_sink_maker_callbacks;

G_END_DECLS

#endif /* GST_SPEAD2_SINK_PRIVATE_H */
