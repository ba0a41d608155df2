/* gst-spead2: huge pages that heaps are received into: see gstspead2srcslabs.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcslabs.h"

/* Bytes that are mapped at once, and for how many slabs at least. */
#define MAPPED_BYTES (16 << 20)
#define MIN_SLABS 4

/* Sizes of slabs. */
#define MIN_SIZE 8192
#define MAX_SIZE (16 << 20)

/* Mappings in a run, so that a stream of hostile sizes does not keep a worker busy: 16 MiB
 * take 2 ms. */
#define MAX_MAPPINGS 16

void
gst_spead2_src_slabs_start (GstSpead2SrcSlabs *slabs)
{
  gst_spead2_src_slabs_stop (slabs);
  slabs->uncut = spead2_huge_pages_map (MAPPED_BYTES, NULL);
  slabs->n_mappings = 1;
}

void
gst_spead2_src_slabs_stop (GstSpead2SrcSlabs *slabs)
{
  gst_clear_object (&slabs->uncut);
  slabs->n_mappings = 0;
}

gboolean
gst_spead2_src_slabs_are_uncut (const GstSpead2SrcSlabs *slabs, gsize size)
{
  return slabs->uncut && size >= MIN_SIZE && size <= MAPPED_BYTES / MIN_SLABS;
}

GstAllocator *
gst_spead2_src_slabs_take (GstSpead2SrcSlabs *slabs, gsize size)
{
  Spead2HugePages *pages;

  if (size < MIN_SIZE || size > MAX_SIZE)
    return NULL;
  if (gst_spead2_src_slabs_are_uncut (slabs, size)) {
    pages = g_steal_pointer (&slabs->uncut);
    spead2_huge_pages_cut (pages, size);
    return GST_ALLOCATOR (pages);
  }
  if (slabs->n_mappings >= MAX_MAPPINGS)
    return NULL;
  slabs->n_mappings++;
  return (GstAllocator *) spead2_huge_pages_new (
      size, MAX (MAPPED_BYTES / size, MIN_SLABS), NULL);
}
