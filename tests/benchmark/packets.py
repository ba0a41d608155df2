# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams as a receiver's kernel has them: SPEAD-64-40 packets, and messages of packets that
were merged (UDP_GRO). The items are those of spead2sink by default; a digitiser's with all
of them in every packet."""

import struct

from programs import FIRST_HEADER, HEADER

# What one UDP datagram can have, and so many segments a message of Linux 6.1.
MESSAGE_SIZE = 65507
MESSAGE_SEGMENTS = 64
HEAP_CNT, HEAP_LENGTH, PAYLOAD_OFFSET, PAYLOAD_LENGTH, STREAM_CTRL = 1, 2, 3, 4, 6
TIMESTAMP, SAMPLES, DIGITISER_ID, DIGITISER_STATUS = 0x1600, 0x3300, 0x3101, 0x3102
STOP = 2


def immediate(item, value):
    return 1 << 63 | item << 40 | value


def addressed(item, offset):
    return item << 40 | offset


def packet(heap_cnt, length, offset, size, items):
    """A packet of a heap with size bytes of payload, which are zero."""
    pointers = [immediate(HEAP_CNT, heap_cnt), immediate(HEAP_LENGTH, length),
                immediate(PAYLOAD_OFFSET, offset), immediate(PAYLOAD_LENGTH, size), *items]
    return struct.pack(f">4BHH{len(pointers)}Q", 0x53, 4, 3, 5, 0, len(pointers), *pointers) + bytes(size)


def heap(number, length, packet_size):
    """Packets of a heap, whose items are in the first."""
    items = [immediate(TIMESTAMP, number * length), addressed(SAMPLES, 0)]
    size = min((packet_size & ~7) - FIRST_HEADER, length)
    yield packet(number + 1, length, 0, size, items)
    for offset in range(size, length, (packet_size & ~7) - HEADER):
        size = min((packet_size & ~7) - HEADER, length - offset)
        yield packet(number + 1, length, offset, size, [])


def digitiser_heap(number, length, _packet_size):
    """A digitiser's heap: one packet with all of its four items."""
    yield packet(number + 1, length, 0, length,
                 [immediate(TIMESTAMP, number * length), immediate(DIGITISER_ID, 6),
                  immediate(DIGITISER_STATUS, 0), addressed(SAMPLES, 0)])


def stop(number):
    """The packet that ends a stream of so many heaps."""
    return packet(number + 1, 0, 0, 0, [immediate(STREAM_CTRL, STOP)])


def merge(packets):
    """Messages, each as a list of packets. All have one size, but the last may be shorter."""
    message = []
    for datagram in packets:
        if message and (len(message) == min(MESSAGE_SIZE // len(message[0]), MESSAGE_SEGMENTS)
                        or len(message[-1]) < len(message[0]) or len(datagram) > len(message[0])):
            yield message
            message = []
        message.append(datagram)
    if message:
        yield message


def write_messages(file, packets):
    """As tests/preload/feed.c reads them."""
    for message in merge(packets):
        segment = len(message[0]) if len(message) > 1 else 0
        data = b"".join(message)
        file.write(struct.pack("=2I", len(data), segment) + data)
