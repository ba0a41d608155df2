#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the instructions of sending and receiving per packet and per heap, in user
space: what a regression shows in without a quiet machine.

callgrind counts them for two lengths of a stream, and the difference is what the
heaps between cost, so that no start is in it. Sending, which of the two threads frees
a heap depends on how they meet: only the sum says what a heap costs. What receives is
given the stream by tests/preload/feed.c, and the copy of the payload is not counted.
Fails where a count is larger than the recorded one by more than the tolerance; one
that is too large is taken again, at most twice, and the smallest is what the code
needs. Counts also depend on the compiler and on GStreamer: with others than the
recorded ones they are reported, and skipped as a test, also where callgrind cannot run
what such a compiler makes.
"""

import argparse
import glob
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import packets
from programs import DIGITISER, KIBI, MEBI, list_size

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
TRIES = 3


class CannotCount(Exception):
    pass


# --- what is counted -----------------------------------------------------------------

@dataclass(frozen=True)
class Sending:
    """bench-send, to a port."""
    packet: int
    heap: int
    packets: int  # in a heap
    lengths: tuple  # lists of heaps in the two runs
    buffer: int = 0  # bytes of the buffers that heaps are cut from instead
    properties: str = ""

    # A thread is known by a function that only it calls.
    threads = {"worker": "sendmmsg", "streaming": "reused_src_fill"}
    # Functions whose instructions are not counted.
    uncounted = ()

    def heaps(self, length):
        return length * list_size(self.heap)

    def command(self, directory, port, length):
        """(the environment beside the usual one, the command)"""
        # How many buffers must be filled depends on how the threads meet.
        source = (f"reusedsrc leave-empty=true num-buffers={length} list-size={list_size(self.heap)} "
                  f"samplesperbuffer={self.heap}")
        sink = f"spead2sink host=127.0.0.1 port={port} max-packet-size={self.packet} {self.properties}"
        if self.buffer:
            buffers = self.heaps(length) * self.heap // self.buffer
            source = f"reusedsrc leave-empty=true num-buffers={buffers} samplesperbuffer={self.buffer}"
            sink += f" heap-size={self.heap}"
        return {}, [f"{directory}/tests/benchmark/bench-send", f"{source} ! {sink}"]

    def prepare(self, path, length):
        """Makes the file that the command reads."""

    def counts(self, per_heap):
        """{what: instructions}"""
        counts = {"both threads, a heap": round(sum(per_heap.values()))}
        if self.packets > 1:
            counts["worker, a packet"] = round(per_heap["worker"] / self.packets)
        return counts


@dataclass(frozen=True)
class Receiving:
    """bench-receive, which the stream is fed to."""
    packet: int
    heap: int
    packets: int  # in a heap
    lengths: tuple  # heaps in the two runs
    properties: str = ""
    make_heap: object = packets.heap

    threads = {"worker": "spead2_assembler_push", "streaming": "gst_spead2_src_create"}
    # The feed, and what copies: as many instructions as the processor's vectors have it take.
    uncounted = ("recvmsg", "__mem*")

    def heaps(self, length):
        return length

    def prepare(self, path, length):
        with open(path, "wb") as file:
            packets.write_messages(file, self._stream(length))

    def _stream(self, length):
        for number in range(length):
            yield from self.make_heap(number, self.heap, self.packet)
        yield packets.stop(length)

    def command(self, directory, port, length):
        # So little may wait that memory is reused from the beginning, however the threads meet.
        source = ("spead2src name=source address=127.0.0.1 port=0 dtype=int8 sample-rate=1000000000 "
                  f"max-size-bytes={4 * max(self.heap, 256 * KIBI)} {self.properties}")
        return ({"LD_PRELOAD": f"{directory}/tests/preload/libspead2feed.so"},
                [f"{directory}/tests/benchmark/bench-receive", f"{source} ! fakesink name=sink sync=false"])

    def counts(self, per_heap):
        counts = {"streaming, a heap": round(per_heap["streaming"])}
        if self.packets > 1:
            counts["worker, a packet"] = round(per_heap["worker"] / self.packets)
        else:
            counts["worker, a heap"] = round(per_heap["worker"])
        return counts


SETUPS = {
    "send 1472, 1 MiB": Sending(1472, MEBI, 733, (20, 60)),
    "send 8972, 1 MiB": Sending(8972, MEBI, 118, (20, 120)),
    "send 8972, 8 KiB": Sending(8972, 8 * KIBI, 1, (40, 120)),
    "send 8972, 8 KiB cut": Sending(8972, 8 * KIBI, 1, (40, 120), buffer=64 * KIBI),
    "send 4168, digitiser": Sending(4168, 4 * KIBI, 1, (40, 200), buffer=MEBI, properties=DIGITISER),
    "receive 1472, 1 MiB": Receiving(1472, MEBI, 733, (8, 72)),
    "receive 8972, 1 MiB": Receiving(8972, MEBI, 118, (8, 72)),
    "receive 8972, 8 KiB": Receiving(8972, 8 * KIBI, 1, (1024, 4096)),
    "receive 8972, 8 KiB, 32 a buffer": Receiving(8972, 8 * KIBI, 1, (1024, 4096), "heaps-per-buffer=32"),
    "receive 4168, digitiser": Receiving(4168, 4 * KIBI, 1, (1024, 4096), make_heap=packets.digitiser_heap),
    "receive 4168, digitiser, 32 a buffer": Receiving(4168, 4 * KIBI, 1, (1024, 4096), "heaps-per-buffer=32",
                                                      packets.digitiser_heap),
}


# --- counting ------------------------------------------------------------------------

def count_run(setup, build, port, length):
    """{thread: instructions} of a whole run."""
    with tempfile.TemporaryDirectory() as directory:
        setup.prepare(f"{directory}/feed", length)
        environment, program = setup.command(build, port, length)
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--fair-sched=yes",
                   *(f"--toggle-collect={function}" for function in setup.uncounted),
                   "--collect-atstart=yes", f"--callgrind-out-file={directory}/out", *program]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  env=dict(os.environ, FEED=f"{directory}/feed", **environment),
                                  timeout=120, check=False)
        except subprocess.TimeoutExpired as error:
            raise CannotCount(str(error)) from error
        if done.returncode != 0:
            raise CannotCount(f"this failed: {' '.join(command)}\n{done.stdout}{done.stderr}")
        counts = {}
        for path in glob.glob(f"{directory}/out-*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            for thread, function in setup.threads.items():
                if function in text:
                    counts[thread] = int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])
    if counts.keys() != setup.threads.keys():
        raise CannotCount(f"callgrind did not see the threads: {' '.join(command)}\n{done.stderr}")
    return counts


def count(setup, build, port):
    """{what: instructions} of a setup."""
    few, many = (count_run(setup, build, port, length) for length in setup.lengths)
    heaps = setup.heaps(setup.lengths[1]) - setup.heaps(setup.lengths[0])
    return setup.counts({thread: (many[thread] - few[thread]) / heaps for thread in setup.threads})


def read_toolchain(build):
    """The compiler and the GStreamer that a build directory was made with."""
    path = os.path.join(build, "tests", "benchmark", "toolchain.txt")
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def smallest(setup, build, port, limits):
    """Counts until none is above its limit, or as often as is worth it."""
    counts = count(setup, build, port)
    for _ in range(TRIES - 1):
        if all(counts[what] <= limits.get(what, 0) for what in counts):
            break
        again = count(setup, build, port)
        counts = {what: min(counts[what], again[what]) for what in counts}
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", default="build", metavar="DIRECTORY")
    parser.add_argument("--record", action="store_true",
                        help="make what is counted now the recorded counts")
    parser.add_argument("--counts", metavar="FILE",
                        help="where to write how many counts passed, failed, were skipped")
    arguments = parser.parse_args()

    build = os.path.abspath(arguments.build)
    with open(RECORDED, encoding="utf-8") as file:
        recorded = json.load(file)
    tolerance = 1 + recorded["tolerance"]
    toolchain = read_toolchain(build)
    counted, failed, uncounted = {}, 0, 0
    tested = toolchain == recorded["toolchain"] and not arguments.record

    # Bound, so that no error comes back; what is not read is dropped.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        print(f"{'instructions':<20} {'packet, heap':<36} {'counted':>8} {'recorded':>8}")
        for name, setup in SETUPS.items():
            known_counts = recorded["counts"].get(name, {})
            limits = {what: number * tolerance for what, number in known_counts.items()}
            try:
                counted[name] = (smallest(setup, build, port, limits)
                                 if tested or arguments.record else count(setup, build, port))
            except CannotCount as error:
                if tested or arguments.record:
                    sys.exit(str(error))
                print(f"{error}\n{name}: not counted", flush=True)
                counted[name] = {}
                uncounted += 1
            for what, number in counted[name].items():
                known = known_counts.get(what)
                bad = tested and (known is None or number > known * tolerance)
                failed += bad
                word = "  TOO MANY" if bad else ""
                if tested and known is not None and number * tolerance < known:
                    word = "  fewer: worth --record"
                print(f"{what:<20} {name:<36} {number:8} {known or '':>8}{word}", flush=True)

    total = sum(map(len, counted.values()))
    if arguments.record:
        with open(RECORDED, "w", encoding="utf-8") as file:
            json.dump({"tolerance": recorded["tolerance"], "toolchain": toolchain,
                       "counts": counted}, file, indent=2)
            file.write("\n")
    if arguments.counts:
        with open(arguments.counts, "w", encoding="utf-8") as file:
            file.write(f"{total - failed} {failed} 0\n" if tested else f"0 0 {total + uncounted}\n")
    if not tested and not arguments.record:
        print(f"These are of {toolchain}; the recorded ones are of {recorded['toolchain']}, "
              "and limit no others.")
    if failed:
        sys.exit(f"{failed} of {total} counts are more than {100 * recorded['tolerance']:.0f} % above "
                 f"the recorded ones. If that is meant: "
                 f"./dev shell {shlex.join([sys.executable, os.path.relpath(__file__)])} --record")


if __name__ == "__main__":
    main()
