/* Huge pages that are mapped at the first allocation: see lazyhugepages.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/memory/lazyhugepages.h"

#include "spead2/memory/hugepages.h"

struct _Spead2LazyHugePages {
  GstAllocator parent;

  /* Constant. */
  guint64 bytes;
  guint n_slabs;

  /* Guarded by lock, which is held while memory is mapped. */
  GMutex lock;
  gboolean tried;
  GstAllocator *pages; /* (owned) or NULL: not tried, or not to be had */
};

G_DEFINE_FINAL_TYPE (
    Spead2LazyHugePages, spead2_lazy_huge_pages, GST_TYPE_ALLOCATOR)

/* An allocation that no slab of its own size would fit leaves the size to the next
 * one. */
static gboolean
suits_slabs (gsize size, const GstAllocationParams *params)
{
  return size > 0 && params->prefix == 0 &&
      params->align < spead2_huge_pages_alignment (size);
}

static GstAllocator *
map_pages (const Spead2LazyHugePages *self, gsize slab_size)
{
  guint64 n = MAX ((self->bytes + slab_size - 1) / slab_size, self->n_slabs) +
      SPEAD2_EXTRA_SLABS;
  guint64 most = MAX (SPEAD2_MAX_MAPPING / slab_size, SPEAD2_EXTRA_SLABS);

  return (GstAllocator *) spead2_huge_pages_new (
      slab_size, MIN (n, most), NULL);
}

static GstMemory *
spead2_lazy_huge_pages_alloc (
    GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
  Spead2LazyHugePages *self = SPEAD2_LAZY_HUGE_PAGES (allocator);
  const gsize slab_size = size + params->padding;
  GstAllocator *pages;

  g_mutex_lock (&self->lock);
  if (!self->tried && suits_slabs (slab_size, params)) {
    self->pages = map_pages (self, slab_size);
    self->tried = TRUE;
  }
  pages = self->pages;
  g_mutex_unlock (&self->lock);
  return gst_allocator_alloc (pages, size, params);
}

/* -- class ---------------------------------------------------------------------- */

GstAllocator *
spead2_lazy_huge_pages_new (guint64 bytes, guint n_slabs)
{
  Spead2LazyHugePages *self =
      g_object_ref_sink (g_object_new (SPEAD2_TYPE_LAZY_HUGE_PAGES, NULL));

  self->bytes = bytes;
  self->n_slabs = n_slabs;
  return GST_ALLOCATOR (self);
}

static void
spead2_lazy_huge_pages_finalize (GObject *object)
{
  Spead2LazyHugePages *self = SPEAD2_LAZY_HUGE_PAGES (object);

  gst_clear_object (&self->pages);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (spead2_lazy_huge_pages_parent_class)->finalize (object);
}

static void
spead2_lazy_huge_pages_init (Spead2LazyHugePages *self)
{
  g_mutex_init (&self->lock);
  GST_ALLOCATOR (self)->mem_type = "Spead2LazyHugePages";
}

static void
spead2_lazy_huge_pages_class_init (Spead2LazyHugePagesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spead2_lazy_huge_pages_finalize;
  GST_ALLOCATOR_CLASS (klass)->alloc = spead2_lazy_huge_pages_alloc;
}
