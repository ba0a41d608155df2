# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SPEAD encoder and a decoder of packets for tests, written from the wire format alone.

It shares nothing with the plugin. A heap is a list of pointers: (id, value) is
an immediate, (id, bytes) an addressed item, PAD a pointer that means nothing;
the standard ones are named by HEAP_CNT and so on, where they stand.
"""

import struct

HEAP_CNT, HEAP_LENGTH, PAYLOAD_OFFSET, PAYLOAD_LENGTH = 1, 2, 3, 4
DESCRIPTOR, STREAM_CTRL = 5, 6
NAME, DESCRIPTION, SHAPE, FORMAT, ID, DTYPE = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
PAD = "pad"
STANDARD = [HEAP_CNT, HEAP_LENGTH, PAYLOAD_OFFSET, PAYLOAD_LENGTH]


def header(bits, count):
    return struct.pack(">BBBBHH", 0x53, 4, 8 - bits // 8, bits // 8, 0, count)


def parse(packet):
    """The address bits, the item pointers as (is it immediate, id, value or address) and the
    payload of a packet."""
    magic, version, id_bytes, address_bytes, reserved, n = struct.unpack_from(">BBBBHH", packet)
    assert (magic, version, id_bytes + address_bytes, reserved) == (0x53, 4, 8, 0)
    bits = 8 * address_bytes
    pointers = struct.unpack_from(f">{n}Q", packet, 8)
    return bits, [(bool(pointer >> 63), pointer >> bits & (1 << 63 - bits) - 1,
                   pointer & (1 << bits) - 1) for pointer in pointers], packet[8 + 8 * n:]


def immediate(bits, item, value):
    assert 0 <= value < 1 << bits and item < 1 << (63 - bits)
    return struct.pack(">Q", 1 << 63 | item << bits | value)


def addressed(bits, item, address):
    return struct.pack(">Q", item << bits | address)


def lay_out(bits, items):
    """Encoded item pointers, and the payload that they point into."""
    pointers, payload = [], b""
    for item in items:
        if item == PAD:
            pointers.append(addressed(bits, 0, len(payload)))
        elif isinstance(item[1], int):
            pointers.append(immediate(bits, *item))
        else:
            pointers.append(addressed(bits, item[0], len(payload)))
            payload += item[1]
    return pointers, payload


def heap(bits, cnt, items, per_packet, standard=STANDARD, repeat=False):
    """The packets of a heap, with per_packet(number of the packet) bytes of payload.

    The standard pointers stand in front, in their order.
    """
    pointers, payload = lay_out(bits, items)
    if not payload:
        pointers.append(addressed(bits, 0, 0))
        payload = b"\0"
    packets, offset = [], 0
    while offset < len(payload):
        part = payload[offset:offset + per_packet(len(packets))]
        values = {HEAP_CNT: cnt, HEAP_LENGTH: len(payload), PAYLOAD_OFFSET: offset,
                  PAYLOAD_LENGTH: len(part)}
        own = [immediate(bits, item, values[item]) for item in standard]
        if repeat or not packets:
            own += pointers
        packets.append(header(bits, len(own)) + b"".join(own) + part)
        offset += len(part)
    return packets


def descriptor(bits, item, name, description="", formats=(), shape=(), dtype=None):
    """The value of a DESCRIPTOR item: a whole packet of its own."""
    numpy = None
    if dtype is not None:
        quoted = dtype if dtype.startswith("[") else f"'{dtype}'"
        sizes = "".join(f"{size}, " for size in shape)
        sizes = sizes[:-1] if len(shape) == 1 else sizes[:-2]
        numpy = f"{{'descr': {quoted}, 'fortran_order': False, 'shape': ({sizes})}}".encode()
    form = b"".join(code.encode() + width.to_bytes(8 - bits // 8, "big") for code, width in formats)
    dims = b"" if dtype else b"".join(
        (b"\1" + bytes(bits // 8)) if size is None else b"\0" + size.to_bytes(bits // 8, "big")
        for size in shape)
    items = [(ID, item), (NAME, name.encode()), (DESCRIPTION, description.encode()),
             (FORMAT, form), (SHAPE, dims)]
    if numpy:
        items.append((DTYPE, numpy))
    (packet,) = heap(bits, 1, items, lambda number: 1 << 30)
    return packet


def full(size, pointers, standard=4, repeat=False):
    """per_packet of packets that are filled to a size, a multiple of 8."""
    def room(number):
        return size - 8 - 8 * standard - (8 * pointers if repeat or number == 0 else 0)
    return room
