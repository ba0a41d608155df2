/* SPEAD-64-N: the arithmetic of packet headers and item pointers.
 *
 * A flavour says how the 64 bits of an item pointer are shared between the
 * mode bit, the item id and the value or address: heap_address_bits N belong
 * to the value, 63 - N to the id. Everything here is arithmetic on numbers in
 * host order; what goes on the wire is big endian (spead2_write_u64()).
 * Rule: SPEAD protocol revision 1 (2012), sections 5 and 8.2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_FLAVOUR_H
#define SPEAD2_FLAVOUR_H

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

#define SPEAD2_MAGIC 0x53
#define SPEAD2_VERSION 0x04

/* Bytes of the packet header and of one item pointer. */
#define SPEAD2_HEADER_SIZE 8
#define SPEAD2_POINTER_SIZE 8

/* The ids that the protocol reserves. */
enum {
  SPEAD2_ID_NULL = 0x00,
  SPEAD2_ID_HEAP_CNT = 0x01,
  SPEAD2_ID_HEAP_LENGTH = 0x02,
  SPEAD2_ID_PAYLOAD_OFFSET = 0x03,
  SPEAD2_ID_PAYLOAD_LENGTH = 0x04,
  SPEAD2_ID_DESCRIPTOR = 0x05,
  SPEAD2_ID_STREAM_CTRL = 0x06,
  SPEAD2_ID_DESCRIPTOR_NAME = 0x10,
  SPEAD2_ID_DESCRIPTOR_DESCRIPTION = 0x11,
  SPEAD2_ID_DESCRIPTOR_SHAPE = 0x12,
  SPEAD2_ID_DESCRIPTOR_FORMAT = 0x13,
  SPEAD2_ID_DESCRIPTOR_ID = 0x14,
  SPEAD2_ID_DESCRIPTOR_DTYPE = 0x15
};

/* The values of the item SPEAD2_ID_STREAM_CTRL. */
enum {
  SPEAD2_CTRL_START = 0,
  SPEAD2_CTRL_DESCRIPTOR_REISSUE = 1,
  SPEAD2_CTRL_STOP = 2,
  SPEAD2_CTRL_DESCRIPTOR_UPDATE = 3
};

/* A flavour is its number of address bits: 8, 16 ... 56. SPEAD-64-40 is 40. */
typedef guint Spead2Flavour;

static inline gboolean
spead2_flavour_is_valid (guint heap_address_bits)
{
  return heap_address_bits >= 8 && heap_address_bits <= 56 &&
      heap_address_bits % 8 == 0;
}

/* The same, with SPEAD2_ERROR_INVALID where it is not. */
gboolean spead2_flavour_check (guint heap_address_bits, GError **error);

/* Whether a heap counter, or what it goes by, fits: otherwise FALSE with
 * SPEAD2_ERROR_INVALID, which says the name. */
gboolean spead2_flavour_check_cnt (
    Spead2Flavour flavour, const gchar *name, guint64 value, GError **error);

/* The largest immediate value, address, heap length and heap counter. */
static inline guint64
spead2_flavour_max_value (Spead2Flavour flavour)
{
  return (G_GUINT64_CONSTANT (1) << flavour) - 1;
}

static inline guint64
spead2_flavour_max_id (Spead2Flavour flavour)
{
  return (G_GUINT64_CONSTANT (1) << (63 - flavour)) - 1;
}

/* Bytes of an address, and of the rest of a pointer (mode bit and id). */
static inline guint
spead2_flavour_address_size (Spead2Flavour flavour)
{
  return flavour / 8;
}

static inline guint
spead2_flavour_id_size (Spead2Flavour flavour)
{
  return 8 - flavour / 8;
}

/* The caller has checked that id and value fit: here they are only placed. */
static inline guint64
spead2_flavour_immediate (Spead2Flavour flavour, guint64 id, guint64 value)
{
  return G_GUINT64_CONSTANT (1) << 63 | id << flavour | value;
}

static inline guint64
spead2_flavour_addressed (Spead2Flavour flavour, guint64 id, guint64 address)
{
  return id << flavour | address;
}

static inline gboolean
spead2_pointer_is_immediate (guint64 pointer)
{
  return pointer >> 63 != 0;
}

static inline guint64
spead2_pointer_id (Spead2Flavour flavour, guint64 pointer)
{
  return (pointer & (G_MAXUINT64 >> 1)) >> flavour;
}

/* The value of an immediate pointer, the address of an addressed one. */
static inline guint64
spead2_pointer_value (Spead2Flavour flavour, guint64 pointer)
{
  return pointer & spead2_flavour_max_value (flavour);
}

static inline void
spead2_write_u64 (guint8 *out, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (out, &value, sizeof value);
}

static inline guint64
spead2_read_u64 (const guint8 *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_BE (value);
}

/* The first four bytes of a packet: magic, version and widths. */
static inline guint32
spead2_flavour_header_word (Spead2Flavour flavour)
{
  return (guint32) SPEAD2_MAGIC << 24 | SPEAD2_VERSION << 16 |
      spead2_flavour_id_size (flavour) << 8 |
      spead2_flavour_address_size (flavour);
}

/* The header of a packet that carries n_pointers item pointers. */
static inline void
spead2_flavour_write_header (
    Spead2Flavour flavour, guint n_pointers, guint8 *out)
{
  spead2_write_u64 (
      out, (guint64) spead2_flavour_header_word (flavour) << 32 | n_pointers);
}

G_END_DECLS

#endif /* SPEAD2_FLAVOUR_H */
