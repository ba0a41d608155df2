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
gst_spead2_src_slabs_init (GstSpead2SrcSlabs *slabs)
{
  memset (slabs, 0, sizeof *slabs);
  g_mutex_init (&slabs->lock);
}

void
gst_spead2_src_slabs_clear (GstSpead2SrcSlabs *slabs)
{
  gst_spead2_src_slabs_stop (slabs);
  g_mutex_clear (&slabs->lock);
}

void
gst_spead2_src_slabs_start (GstSpead2SrcSlabs *slabs)
{
  gst_spead2_src_slabs_stop (slabs);
  g_mutex_lock (&slabs->lock);
  slabs->uncut = spead2_huge_pages_map (MAPPED_BYTES, NULL);
  slabs->n_mappings = 1;
  g_mutex_unlock (&slabs->lock);
}

void
gst_spead2_src_slabs_stop (GstSpead2SrcSlabs *slabs)
{
  g_mutex_lock (&slabs->lock);
  gst_clear_object (&slabs->uncut);
  slabs->n_mappings = 0;
  g_mutex_unlock (&slabs->lock);
}

/* With the lock. */
static gboolean
are_uncut (const GstSpead2SrcSlabs *slabs, gsize size)
{
  return slabs->uncut && size >= MIN_SIZE && size <= MAPPED_BYTES / MIN_SLABS;
}

gboolean
gst_spead2_src_slabs_are_uncut (GstSpead2SrcSlabs *slabs, gsize size)
{
  gboolean uncut;

  g_mutex_lock (&slabs->lock);
  uncut = are_uncut (slabs, size);
  g_mutex_unlock (&slabs->lock);
  return uncut;
}

/* With the lock. */
static Spead2HugePages *
take_pages (GstSpead2SrcSlabs *slabs, gsize size)
{
  if (are_uncut (slabs, size)) {
    Spead2HugePages *pages = g_steal_pointer (&slabs->uncut);

    spead2_huge_pages_cut (pages, size);
    return pages;
  }
  if (slabs->n_mappings >= MAX_MAPPINGS)
    return NULL;
  slabs->n_mappings++;
  return spead2_huge_pages_new (
      size, MAX (MAPPED_BYTES / size, MIN_SLABS), NULL);
}

GstAllocator *
gst_spead2_src_slabs_take (GstSpead2SrcSlabs *slabs, gsize size)
{
  Spead2HugePages *pages;

  if (size < MIN_SIZE || size > MAX_SIZE)
    return NULL;
  g_mutex_lock (&slabs->lock);
  pages = take_pages (slabs, size);
  g_mutex_unlock (&slabs->lock);
  return (GstAllocator *) pages;
}
