/* gst-spead2: spead2src as its own files see it
 *
 * gstspead2src.c has properties, states and queries; gstspead2srcopen.c makes a receiver
 * of settings; gstspead2srcstream.c is the way from received heaps to buffers, for which
 * gstspead2srcsubstreams.c has the substreams, gstspead2srcposition.c says where a
 * heap of one stands, gstspead2srctime.c when it was, gstspead2srccaps.c sets caps, and
 * gstspead2srcbuffer.c makes one buffer of a group of heaps.
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
#include "gstspead2srcsender.h"
#include "gstspead2srcsubstreams.h"
#include "spead2/receive/receiver.h"

G_BEGIN_DECLS

/* Heaps that were taken from the receiver = delivered + control + all dropped + waiting. */
typedef struct {
  guint64 delivered;
  guint64 bytes;         /* of payload in buffers */
  guint64 control;       /* stream control or descriptors, without data */
  guint64 not_accepted;  /* dropped: it does not match accept */
  guint64 no_item;       /* dropped: the item is not in it */
  guint64 no_descriptor; /* dropped: its item is not described yet */
  guint64 wrong_size; /* dropped: the item's size contradicts its descriptor */
  guint64 bad_descriptors; /* that were refused */
  guint64 incomplete;      /* dropped: packets were missing */
  guint64 stops;           /* stop heaps */
  guint64 gaps;            /* holes in the index */
  guint64 missing;         /* samples in them */
  guint64 after_end;       /* dropped: the stream had ended */
  guint64 restarts;        /* a sender that began anew */
  guint64 unmarked;        /* delivered without marks: of too many substreams */
  guint64 waiting;         /* now, for their order */
} GstSpead2SrcCounters;

/* What a heap becomes, found before anything is done. */
typedef struct {
  guint64 *
      dropped; /* the counter of a heap that does not become a buffer, or NULL */
  GstSpead2HeapView view;
  gboolean
      new_type; /* caps are set in front of it, and the rest is planned then */
  guint64 n_samples; /* 0: not known */
  guint64 cnt;  /* heap counter, by which a restart shows; 0: it is the index */
  guint64 step; /* to the next heap's index, as sent; 0: not known */
  guint64 unit; /* samples for which the index as sent goes on by 1 */
  GstSpead2SrcSubstream
      *substream;          /* or NULL: it has no index or is too many */
  GstSpead2SrcPlace place; /* where the view has an index */
  GstClockTime time;       /* running time of the buffer, or NONE */
  guint64 date; /* of its first sample, ns since 1970; 0: not known */
} GstSpead2SrcPlan;

/* With sync-epoch: how UTC, in ns since 1970, relates to times of the pipeline. */
typedef struct {
  const GstClock *clock; /* that ahead is of; never used as an object */
  gint64 ahead; /* UTC less the clock's time: the same for all buffers */
  gint64 zero;  /* UTC at running time 0 */
  gint64 now;   /* UTC at now */
} GstSpead2SrcUtc;

/* The heaps of the next buffer. With heaps-per-buffer=1 it is finished with its first. */
typedef struct {
  guint n;                          /* heaps; 0: the rest is not set */
  Spead2ReceivedHeap *first, *last; /* (owned) a list of them */
  GstSpead2SrcPlan plan;            /* of the first */
  gboolean discont;                 /* the buffer is marked... */
  gboolean corrupted;               /* ...as are those of incomplete heaps */
  gboolean adjoining; /* their payloads lie side by side, and are the buffer */
  guint64 n_samples;  /* from the first of them to the last; 0: not known */
  guint64 deadline;   /* spead2_now() at which it is finished, full or not */
} GstSpead2SrcGroup;

/* The object lock guards the settings and the rest of the first part. receiver
 * exists in READY and above. It is set and cleared with the lock by state changes,
 * while the pad is inactive: they and the streaming thread read it without the lock,
 * all other threads with it. What follows it belongs to the streaming thread, or to
 * state changes while the pad is inactive. */
struct _GstSpead2Src {
  GstPushSrc parent;

  GstSpead2SrcSettings settings;
  GstSpead2NetElement net;
  GstSpead2SrcCounters counters;
  /* (owned) The streaming thread finds and changes them, with the lock what stats has
   * of them: which they are, and their losses. */
  GstSpead2SrcSubstreams *substreams;
  GstClockTime
      duration; /* of the last buffer that has one, which is latency; or 0 */

  Spead2Receiver *receiver;

  GstSpead2SrcMemory memory;
  GstSpead2SrcSettings run; /* of the run: a copy of settings */
  gboolean started;         /* workers run */
  GstSpead2HeapReader *reader;
  GstSpead2Reorder *reorder; /* (owned) NULL with order=arrival */
  guint64 step; /* of the last heap that became a buffer, as in its plan */
  Spead2ReceivedHeap *taken;  /* (owned) heaps that wait to become buffers */
  Spead2ReceivedHeap *used;   /* (owned) heaps that go back to the receiver */
  guint64 n_made, bytes_made; /* heaps in buffers that are not counted yet */
  GstSpead2SrcPlan plan;      /* of the first that was taken... */
  gboolean planned;           /* ...if it is */
  GstSpead2SrcGroup group;
  GstSpead2HeapTable table; /* of the group, with heaps-per-buffer > 1 */
  GstCaps *offered;         /* (owned) by the last heap, or NULL */
  GstCaps *caps;            /* (owned) the ones of them that downstream takes */
  GstSpead2Payload payload; /* what they say */
  gboolean has_frames;      /* they are of samples, one index each */
  gboolean single;          /* one buffer at a time: num-buffers is set */
  gboolean pushed;      /* a buffer has gone out since the start or a flush */
  gboolean discont;     /* the next buffer is marked */
  gboolean takes_bytes; /* downstream does, of heaps that are not described */
  gboolean bytes_known; /* whether it does was asked */
  guint64
      undescribed; /* spead2_now() of the first heap without descriptor; 0 */
  gboolean warned_descriptor, warned_size; /* once a stream */
  gboolean warned_date, warned_rate;
  gboolean warned_substreams, warned_substream_item;
  guint64 n_datagrams;      /* when the timeout was checked last */
  guint64 now;              /* spead2_now() when heaps are made buffers of... */
  GstClockTime running_now; /* ...and the running time then, or NONE */
  guint64 first_time,
      last_time;         /* spead2_now() at the first packet of the first
                                    heap that was taken, at the last of all */
  GstClockTime end_time; /* running time behind all buffers so far, or NONE */
  GstSpead2SrcAnchor anchor; /* that was set last, of any substream */
  GstSpead2SrcUtc utc;
  GstSpead2SrcSender sender; /* of the last buffer, if that is wanted */
};

/* As GstPushSrc's: the next buffer, or buffers as a list. */
GstFlowReturn gst_spead2_src_create (GstPushSrc *push, GstBuffer **buffer);

/* As GstBaseSrc's: caps are those of the next buffer, which create() has set; the
 * default would fixate the template. */
gboolean gst_spead2_src_negotiate (GstBaseSrc *base);
gboolean gst_spead2_src_decide_allocation (GstBaseSrc *base, GstQuery *query);

/* Whether downstream takes buffers of which nothing is known. */
gboolean gst_spead2_src_takes_bytes (GstSpead2Src *self);

/* Sets, of the caps that are offered, those that downstream prefers. */
GstFlowReturn gst_spead2_src_set_caps (GstSpead2Src *self, GstCaps *offered);

/* Reads the time for the buffers that are made from here on. */
void gst_spead2_src_read_clock (GstSpead2Src *self);

/* With sync-epoch, the number of an index that no other precedes: of all with its bits the
 * one whose date is nearest to the heap's arrival; where no rate is known, that of its
 * place. */
guint64 gst_spead2_src_first_index (const GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* The date of the heap's first sample, ns since 1970, or 0: it is not known. Warns where
 * timestamp-mode=utc has it far from this machine's. */
guint64 gst_spead2_src_heap_date (
    GstSpead2Src *self, const GstSpead2SrcPlan *plan);

/* The running time of the heap's first sample as timestamp-mode says, or NONE before time
 * runs. */
GstClockTime gst_spead2_src_heap_time (GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* The running time of what is missing in front of a heap, whose own time is known: behind
 * all buffers so far, up to the heap. FALSE: there is no such time, or it is not known. */
gboolean gst_spead2_src_hole_time (const GstSpead2Src *self,
    const GstSpead2SrcPlan *plan, GstClockTime *start, GstClockTime *duration);

/* Writes the fill value where bytes of a heap are missing. */
void gst_spead2_src_fill_missing (
    const GstSpead2Src *self, Spead2ReceivedHeap *heap);

/* Whether a heap is of the same buffer as the group, which has heaps; if so, its values
 * have been taken. */
gboolean gst_spead2_src_group_continues (GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* Adds a heap (transfer full): the first one, or one that continues the group. */
void gst_spead2_src_group_add (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan);

/* Whether there is no space for another heap. */
gboolean gst_spead2_src_group_is_full (const GstSpead2Src *self);

/* The group's heaps as a buffer; they are still the group's, without what the buffer has
 * of their memory. */
GstBuffer *gst_spead2_src_group_make_buffer (GstSpead2Src *self);

/* With an order other than that of arrival: takes a list of heaps in, gives back those that
 * go on now, and all of them. */
void gst_spead2_src_order_start (GstSpead2Src *self);
void gst_spead2_src_order_stop (GstSpead2Src *self);
void gst_spead2_src_order_push (GstSpead2Src *self, Spead2ReceivedHeap *heaps);
Spead2ReceivedHeap *gst_spead2_src_order_pop (GstSpead2Src *self);
Spead2ReceivedHeap *gst_spead2_src_order_drain (GstSpead2Src *self);

/* Drops and counts heaps that were taken and can no longer become buffers. */
void gst_spead2_src_drop_taken (GstSpead2Src *self);

/* A new stream. */
void gst_spead2_src_reset_stream (GstSpead2Src *self);

/* A receiver with open sockets; NULL with an error. */
Spead2Receiver *gst_spead2_src_settings_open (
    const GstSpead2SrcSettings *settings, GstElement *element,
    const Spead2ReceiverCallbacks *callbacks, GCancellable *cancellable,
    GError **error);

/* What one run of it needs. */
void gst_spead2_src_settings_run (
    const GstSpead2SrcSettings *settings, Spead2ReceiverConfig *config);

/* The name of the counter that a heap counts in, behind "heaps-" in stats; static. */
const gchar *gst_spead2_src_outcome_name (
    const GstSpead2SrcCounters *counters, const guint64 *counter);

/* Emits heap-received, where that is wanted, for a heap that counts there. */
void gst_spead2_src_signal_heap (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, const guint64 *counter);

/* What is known of substreams, for stats. */
typedef struct {
  const gchar *items; /* as substream-item, or empty */
  guint n;
  GArray *worst; /* as gst_spead2_src_substreams_worst() */
} GstSpead2SrcSubstreamStats;

/* Posts what was received, unless quiet is set. Streaming thread. */
void gst_spead2_src_post_summary (GstSpead2Src *self);

/* The counters of engine and element, as the property stats has them. */
GstStructure *gst_spead2_src_make_stats (const Spead2ReceiverStats *engine,
    const GstSpead2SrcCounters *counters,
    const GstSpead2SrcSubstreamStats *substreams);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PRIVATE_H */
