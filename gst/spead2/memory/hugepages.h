/* Memory that a network card can read where it lies: slabs on pages of 2 MiB.
 *
 * A packet of some kilobytes on pages of 4 KiB is made of more pieces than the
 * kernel puts into one message without copying them. On pages of 2 MiB its
 * payload is one piece and its header another. Both must lie in the one mapping
 * that is registered for that, so a mapping has slabs for payload and, before
 * them, room for headers, of which each sending thread claims a part. (To a
 * socket's send buffer the kernel charges a piece as if it began where its page
 * does: so headers come first.)
 *
 * It is a GstAllocator of one mapping. Whatever does not fit it (a larger size,
 * a greater alignment, no slab left) is allocated by the default allocator
 * instead, and is told apart by spead2_huge_pages_of(). The mapping lives as
 * long as the allocator, to which each memory holds a reference.
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

/* What a sending thread claims for its headers, bytes; and how many can. */
#define SPEAD2_HEADER_ROOM 65536
#define SPEAD2_HEADER_ROOMS 16

#define SPEAD2_TYPE_HUGE_PAGES (spead2_huge_pages_get_type ())
G_DECLARE_FINAL_TYPE (
    Spead2HugePages, spead2_huge_pages, SPEAD2, HUGE_PAGES, GstAllocator)

/* Where memory for so many bytes is to begin: at a multiple of 64, or of 4096 where
 * that costs little. How fast the kernel copies from it depends on its place within a
 * page, which is then the same for all. */
static inline gsize
spead2_huge_pages_alignment (gsize size)
{
  return size < 65536 ? 64 : 4096;
}

/* A mapping with at least n_slabs slabs of slab_size bytes, of its alignment. NULL
 * with SPEAD2_ERRNO when there is no memory for it, or the kernel
 * cannot make such pages (it is older than 6.1, or built without them). */
Spead2HugePages *spead2_huge_pages_new (
    gsize slab_size, guint n_slabs, GError **error);

/* The allocator whose slab a memory lies in, borrowed from the memory; NULL for
 * all other memory. */
Spead2HugePages *spead2_huge_pages_of (const GstMemory *memory);

/* The mapping, slabs and header rooms. */
guint8 *spead2_huge_pages_data (Spead2HugePages *pages);
gsize spead2_huge_pages_size (Spead2HugePages *pages);

/* A number that no other allocator of this process has. */
guint64 spead2_huge_pages_id (Spead2HugePages *pages);

/* SPEAD2_HEADER_ROOM bytes that do not cross a page, for the caller alone until
 * it gives them back; NULL when all rooms are claimed. */
guint8 *spead2_huge_pages_claim_headers (Spead2HugePages *pages);
void spead2_huge_pages_return_headers (Spead2HugePages *pages, guint8 *headers);

/* How many pages some bytes lie on. */
static inline guint
spead2_huge_pages_count (const guint8 *data, gsize size)
{
  return (((gsize) data + size - 1) >> SPEAD2_HUGE_PAGE_SHIFT) -
      ((gsize) data >> SPEAD2_HUGE_PAGE_SHIFT) + 1;
}

G_END_DECLS

#endif /* SPEAD2_HUGEPAGES_H */
