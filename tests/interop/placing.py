# SPDX-License-Identifier: LGPL-2.1-or-later
"""Receivers that place heaps in memory, as those of the field do, with a rule of receivers.py.

The memory has slots, each for the payload of a heap. A rule says to which slots heaps go.
Chunks and Groups are the real spead2, Datagrams what takes packets for themselves.
"""

import ctypes

import numpy as np
import spead2
import spead2.recv

from conftest import wait_until


class Place(ctypes.Structure):
    """chunk_place_data of spead2's recv_chunk_stream.h: its beginning, which is what is used."""

    _fields_ = [("packet", ctypes.c_void_p), ("packet_size", ctypes.c_size_t), ("items", ctypes.c_void_p),
                ("chunk_id", ctypes.c_int64), ("heap_index", ctypes.c_size_t), ("heap_offset", ctypes.c_size_t)]


CALLBACK = ctypes.CFUNCTYPE(None, ctypes.POINTER(Place), ctypes.c_size_t)
SIGNATURE = b"void (void *, size_t)"
ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Memory:
    """present: how many heaps went to each slot (a chunk of spead2: whether one did)."""

    def __init__(self, slots, size):
        self.present = np.zeros(slots, np.uint8)
        self.data = np.zeros(slots * size, np.uint8)


class Chunks:
    """A chunk stream, as katgpucbf's engines: the rule places a heap by the first packet of it
    that comes. mkrecv, which has an allocator of its own instead, does the same."""

    def __init__(self, sockets, slots, size, rule):
        self.memory = Memory(slots, size)

        def place(data, _):
            # An exception is printed, and the heap is rejected.
            packet = ctypes.string_at(data[0].packet, data[0].packet_size)
            for slot in rule([packet]):
                assert slot < slots
                data[0].chunk_id, data[0].heap_index, data[0].heap_offset = 0, slot, slot * size

        self.callback = CALLBACK(place)  # has to live as long as the stream
        capsule = ctypes.pythonapi.PyCapsule_New(
            ctypes.cast(self.callback, ctypes.c_void_p), SIGNATURE, None)
        self.stream = spead2.recv.ChunkRingStream(
            spead2.ThreadPool(), spead2.recv.StreamConfig(max_heaps=16, stop_on_stop_item=False),
            spead2.recv.ChunkStreamConfig(max_chunks=1, place=(capsule,)),
            spead2.recv.ChunkRingbuffer(1), spead2.recv.ChunkRingbuffer(1))
        # The only one, which the stream fills while it is seen from here.
        self.stream.add_free_chunk(spead2.recv.Chunk(data=self.memory.data, present=self.memory.present))
        for sock in sockets:
            self.stream.add_udp_reader(sock, max_size=9200)

    def finish(self, datagrams):
        """What is placed, when the heaps of all datagrams that came to the other sockets are."""
        counters = {datagram[10:16] for datagram in datagrams}
        wait_until(lambda: self.stream.stats["heaps"] >= len(counters))
        self.stream.stop()
        stats = self.stream.stats
        assert stats["heaps"] - stats["rejected_heaps"] == len(self.memory.present)
        assert stats["incomplete_heaps_evicted"] == 0
        return self.memory


class Groups:
    """A stream of heaps, up to its stop heap, with a group of items that descriptors describe;
    the rule returns the slot and the payload of the values of a heap."""

    def __init__(self, sockets, slots, size, rule):
        self.memory, self.size, self.rule = Memory(slots, size), size, rule
        self.stream = spead2.recv.Stream(
            spead2.ThreadPool(), spead2.recv.StreamConfig(), spead2.recv.RingStreamConfig(heaps=slots + 2))
        for sock in sockets:
            self.stream.add_udp_reader(sock, max_size=9200)

    def finish(self, _):
        group = spead2.ItemGroup()
        for heap in self.stream:
            updated = group.update(heap)
            for slot, payload in self.rule({name: item.value for name, item in updated.items()}):
                self.memory.present[slot] += 1
                self.memory.data[slot * self.size:][:self.size] = np.frombuffer(payload, np.uint8)
        return self.memory


class Datagrams:
    """The payload of each datagram; the rule returns the slots of all of them."""

    def __init__(self, _, slots, size, rule):
        self.memory, self.size, self.rule = Memory(slots, size), size, rule

    def finish(self, datagrams):
        for slot, datagram in zip(self.rule(datagrams), datagrams):
            self.memory.present[slot] += 1
            self.memory.data[slot * self.size:][:self.size] = np.frombuffer(datagram[-self.size:], np.uint8)
        return self.memory
