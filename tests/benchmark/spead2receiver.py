#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Receives with spead2's Python interface, as its tutorial does: memory of a pool, and an
ItemGroup that is updated by each heap. Ends at the stop heap or SIGINT, and prints
"Received N heaps".

    spead2receiver.py PORT BUFFER-BYTES HEAP-BYTES"""

import logging
import signal
import sys

import spead2
import spead2.recv

# It is not told in text, for each heap, that the ring is full.
logging.getLogger("spead2").setLevel(logging.ERROR)

MAX_PACKET_SIZE = 9200
RING_HEAPS = 64
# Beside the samples a heap has descriptors, at times.
EXTRA_ROOM = 16384


def interrupt(*_):
    """Once: the second of two signals is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGINT, interrupt)
    port, buffer, heap_size = map(int, sys.argv[1:])
    config = spead2.recv.StreamConfig(max_heaps=4)
    heaps = config.max_heaps + RING_HEAPS + 1
    config.memory_allocator = spead2.MemoryPool(heap_size // 2, heap_size + EXTRA_ROOM, heaps, heaps)
    stream = spead2.recv.Stream(spead2.ThreadPool(), config,
                                spead2.recv.RingStreamConfig(heaps=RING_HEAPS))
    stream.add_udp_reader(port, max_size=MAX_PACKET_SIZE, buffer_size=buffer,
                          bind_hostname="127.0.0.1")
    items = spead2.ItemGroup()
    received = 0
    try:
        for heap in stream:
            items.update(heap)
            received += 1
    except KeyboardInterrupt:
        stream.stop()
    print(f"Received {received} heaps")


if __name__ == "__main__":
    main()
