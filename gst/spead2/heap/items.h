/* The text that says what every heap carries, and the list that it makes.
 *
 * A text is a list of items in the order of the wire, in the syntax of
 * GstStructure, so that it reads like caps:
 *
 *   items    = item *( ";" item ) [ ";" ]
 *   item     = name *( "," field )
 *   field    = key "=" ( value | "<" [ value *( "," value ) ] ">" )
 *   value    = [ "(" type ")" ] ( word | string )
 *   type     = "int" | "uint" | "gint64" | "guint64" | "string"
 *   word     = 1*( letter | digit | "_" | "-" | "+" | "/" | ":" | "." )
 *   string   = DQUOTE *( character | "\" character ) DQUOTE
 *   name     = letter *( letter | digit | "_" | "-" | "+" | "/" | ":" | "." )
 *
 * with blanks and ends of line anywhere between. A number is decimal or begins
 * with 0x, and for an item of a signed type with - in front. Without a type it is
 * a GStreamer int, from -2^31 to 2^31 - 1: larger ones are (guint64)0xffffffff or
 * "0xffffffff".
 *
 * Fields of an item:
 *
 *   id          number, required: 7 to the flavour's largest
 *   value       payload | sample-index | heap-index | utc-ns | ptp-ns | meta |
 *               number | "text" | <number, number ...>
 *   default     with value=meta: what else a value may be; 0 if not given
 *   start, step instead of value: start in the first heap, step more in each
 *               next one; both are 0 if not given
 *   every       with numbers, start and step, or heap-index: so many heaps have
 *               the same value before the next one; 1 if not given
 *   mode        immediate | addressed; payload and texts are addressed, numbers
 *               immediate
 *   format      SPEAD formats: u40, i10, c8, "i8,i8"; u, i, f, c or b and bits
 *   dtype       numpy dtype: "<i2", "[('re','i1'),('im','i1')]"
 *   shape       of the payload: <256,2>, or one number; one may be -1, as many
 *               as the heap holds
 *   description "text", for receivers
 *
 * Exactly one item is the payload. A quoted text that reads as a number is one,
 * unless format=c8 says that it is a text. An array is taken one by one, heap by
 * heap, and begins again. Counters (sample-index, heap-index, start and step) go
 * on modulo 2^bits where they do not fit any more, a signed one from its smallest
 * number; all other values that do not fit are errors.
 *
 * A number has a type of whole numbers, u, i or b (which is 0 or 1), of up to 64
 * bits, or is unsigned and has as many bits as an address. On the wire it is
 * in the high bits of as many bytes as its type needs, big endian unless its
 * dtype is little endian; an immediate ends with these bytes. So spead2 reads it.
 * A text is of ASCII characters, which is what receivers read c8 as; with
 * format=u8 it is any bytes.
 *
 * Some names are no items: "null" is a pad, a pointer that means nothing, and
 * heap-cnt, heap-length, payload-offset and payload-length are the standard
 * pointers 0x01 to 0x04. They are in every packet, in the order of the text; if
 * none is named, all four come first. heap-cnt may have a value of its own (value,
 * default, start, step), instead of the sender's count.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEMS_H
#define SPEAD2_ITEMS_H

#include "spead2/heap/item.h"

G_BEGIN_DECLS

/* The items of spead2's tutorial. */
#define SPEAD2_ITEMS_DEFAULT                                                   \
  "timestamp,id=0x1600,value=sample-index,"                                    \
  "description=\"Index of the first sample\"; "                                \
  "adc_samples,id=0x3300,value=payload,"                                       \
  "description=\"ADC converter output\""

/* Constant once made; shared by references. */
typedef struct {
  Spead2Flavour flavour;
  Spead2Item *items;
  guint n_items;
} Spead2Items;

/* The list that a text makes for a flavour. NULL with SPEAD2_ERROR_INVALID: the
 * message names the item by number (from 1) and name, the field, and the offset
 * in the text (bytes, from 0), or the value and its limit. */
Spead2Items *spead2_items_new (
    const gchar *text, Spead2Flavour flavour, GError **error);

Spead2Items *spead2_items_ref (Spead2Items *items);
void spead2_items_unref (Spead2Items *items);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Items, spead2_items_unref)

/* The item whose value the application gives by that name, or NULL. */
const Spead2Item *spead2_items_find (
    const Spead2Items *items, const gchar *name);

/* Whether the item of that name has the sample index as its value. */
gboolean spead2_items_is_sample_index (
    const Spead2Items *items, const gchar *name);

/* The item that numbers every heap with data, or NULL: the sender does. */
const Spead2Item *spead2_items_counter (const Spead2Items *items);

/* Where the sender begins to count those heaps that it numbers, from 1 on or
 * another start. If items number the ones with data, these are start, descriptor
 * and stop heaps, and begin half of all counters further: a receiver would
 * otherwise take two heaps of one counter for one. */
guint64 spead2_items_first_cnt (const Spead2Items *items, guint64 start);

/* The first item whose id was written with four decimal digits or more, which may
 * lack their 0x, or NULL. */
const Spead2Item *spead2_items_suspect_id (const Spead2Items *items);

/* Whether the payload has a type of its own, which counts instead of the caps'. */
gboolean spead2_items_have_payload_type (const Spead2Items *items);

/* Whether any value comes from there. */
gboolean spead2_items_use (const Spead2Items *items, Spead2ValueSource source);

G_END_DECLS

#endif /* SPEAD2_ITEMS_H */
