/* gst-spead2: buffers to heaps, for every element that sends
 *
 * Caps and buffers in, heaps out: the payload that caps describe, cut and joined to
 * heap-size, with the sample index, dates, the application's values and, when they are
 * due, descriptors. The maker has no element, thread, clock or socket: what the element
 * must do for it are callbacks, and what goes wrong is a GError or a warning.
 *
 * The way of a buffer: gst_spead2_heap_maker_arrive() when it arrives, also if it is
 * then dropped; gst_spead2_heap_maker_push() when it is to be sent; then
 * gst_spead2_heap_maker_next() and gst_spead2_heap_maker_make() in turn until there are
 * no more heaps. The last bytes may stay open until the next buffer.
 *
 * All functions belong to one thread at a time. Heaps hold the buffers of their bytes;
 * functions that release buffers run foreign code: call them with no lock held.
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
#include "spead2/heap/layout.h"

G_BEGIN_DECLS

/* The settings of one run: constant. */
typedef struct {
  Spead2LayoutConfig layout; /* the maker takes a reference to its items */
  gsize heap_size;           /* bytes; 0: a heap a buffer */
  gsize copy_size; /* bytes: smaller pieces are copied if they are joined */
  GstSpead2Remainder remainder;
  guint sample_bits;         /* of samples whose caps have none; 0: bytes */
  GstSpead2Rate sample_rate; /* numerator 0: that of the caps */
  guint64 first_sample;      /* added to the sample index */
  gint64 sync_epoch; /* ns since 1970 that the index counts from; < 0: none */
} GstSpead2HeapMakerConfig;

/* Since gst_spead2_heap_maker_new(). */
typedef struct {
  guint64 offset_jumps; /* buffers that do not begin where the last one ended */
  guint64 index_wraps;  /* of the narrowest item with the sample index */
  guint64 remainder_bytes; /* dropped: remainder=drop */
  guint64 padding_bytes;   /* added: remainder=pad */
} GstSpead2HeapMakerCounters;

/* Called by the maker's functions. */
typedef struct {
  /* As gst_spead2_dates_find(). */
  gboolean (*date) (GstBuffer *buffer, GstSpead2TimeScale scales, guint64 *ns,
      GError **error, gpointer user_data);
  /* A GST_STREAM_ERROR_FORMAT that does not end the stream: each kind once after
   * gst_spead2_heap_maker_start(). */
  void (*warning) (
      const gchar *message, const gchar *detail, gpointer user_data);
  /* Some counter has changed. */
  void (*counted) (
      const GstSpead2HeapMakerCounters *counters, gpointer user_data);
} GstSpead2HeapMakerCallbacks;

typedef struct _GstSpead2HeapMaker GstSpead2HeapMaker;

/* callbacks are static. NULL with SPEAD2_ERROR_INVALID. */
GstSpead2HeapMaker *gst_spead2_heap_maker_new (
    const GstSpead2HeapMakerConfig *config,
    const GstSpead2HeapMakerCallbacks *callbacks, gpointer user_data,
    GError **error);

void gst_spead2_heap_maker_free (GstSpead2HeapMaker *maker);

/* -- the stream ---------------------------------------------------------------- */

/* A new run: there are no caps, and warnings come again. Restarts the stream, too. */
void gst_spead2_heap_maker_start (GstSpead2HeapMaker *maker);

/* A new stream: it is described and counted from its beginning; the open heap and
 * values that have come are dropped. */
void gst_spead2_heap_maker_restart (GstSpead2HeapMaker *maker);

/* Buffers of these caps follow. The open heap is dropped: close it and make it
 * before. FALSE with GST_STREAM_ERROR_FORMAT or SPEAD2_ERROR_INVALID, and the caps
 * that were there before remain. */
gboolean gst_spead2_heap_maker_set_caps (
    GstSpead2HeapMaker *maker, GstCaps *caps, GError **error);

/* For each event before the buffers behind it: a STREAM_START is another source, whose
 * OFFSETs may count something else; the application's values are of the next buffer. */
void gst_spead2_heap_maker_event (GstSpead2HeapMaker *maker, GstEvent *event);

/* Nothing arrives for so long: the samples of that time are counted, but not sent. */
void gst_spead2_heap_maker_skip (
    GstSpead2HeapMaker *maker, GstClockTime duration);

/* Items are described with the next heap, unless the mode is
 * SPEAD2_DESCRIPTORS_NONE. */
void gst_spead2_heap_maker_redescribe (GstSpead2HeapMaker *maker);

/* The same in any mode. */
void gst_spead2_heap_maker_request_descriptors (GstSpead2HeapMaker *maker);

/* Whether gst_spead2_heap_maker_set_running_time() has an effect. */
gboolean gst_spead2_heap_maker_uses_running_time (
    const GstSpead2HeapMaker *maker);

/* The time by which the interval of descriptors is measured, ns; 0 before time runs. */
void gst_spead2_heap_maker_set_running_time (
    GstSpead2HeapMaker *maker, guint64 running_time);

/* The item pointers of a heap that does not describe, if its payload is all that is
 * addressed; else 0. */
guint gst_spead2_heap_maker_plain_pointers (const GstSpead2HeapMaker *maker);

/* -- the way of a buffer ------------------------------------------------------- */

/* A buffer, or a list of them, has arrived: its samples are counted even if it is not
 * pushed, and what the application gave for it is not used for the next one. */
void gst_spead2_heap_maker_arrive (
    GstSpead2HeapMaker *maker, GstBuffer *buffer, GstSpead2IndexSource source);
void gst_spead2_heap_maker_arrive_list (GstSpead2HeapMaker *maker,
    GstBufferList *list, GstSpead2IndexSource source);

/* Takes a buffer that has arrived, in the order of arrival. The caller keeps it until
 * gst_spead2_heap_maker_next() has returned FALSE. */
void gst_spead2_heap_maker_push (GstSpead2HeapMaker *maker, GstBuffer *buffer);

/* The open heap ends here. */
void gst_spead2_heap_maker_close (GstSpead2HeapMaker *maker);

/* Whether a heap waits for the bytes of the next buffer. */
gboolean gst_spead2_heap_maker_is_open (const GstSpead2HeapMaker *maker);

/* Whether there is a heap to be made. FALSE with an error, which must not be NULL, if
 * the buffer cannot be sent: the heaps before it have been made then. After an error,
 * and whenever heaps are not sent, call gst_spead2_heap_maker_drop(). */
gboolean gst_spead2_heap_maker_next (GstSpead2HeapMaker *maker, GError **error);

/* Heaps that one call of gst_spead2_heap_maker_make() makes, at most. */
#define GST_SPEAD2_HEAP_MAKER_MAX_HEAPS 2

/* Makes that heap, and the heap of descriptors that goes before it: they are appended
 * to the n at heaps. Once after each gst_spead2_heap_maker_next() that returned TRUE.
 * FALSE with an error, where a heap of descriptors may have been appended. */
gboolean gst_spead2_heap_maker_make (
    GstSpead2HeapMaker *maker, Spead2Heap **heaps, guint *n, GError **error);

/* Drops what is left of the buffer, and the open heap. */
void gst_spead2_heap_maker_drop (GstSpead2HeapMaker *maker);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_MAKER_H */
