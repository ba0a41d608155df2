/* Which heaps are taken, as a text says it.
 *
 *   feng_id=0x4101,value=3; pol=0x4102,mask=1,value=0; heap-length,value=8192
 *
 * A rule is a list of conditions, all of which must hold:
 *
 *   rule      = [ condition *( ";" condition ) [ ";" ] ]
 *   condition = item *( "," field )         each field once, in any order
 *   item      = id | name | name "=" id | "heap-cnt" | "heap-length"
 *   field     = "mask=" number | "value=" values
 *   values    = value | "<" value *( "," value ) ">"
 *   value     = number [ ":" number [ ":" number ] ]  first, last and step
 *   id        = number, from 7
 *   number    = decimal, or hexadecimal behind 0x, up to 2^64 - 1
 *
 * Blanks are allowed between all of these. An item with a name alone is the one whose
 * descriptor has that name, and none before the descriptor has come; a name with an id is
 * for people to read. A condition holds if the heap has the item, and, where values are
 * given, if it is an immediate whose value, ANDed with the mask, is one of them. Both ends
 * of a range are in it.
 *
 * A pure module. Rules are read by any number of threads, but for
 * spead2_accept_rule_set_id() and spead2_accept_rule_matches(), which belong to one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ACCEPTRULE_H
#define SPEAD2_ACCEPTRULE_H

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

typedef struct _Spead2AcceptRule Spead2AcceptRule;

/* The rule of a text; NULL and a blank text have no condition: all heaps match. Fails with
 * SPEAD2_ERROR_INVALID: what is wrong, in which condition, at which offset. */
Spead2AcceptRule *spead2_accept_rule_new (const gchar *text, GError **error);
void spead2_accept_rule_free (Spead2AcceptRule *rule);

/* A descriptor says that the item with that name has that id. */
void spead2_accept_rule_set_id (
    Spead2AcceptRule *rule, const gchar *name, guint64 id);

/* Whether all conditions hold of a heap. Of several items with one id the first counts.
 * heap-length of a heap without one is what has come. */
gboolean spead2_accept_rule_matches (
    const Spead2AcceptRule *rule, const Spead2ReceivedHeap *heap);

/* Whether a packet says that its heap does not match, whatever other packets say: by heap
 * counter, heap length or an immediate, of a condition that needs no descriptor. FALSE
 * where the packet has descriptors, which are wanted of any heap. */
gboolean spead2_accept_rule_refuses (
    const Spead2AcceptRule *rule, const Spead2PacketView *view);

G_END_DECLS

#endif /* SPEAD2_ACCEPTRULE_H */
