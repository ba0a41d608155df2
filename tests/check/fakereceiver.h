/* A SPEAD receiver for tests: takes UDP packets, checks every one strictly, and
 * keeps the heaps that they make.
 *
 * It is written from the wire format alone and shares no line with the engine,
 * so that an error of the engine is not made twice. It is stricter than real
 * receivers: what none of them would notice (a payload byte sent twice, a
 * reserved header byte that is set) is a violation here. The first violation is
 * kept as a sentence; the packet that it was found in is not used.
 *
 * A heap ends when a stop heap comes: the same counter after it is another
 * heap. Everything may be called from any thread. The FakeHeaps that come back
 * belong to the receiver, until fake_receiver_free() or fake_receiver_forget(),
 * and are changed by its thread as long as packets of that heap come: look at
 * them after fake_receiver_wait().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_FAKE_RECEIVER_H
#define SPEAD2_TESTS_FAKE_RECEIVER_H

#include <glib.h>

G_BEGIN_DECLS

#define FAKE_NULL 0x00
#define FAKE_HEAP_CNT 0x01
#define FAKE_HEAP_LENGTH 0x02
#define FAKE_PAYLOAD_OFFSET 0x03
#define FAKE_PAYLOAD_LENGTH 0x04
#define FAKE_DESCRIPTOR 0x05
#define FAKE_STREAM_CTRL 0x06

#define FAKE_CTRL_START 0
#define FAKE_CTRL_STOP 2

typedef struct _FakeReceiver FakeReceiver;

/* One item pointer. */
typedef struct {
  guint64 id;
  gboolean immediate;
  guint64 value; /* of an immediate; else the address in the heap's payload */
} FakeItem;

/* One packet of a heap. */
typedef struct {
  gsize size;     /* of the datagram */
  guint n_items;  /* item pointers in it, the standard four included */
  guint64 offset; /* of its payload in the heap */
  gsize length;   /* of its payload */
  gint64 time;    /* when it was taken, monotonic, us */
} FakePacket;

typedef struct {
  guint64 cnt;
  guint heap_address_bits; /* the flavour: 40 in SPEAD-64-40 */
  gint64 heap_length;      /* -1 as long as no packet said it */
  guint8 *payload;         /* bytes that did not come are 0; NULL, see
                              fake_receiver_set_keep_payload() */
  gsize payload_size;      /* end of what came */
  gsize received;          /* bytes that came */
  gboolean complete;       /* heap_length is known and all of it came */
  gint stream_ctrl;        /* value of STREAM_CTRL, or -1 */
  GArray *items;           /* FakeItem, each once, in order of appearance,
                              without the standard four */
  GArray *packets;         /* FakePacket, in order of arrival */

  /*< private >*/
  gboolean keep_payload;
  gsize payload_allocated;
  GArray *spans;
} FakeHeap;

/* One entry of a descriptor's format. */
typedef struct {
  gchar code;
  guint64 bits;
} FakeFormat;

typedef struct {
  guint64 id;
  gchar *name;
  gchar *description;
  FakeFormat *formats;
  guint n_formats;
  gint64 *shape; /* -1 is variable */
  guint n_dimensions;
  gchar *numpy; /* header text, or NULL */
  gsize size;   /* of the embedded packet */
} FakeDescriptor;

/* Listens on the loopback address of family (AF_INET, AF_INET6), at a port that
 * the kernel chooses, with a thread that takes packets until it is freed.
 * AF_UNSPEC: no socket and no thread, only fake_receiver_feed(). Aborts when it
 * cannot. */
FakeReceiver *fake_receiver_new (int family);

/* The same at an address and a port (0: the kernel chooses). NULL, with errno,
 * when the socket cannot be bound there. */
FakeReceiver *fake_receiver_new_at (const gchar *address, guint16 port);

void fake_receiver_free (FakeReceiver *receiver);

guint16 fake_receiver_port (FakeReceiver *receiver);

/* The receiver's own descriptor, for socket options; -1 without a socket. */
int fake_receiver_fd (FakeReceiver *receiver);

/* Receive buffer that the kernel granted, bytes (as SO_RCVBUF reports it). */
gint fake_receiver_buffer_size (FakeReceiver *receiver);

/* How long nothing may come, after the first packet, before
 * fake_receiver_wait() takes the stream for over (500 ms). */
void fake_receiver_set_quiet (FakeReceiver *receiver, guint milliseconds);

/* FALSE: payload bytes are checked for presence and thrown away, for streams
 * that do not fit in memory. For heaps that begin afterwards. */
void fake_receiver_set_keep_payload (FakeReceiver *receiver, gboolean keep);

/* Waits for a stop heap that no earlier wait returned for, and returns TRUE; or
 * FALSE after milliseconds, or when the stream has gone quiet. */
gboolean fake_receiver_wait (FakeReceiver *receiver, guint milliseconds);

/* Waits until so many heaps are complete; FALSE after milliseconds. */
gboolean fake_receiver_wait_heaps (
    FakeReceiver *receiver, guint n_complete, guint milliseconds);

/* One datagram, as if it had come; FALSE when it broke a rule. */
gboolean fake_receiver_feed (
    FakeReceiver *receiver, const guint8 *bytes, gsize size);

/* As if nothing had come yet. */
void fake_receiver_forget (FakeReceiver *receiver);

/* Heaps in the order in which their first packets came; stop heaps are among
 * them. NULL past the end. */
guint fake_receiver_n_heaps (FakeReceiver *receiver);
guint fake_receiver_n_complete (FakeReceiver *receiver);
const FakeHeap *fake_receiver_heap (FakeReceiver *receiver, guint index);

/* The last one with that counter, or NULL. */
const FakeHeap *fake_receiver_heap_by_cnt (FakeReceiver *receiver, guint64 cnt);

/* Datagrams, and their bytes, bad ones included. */
guint64 fake_receiver_n_packets (FakeReceiver *receiver);
guint64 fake_receiver_n_bytes (FakeReceiver *receiver);

/* How many stop heaps came. */
guint fake_receiver_saw_stop (FakeReceiver *receiver);

/* The first violation, or NULL; how many packets broke a rule. */
const gchar *fake_receiver_error (FakeReceiver *receiver);
guint64 fake_receiver_n_errors (FakeReceiver *receiver);

/* Datagrams that the kernel dropped at this socket. */
guint64 fake_receiver_kernel_drops (FakeReceiver *receiver);

/* The n-th item (from 0) with an id, or NULL. */
const FakeItem *fake_heap_item (const FakeHeap *heap, guint64 id, guint n);

/* Value of the first item with that id, when it is an immediate. */
gboolean fake_heap_immediate (const FakeHeap *heap, guint64 id, guint64 *value);

/* Bytes of an addressed item, up to where the next one begins. As receivers
 * do: items are sorted by address, those with the same address stay in order,
 * and NULL pointers take part. NULL when there is none. */
const guint8 *fake_heap_item_bytes (
    const FakeHeap *heap, const FakeItem *item, gsize *size);
const guint8 *fake_heap_bytes (const FakeHeap *heap, guint64 id, gsize *size);

guint fake_heap_n_descriptors (const FakeHeap *heap);

/* The n-th descriptor, decoded as strictly as a packet, or NULL and, when error
 * is not NULL, a sentence that the caller frees. */
FakeDescriptor *fake_heap_descriptor (
    const FakeHeap *heap, guint n, gchar **error);
void fake_descriptor_free (FakeDescriptor *descriptor);

G_END_DECLS

#endif /* SPEAD2_TESTS_FAKE_RECEIVER_H */
