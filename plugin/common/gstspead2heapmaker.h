/* gst-spead2: buffers to heaps, for every element that sends
 *
 * Input: caps and buffers. Output: heaps of heap-size bytes, or one per buffer, with
 * sample index, dates, values of the application and, when they are due, descriptors.
 * The maker has no element, thread, clock or socket: it calls the element by
 * callbacks, and reports problems as GError or as a warning.
 *
 * For each buffer the element calls
 *   gst_spead2_heap_maker_arrive()  when it arrives, even if it is dropped then
 *   gst_spead2_heap_maker_push()    when it is to be sent
 *   gst_spead2_heap_maker_next(), and while that returns TRUE
 *   gst_spead2_heap_maker_make()    once per run of heaps (heap.h)
 * With heap-size, the last bytes of a buffer may be too few for a heap. They are then
 * the "open heap", which the next buffer completes, or gst_spead2_heap_maker_close()
 * ends.
 *
 * A maker is used by one thread at a time. A heap has references to the buffers of
 * its bytes. Functions that release buffers may call code of the application: the
 * caller holds no lock that such code could need.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_HEAP_MAKER_H
#define GST_SPEAD2_HEAP_MAKER_H

#include <gst/gst.h>

#include "gstspead2adapter.h"
#include "gstspead2dates.h"
#include "gstspead2index.h"
#include "gstspead2rate.h"
#include "gstspead2start.h"
#include "spead2/heap/layout.h"

G_BEGIN_DECLS

/* Constant while the maker exists. */
typedef struct {
  Spead2LayoutConfig layout; /* the maker adds a reference to its items */
  gsize heap_size;           /* bytes of payload; 0: one heap per buffer */
  /* Bytes: smaller parts of a heap of several buffers are copied. */
  gsize copy_size;
  GstSpead2Remainder remainder;
  /* Bits of a sample if caps do not say; 0: samples are bytes. */
  guint sample_bits;
  GstSpead2Rate sample_rate; /* numerator 0: the rate in the caps */
  guint64 first_sample;      /* is added to the sample index */
  /* The time of sample index 0, ns since 1970; < 0: unknown. */
  gint64 sync_epoch;
} GstSpead2HeapMakerConfig;

/* Since gst_spead2_heap_maker_new(). */
typedef struct {
  /* Buffers whose OFFSET is not the end of the one before. */
  guint64 offset_jumps;
  /* Of the item that has the sample index in the fewest bits. */
  guint64 index_wraps;
  guint64 remainder_bytes; /* dropped with remainder=drop */
  guint64 padding_bytes;   /* added with remainder=pad */
} GstSpead2HeapMakerCounters;

/* The maker calls them in the thread of its caller. */
typedef struct {
  /* As gst_spead2_dates_find(). */
  gboolean (*date) (GstBuffer *buffer, GstSpead2TimeScale scales, guint64 *ns,
      GError **error, gpointer user_data);
  /* How many heaps of so many bytes may be in one run. NULL: one. */
  guint (*max_run) (gsize heap_bytes, gpointer user_data);
  /* Reports a GST_STREAM_ERROR_FORMAT that does not end the stream: each kind once
   * until gst_spead2_heap_maker_start() is called. */
  void (*warning) (
      const gchar *message, const gchar *detail, gpointer user_data);
  /* The values of the counters, when one of them has changed. */
  void (*counted) (
      const GstSpead2HeapMakerCounters *counters, gpointer user_data);
} GstSpead2HeapMakerCallbacks;

typedef struct _GstSpead2HeapMaker GstSpead2HeapMaker;

/* config is copied; callbacks are borrowed. NULL with SPEAD2_ERROR_INVALID. */
GstSpead2HeapMaker *gst_spead2_heap_maker_new (
    const GstSpead2HeapMakerConfig *config,
    const GstSpead2HeapMakerCallbacks *callbacks, gpointer user_data,
    GError **error);

void gst_spead2_heap_maker_free (GstSpead2HeapMaker *maker);

/* -- the stream ---------------------------------------------------------------- */

/* For READY to PAUSED: there are no caps, every warning may be reported again, and the
 * stream is restarted. */
void gst_spead2_heap_maker_start (GstSpead2HeapMaker *maker);

/* Begins a new stream: descriptors are sent again, and the sample index starts again.
 * The open heap, and values of events for the next buffer, are dropped. */
void gst_spead2_heap_maker_restart (GstSpead2HeapMaker *maker);

/* The caps of the following buffers. Drops the open heap: close and make it before.
 * FALSE with GST_STREAM_ERROR_FORMAT or SPEAD2_ERROR_INVALID; the caps then do not
 * change. */
gboolean gst_spead2_heap_maker_set_caps (
    GstSpead2HeapMaker *maker, GstCaps *caps, GError **error);

/* Handles STREAM_START (OFFSETs may have another unit from there on) and values of the
 * application for the next buffer; ignores other events. */
void gst_spead2_heap_maker_event (GstSpead2HeapMaker *maker, GstEvent *event);

/* For a GAP event: adds the samples of that duration to the sample index. */
void gst_spead2_heap_maker_skip (
    GstSpead2HeapMaker *maker, GstClockTime duration);

/* Whether descriptors are always in a heap of their own, from the next heap on. */
void gst_spead2_heap_maker_set_apart (
    GstSpead2HeapMaker *maker, gboolean apart);

/* Sends descriptors with the next heap, unless the mode is
 * SPEAD2_DESCRIPTORS_NONE. */
void gst_spead2_heap_maker_redescribe (GstSpead2HeapMaker *maker);

/* The same, in any mode. */
void gst_spead2_heap_maker_request_descriptors (GstSpead2HeapMaker *maker);

/* Whether gst_spead2_heap_maker_set_running_time() has an effect. */
gboolean gst_spead2_heap_maker_uses_running_time (
    const GstSpead2HeapMaker *maker);

/* The running time, ns, by which the interval of descriptors is measured; 0 before the
 * pipeline is PLAYING. */
void gst_spead2_heap_maker_set_running_time (
    GstSpead2HeapMaker *maker, guint64 running_time);

/* The number of item pointers of a heap without descriptors, if its payload is the only
 * addressed item; otherwise 0. */
guint gst_spead2_heap_maker_plain_pointers (const GstSpead2HeapMaker *maker);

/* Where the stream begins; without effect from its first heap on. */
void gst_spead2_heap_maker_set_start (
    GstSpead2HeapMaker *maker, const GstSpead2Start *start);

/* -- buffers ------------------------------------------------------------------- */

/* Counts the samples of a buffer, or of a list of buffers, that has arrived, and
 * assigns the values of events before it to it. */
void gst_spead2_heap_maker_arrive (
    GstSpead2HeapMaker *maker, GstBuffer *buffer, GstSpead2IndexSource source);
void gst_spead2_heap_maker_arrive_list (GstSpead2HeapMaker *maker,
    GstBufferList *list, GstSpead2IndexSource source);

/* Starts making heaps of a buffer, in the order of arrival. The caller has a
 * reference to it until gst_spead2_heap_maker_next() returns FALSE. */
void gst_spead2_heap_maker_push (GstSpead2HeapMaker *maker, GstBuffer *buffer);

/* Ends the open heap, if there is one: gst_spead2_heap_maker_next() returns TRUE for
 * it, unless remainder drops it or makes it an error. */
void gst_spead2_heap_maker_close (GstSpead2HeapMaker *maker);

/* Whether there is an open heap. */
gboolean gst_spead2_heap_maker_is_open (const GstSpead2HeapMaker *maker);

/* TRUE if a heap can be made now. FALSE without an error: more bytes are needed.
 * FALSE with an error (which is required): the buffer cannot be sent, and all heaps
 * of earlier bytes were made; gst_spead2_heap_maker_drop() must follow. */
gboolean gst_spead2_heap_maker_next (GstSpead2HeapMaker *maker, GError **error);

/* The number of runs that a call of gst_spead2_heap_maker_make() makes, at most. */
#define GST_SPEAD2_HEAP_MAKER_MAX_HEAPS 2

/* Makes the heap for which gst_spead2_heap_maker_next() returned TRUE, with those behind it
 * in the buffer that make a run with it, and before it
 * a heap of descriptors if one is due. heaps has *n elements, made since the last call with
 * none and owned by the caller; the new ones (transfer
 * full) are appended, or the last one is extended by the heap. FALSE with an error; a heap
 * of descriptors may have been
 * appended even then. */
gboolean gst_spead2_heap_maker_make (
    GstSpead2HeapMaker *maker, Spead2Heap **heaps, guint *n, GError **error);

/* Drops the rest of the buffer, and the open heap: after an error, or when heaps that
 * were made are not sent. */
void gst_spead2_heap_maker_drop (GstSpead2HeapMaker *maker);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_MAKER_H */
