/* Numbers: see number.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/number.h"

#include <string.h>

#include "spead2/wire/dtype.h"

Spead2NumberType
spead2_number_type_of (const Spead2Descriptor *descriptor)
{
  static const Spead2NumberType none;
  Spead2NumberType type = none;
  Spead2Dtype dtype;

  if (descriptor == NULL || descriptor->n_dimensions > 0 ||
      descriptor->element_bits > 64)
    return none;
  type.bits = descriptor->element_bits;
  if (descriptor->dtype == NULL) {
    type.code = descriptor->n_formats == 1 ? descriptor->formats[0].code : 0;
  } else if (spead2_dtype_parse (descriptor->dtype, &dtype, NULL)) {
    type.code = dtype.kind;
    type.little_endian = dtype.little_endian;
  }
  if (type.code == 'f' ? type.bits < 32
                       : !type.code || !strchr ("uib", type.code))
    return none;
  return type;
}

static guint
number_size (const Spead2NumberType *type)
{
  return (type->bits + 7) / 8;
}

gboolean
spead2_number_fits (const Spead2NumberType *type, const Spead2ItemView *item,
    Spead2Flavour flavour)
{
  if (item->immediate)
    return number_size (type) <= spead2_flavour_address_size (flavour);
  return type->bits > 0 && number_size (type) <= item->size;
}

guint64
spead2_number_read (const Spead2NumberType *type, const Spead2ItemView *item,
    const guint8 *payload)
{
  guint size = number_size (type);
  guint64 number = 0;

  if (type->bits == 0)
    return item->value;
  if (item->immediate)
    number = item->value << (64 - 8 * size) >> (64 - 8 * size);
  else
    for (guint i = 0; i < size; i++)
      number = number << 8 | payload[item->value + i];
  if (type->little_endian)
    number = GUINT64_SWAP_LE_BE (number) >> (64 - 8 * size);
  number >>= 8 * size - type->bits;
  if (type->code == 'i')
    number = (gint64) (number << (64 - type->bits)) >> (64 - type->bits);
  return number;
}

guint64
spead2_number_count_steps (guint64 value, guint64 step, guint64 limit)
{
  if (step == 0)
    return G_MAXUINT64;
  return (gint64) step > 0 ? (limit - value) / step : value / -step;
}

gboolean
spead2_number_steps (const Spead2NumberType *type, const Spead2ItemView *item,
    guint64 step, guint n)
{
  guint64 limit;

  if (type->bits == 0)
    return TRUE;
  limit = G_MAXUINT64 >> (64 - type->bits);
  return type->code == 'u' && !type->little_endian && type->bits % 8 == 0 &&
      item->value <= limit &&
      spead2_number_count_steps (item->value, step, limit) >= n - 1;
}
