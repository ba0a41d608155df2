#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures how fast samples are made and sent, against spead2, the bare kernel
and udpsink. Everything is interleaved: each round runs every program once, those
that are compared next to each other, so that what slows the machine for a while
slows both. A ratio is the median of the rounds' ratios."""

import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

import network
import peer
import rows
from programs import MEBI, RunError

# A run is sized by its first, unmeasured one to last about so long.
RUN_SECONDS = 0.4
WARM_UP_SECONDS = 0.1


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def sink_properties():
    done = subprocess.run(["gst-inspect-1.0", "spead2sink"], capture_output=True, text=True,
                          check=False)
    return set(re.findall(r"^  ([a-z0-9-]+) +: ", done.stdout, re.MULTILINE))


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


class Bench:
    """Runs a plan's programs in rounds and keeps what they took."""

    def __init__(self, plan, programs, destinations, progress):
        self.programs, self.destinations, self.progress = programs, destinations, progress
        self.cells = [(setup, name) for setup, names in plan.runs.items() for name in names
                      if name in programs and setup.destination in destinations]
        self.measured = {cell: [] for cell in self.cells}
        self.failed = {}
        self.heaps = {}

    def _run(self, cell, heaps):
        setup, name = cell
        try:
            return self.programs[name].run(setup, self.destinations[setup.destination], heaps)
        except RunError as error:
            self.failed[cell] = str(error)
            self.progress(f"{name} ({setup}): {error}")
            return None

    def warm_up(self):
        """Reads everything from disk, and learns how much a program sends in a run."""
        for cell in self.cells:
            setup, name = cell
            speed = self.programs[name].guess
            for seconds in (WARM_UP_SECONDS, WARM_UP_SECONDS):
                heaps = max(int(speed * 1e6 * seconds / setup.heap), 8)
                measurement = self._run(cell, heaps)
                if not measurement:
                    break
                close, speed = 0.7 < measurement.speed / speed < 1.4, measurement.speed
                if close:
                    break
            self.heaps[cell] = max(int(speed * 1e6 * RUN_SECONDS / setup.heap), 16)

    def round(self):
        for cell in self.cells:
            if cell in self.failed:
                continue
            measurement = self._run(cell, self.heaps[cell])
            if measurement:
                self.measured[cell].append(measurement)

    def values(self, setup, name, what="speed"):
        cell = (setup, name)
        if cell in self.failed:
            return []
        return [getattr(run, what) for run in self.measured.get(cell, [])]

    def best(self, setup, names):
        """The name of the program whose median is highest, or None."""
        known = [name for name in names if self.values(setup, name)]
        return max(known, key=lambda name: statistics.median(self.values(setup, name)),
                   default=None)

    def ratio(self, ratio):
        """(summary of the rounds' ratios, the program compared with), or None."""
        ours = self.values(ratio.setup, ratio.program)
        other = self.best(ratio.other_setup, ratio.against)
        if not ours or other is None:
            return None
        theirs = self.values(ratio.other_setup, other)
        return summary([a / b for a, b in zip(ours, theirs)]), other


def print_ratios(bench, plan, peer_problem):
    print(f"\n{'ratio':<38} {'packet, heap, to':<20} {'median':>7}  {'from':>6} {'to':>6}  target")
    for ratio in plan.ratios:
        found = bench.ratio(ratio)
        if found is None:
            continue
        values, other = found
        target = ""
        if ratio.target is not None:
            met = "met" if values["median"] >= ratio.target else "MISSED"
            target = f"{ratio.target:>5} {met}"
        against = f" ({other})" if len(ratio.against) > 1 else ""
        print(f"{ratio.title + against:<38} {str(ratio.setup):<20} {values['median']:7.2f}  "
              f"{values['min']:6.2f} {values['max']:6.2f}  {target}")
    if peer_problem:
        print(f"No ratios against spead2: {peer_problem}")


def print_figures(bench):
    print(f"\n{'program':<22} {'packet, heap, to':<20} {'MB/s':>7}  {'from':>6} {'to':>6}  "
          f"{'CPU s/GB':>8}  arrived")
    for setup, name in bench.cells:
        speeds = bench.values(setup, name)
        if not speeds:
            continue
        share = [run.details["share"] for run in bench.measured[setup, name]
                 if "share" in run.details]
        print(f"{name:<22} {str(setup):<20} {statistics.median(speeds):7.0f}  {min(speeds):6.0f} "
              f"{max(speeds):6.0f}  {statistics.median(bench.values(setup, name, 'cpu_per_gb')):8.3f}"
              f"  {f'{100 * statistics.median(share):.0f} %' if share else ''}")


def as_json(bench, plan):
    figures = []
    for setup, name in bench.cells:
        runs = bench.measured[setup, name]
        if not runs or (setup, name) in bench.failed:
            continue
        figures.append({
            "program": name, "packet": setup.packet, "heap": setup.heap,
            "destination": setup.destination, "heaps": bench.heaps[setup, name],
            "mb_per_second": summary([run.speed for run in runs]),
            "cpu_seconds_per_gb": summary([run.cpu_per_gb for run in runs]),
            "details": [run.details for run in runs]})
    ratios = []
    for ratio in plan.ratios:
        found = bench.ratio(ratio)
        if found:
            ratios.append(dict(found[0], title=ratio.title, against=found[1],
                               packet=ratio.setup.packet, heap=ratio.setup.heap,
                               destination=ratio.setup.destination, target=ratio.target))
    return {"ratios": ratios, "figures": figures}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true",
                        help="every packet and heap size to every destination")
    parser.add_argument("--only", metavar="PATTERN",
                        help="only ratios and programs that this regular expression finds in "
                             "'TITLE: PACKET, HEAP, DESTINATION'")
    parser.add_argument("--repeats", type=int, default=5, metavar="N",
                        help="rounds (default: %(default)s)")
    parser.add_argument("--lanes", type=int, default=2, metavar="N",
                        help="of the rows with several (default: %(default)s)")
    parser.add_argument("--build", default="build", metavar="DIRECTORY",
                        help="where the programs are (default: %(default)s)")
    parser.add_argument("--output", default="bench.json", metavar="FILE",
                        help="where the figures go as JSON (default: %(default)s)")
    return parser.parse_args()


def select(plan, pattern):
    """The part of a plan that a pattern names."""
    if pattern is None:
        return plan
    chosen = rows.Plan()
    for ratio in plan.ratios:
        if re.search(pattern, f"{ratio.title}: {ratio.setup}"):
            chosen.add(ratio)
    for setup, names in plan.runs.items():
        for name in names:
            if re.search(pattern, f"{name}: {setup}"):
                chosen.need(setup, name)
    return chosen


def open_destinations(wanted, build, progress):
    destinations = {}
    for name in wanted:
        try:
            if name == "gro":
                destinations[name] = network.Drained(f"{build}/tests/benchmark/bench-drain")
            elif name == "wire":
                destinations[name] = network.BlackHole()
            else:
                destinations[name] = network.unbound()
        except OSError as error:
            progress(f"no rows to {name}: {error}")
    return destinations


def available(programs, progress):
    """Those whose properties spead2sink has."""
    properties = sink_properties()
    found = {}
    for name, program in programs.items():
        needed = [word for word in ("send-threads", "zero-copy")
                  if f"{word}=" in getattr(program, "description", "")]
        missing = [word for word in needed if word not in properties]
        if missing:
            progress(f"no rows of {name}: spead2sink has no property {missing[0]}")
        else:
            found[name] = program
    return found


def build_peer(build, port):
    """({name: path}, None), or ({}, why there is none)."""
    try:
        programs = peer.build(f"{build}/peer", f"{build}/venv-peer")
        peer.check_segmentation(programs, port)
        return programs, None
    except peer.PeerError as error:
        return {}, str(error)


def main():
    arguments = parse_arguments()
    # An interrupted run removes its network namespace, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def progress(text):
        print(text, flush=True)

    build = os.path.abspath(arguments.build)
    plan = select((rows.full_plan if arguments.full else rows.default_plan)(arguments.lanes),
                  arguments.only)
    peer_programs, peer_problem = build_peer(build, network.unbound().port)
    programs = available(rows.programs(f"{build}/tests/benchmark/bench-send",
                                       f"{build}/tests/benchmark/bench-bare",
                                       peer_programs, arguments.lanes), progress)
    destinations = open_destinations({setup.destination for setup in plan.runs}, build, progress)
    try:
        bench = Bench(plan, programs, destinations, progress)
        begin = time.monotonic()
        bench.warm_up()
        for number in range(arguments.repeats):
            progress(f"round {number + 1} of {arguments.repeats}, "
                     f"{len(bench.cells)} programs, {time.monotonic() - begin:.0f} s so far")
            bench.round()
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
    finally:
        for destination in destinations.values():
            destination.close()

    print_ratios(bench, plan, peer_problem)
    print_figures(bench)
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(dict(as_json(bench, plan), when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                       machine={"processor": processor(), "cpus": os.cpu_count(),
                                "kernel": platform.release()},
                       peer=f"spead2 {peer.VERSION}" if peer_programs else peer_problem), file, indent=2)
        file.write("\n")
    print(f"\nAll figures: {os.path.relpath(arguments.output)}")


if __name__ == "__main__":
    main()
