#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Receives a SPEAD stream with the real spead2 and says what arrived.

The demo prints its text, the tests read its JSON. The socket is made here and
handed to spead2, so that the port can be any free one, the buffer that the
kernel really granted is known, and the packets that the kernel dropped on
this very socket can be counted.
"""

import argparse
import hashlib
import json
import logging
import os
import select
import socket
import sys
import time

import numpy as np
import spead2
import spead2.recv

from udp import join_group, kernel_drops

TIMESTAMP = 0x1600
SAMPLES = 0x3300
# What spead2 itself asks the kernel for.
WANTED_BUFFER = 8 << 20


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Receive a SPEAD stream with spead2 and report on it.")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS",
                        help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8888,
                        help="UDP port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--multicast", metavar="GROUP",
                        help="join this group instead of listening on --bind")
    parser.add_argument("--iface", default="lo",
                        help="network interface of the group (default: %(default)s)")
    parser.add_argument("--max-packet", type=int, default=9200, metavar="BYTES",
                        help="largest packet accepted (default: %(default)s)")
    parser.add_argument("--buffer", type=int, default=WANTED_BUFFER, metavar="BYTES",
                        help="socket buffer to ask the kernel for (default: %(default)s)")
    parser.add_argument("--heap-size", type=int, default=1 << 20, metavar="BYTES",
                        help="heap size for which memory is set aside (default: %(default)s)")
    parser.add_argument("--ring-heaps", type=int, default=128, metavar="N",
                        help="complete heaps that may wait to be read (default: %(default)s)")
    parser.add_argument("--wait", type=float, default=60, metavar="SECONDS",
                        help="give up when no packet comes for so long at the start "
                             "(default: %(default)s)")
    parser.add_argument("--idle", type=float, default=5, metavar="SECONDS",
                        help="end when packets stop for so long without a stop heap "
                             "(default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, metavar="N",
                        help="report every Nth heap only (text)")
    parser.add_argument("--expect", type=int, metavar="N",
                        help="fail unless N heaps and the stop heap arrive")
    parser.add_argument("--json", action="store_true",
                        help="one JSON object a line: listening, each heap, end")
    parser.add_argument("--save", metavar="FILE",
                        help="write the sample bytes of every heap there, one after the other")
    parser.add_argument("--ready-file", metavar="FILE",
                        help="write 'PORT BUFFER' there once packets are accepted")
    arguments = parser.parse_args()
    if arguments.every < 1 or arguments.ring_heaps < 1:
        parser.error("--every and --ring-heaps begin at 1")
    return arguments


def open_socket(arguments):
    """A bound UDP socket, member of the group if there is one."""
    address = arguments.multicast or arguments.bind
    family, kind, protocol, _, sockaddr = socket.getaddrinfo(
        address, arguments.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[0]
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, arguments.buffer)
    if arguments.multicast:
        if arguments.port != 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sockaddr = (sockaddr[0], sockaddr[1], 0, socket.if_nametoindex(arguments.iface))
        sock.bind(sockaddr)
        join_group(sock, sockaddr[0], arguments.iface)
    else:
        sock.bind(sockaddr)
    return sock


def granted_buffer(sock):
    """Bytes granted; the kernel doubles what was asked, for its bookkeeping."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def open_stream(sock, arguments):
    upper = arguments.heap_size + 16384
    # The pool hands out blocks of its upper size: small heaps stay outside it.
    pool = spead2.MemoryPool(upper // 2, upper, arguments.ring_heaps + 8, 8)
    # Then memory comes from the system: slower, and nothing to warn about.
    pool.warn_on_empty = False
    stream = spead2.recv.Stream(
        spead2.ThreadPool(),
        spead2.recv.StreamConfig(memory_allocator=pool),
        spead2.recv.RingStreamConfig(heaps=arguments.ring_heaps))
    stream.add_udp_reader(sock, max_size=arguments.max_packet)
    return stream


class Heaps:
    """Iterates over a stream's heaps until the stop heap or until silence."""

    def __init__(self, stream, wait, idle):
        self.stream = stream
        self.wait = wait
        self.idle = idle
        self.stopped_by = None

    def __iter__(self):
        packets = 0
        since = time.monotonic()
        while True:
            ready, _, _ = select.select([self.stream.fd], [], [], 0.1)
            if ready:
                try:
                    heap = self.stream.get_nowait()
                    yield heap
                    since = time.monotonic()
                except spead2.Empty:
                    pass
                except spead2.Stopped:
                    self.stopped_by = "stop heap"
                    return
                continue
            now = time.monotonic()
            if self.stream.stats["packets"] != packets:
                packets = self.stream.stats["packets"]
                since = now
            elif now - since > (self.idle if packets else self.wait):
                self.stopped_by = "silence"
                return


def describe_type(item):
    """An item's element type, as '|i1' or as SPEAD's own u40."""
    if item.format:
        return ",".join(f"{code}{bits}" for code, bits in item.format)
    return np.lib.format.dtype_to_descr(item.dtype)


def type_in_words(item):
    """The same for people: int8, big-endian int16, 40-bit unsigned."""
    return describe_type(item) if item.format else dtype_in_words(item.dtype)


def dtype_in_words(dtype):
    """A structure as (re int8, im int8), an array in it as complex64[4]."""
    if dtype.names:
        fields = (f"{name} {dtype_in_words(dtype[name])}" for name in dtype.names)
        return f"({', '.join(fields)})"
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return dtype_in_words(base) + str(list(shape))
    order = "big-endian " if dtype.str[0] == ">" else ""
    return order + dtype.name


def mean_power(samples):
    """The mean of the squares: what a power meter would show.

    Of complex numbers the squares of their magnitude, of a structure the sum over
    its fields; None where samples are no numbers.
    """
    if samples.dtype.names:
        powers = [mean_power(samples[name]) for name in samples.dtype.names]
        return None if None in powers else sum(powers)
    if samples.dtype.kind not in "biufc":
        return None
    is_complex = samples.dtype.kind == "c"
    flat = samples.astype(np.complex128 if is_complex else np.float64).ravel()
    return float(np.vdot(flat, flat).real) / flat.size if flat.size else 0.0


def plain(value):
    """A value for JSON: scalars only, large arrays are told by their digest."""
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else None


def samples_of(item):
    """The samples of an item, in the byte order of the wire: spead2 has converted it.

    Those of a SPEAD format, which spead2 makes Python objects of, are float64, or
    texts.
    """
    samples = np.asarray(item.value)
    if item.format:
        return samples if samples.dtype.kind in "SU" else samples.astype(np.float64)
    return samples.astype(item.dtype, copy=False)


class Report:
    """What is common to text and JSON: counts, digests, the gap check."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.group = spead2.ItemGroup()
        self.heaps = 0
        self.payload = 0
        self.gaps = 0
        self.next_timestamp = None
        self.save = open(arguments.save, "wb") if arguments.save else None

    def say(self, **fields):
        if self.arguments.json:
            print(json.dumps(fields, default=str), flush=True)

    def text(self, line=""):
        if not self.arguments.json:
            print(line, flush=True)

    def listening(self, sock):
        host, port = sock.getsockname()[:2]
        buffer = granted_buffer(sock)
        self.say(listening={"host": host, "port": port, "buffer": buffer})
        self.text(f"Listening on {host}, UDP port {port}, "
                  f"with a socket buffer of {buffer // 1024} KiB.")
        if buffer < self.arguments.buffer:
            self.text(f"({self.arguments.buffer // 1024} KiB were requested: the sysctl "
                      "net.core.rmem_max is the limit.)")
        if self.arguments.ready_file:
            temporary = self.arguments.ready_file + ".part"
            with open(temporary, "w", encoding="ascii") as file:
                file.write(f"{port} {buffer}\n")
            os.rename(temporary, self.arguments.ready_file)

    def heap(self, heap):
        described = [descriptor.id for descriptor in heap.get_descriptors()]
        updated = self.group.update(heap)
        self.heaps += 1
        fields = {"cnt": heap.cnt, "described": described, "items": []}
        for item in updated.values():
            fields["items"].append({
                "id": item.id, "name": item.name, "description": item.description,
                "type": describe_type(item), "shape": list(item.shape),
                "value": plain(item.value)})
            if item.id == TIMESTAMP:
                fields["timestamp"] = int(item.value)
            elif item.id == SAMPLES and item.value is not None:
                samples = samples_of(item)
                fields["bytes"] = samples.nbytes
                fields["frames"] = len(samples) if samples.ndim else 1
                fields["power"] = mean_power(samples)
                self.payload += samples.nbytes
                if self.arguments.json:
                    fields["sha256"] = hashlib.sha256(samples.tobytes()).hexdigest()
                if self.save:
                    self.save.write(samples.tobytes())
        self.follow(fields)
        self.say(**fields)
        if not self.arguments.json:
            self.heap_text(fields, sorted(updated.values(), key=lambda item: item.id))

    def follow(self, fields):
        """Each heap begins where the one before it ended, or there is a gap."""
        if "timestamp" not in fields:
            return
        expected = self.next_timestamp
        if expected is not None and fields["timestamp"] != expected:
            self.gaps += 1
        self.next_timestamp = fields["timestamp"] + fields.get("frames", 0)

    def heap_text(self, fields, items):
        if fields["described"]:
            self.text(f"Heap {fields['cnt']} describes the items of the stream:")
            for item in items:
                self.text(f"  item 0x{item.id:04x}  {item.name:<12} "
                          f"{type_in_words(item):<5} shape {tuple(item.shape)!s:<12} "
                          f"\"{item.description}\"")
        if self.heaps == 1 or self.heaps % self.arguments.every == 0:
            power = fields.get("power")
            power = f", mean power {power:.1f}" if power is not None else ""
            self.text(f"Heap {fields['cnt']:>5}: timestamp {fields.get('timestamp', '-'):>12}, "
                      f"{fields.get('bytes', 0)} bytes{power}")

    def end(self, stopped_by, stats, drops, sock):
        self.say(end={
            "heaps": self.heaps, "payload": self.payload, "gaps": self.gaps,
            "stopped_by": stopped_by, "stats": stats, "drops": drops,
            "buffer": granted_buffer(sock)})
        if self.save:
            self.save.close()
        if stopped_by == "stop heap":
            self.text("The stop heap arrived, which ends the stream.")
        elif stopped_by == "silence" and stats["packets"]:
            self.text(f"No packet for {self.arguments.idle:g} s and no stop heap: "
                      "the sender ended without one, or it was lost.")
        elif stopped_by == "silence":
            self.text(f"No packet came within {self.arguments.wait:g} s.")
        else:
            self.text("Interrupted.")
        wanted = f" of {self.arguments.expect}" if self.arguments.expect is not None else ""
        lost = stats["incomplete_heaps_evicted"] + stats["incomplete_heaps_flushed"]
        self.text(f"Received {self.heaps}{wanted} heaps complete, {self.payload} bytes of "
                  f"samples in {stats['packets']} packets; {lost} heaps incomplete.")
        if self.next_timestamp is not None and not self.gaps:
            self.text("Each heap's timestamp continues the previous one: no sample is missing "
                      "between heaps.")
        elif self.gaps:
            self.text(f"The timestamps have {self.gaps} gaps.")
        if drops:
            self.text(f"The kernel dropped {drops} packets on this socket because its buffer "
                      "was full: send slower, or allow a larger one (net.core.rmem_max).")
        elif drops == 0:
            self.text("The kernel dropped no packet on this socket.")
        self.text("spead2 counts: " + ", ".join(f"{key} {value}" for key, value in stats.items()))


def main():
    logging.basicConfig(format="spead2: %(message)s", level=logging.WARNING)
    arguments = parse_arguments()
    try:
        sock = open_socket(arguments)
    except OSError as error:
        target = arguments.multicast or arguments.bind
        print(f"receiver: cannot listen on {target} port {arguments.port}: {error}",
              file=sys.stderr)
        return 2
    stream = open_stream(sock, arguments)
    report = Report(arguments)
    report.listening(sock)
    heaps = Heaps(stream, arguments.wait, arguments.idle)
    try:
        for heap in heaps:
            report.heap(heap)
    except KeyboardInterrupt:
        heaps.stopped_by = "interrupt"
    # Read before stopping: our descriptor keeps the socket open, and what
    # arrives once nobody reads it would be counted as a drop.
    drops = kernel_drops(sock)
    stream.stop()
    stats = dict(stream.stats.items())
    report.end(heaps.stopped_by, stats, drops, sock)
    sock.close()
    complete = arguments.expect is None or (
        report.heaps == arguments.expect and heaps.stopped_by == "stop heap")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
