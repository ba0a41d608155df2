/* gst-spead2: the values of several heaps that share a buffer: see gstspead2heaptable.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heaptable.h"

#include "gstspead2itemvalues.h"

typedef struct {
  GstSpead2HeapField field; /* of the first heap; its bytes are not valid */
  GQuark each; /* the name of its numbers if they differ; 0: not made yet */
} Column;

void
gst_spead2_heap_table_init (GstSpead2HeapTable *table)
{
  table->columns = g_array_new (FALSE, TRUE, sizeof (Column));
  table->rows = g_array_new (FALSE, FALSE, sizeof (guint64));
  table->steps = g_array_new (FALSE, FALSE, sizeof (guint64));
  table->bytes = g_byte_array_new ();
}

void
gst_spead2_heap_table_clear (GstSpead2HeapTable *table)
{
  g_clear_pointer (&table->columns, g_array_unref);
  g_clear_pointer (&table->rows, g_array_unref);
  g_clear_pointer (&table->steps, g_array_unref);
  g_clear_pointer (&table->bytes, g_byte_array_unref);
}

/* -- heaps ------------------------------------------------------------------------ */

/* Adds the value of a heap. */
static void
add_value (GstSpead2HeapTable *table, const GstSpead2HeapField *field)
{
  if (field->size > 0) {
    g_byte_array_append (table->bytes, field->bytes, field->size);
    return;
  }
  g_array_append_val (table->rows, field->bits);
  g_array_append_val (table->steps, field->step);
}

/* Adds the rows of the heaps that follow that of the last row in a run of n heaps. */
static void
add_steps (GstSpead2HeapTable *table, guint n)
{
  const guint64 *step = (const guint64 *) table->steps->data;
  guint width = table->n_numbers, i = table->rows->len;
  guint64 *rows;

  g_array_set_size (table->rows, i + (n - 1) * width);
  rows = (guint64 *) table->rows->data;
  for (; n > 1; n--)
    for (guint k = 0; k < width; k++, i++)
      rows[i] = rows[i - width] + step[k];
}

/* A column keeps its name from the last table, if it has the same again, and so the other
 * name that was made of it. */
static void
add_column (GstSpead2HeapTable *table, guint i, const GstSpead2HeapField *field)
{
  Column *column;

  if (i >= table->columns->len)
    g_array_set_size (table->columns, i + 1);
  column = &g_array_index (table->columns, Column, i);
  if (column->field.name != field->name)
    column->each = 0;
  column->field = *field;
  table->n_numbers += field->size == 0;
  add_value (table, field);
}

void
gst_spead2_heap_table_begin (
    GstSpead2HeapTable *table, GstSpead2HeapFields *fields)
{
  GstSpead2HeapField field = gst_spead2_heap_fields_cnt (fields);
  guint n = 0;

  g_array_set_size (table->rows, 0);
  g_array_set_size (table->steps, 0);
  g_byte_array_set_size (table->bytes, 0);
  table->n_numbers = 0;
  do
    add_column (table, n++, &field);
  while (gst_spead2_heap_fields_next (fields, &field));
  g_array_set_size (table->columns, n);
  add_steps (table, fields->heap->n_heaps);
}

/* Whether a value of another heap may stand in a column. position is that of the next
 * bytes. */
static gboolean
fits (const GstSpead2HeapTable *table, const Column *column,
    const GstSpead2HeapField *field, guint *position)
{
  guint begin = *position;

  if (field->name != column->field.name || field->type != column->field.type ||
      field->size != column->field.size)
    return FALSE;
  *position += field->size;
  return field->size == 0 ||
      memcmp (table->bytes->data + begin, field->bytes, field->size) == 0;
}

/* Writes the numbers of a heap to a row, and their steps. FALSE: its values do not fit the
 * columns. */
static gboolean
fill_row (
    const GstSpead2HeapTable *table, GstSpead2HeapFields *fields, guint64 *row)
{
  guint64 *step = (guint64 *) table->steps->data;
  GstSpead2HeapField field = gst_spead2_heap_fields_cnt (fields);
  const Column *column = (const Column *) table->columns->data;
  const Column *end = column + table->columns->len;
  guint position = 0;

  do {
    if (column == end || !fits (table, column++, &field, &position))
      return FALSE;
    if (field.size == 0) {
      *row++ = field.bits;
      *step++ = field.step;
    }
  } while (gst_spead2_heap_fields_next (fields, &field));
  return column == end;
}

gboolean
gst_spead2_heap_table_add (
    GstSpead2HeapTable *table, GstSpead2HeapFields *fields)
{
  guint n = table->rows->len;

  g_array_set_size (table->rows, n + table->n_numbers);
  if (fill_row (table, fields, &g_array_index (table->rows, guint64, n))) {
    add_steps (table, fields->heap->n_heaps);
    return TRUE;
  }
  g_array_set_size (table->rows, n);
  return FALSE;
}

/* -- fields ----------------------------------------------------------------------- */

static guint
n_heaps (const GstSpead2HeapTable *table)
{
  return table->rows->len / table->n_numbers;
}

/* The i-th number of a heap, of which the first is its counter. */
static guint64
number_at (const GstSpead2HeapTable *table, guint heap, guint i)
{
  return g_array_index (table->rows, guint64, heap * table->n_numbers + i);
}

/* The counter is there for each heap, even where counters are equal. */
static gboolean
differs (const GstSpead2HeapTable *table, guint i)
{
  guint heap;

  if (i == 0)
    return TRUE;
  for (heap = 1; heap < n_heaps (table); heap++)
    if (number_at (table, heap, i) != number_at (table, 0, i))
      return TRUE;
  return FALSE;
}

static GQuark
name_of_each (Column *column)
{
  if (column->each == 0) {
    g_autofree gchar *name = g_strconcat (
        GST_SPEAD2_EACH_PREFIX, g_quark_to_string (column->field.name), NULL);

    column->each = g_quark_from_string (name);
  }
  return column->each;
}

static void
write_each (
    GstSpead2HeapTable *table, guint i, Column *column, GstStructure *structure)
{
  g_autofree guint64 *numbers = g_new (guint64, n_heaps (table));
  GstSpead2HeapField field = {
      .name = name_of_each (column),
      .type = G_TYPE_BYTES,
      .bytes = (const guint8 *) numbers,
      .size = n_heaps (table) * sizeof *numbers,
  };
  guint heap;

  for (heap = 0; heap < n_heaps (table); heap++)
    numbers[heap] = number_at (table, heap, i);
  gst_spead2_heap_field_set (&field, structure);
}

void
gst_spead2_heap_table_write (GstSpead2HeapTable *table, GstStructure *structure)
{
  const guint8 *bytes = table->bytes->data;
  guint i, n_numbers = 0;

  gst_structure_remove_all_fields (structure);
  gst_structure_set (
      structure, GST_SPEAD2_N_HEAPS_NAME, G_TYPE_UINT, n_heaps (table), NULL);
  for (i = 0; i < table->columns->len; i++) {
    Column *column = &g_array_index (table->columns, Column, i);

    if (column->field.size > 0) {
      column->field.bytes = bytes;
      bytes += column->field.size;
    } else if (differs (table, n_numbers++)) {
      write_each (table, n_numbers - 1, column, structure);
      continue;
    }
    gst_spead2_heap_field_set (&column->field, structure);
  }
}
