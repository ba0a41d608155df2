/* gst-spead2: what the files of spead2src share
 *
 * gstspead2src.c            class, properties, states, queries
 * gstspead2srcproperties.c  declares the properties
 * gstspead2srcopen.c        from settings to a receiver
 * gstspead2srcstream.c      from received heaps to buffers: create()
 * gstspead2srcplan.c        what is to become of a heap
 * gstspead2srcorder.c       heaps in the order of counters or indices
 * gstspead2srcsubstreams.c  the substreams, a position each
 * gstspead2srcposition.c    sample index, missing samples, restarts of the sender
 * gstspead2srctime.c        dates and running times
 * gstspead2srccaps.c        negotiation
 * gstspead2srcbuffer.c      a group of heaps as one buffer
 * gstspead2srchole.c        GAP events and filled buffers
 * gstspead2srcmemory.c      memory that heaps are received into
 * gstspead2srcplaces.c      blocks of memory for several heaps
 * gstspead2srcplacebuffers.c  buffers of a part of such a block
 * gstspead2srcsender.c      the sender's address on buffers
 * gstspead2srcreports.c     warnings of what cannot be received
 * gstspead2srcstats.c       the counters as a GstStructure
 * gstspead2srcsummary.c     the INFO message at EOS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_PRIVATE_H
#define GST_SPEAD2_SRC_PRIVATE_H

#include "common/gstspead2heapreader.h"
#include "common/gstspead2netelement.h"
#include "common/gstspead2reorder.h"
#include "gstspead2src.h"
#include "gstspead2srcmemory.h"
#include "gstspead2srcproperties.h"
#include "gstspead2srcreports.h"
#include "gstspead2srcsender.h"
#include "gstspead2srcsubstreams.h"
#include "spead2/receive/receiver.h"

G_BEGIN_DECLS

/* Number of heaps, but for bytes, bad_descriptors, gaps, missing, filled, restarts and
 * values_omitted. The sum of delivered, control, waiting and all "dropped" ones is the
 * number of heaps that the receiver has passed on. */
typedef struct {
  guint64 delivered;     /* pushed as a buffer, or part of one */
  guint64 bytes;         /* of payload in buffers */
  guint64 control;       /* only stream control or descriptors */
  guint64 not_accepted;  /* dropped: does not match the property accept */
  guint64 no_item;       /* dropped: does not have the item */
  guint64 no_descriptor; /* dropped: no descriptor of the item yet */
  guint64 wrong_size; /* dropped: the item's size contradicts its descriptor */
  guint64 bad_descriptors; /* descriptors that cannot be used */
  guint64 incomplete;      /* dropped: packets are missing */
  guint64 late;            /* dropped: late, with missing=fill */
  guint64 stops;           /* with a stop; included in control or delivered */
  guint64 gaps;            /* times that the sample index skipped samples */
  guint64 missing;         /* samples that were skipped */
  guint64 filled;          /* those of them that were pushed as fill-value */
  guint64 after_end;       /* dropped: received after the stream had ended */
  guint64 restarts;        /* times that a sender restarted */
  /* Delivered, of substreams above the limit: losses are not marked. */
  guint64 unmarked;
  guint64 waiting;        /* at present, for earlier ones in the order */
  guint64 values_omitted; /* values of items above the limits */
} GstSpead2SrcCounters;

/* What is to be done with a heap, or the first one of a run. Computing it changes nothing. */
typedef struct {
  /* The counter of a heap that does not become a buffer; otherwise NULL. */
  guint64 *dropped;
  GstSpead2HeapView view;
  /* Caps must be set first; the fields below are computed after that. */
  gboolean new_type;
  guint64 n_samples; /* 0: unknown */
  /* Heap counter, which tells restarts; 0 if it is the index itself. */
  guint64 cnt;
  /* Expected difference to the next heap's index, as sent; 0: unknown. */
  guint64 step;
  guint64 unit; /* samples per 1 of the index as sent */
  /* NULL without an index, and above the limit of substreams. */
  GstSpead2SrcSubstream *substream;
  GstSpead2SrcPlace place; /* only if the view has an index */
  /* The heaps behind it in its run follow it, and differ from it only by numbers that step. */
  gboolean contiguous;
  gboolean begun; /* caps are set, and the gap in front has been pushed */
  guint64 hole;   /* missing samples that are still to be filled */
  /* Running time of the first sample, or GST_CLOCK_TIME_NONE. */
  GstClockTime time;
  guint64 date; /* of the first sample, ns since 1970; 0: unknown */
} GstSpead2SrcPlan;

/* With sync-epoch: from times of the pipeline to UTC. ns; UTC is since 1970. */
typedef struct {
  /* For which ahead was computed; only compared, no reference. */
  const GstClock *clock;
  /* UTC minus the clock's time; constant, so that times have no jitter. */
  gint64 ahead;
  gint64 zero; /* UTC at running time 0 */
  gint64 now;  /* UTC at GstSpead2Src.now */
} GstSpead2SrcUtc;

/* The heaps of the next buffer: up to heaps-per-buffer ones without a gap. */
typedef struct {
  guint n; /* heaps, those of runs included; 0: the other fields are not set */
  Spead2ReceivedHeap *first, *last; /* (owned) list of heaps and runs */
  GstSpead2SrcPlan plan;            /* of the first heap */
  gboolean discont;                 /* the buffer gets the flag DISCONT */
  gboolean corrupted; /* the buffer gets CORRUPTED: a heap is incomplete */
  gboolean adjoining; /* payloads are contiguous in memory: nothing is copied */
  guint64 n_samples;  /* 0: unknown */
  /* spead2_now() at which the buffer is pushed, full or not. */
  guint64 deadline;
} GstSpead2SrcGroup;

/* Threads: "streaming thread" includes state changes, which run while the pad is
 * inactive. */
struct _GstSpead2Src {
  GstPushSrc parent;

  /* Guarded by the object lock. */
  GstSpead2SrcSettings settings;
  GstSpead2NetElement net;
  gboolean interrupted; /* create() is to return without a buffer */
  GstSpead2SrcCounters counters;
  /* (owned) Used by the streaming thread, with the lock for what stats contains of
   * them: their number, their values and their losses. */
  GstSpead2SrcSubstreams *substreams;
  /* Of the last buffer that has one, or 0: it is the latency. */
  GstClockTime duration;

  /* Exists in READY and above, unless opening failed. Set and cleared by state changes,
   * with the object lock. The streaming thread reads it without the lock; all other
   * threads hold the lock while they use it. */
  Spead2Receiver *receiver;

  /* The streaming thread's. */
  GstSpead2SrcMemory memory;
  GstSpead2SrcSettings run; /* a copy of settings, from READY to PAUSED on */
  gboolean started;         /* receiving threads exist */
  GstSpead2HeapReader *reader;
  GstSpead2Reorder *reorder; /* (owned) NULL with order=arrival */
  guint64 step;              /* of the plan of the last heap in a buffer */
  /* (owned) list from the receiver, to become buffers. */
  Spead2ReceivedHeap *taken;
  Spead2ReceivedHeap *used;   /* (owned) list to return to the receiver */
  GstBufferList *made;        /* (owned) buffers to be pushed next, or NULL */
  guint64 n_made, bytes_made; /* heaps and bytes not yet added to counters */
  GstSpead2SrcPlan plan;      /* of the first heap of taken */
  gboolean planned;           /* plan is set */
  GstSpead2SrcGroup group;
  GstMemory *fill;          /* (owned) bytes of fill-value, or NULL */
  GstSpead2HeapTable table; /* of the group, with heaps-per-buffer > 1 */
  GstCaps *offered; /* (owned) all caps that the last heap can have, or NULL */
  GstCaps *caps; /* (owned) those of them that were set on the pad, or NULL */
  GstSpead2Payload payload; /* of caps */
  gboolean has_frames;      /* caps define frames: the index counts these */
  gboolean single;          /* no buffer lists, since num-buffers is set */
  gboolean pushed;          /* a buffer was pushed since the start or a flush */
  gboolean discont;         /* the next buffer gets the flag DISCONT */
  gboolean takes_bytes;     /* downstream accepts application/octet-stream */
  gboolean bytes_known;     /* takes_bytes is set */
  /* spead2_now() of the first heap without descriptor, or 0. */
  guint64 undescribed;
  /* These warnings were posted for this stream. */
  gboolean warned_descriptor, warned_size;
  gboolean warned_date, warned_rate;
  gboolean warned_substreams, warned_substream_item;
  GstSpead2SrcReports reports;
  guint64 n_datagrams; /* received when the property timeout was last checked */
  guint64 now;         /* spead2_now() when the heaps were taken */
  GstClockTime running_now; /* the running time then, or GST_CLOCK_TIME_NONE */
  /* spead2_now() at the first packet of the first heap, and at the last of all heaps. */
  guint64 first_time, last_time;
  GstClockTime end_time; /* latest end of a buffer, or GST_CLOCK_TIME_NONE */
  GstSpead2SrcAnchor anchor; /* the last that was set, of any substream */
  GstSpead2SrcUtc utc;
  /* Of the last buffer, with retrieve-sender-address. */
  GstSpead2SrcSender sender;
};

/* As GstPushSrc's; it submits a buffer list if several buffers are ready. */
GstFlowReturn gst_spead2_src_create (GstPushSrc *push, GstBuffer **buffer);

/* As GstBaseSrc's. create() has set the caps of the next buffer; the default function
 * would set others, made from the pad template. */
gboolean gst_spead2_src_negotiate (GstBaseSrc *base);
gboolean gst_spead2_src_decide_allocation (GstBaseSrc *base, GstQuery *query);

/* Whether heaps are pushed as bytes before their item is described: according to
 * wait-descriptor, or if downstream accepts application/octet-stream. */
gboolean gst_spead2_src_takes_bytes (GstSpead2Src *self);

/* Sets those of the offered caps that downstream prefers. */
GstFlowReturn gst_spead2_src_set_caps (GstSpead2Src *self, GstCaps *offered);

/* Sets now, running_now and utc. */
void gst_spead2_src_read_clock (GstSpead2Src *self);

/* With sync-epoch, the full value of a substream's first index, of which the heap has
 * the lower bits: the one whose date is nearest to the heap's arrival. Without a
 * sample rate, the index as sent. */
guint64 gst_spead2_src_first_index (const GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* The date of the heap's first sample, ns since 1970; 0: unknown. With
 * timestamp-mode=utc, warns of a large difference to the time of this machine. */
guint64 gst_spead2_src_heap_date (
    GstSpead2Src *self, const GstSpead2SrcPlan *plan);

/* The running time of the heap's first sample, according to timestamp-mode, or
 * GST_CLOCK_TIME_NONE without a clock. */
GstClockTime gst_spead2_src_heap_time (GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* The running time of the samples that are missing before a heap: from the end of all
 * buffers so far to the heap's time, which is known. FALSE if that is empty or
 * unknown. */
gboolean gst_spead2_src_hole_time (const GstSpead2Src *self,
    const GstSpead2SrcPlan *plan, GstClockTime *start, GstClockTime *duration);

/* Whether what is missing in front of a heap is filled: missing=fill, within the limits. */
gboolean gst_spead2_src_hole_is_filled (
    const GstSpead2Src *self, const GstSpead2SrcPlan *plan);

/* Pushes a GAP event for what is missing in front of a heap, if its time is known. */
void gst_spead2_src_hole_push_gap (
    GstSpead2Src *self, const GstSpead2SrcPlan *plan);

/* The next buffer of fill-value; plan->hole is reduced by its samples. */
GstBuffer *gst_spead2_src_hole_fill (
    GstSpead2Src *self, GstSpead2SrcPlan *plan);

/* Writes fill-value to the missing bytes of a heap. */
void gst_spead2_src_fill_missing (
    const GstSpead2Src *self, Spead2ReceivedHeap *heap);

/* Plans what becomes of the first heap that was taken: whether it is dropped, and unless its
 * caps are new, its samples, too. Posts a warning of what cannot be read. */
void gst_spead2_src_plan_heap (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan);

/* Samples and index, of the caps that have been set. Where they do not say how many sample
 * indices a buffer has, or are bytes of any type, it has as many as index-step says. */
void gst_spead2_src_plan_samples (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan);

/* Makes the plan of a run's heap that of the next one, which has become the run's first: only
 * of a run that is contiguous, and whose samples have been planned. */
void gst_spead2_src_plan_next (
    GstSpead2Src *self, const Spead2ReceivedHeap *run, GstSpead2SrcPlan *plan);

/* Whether a heap continues the group, which is not empty: it then becomes part of the
 * same buffer, and its values are already in the table. */
gboolean gst_spead2_src_group_continues (GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* A buffer of a heap alone, or of the first one of a run, whose memory it takes. */
GstBuffer *gst_spead2_src_make_buffer (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* How many heaps as this one the group takes: at least 1 if it is empty. */
guint gst_spead2_src_group_space (
    const GstSpead2Src *self, const GstSpead2SrcPlan *plan);

/* Adds a heap, or a run, (transfer full) to an empty group, or to one that it continues. */
void gst_spead2_src_group_add (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* Whether no other heap can be added. */
gboolean gst_spead2_src_group_is_full (const GstSpead2Src *self);

/* Makes a buffer of the group. The group keeps its heaps, but not the memory that the
 * buffer now has. */
GstBuffer *gst_spead2_src_group_make_buffer (GstSpead2Src *self);

/* The property order, where it is not "arrival". Lists of heaps (transfer full): push in
 * the order of arrival; pop returns those that wait for no other heap any more, drain
 * returns all. */
void gst_spead2_src_order_start (GstSpead2Src *self);
void gst_spead2_src_order_stop (GstSpead2Src *self);
void gst_spead2_src_order_push (GstSpead2Src *self, Spead2ReceivedHeap *heaps);
Spead2ReceivedHeap *gst_spead2_src_order_pop (GstSpead2Src *self);
Spead2ReceivedHeap *gst_spead2_src_order_drain (GstSpead2Src *self);

/* Adds to one of the counters. */
void gst_spead2_src_count (GstSpead2Src *self, guint64 *counter, guint64 n);

/* Drops and counts the heaps of taken, and those of made. */
void gst_spead2_src_drop_taken (GstSpead2Src *self);

/* Begins a new stream: nothing is known of senders, substreams and times. */
void gst_spead2_src_reset_stream (GstSpead2Src *self);

/* Opens a receiver: its sockets are bound, no thread exists. Posts warnings of settings
 * that have no effect. NULL with an error. */
Spead2Receiver *gst_spead2_src_settings_open (
    const GstSpead2SrcSettings *settings, GstElement *element,
    const Spead2ReceiverCallbacks *callbacks, GCancellable *cancellable,
    GError **error);

/* Whether heaps may come as runs. */
gboolean gst_spead2_src_settings_have_runs (
    const GstSpead2SrcSettings *settings);

/* The configuration with which the receiver is started. */
void gst_spead2_src_settings_run (
    const GstSpead2SrcSettings *settings, Spead2ReceiverConfig *config);

/* The name of a counter in stats, without the prefix "heaps-"; static. */
const gchar *gst_spead2_src_outcome_name (
    const GstSpead2SrcCounters *counters, const guint64 *counter);

/* Emits heap-received, with signal-heaps, for a heap that was added to counter. */
void gst_spead2_src_signal_heap (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, const guint64 *counter);

/* What stats contains of substreams. */
typedef struct {
  const gchar *items; /* the value of substream-item; may be empty */
  guint n;
  GArray *worst; /* as gst_spead2_src_substreams_worst() */
} GstSpead2SrcSubstreamStats;

/* Posts the summary as an INFO message, unless quiet is set. Streaming thread. */
void gst_spead2_src_post_summary (GstSpead2Src *self);

/* The value of the property stats. */
GstStructure *gst_spead2_src_make_stats (const Spead2ReceiverStats *engine,
    const GstSpead2SrcCounters *counters,
    const GstSpead2SrcSubstreamStats *substreams);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PRIVATE_H */
