#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams as the telescopes of docs/recipes.md send them, scaled down; of an encoder that
knows nothing of the plugin.

    fieldstreams.py NAME

sends the stream of that name over the interface lo. A stream is a list of batches of heaps;
those of one batch are sent packet by packet in turn, as by senders that do not wait for each
other.
"""

import os
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

import numpy as np

import speadwire
from speadwire import DESCRIPTOR, HEAP_CNT, PAD, PAYLOAD_LENGTH, STREAM_CTRL, descriptor

BITS = 48
TIMESTAMP, DIGITISER, STATUS, SAMPLES = 0x1600, 0x3101, 0x3102, 0x3300
FENG_ID, FREQUENCY, FENG_RAW = 0x4101, 0x4103, 0x4300
# Packets that are sent without a pause, and the pause: a receiver with a small buffer keeps up.
BURST, PAUSE = 8, 0.002


@dataclass
class Heap:
    to: tuple  # address, port
    packets: list
    index: int = None  # what OFFSET is to be
    data: bytes = None  # what the buffer is to have; None: the heap is no buffer
    values: dict = field(default_factory=dict)  # that are to be on it, by id


def random_bytes(size, *seed):
    return np.random.default_rng(seed).bytes(size)


def make_heap(to, cnt, items, size, index, **more):
    """items: immediates, and the data as the last one; size: bytes of payload in a packet."""
    packets = speadwire.heap(BITS, cnt, items, lambda number: size, **more)
    values = {item[0]: item[1] for item in items if item != PAD and isinstance(item[1], int)}
    return Heap(to, packets, index, items[-1][1], values)


def described(*items):
    return [(DESCRIPTOR, descriptor(BITS, *item, formats=[("u", BITS)])) for item in items]


def digitiser(bits, n=64):
    """katgpucbf's dsim: two polarisations, each in turn to 8 groups; the timestamp wraps.

    Its descriptors say 10 bits, whatever it sends.
    """
    items = described((TIMESTAMP, "timestamp"), (DIGITISER, "digitiser_id"),
                      (STATUS, "digitiser_status"))
    items.append((DESCRIPTOR, descriptor(BITS, SAMPLES, "raw_data", formats=[("i", 10)],
                                         shape=(4096,))))
    batches = [[Heap(("239.102.0.64", 7148), speadwire.heap(BITS, 1, items, lambda number: 8192))]]
    for number in range(n):
        index = (1 << BITS) + 4096 * (number - n // 2)
        for polarisation in (0, 1):
            data = random_bytes(512 * bits, number, polarisation)
            items = [(TIMESTAMP, index % (1 << BITS)), (DIGITISER, 6 | polarisation), (STATUS, 0),
                     (SAMPLES, data)]
            to = (f"239.102.0.{64 + 8 * polarisation + number % 8}", 7148)
            batches.append([make_heap(to, 4 * number + 2 * polarisation + 2, items, 8192, index)])
    return batches


def f_engines(antennas=64, times=3):
    """katgpucbf's F-engines: a heap of each antenna at each time."""
    batches = []
    for number in range(times):
        index = 2097152 * number
        batches.append([make_heap(
            ("239.10.10.10", 7148), antenna + antennas * number,
            [(TIMESTAMP, index), (FENG_ID, antenna), (FREQUENCY, 64),
             (FENG_RAW, random_bytes(65536, number, antenna))],
            8192, index, repeat=True) for antenna in range(antennas)])
    return batches


def casper_f_engines():
    """Those of the first MeerKAT correlator: small packets, and pads among the pointers."""
    batches = []
    for number in range(2):
        index = 2097152 * number
        batches.append([make_heap(
            ("239.10.10.10", 7148), 4 * number + 2 * antenna + part,
            [(TIMESTAMP, index), (FENG_ID, antenna), (FREQUENCY, 256 * part), PAD, PAD, PAD,
             (FENG_RAW, random_bytes(262144, number, antenna, part))],
            1024, index, repeat=True) for antenna in range(2) for part in range(2)])
    return batches


def edd_packetizer(n=64):
    """One polarisation, in turn to four groups."""
    return [[make_heap((f"225.0.0.{152 + number % 4}", 7148), number + 2,
                       [(TIMESTAMP, 4096 * number), (SAMPLES, random_bytes(4096, number))],
                       8192, 4096 * number)] for number in range(n)]


SKA_LOW = {"standard": [HEAP_CNT, PAYLOAD_LENGTH]}
# The first packet of 2026, in units of 2048 samples of 1.08 us since 2000 (TAI).
NEW_YEAR = 370976579229


def station_beam(channels=8, n=16):
    """A heap of each channel at each time, with the same counter."""
    return [[make_heap(("127.0.0.1", 4660), NEW_YEAR + number,
                       [(0x3010, 1234), (0x3000, channel << 32 | 0x10000 | 100 + channel),
                        (0x3001, 0x010200030100), (SAMPLES, random_bytes(8192, number, channel))],
                       8192, 2048 * (NEW_YEAR + number), **SKA_LOW)]
            for number in range(n) for channel in range(channels)]


def raw_antennas(tiles=2, n=32):
    return [[make_heap(("127.0.0.1", 4660), 2 << 32 | number,
                       [(0x1027, 1700000000), (TIMESTAMP, 1024 * number), (0x2004, 0),
                        (0x2000, 0x000102030004), (0x2001, tile << 32 | 0x10001),
                        (SAMPLES, random_bytes(8192, number, tile))],
                       8192, 1024 * number, **SKA_LOW)]
            for number in range(n) for tile in range(tiles)]


def visibilities(channels=4, n=5):
    """Low CBF to SDP: a start heap, descriptors in the first heap of data, a stop heap."""
    dtype = "[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]"
    to = ("127.0.0.1", 41000)
    descriptors = described((0x6000, "timestamp_count"), (0x6002, "channel_id"))
    descriptors.append((DESCRIPTOR, descriptor(BITS, 0x600A, "correlator_output_data", dtype=dtype,
                                               shape=(21,))))

    def control(cnt, value):
        return [Heap(to, speadwire.heap(BITS, cnt, [(STREAM_CTRL, value)], lambda number: 8192))]

    batches = [control(1, 0)]
    for number in range(n):
        for channel in range(channels):
            items = [(0x6000, number), (0x6002, 123 + channel),
                     (0x600A, random_bytes(714, number, channel))]
            batches.append([make_heap(to, len(batches) + 1,
                                      (descriptors if len(batches) == 1 else []) + items, 1408, number)])
    return batches + [control(len(batches) + 1, 2)]


STREAMS = {
    "digitiser": lambda: digitiser(10),
    "digitiser8": lambda: digitiser(8),
    "f_engines": f_engines,
    "casper_f_engines": casper_f_engines,
    "edd_packetizer": edd_packetizer,
    "station_beam": station_beam,
    "raw_antennas": raw_antennas,
    "visibilities": visibilities,
}


def send(batches):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                    struct.pack("=4s4si", bytes(4), bytes(4), socket.if_nametoindex("lo")))
    # Packets of two CPUs may overtake each other.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sent = 0
    for batch in batches:
        for number in range(max(len(heap.packets) for heap in batch)):
            for heap in batch:
                sock.sendto(heap.packets[number], heap.to)
                sent += 1
                if sent % BURST == 0:
                    time.sleep(PAUSE)


if __name__ == "__main__":
    send(STREAMS[sys.argv[1]]())
