/* gst-spead2: huge pages that heaps are received into: see gstspead2srcslabs.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcslabs.h"

/* Bytes of slabs that have pages before the first heap comes. */
#define PRESENT_BYTES (16 << 20)

/* Slabs of a size of which these hold fewer, or that comes later. Their pages come when they
 * are touched; there are no more, since to touch new huge pages takes longer than to use small
 * ones that the kernel has just freed. */
#define MIN_SLABS 4

/* Sizes of slabs, rounded up as those of pools. */
#define MIN_SIZE 8192
#define MAX_SIZE ((16 << 20) + 4096)

/* Mappings in a run, so that a stream of hostile sizes does not keep a worker busy: a page
 * takes 0.2 ms. */
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
  slabs->uncut =
      spead2_huge_pages_map (MIN_SLABS * MAX_SIZE, PRESENT_BYTES, NULL);
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

static gboolean
has_slabs (gsize size)
{
  return size >= MIN_SIZE && size <= MAX_SIZE;
}

gboolean
gst_spead2_src_slabs_are_uncut (GstSpead2SrcSlabs *slabs, gsize size)
{
  gboolean uncut;

  g_mutex_lock (&slabs->lock);
  uncut = slabs->uncut && has_slabs (size);
  g_mutex_unlock (&slabs->lock);
  return uncut;
}

/* With the lock. */
static Spead2HugePages *
take_pages (GstSpead2SrcSlabs *slabs, gsize size)
{
  Spead2HugePages *pages = g_steal_pointer (&slabs->uncut);

  if (pages == NULL && slabs->n_mappings < MAX_MAPPINGS) {
    pages = spead2_huge_pages_map (MIN_SLABS * MAX_SIZE, 0, NULL);
    slabs->n_mappings++;
  }
  if (pages)
    spead2_huge_pages_cut (pages, size, MIN_SLABS);
  return pages;
}

GstAllocator *
gst_spead2_src_slabs_take (GstSpead2SrcSlabs *slabs, gsize size)
{
  Spead2HugePages *pages;

  if (!has_slabs (size))
    return NULL;
  g_mutex_lock (&slabs->lock);
  pages = take_pages (slabs, size);
  g_mutex_unlock (&slabs->lock);
  return (GstAllocator *) pages;
}
