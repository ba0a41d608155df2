/* Slabs on pages of 2 MiB: see hugepages.h.
 *
 * The pages are transparent huge pages, by madvise(): the administrator need not
 * reserve any.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/memory/hugepages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "spead2/error.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define HEADERS_SIZE (SPEAD2_HEADER_AREA_SIZE * SPEAD2_N_HEADER_AREAS)
G_STATIC_ASSERT (HEADERS_SIZE <= SPEAD2_HUGE_PAGE_SIZE);
G_STATIC_ASSERT (SPEAD2_N_HEADER_AREAS <= 32);

/* A slab, or with a parent a part of one that was shared. */
typedef struct {
  GstMemory memory;
  guint8 *data;
} Slab;

struct _Spead2HugePages {
  GstAllocator parent;

  /* Constant, slab_size and alignment once the mapping is cut. */
  guint64 id;
  guint8 *mapping; /* as mmap() returned it */
  gsize mapping_size;
  guint8 *data;  /* its first whole page */
  gsize size;    /* of it, or of the part that is cut */
  gsize present; /* bytes of slabs that had their pages from the start */
  gsize slab_size;
  gsize alignment; /* of slabs, and the greatest of an allocation */

  /* Guarded by lock, under which nothing is called. */
  GMutex lock;
  guint8 **free_slabs;
  guint n_free_slabs;
  guint32 claimed; /* a bit for each area for headers */
};

G_DEFINE_FINAL_TYPE (Spead2HugePages, spead2_huge_pages, GST_TYPE_ALLOCATOR)

static gsize
round_up (gsize size, gsize multiple)
{
  return (size + multiple - 1) / multiple * multiple;
}

/* -- the mapping ------------------------------------------------------------- */

/* Maps size bytes, a multiple of the page size, the first present of them on pages of
 * 2 MiB. */
static gboolean
map_pages (Spead2HugePages *pages, gsize size, gsize present)
{
  gsize i;

  pages->mapping_size = size + SPEAD2_HUGE_PAGE_SIZE;
  pages->mapping = mmap (NULL, pages->mapping_size, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages->mapping == MAP_FAILED) {
    pages->mapping = NULL;
    return FALSE;
  }
  pages->data =
      (guint8 *) round_up ((gsize) pages->mapping, SPEAD2_HUGE_PAGE_SIZE);
  pages->size = size;

  if (madvise (pages->data, size, MADV_HUGEPAGE) < 0)
    return FALSE;
  for (i = 0; i < present; i += SPEAD2_HUGE_PAGE_SIZE)
    pages->data[i] = 0;
  /* Replaces those that the kernel filled with small pages, or fails. */
  return madvise (pages->data, present, MADV_COLLAPSE) == 0;
}

Spead2HugePages *
spead2_huge_pages_map (gsize size, gsize present, GError **error)
{
  const gsize all = round_up (size + HEADERS_SIZE, SPEAD2_HUGE_PAGE_SIZE);
  static guint last_id;
  Spead2HugePages *pages =
      g_object_ref_sink (g_object_new (SPEAD2_TYPE_HUGE_PAGES, NULL));

  pages->id = g_atomic_int_add (&last_id, 1) + 1;
  if (present > 0) {
    present =
        MIN (round_up (present + HEADERS_SIZE, SPEAD2_HUGE_PAGE_SIZE), all);
    pages->present = present - HEADERS_SIZE;
  }
  if (map_pages (pages, all, present))
    return pages;
  spead2_set_errno (error, errno, "Could not get pages of 2 MiB");
  gst_object_unref (pages);
  return NULL;
}

static gsize
slab_stride (gsize slab_size)
{
  return round_up (slab_size, spead2_huge_pages_alignment (slab_size));
}

guint
spead2_huge_pages_cut (Spead2HugePages *pages, gsize slab_size, guint min_slabs)
{
  const gsize stride = slab_stride (slab_size);
  const gsize n_slabs = MIN ((pages->size - HEADERS_SIZE) / stride,
      MAX (pages->present / stride, min_slabs));
  gsize i;

  g_assert (pages->slab_size == 0);
  pages->slab_size = slab_size;
  pages->alignment = spead2_huge_pages_alignment (slab_size);
  pages->free_slabs = g_new (guint8 *, n_slabs);
  for (i = 0; i < n_slabs; i++)
    pages->free_slabs[i] =
        pages->data + HEADERS_SIZE + (n_slabs - 1 - i) * stride;
  pages->n_free_slabs = n_slabs;
  pages->size =
      round_up (HEADERS_SIZE + n_slabs * stride, SPEAD2_HUGE_PAGE_SIZE);
  return n_slabs;
}

Spead2HugePages *
spead2_huge_pages_new (gsize slab_size, guint n_slabs, GError **error)
{
  const gsize size = n_slabs * slab_stride (slab_size);
  Spead2HugePages *pages = spead2_huge_pages_map (size, size, error);

  if (pages)
    spead2_huge_pages_cut (pages, slab_size, n_slabs);
  return pages;
}

static void
spead2_huge_pages_finalize (GObject *object)
{
  Spead2HugePages *pages = SPEAD2_HUGE_PAGES (object);

  if (pages->mapping)
    munmap (pages->mapping, pages->mapping_size);
  g_free (pages->free_slabs);
  g_mutex_clear (&pages->lock);
  G_OBJECT_CLASS (spead2_huge_pages_parent_class)->finalize (object);
}

/* -- slabs ------------------------------------------------------------------- */

static guint8 *
take_slab (Spead2HugePages *pages)
{
  guint8 *data = NULL;

  g_mutex_lock (&pages->lock);
  if (pages->n_free_slabs > 0)
    data = pages->free_slabs[--pages->n_free_slabs];
  g_mutex_unlock (&pages->lock);
  return data;
}

static GstMemory *
new_slab (Spead2HugePages *pages, GstMemory *parent, guint8 *data,
    GstMemoryFlags flags, gsize offset, gsize size)
{
  Slab *slab = g_new (Slab, 1);

  gst_memory_init (GST_MEMORY_CAST (slab), flags, GST_ALLOCATOR_CAST (pages),
      parent, pages->slab_size, pages->alignment - 1, offset, size);
  slab->data = data;
  return GST_MEMORY_CAST (slab);
}

static GstMemory *
spead2_huge_pages_alloc (
    GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
  Spead2HugePages *pages = SPEAD2_HUGE_PAGES (allocator);
  guint8 *data = NULL;

  if (params->align < pages->alignment && params->prefix == 0 &&
      size + params->padding <= pages->slab_size)
    data = take_slab (pages);
  if (data == NULL)
    return gst_allocator_alloc (NULL, size, params);

  if (params->flags & GST_MEMORY_FLAG_ZERO_PADDED)
    memset (data + size, 0, pages->slab_size - size);
  return new_slab (pages, NULL, data, params->flags, 0, size);
}

static void
spead2_huge_pages_free (GstAllocator *allocator, GstMemory *memory)
{
  Spead2HugePages *pages = SPEAD2_HUGE_PAGES (allocator);

  if (memory->parent == NULL) {
    g_mutex_lock (&pages->lock);
    pages->free_slabs[pages->n_free_slabs++] = ((Slab *) memory)->data;
    g_mutex_unlock (&pages->lock);
  }
  g_free (memory);
}

static gpointer
map_slab (GstMemory *memory, gsize max_size, GstMapFlags flags)
{
  return ((Slab *) memory)->data;
}

static void
unmap_slab (GstMemory *memory)
{
}

static GstMemory *
share_slab (GstMemory *memory, gssize offset, gssize size)
{
  GstMemory *parent = memory->parent ? memory->parent : memory;

  if (size == -1)
    size = memory->size - offset;
  return new_slab (SPEAD2_HUGE_PAGES (memory->allocator), parent,
      ((Slab *) memory)->data,
      GST_MINI_OBJECT_FLAGS (parent) | GST_MINI_OBJECT_FLAG_LOCK_READONLY,
      memory->offset + offset, size);
}

/* -- for senders --------------------------------------------------------------- */

Spead2HugePages *
spead2_huge_pages_of (const GstMemory *memory)
{
  if (memory->allocator == NULL ||
      G_OBJECT_TYPE (memory->allocator) != SPEAD2_TYPE_HUGE_PAGES)
    return NULL;
  return (Spead2HugePages *) memory->allocator;
}

guint8 *
spead2_huge_pages_slab (const GstMemory *memory)
{
  return spead2_huge_pages_of (memory)
      ? ((const Slab *) memory)->data + memory->offset
      : NULL;
}

guint8 *
spead2_huge_pages_data (Spead2HugePages *pages)
{
  return pages->data;
}

gsize
spead2_huge_pages_size (Spead2HugePages *pages)
{
  return pages->size;
}

guint64
spead2_huge_pages_id (Spead2HugePages *pages)
{
  return pages->id;
}

guint8 *
spead2_huge_pages_claim_headers (Spead2HugePages *pages)
{
  guint8 *headers = NULL;
  guint i;

  g_mutex_lock (&pages->lock);
  for (i = 0; i < SPEAD2_N_HEADER_AREAS && headers == NULL; i++) {
    if (pages->claimed & (guint32) 1 << i)
      continue;
    pages->claimed |= (guint32) 1 << i;
    headers = pages->data + i * SPEAD2_HEADER_AREA_SIZE;
  }
  g_mutex_unlock (&pages->lock);
  return headers;
}

void
spead2_huge_pages_return_headers (Spead2HugePages *pages, guint8 *headers)
{
  guint i = (headers - pages->data) / SPEAD2_HEADER_AREA_SIZE;

  g_mutex_lock (&pages->lock);
  pages->claimed &= ~((guint32) 1 << i);
  g_mutex_unlock (&pages->lock);
}

/* -- class -------------------------------------------------------------------- */

static void
spead2_huge_pages_init (Spead2HugePages *pages)
{
  GstAllocator *allocator = GST_ALLOCATOR (pages);

  g_mutex_init (&pages->lock);
  allocator->mem_type = "Spead2HugePages";
  allocator->mem_map = map_slab;
  allocator->mem_unmap = unmap_slab;
  allocator->mem_share = share_slab;
}

static void
spead2_huge_pages_class_init (Spead2HugePagesClass *klass)
{
  GstAllocatorClass *allocator_class = GST_ALLOCATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = spead2_huge_pages_finalize;
  allocator_class->alloc = spead2_huge_pages_alloc;
  allocator_class->free = spead2_huge_pages_free;
}
