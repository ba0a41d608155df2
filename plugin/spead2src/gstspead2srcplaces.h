/* gst-spead2: blocks of memory with places for several heaps
 *
 * Heaps of one size that begin one after another lie side by side in a block, so that they
 * can be received as a run, and be one buffer without being copied. Such a heap has all of
 * its payload at its place: one that needs bytes in front of its aligned item, or has
 * another size, has no place. A block is a buffer of a pool, and goes back there when no
 * heap and no buffer has a part of it any more.
 *
 * Any thread; the lock is never held while buffers are made or freed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_PLACES_H
#define GST_SPEAD2_SRC_PLACES_H

#include <gst/gst.h>

#include "gstspead2srcplacebuffers.h"
#include "gstspead2srcslabs.h"
#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* Bytes of a block, and of a buffer of several heaps, at most. */
#define GST_SPEAD2_SRC_MAX_BLOCK (64 << 20)

/* The same of a block of heaps that are a buffer each: each of the buffers keeps all of it. */
#define GST_SPEAD2_SRC_MAX_APART (128 << 10)

typedef struct {
  GstSpead2SrcSlabs *slabs; /* (borrowed) */
  /* atomic: places in a block at most; 1: heaps have none. Set with the lock */
  gint n;
  GMutex lock;
  /* Guarded by lock. */
  /* each heap is a buffer: its place begins at a multiple of 64 */
  gboolean apart;
  gsize size; /* of a place; 0: no heap has come */
  /* another heap has had that size, or the size has changed before */
  gboolean settled;
  guint n_other;       /* heaps in a row that had another size */
  gboolean begun;      /* a block of that size has been made */
  GstBufferPool *pool; /* (owned) of all further blocks, or NULL */
  GstBuffer *block;    /* (owned) with places left, or NULL */
  guint8 *next, *end;  /* the first of those, and behind the last */
} GstSpead2SrcPlaces;

/* slabs are those of which blocks are made; they outlive the places. */
void gst_spead2_src_places_init (
    GstSpead2SrcPlaces *places, GstSpead2SrcSlabs *slabs);
void gst_spead2_src_places_clear (GstSpead2SrcPlaces *places);

/* Has n heaps share a buffer from now on. */
void gst_spead2_src_places_start (GstSpead2SrcPlaces *places, guint n);

/* Has each heap be a buffer, in a block with others. */
void gst_spead2_src_places_start_apart (GstSpead2SrcPlaces *places);

/* Heaps have no places from now on. Frees the pool, once the last block has come back. */
void gst_spead2_src_places_stop (GstSpead2SrcPlaces *places);

/* Whether heaps of so many bytes have places, mostly. */
gboolean gst_spead2_src_places_suit (GstSpead2SrcPlaces *places, gsize size);

/* A place for a payload of so many bytes with its first one at a multiple of 64. FALSE:
 * it has none. The token is the block, which is not mapped: map has no memory, a size of 0,
 * as its data the end of the block, and the size of its places as maxsize. */
gboolean gst_spead2_src_places_acquire (
    GstSpead2SrcPlaces *places, gsize size, Spead2HeapMemory *memory);

/* Changes how many places the memory has, to size bytes, a multiple of a place. It grows into
 * the places behind it, as far as they are free. Those that it shrinks by are free again, or
 * empty until the block comes back if one behind it has been taken. Returns the bytes that it
 * has then. */
gsize gst_spead2_src_places_resize (
    GstSpead2SrcPlaces *places, Spead2HeapMemory *memory, gsize size);

/* Whether a heap's memory is a place. The other functions need one. */
gboolean gst_spead2_src_places_have (const Spead2HeapMemory *memory);

/* Whether heaps lie in one block, the second one's payload right behind the first one's. */
gboolean gst_spead2_src_places_adjoin (
    const Spead2HeapMemory *first, const Spead2HeapMemory *second);

/* Takes the first bytes of several places off, whole places. */
void gst_spead2_src_places_split (
    Spead2HeapMemory *memory, gsize size, Spead2HeapMemory *first);

/* Takes the first place off, which has length bytes of a heap that is a buffer: that buffer,
 * of size of them from offset on. */
GstBuffer *gst_spead2_src_places_take_first (
    Spead2HeapMemory *memory, gsize length, gsize offset, gsize size);

/* Whether no place of the block is behind that one. */
gboolean gst_spead2_src_places_is_last (const Spead2HeapMemory *memory);

/* A buffer of size bytes from a heap's place on, in the place of its memory. */
GstBuffer *gst_spead2_src_places_take (Spead2HeapMemory *memory, gsize size);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PLACES_H */
