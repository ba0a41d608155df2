#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts SPEAD packets, or forwards them as a bad network would, a JSON object a line.

It prints {"ready": port} and then, at each line of its input, what has come so far, or, where
the line is a number, when that many packets have come:
{"packets", "bytes", "heaps", "whole", "described", "stops", "drops", "gap"}. Heaps are those of
which anything came, whole those of which everything did, described those with descriptors; drops
are the packets that the kernel dropped at this socket, and gap is the longest time between two
packets, in seconds. With --forward it also prints what it did to packets ("lost", "twice", "late")
and to how many heaps it did the first ("heaps_hit").

Only what Python itself has is used.
"""

import argparse
import json
import random
import select
import socket
import sys
import time

import speadwire
from udp import allow_buffer, kernel_drops

# What has come "so far": until nothing comes for so long, but no longer than that; seconds.
QUIET, PATIENCE = 0.3, 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--buffer", type=int, default=8 << 20, help="of the socket, bytes")
    parser.add_argument("--deaf", type=float, default=0,
                        help="seconds for which nothing is read, from the first packet on")
    parser.add_argument("--forward", metavar="HOST:PORT")
    parser.add_argument("--lose", type=float, default=0, help="this part of all packets")
    parser.add_argument("--double", type=float, default=0)
    parser.add_argument("--delay", type=float, default=0, help="behind the next three packets")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Counts:
    def __init__(self):
        self.packets = 0
        self.bytes = 0
        self.heaps = {}  # of each counter: length, and bytes by offset
        self.described = set()  # their counters
        self.stops = 0
        self.last = None
        self.gap = 0

    def add(self, packet):
        now = time.monotonic()
        self.gap = max(self.gap, now - self.last) if self.packets else 0
        self.last = now
        self.packets += 1
        self.bytes += len(packet)
        _, items, payload = speadwire.parse(packet)
        cnt, length, offset, size = (value for _, _, value in items[:4])
        assert size == len(payload)
        if any(item[:2] == (True, speadwire.STREAM_CTRL) for item in items):
            self.stops += 1
            return True, cnt
        if any(item[:2] == (False, speadwire.DESCRIPTOR) for item in items):
            self.described.add(cnt)
        self.heaps.setdefault(cnt, (length, {}))[1][offset] = size
        return False, cnt

    def fields(self):
        whole = sum(sum(parts.values()) == length for length, parts in self.heaps.values())
        return {"packets": self.packets, "bytes": self.bytes, "heaps": len(self.heaps),
                "whole": whole, "described": len(self.described), "stops": self.stops, "gap": self.gap}


class Forwarder:
    """Loses, doubles and delays packets; stop heaps wait until all others have gone."""

    def __init__(self, arguments):
        host, port = arguments.forward.split(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.arguments = arguments
        self.dice = random.Random(arguments.seed)
        self.late = []
        self.counts = {"lost": 0, "twice": 0, "late": 0}
        self.lost_heaps = set()

    def send(self, packet):
        self.socket.send(packet)

    def release(self):
        for _, packet in self.late:
            self.send(packet)
        self.late = []

    def take(self, packet, is_stop, cnt):
        if is_stop:
            self.release()
            self.send(packet)
        elif self.dice.random() < self.arguments.lose:
            self.counts["lost"] += 1
            self.lost_heaps.add(cnt)
        elif self.dice.random() < self.arguments.delay:
            self.counts["late"] += 1
            self.late.append([3, packet])
            return
        else:
            self.send(packet)
            if self.dice.random() < self.arguments.double:
                self.counts["twice"] += 1
                self.send(packet)
        for entry in self.late:
            entry[0] -= 1
        for entry in [entry for entry in self.late if entry[0] == 0]:
            self.send(entry[1])
        self.late = [entry for entry in self.late if entry[0] > 0]


def main():
    arguments = parse_arguments()
    family = socket.AF_INET6 if ":" in arguments.bind else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    allow_buffer(sock, arguments.buffer)
    sock.bind((arguments.bind, arguments.port))
    forwarder = Forwarder(arguments) if arguments.forward else None
    counts = Counts()
    print(json.dumps({"ready": sock.getsockname()[1]}), flush=True)

    def take():
        if counts.packets == 0 and arguments.deaf > 0:
            time.sleep(arguments.deaf)
        packet = sock.recv(65536)
        is_stop, cnt = counts.add(packet)
        if forwarder:
            forwarder.take(packet, is_stop, cnt)

    while True:
        if sock in select.select([sock, sys.stdin], [], [])[0]:
            take()
            continue
        line = sys.stdin.readline()
        if not line:
            return
        enough, deadline = float(line.strip() or "inf"), time.monotonic() + PATIENCE
        while time.monotonic() < deadline and select.select(
                [sock], [], [], QUIET if counts.packets < enough else 0)[0]:
            take()
        fields = dict(counts.fields(), drops=kernel_drops(sock))
        if forwarder:
            fields.update(forwarder.counts, heaps_hit=len(forwarder.lost_heaps))
        print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
