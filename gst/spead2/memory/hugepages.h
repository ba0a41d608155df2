/* Memory that the kernel can send without copying: slabs of one size on pages of
 * 2 MiB.
 *
 * On pages of 4 KiB a packet of several kilobytes has more fragments than a message
 * may have without being copied. On pages of 2 MiB its payload is one fragment and
 * its header another. Both must lie in the mapping that is registered with the
 * kernel: it therefore has areas for headers, of which each sending thread claims
 * one, followed by the slabs for payload. (The kernel charges a fragment to the
 * socket's send buffer from the beginning of its page on: headers lie at the
 * beginning because they would otherwise be charged up to 2 MiB each.)
 *
 * A GstAllocator of one mapping. Allocations that do not fit (larger than a slab,
 * of greater alignment, with a prefix, or while no slab is free) are served with
 * ordinary memory of the default allocator; spead2_huge_pages_of() is NULL for
 * these. The slab that was freed last is allocated first: it is the most likely to
 * be in the cache. The mapping lives as long as the allocator, to which each memory
 * holds a reference.
 *
 * All functions may be called from any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HUGEPAGES_H
#define SPEAD2_HUGEPAGES_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define SPEAD2_HUGE_PAGE_SHIFT 21
#define SPEAD2_HUGE_PAGE_SIZE ((gsize) 1 << SPEAD2_HUGE_PAGE_SHIFT)

/* Bytes of an area for headers, and how many there are. */
#define SPEAD2_HEADER_AREA_SIZE 65536
#define SPEAD2_N_HEADER_AREAS 16

#define SPEAD2_TYPE_HUGE_PAGES (spead2_huge_pages_get_type ())
G_DECLARE_FINAL_TYPE (
    Spead2HugePages, spead2_huge_pages, SPEAD2, HUGE_PAGES, GstAllocator)

/* Alignment of memory for size bytes: 64, or 4096 where that wastes little. The
 * kernel's speed of copying depends on the offset within a page: with 4096 it is the
 * same for all buffers. */
static inline gsize
spead2_huge_pages_alignment (gsize size)
{
  return size < 65536 ? 64 : 4096;
}

/* A mapping that holds size bytes of slabs, which spead2_huge_pages_cut() makes before
 * anything is allocated. The first present bytes have their pages at once, 16 MiB in some
 * 2 ms; each of the others when it is first touched, of 4 KiB where the kernel has no other
 * then. NULL with SPEAD2_ERRNO as spead2_huge_pages_new(). */
Spead2HugePages *spead2_huge_pages_map (
    gsize size, gsize present, GError **error);

/* Cuts the mapping into slabs of slab_size bytes, once: as many as lie on pages that were
 * present at once, or min_slabs where these are more; but no more than the mapping holds. What is behind them is not used. Returns how many they are. */
guint spead2_huge_pages_cut (
    Spead2HugePages *pages, gsize slab_size, guint min_slabs);

/* A mapping with at least n_slabs slabs of slab_size bytes, which begin at multiples
 * of spead2_huge_pages_alignment (slab_size). NULL with SPEAD2_ERRNO when memory is
 * short, or the kernel cannot make such pages (before Linux 6.1, or built without
 * transparent huge pages). */
Spead2HugePages *spead2_huge_pages_new (
    gsize slab_size, guint n_slabs, GError **error);

/* The allocator of a memory that lies in a slab, borrowed from the memory; NULL for
 * all other memory. */
Spead2HugePages *spead2_huge_pages_of (const GstMemory *memory);

/* The first byte of a memory that lies in a slab, where it is whether the memory is mapped or
 * not; NULL for all other memory. */
guint8 *spead2_huge_pages_slab (const GstMemory *memory);

/* The mapping, which begins with the areas for headers. */
guint8 *spead2_huge_pages_data (Spead2HugePages *pages);
gsize spead2_huge_pages_size (Spead2HugePages *pages);

/* A number that no other allocator of this process has. */
guint64 spead2_huge_pages_id (Spead2HugePages *pages);

/* SPEAD2_HEADER_AREA_SIZE bytes on one page, for the caller alone until
 * spead2_huge_pages_return_headers(); NULL when all areas are claimed. */
guint8 *spead2_huge_pages_claim_headers (Spead2HugePages *pages);
void spead2_huge_pages_return_headers (Spead2HugePages *pages, guint8 *headers);

/* Number of pages that size bytes from data on lie on. */
static inline guint
spead2_huge_pages_count (const guint8 *data, gsize size)
{
  return (((gsize) data + size - 1) >> SPEAD2_HUGE_PAGE_SHIFT) -
      ((gsize) data >> SPEAD2_HUGE_PAGE_SHIFT) + 1;
}

G_END_DECLS

#endif /* SPEAD2_HUGEPAGES_H */
