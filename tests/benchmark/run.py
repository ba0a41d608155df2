#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures how fast samples are made, sent and received, against spead2, the bare kernel,
udpsink and udpsrc.

Prints one table, ratios first. A ratio is the median of the rounds' ratios: each
round runs every program once, and those that are compared next to each other.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time

import network
import peer
import receiving
import rows
from others import OtherPrograms
from programs import CacheLine, RunError
from rounds import Bench

OPENERS = {
    "none": lambda directory: network.unbound(),
    "gro": lambda directory: network.Drained(f"{directory}/bench-drain"),
    "wire": lambda directory: network.BlackHole(),
    "nowhere": lambda directory: network.nowhere(),
}


def progress(text):
    print(text, flush=True)


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def cache_line(directory):
    """ns that a cache line takes between two processors and back, or None."""
    program = CacheLine(rows.CACHE_LINE, f"{directory}/bench-cacheline")
    try:
        return program.run(rows.Setup(None, rows.MEBI, "nowhere"), network.nowhere(), 1).details["ns"]
    except RunError as error:
        progress(f"no time of a cache line: {error}")
        return None


# --- the table -----------------------------------------------------------------------

def print_rows(results, peer_problem):
    print(f"\n{'':<37} {'packet, heap, to':<18} {'median':>8} {'from':>8} {'to':>8}  to reach")
    met = missed = 0
    for row, found, remark, reached in results:
        wanted = "" if row.target is None else f"{row.target:g}"
        if not reached:
            wanted += " MISSED"
        met, missed = met + reached, missed + (not reached)
        print(f"{row.title:<37} {str(row.setup):<18} {found['median']:8.2f} {found['min']:8.2f} "
              f"{found['max']:8.2f}  {wanted:<12} {remark}".rstrip())
    if peer_problem:
        print(f"\nNo ratios against spead2: {peer_problem}")
    print(f"\n{missed} of {met + missed} rows miss what is to be reached.")


def print_figures(figures):
    print(f"\n{'MB/s of heaps without headers':<30} {'packet, heap, to':<18} {'median':>8} "
          f"{'from':>8} {'to':>8}  {'CPU s/GB':>8} {'MiB':>5}  arrived")
    for setup, name, found in figures:
        speed, share, size = found["mb_per_second"], found["share_received"], found["max_rss_mib"]
        print(f"{name:<30} {str(setup):<18} {speed['median']:8.0f} {speed['min']:8.0f} "
              f"{speed['max']:8.0f}  {found['cpu_seconds_per_gb']['median']:8.3f} "
              f"{'' if size is None else f'{size:.0f}':>5}  "
              f"{'' if share is None else f'{100 * share:.0f} %'}".rstrip())


def write_json(path, results, figures, receptions, peer_problem, rounds, line):
    report = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"processor": processor(), "cpus": os.cpu_count(), "kernel": platform.release(), "cache_line_ns": line},
        "peer": peer_problem or f"spead2 {peer.VERSION}, {' '.join(peer.OPTIONS)}",
        "rounds": rounds,
        "rows": [dict(found, title=row.title, packet=row.setup.packet, heap=row.setup.heap,
                      destination=row.setup.destination, remark=remark, to_reach=row.target,
                      reached=reached)
                 for row, found, remark, reached in results],
        "figures": [dict(found, program=name, packet=setup.packet, heap=setup.heap,
                         destination=setup.destination)
                    for setup, name, found in figures],
        **receptions,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    print(f"\nAll figures: {os.path.relpath(path)}")


# --- what can be measured here ---------------------------------------------------------

def select(plan, pattern):
    """The part of a plan that a pattern names."""
    if pattern is None:
        return plan
    chosen = rows.Plan()
    chosen.add(*(row for row in plan.rows if re.search(pattern, f"{row.title}: {row.setup}")))
    for setup, names in plan.runs.items():
        chosen.need(setup, *(name for name in names if re.search(pattern, f"{name}: {setup}")))
    return chosen


def build_peer(build):
    """({name: path}, None), or ({}, why there is none)."""
    try:
        programs = peer.build(f"{build}/peer", f"{build}/venv-peer")
        peer.check_segmentation(programs, network.unbound().port)
        return programs, None
    except peer.PeerError as error:
        return {}, str(error)


def peer_receivers(build, programs, problem):
    """({name: path of a program that sends, or command of one that receives}, {name: why there
    is no such receiver})."""
    if problem:
        return {}, dict.fromkeys((receiving.RECV, receiving.POOL, receiving.CHUNKS,
                                  receiving.PYTHON), problem)
    found, missing = {"spead2_send": programs["spead2_send"]}, {}
    for names, make in (((receiving.RECV, receiving.POOL), peer.receiving_tool),
                        ((receiving.CHUNKS,), peer.chunk_receiver),
                        ((receiving.PYTHON,), peer.python_receiver)):
        try:
            command = make(f"{build}/peer", f"{build}/venv-peer")
            peer.check_offload(command, network.unbound().port)
            found.update(dict.fromkeys(names, command))
        except peer.PeerError as error:
            missing.update(dict.fromkeys(names, str(error)))
    return found, missing


def available(programs, wanted):
    """Those of the wanted ones whose properties spead2sink has."""
    done = subprocess.run(["gst-inspect-1.0", "spead2sink"], capture_output=True, text=True,
                          check=False)
    properties = set(re.findall(r"^  ([a-z0-9-]+) +: ", done.stdout, re.MULTILINE))
    found = {}
    for name, program in programs.items():
        missing = set(program.properties) - properties
        if not missing:
            found[name] = program
        elif name in wanted:
            progress(f"no rows of {name}: spead2sink has no property {' and '.join(missing)}")
    return found


def open_destinations(destinations, wanted, directory):
    for name in wanted:
        try:
            destinations[name] = OPENERS[name](directory)
        except OSError as error:
            progress(f"no rows to {name}: {error}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true",
                        help="every packet and heap size to every destination, too")
    parser.add_argument("--only", metavar="PATTERN",
                        help="only rows and programs in whose 'TITLE: PACKET, HEAP, TO' this "
                             "regular expression is found")
    parser.add_argument("--repeats", type=int, default=9, metavar="N",
                        help="rounds (default: %(default)s)")
    parser.add_argument("--direction", choices=("send", "receive", "both"), default="both",
                        help="what is measured (default: %(default)s)")
    parser.add_argument("--growth", action="store_true",
                        help="receiving from more senders, in more groups, more items, longer "
                             "streams, and the rate without loss over heap size, too")
    parser.add_argument("--receive-repeats", type=int, default=3, metavar="N",
                        help="rounds of receiving (default: %(default)s)")
    parser.add_argument("--others", type=float, default=5, metavar="PERCENT",
                        help="share of a processor that other programs may use during a "
                             "reception before it is repeated (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, metavar="N",
                        help="sending threads of the rows with several (default: %(default)s)")
    parser.add_argument("--build", default="build", metavar="DIRECTORY",
                        help="where the programs are (default: %(default)s)")
    parser.add_argument("--output", default="bench.json", metavar="FILE",
                        help="where the figures go as JSON (default: %(default)s)")
    return parser.parse_args()


def measure_sending(arguments, directory, peer_programs):
    """(rows, figures)"""
    plan = (rows.full_plan if arguments.full else rows.default_plan)(arguments.workers)
    plan = select(plan, arguments.only)
    wanted = {name for names in plan.runs.values() for name in names}
    programs = available(rows.programs(directory, peer_programs, arguments.workers), wanted)

    # What was made in the network is removed however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    destinations = {}
    try:
        open_destinations(destinations, {setup.destination for setup in plan.runs}, directory)
        bench = Bench(plan, programs, destinations, progress)
        progress(f"{len(bench.cells)} programs that send in {arguments.repeats} rounds")
        bench.warm_up()
        for number in range(arguments.repeats):
            progress(f"round {number + 1} of {arguments.repeats}")
            bench.round()
    finally:
        for destination in destinations.values():
            destination.close()
    return list(bench.results()), list(bench.figures())


def measure_receiving(arguments, build, directory, peer_programs, peer_problem):
    """(receiving.ReceiveBench, its rows)"""
    found, missing = peer_receivers(build, peer_programs, peer_problem)
    bench = receiving.ReceiveBench(directory, found, missing, arguments.others / 100, progress)
    plan = [row for row in receiving.plan(arguments.growth)
            if arguments.only is None or re.search(arguments.only, f"{row.title}: {row.load}")]
    for number in range(arguments.receive_repeats if plan else 0):
        progress(f"receiving, round {number + 1} of {arguments.receive_repeats}, "
                 f"a cache line there and back {cache_line(directory) or '?'} ns")
        bench.round(plan)
    return bench, list(receiving.results(bench, plan))


def main():
    arguments = parse_arguments()
    build = os.path.abspath(arguments.build)
    directory = f"{build}/tests/benchmark"
    peer_programs, peer_problem = build_peer(build)
    begin, others = time.monotonic(), OtherPrograms()
    line = cache_line(directory)
    progress(f"A cache line takes {line or '?'} ns between processors 0 and 1, there and back.")
    results, figures, received, receptions = [], [], [], {}
    try:
        if arguments.direction != "receive":
            results, figures = measure_sending(arguments, directory, peer_programs)
        if arguments.direction != "send":
            bench, received = measure_receiving(arguments, build, directory, peer_programs,
                                                peer_problem)
            receptions = receiving.report(bench, received)
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
    share = others.share()

    if results:
        print_rows(results, peer_problem)
        print_figures(figures)
    if received:
        receiving.print_rows(received)
        receiving.print_figures(bench)
    write_json(arguments.output, results, figures,
               dict(receptions, share_of_other_programs=share), peer_problem, arguments.repeats, line)
    print(f"It took {time.monotonic() - begin:.0f} s. Other programs used {100 * share:.0f} % of one "
          "processor meanwhile.")


if __name__ == "__main__":
    main()
