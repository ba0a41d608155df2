#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the instructions of a worker per packet, and of worker and streaming thread
together per heap, in user space: what a regression shows in without a quiet
machine.

callgrind counts them for two lengths of a stream of reused buffers, and the
difference is what the heaps between cost, so that no start is in it. Which of
the two threads frees a heap depends on how they meet: only the sum says what it
costs. Fails where a count is larger than the recorded one by more than the
tolerance; one that is too large is taken again, at most twice, and the smallest
is what the code needs. Counts also depend on the compiler and on GStreamer:
with others than the recorded ones they are reported, and skipped as a test, also
where callgrind cannot run what such a compiler makes.
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

from programs import KIBI, MEBI, buffer_size, list_size

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
TRIES = 3

# packet size, heap size, packets in a heap, lists of heaps in the two runs, and whether these
# are cut from buffers instead
SETUPS = {
    "1472, 1 MiB": (1472, MEBI, 733, (20, 60), False),
    "8972, 1 MiB": (8972, MEBI, 118, (20, 120), False),
    "8972, 8 KiB": (8972, 8 * KIBI, 1, (40, 120), False),
    "8972, 8 KiB cut": (8972, 8 * KIBI, 1, (40, 120), True),
}
# A thread is known by a function that only it calls.
THREADS = {"worker": "sendmmsg", "streaming": "reused_src_fill"}


class CannotCount(Exception):
    pass


def pipeline(port, packet, heap, lists, cut):
    heaps = lists * list_size(heap)
    # How many buffers must be filled depends on how the threads meet.
    source = (f"reusedsrc leave-empty=true num-buffers={lists} list-size={list_size(heap)} "
              f"samplesperbuffer={heap}")
    sink = f"spead2sink host=127.0.0.1 port={port} max-packet-size={packet}"
    if cut:
        buffer = buffer_size(heap)
        source = (f"reusedsrc leave-empty=true num-buffers={heaps * heap // buffer} "
                  f"samplesperbuffer={buffer}")
        sink += f" heap-size={heap}"
    return f"{source} ! {sink}"


def count_run(send, port, packet, heap, lists, cut):
    """{thread: instructions} of a whole run."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--fair-sched=yes",
                   f"--callgrind-out-file={directory}/out", send,
                   pipeline(port, packet, heap, lists, cut)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode != 0:
            raise CannotCount(f"this failed: {' '.join(command)}\n{done.stdout}{done.stderr}")
        counts = {}
        for path in glob.glob(f"{directory}/out-*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            for thread, function in THREADS.items():
                if function in text:
                    counts[thread] = int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])
    if counts.keys() != THREADS.keys():
        raise CannotCount(f"callgrind did not see the threads: {' '.join(command)}\n{done.stderr}")
    return counts


def count(send, port, setup):
    """{what: instructions} of a setup."""
    packet, heap, packets, lengths, cut = SETUPS[setup]
    few, many = (count_run(send, port, packet, heap, lists, cut) for lists in lengths)
    heaps = (lengths[1] - lengths[0]) * list_size(heap)
    per_heap = {thread: (many[thread] - few[thread]) / heaps for thread in THREADS}
    counts = {"both threads, a heap": round(sum(per_heap.values()))}
    if packets > 1:
        counts["worker, a packet"] = round(per_heap["worker"] / packets)
    return counts


def read_toolchain(build):
    """The compiler and the GStreamer that a build directory was made with."""
    path = os.path.join(build, "tests", "benchmark", "toolchain.txt")
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def smallest(send, port, setup, limits):
    """Counts until none is above its limit, or as often as is worth it."""
    counts = count(send, port, setup)
    for _ in range(TRIES - 1):
        if all(counts[what] <= limits.get(what, 0) for what in counts):
            break
        again = count(send, port, setup)
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

    send = os.path.join(arguments.build, "tests", "benchmark", "bench-send")
    with open(RECORDED, encoding="utf-8") as file:
        recorded = json.load(file)
    tolerance = 1 + recorded["tolerance"]
    toolchain = read_toolchain(arguments.build)
    counted, failed, uncounted = {}, 0, 0
    tested = toolchain == recorded["toolchain"] and not arguments.record

    # Bound, so that no error comes back; what is not read is dropped.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        print(f"{'instructions':<20} {'packet, heap':<15} {'counted':>8} {'recorded':>8}")
        for setup in SETUPS:
            port = receiver.getsockname()[1]
            known_counts = recorded["counts"].get(setup, {})
            limits = {what: number * tolerance for what, number in known_counts.items()}
            try:
                counted[setup] = (smallest(send, port, setup, limits)
                                  if tested or arguments.record else count(send, port, setup))
            except CannotCount as error:
                if tested or arguments.record:
                    sys.exit(str(error))
                print(f"{error}\n{setup}: not counted", flush=True)
                counted[setup] = {}
                uncounted += 1
            for what, number in counted[setup].items():
                known = known_counts.get(what)
                bad = tested and (known is None or number > known * tolerance)
                failed += bad
                word = "  TOO MANY" if bad else ""
                if tested and known is not None and number * tolerance < known:
                    word = "  fewer: worth --record"
                print(f"{what:<20} {setup:<15} {number:8} {known or '':>8}{word}", flush=True)

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
