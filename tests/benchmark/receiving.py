# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured of receiving: the programs, the rows of the table with what the project
wants to reach, and the rounds. Every round runs each receiver that a row compares once,
in random order, and a ratio is the median of the ratios of all rounds."""

import random
import statistics
from dataclasses import dataclass, field
from typing import Optional

from programs import KIBI, MEBI, RunError
from receivers import (START_HEAPS, BareLoop, Element, Load, Receiver, Senders, Spead2Recv,
                       UdpSource, receive)

# A run lasts about so long, with a rate longer: there is less CPU time to be measured. Its
# size without a rate is that of so many MB/s.
RUN_SECONDS = 0.3
RATED_SECONDS = 1
UNLIMITED = 6000
# The lossless rate is searched from this rate on, MB/s, in so many steps.
FIRST_RATE = 6000
SEARCH_STEPS = 6

SOURCE = ("spead2src name=source address=127.0.0.1 port={{port}} buffer-size={{buffer}} {} "
          "! fakesink name=sink sync=false")


def receivers(directory, peer):
    """{name: Receiver}: of ours in a directory, and of spead2's in {name: path}."""
    receive_program = f"{directory}/bench-receive"
    made = [
        Element("spead2src", receive_program, SOURCE.format("")),
        Element("spead2src, 32 heaps a buffer", receive_program,
                SOURCE.format("heaps-per-buffer=32")),
        BareLoop("bare", f"{directory}/bench-barereceive", "{port}", "{buffer}"),
        UdpSource("udpsrc", receive_program,
                  "udpsrc name=source address=127.0.0.1 port={port} buffer-size={buffer} "
                  "mtu={packet} ! fakesink name=sink sync=false"),
    ]
    if peer:
        # It asks for the double of what the kernel permits.
        plain = ("--quiet", "--packet", "9200", "--buffer", "{buffer}")
        made += [Spead2Recv("spead2_recv", peer["spead2_recv"], *plain, "127.0.0.1:{port}"),
                 Spead2Recv("spead2_recv --mem-pool", peer["spead2_recv"], *plain, "--mem-pool",
                            "127.0.0.1:{port}")]
    return {receiver.name: receiver for receiver in made}


# --- rows --------------------------------------------------------------------------

@dataclass(frozen=True)
class CpuRatio:
    """A receiver's CPU time for each byte delivered, against another's."""
    title: str
    program: str
    against: str
    load: Load
    target: Optional[float] = None  # at most

    def names(self):
        return (self.program, self.against)

    def measure(self, bench):
        costs = {name: bench.run(name, self.load) for name in _shuffled(self.names())}
        return costs[self.program].cost / costs[self.against].cost

    def reached(self, median):
        return self.target is None or median <= self.target


@dataclass(frozen=True)
class DeliveredRatio(CpuRatio):
    """What a receiver delivers of what is sent without limit, against another."""
    target: Optional[float] = None  # at least

    def measure(self, bench):
        shares = {name: bench.run(name, self.load) for name in _shuffled(self.names())}
        return (1 - shares[self.program].lost) / (1 - shares[self.against].lost)

    def reached(self, median):
        return self.target is None or median >= self.target


@dataclass(frozen=True)
class LosslessRatio(DeliveredRatio):
    """The highest rate at which a receiver loses nothing, against another's."""

    def measure(self, bench):
        rates = {name: bench.lossless_rate(name, self.load) for name in _shuffled(self.names())}
        return rates[self.program] / rates[self.against] if rates[self.against] else float("inf")


def _shuffled(names):
    return random.sample(names, len(names))


def plan():
    ours, batches, recv, pool = ("spead2src", "spead2src, 32 heaps a buffer", "spead2_recv",
                                 "spead2_recv --mem-pool")
    small, single = 8 * KIBI, 4 * KIBI
    return [
        *(CpuRatio("CPU / spead2_recv", ours, recv, Load(packet, MEBI, rate), target)
          for packet, rate, target in ((1472, None, 0.85), (8972, None, 0.85),
                                       (1472, 3000, 0.7), (8972, 3000, 0.7),
                                       (1472, 1000, 0.75), (1472, 250, 1.05))),
        CpuRatio("CPU, 32 heaps a buffer / spead2_recv", batches, recv, Load(8972, small, None), 0.9),
        CpuRatio("CPU, a buffer a heap / spead2_recv", ours, recv, Load(8972, small, None), 1.2),
        LosslessRatio("lossless rate / --mem-pool", ours, pool, Load(1472, MEBI, None), 1.0),
        LosslessRatio("lossless rate / --mem-pool", ours, pool, Load(8972, MEBI, None), 1.5),
        LosslessRatio("lossless, 32 heaps a buffer / --mem-pool", batches, pool,
                      Load(8972, small, None), 1.4),
        LosslessRatio("lossless, 32 heaps a buffer / --mem-pool", batches, pool,
                      Load(8972, single, None), 1.3),
        *(CpuRatio("CPU / bare loop", ours, "bare", Load(packet, MEBI, None), 1.7)
          for packet in (1472, 8972)),
        *(DeliveredRatio("delivered / bare loop", ours, "bare", Load(packet, MEBI, None), 0.92)
          for packet in (1472, 8972)),
        CpuRatio("CPU / udpsrc", ours, "udpsrc", Load(1472, MEBI, 1000), 0.3),
    ]


# --- rounds --------------------------------------------------------------------------

@dataclass
class Result:
    """A reception without the start of its receiver."""
    cost: float  # CPU seconds per GB of payload
    lost: float  # share
    offered: float  # MB/s


@dataclass
class ReceiveBench:
    """Runs of receivers, and what they found."""
    directory: str
    receivers: dict
    progress: object
    results: dict = field(default_factory=dict)  # (name, load): [Result]
    values: dict = field(default_factory=dict)  # row: [value]
    rates: dict = field(default_factory=dict)  # (name, load): [MB/s]

    def __post_init__(self):
        self._senders = Senders(self.directory)
        self._starts = {}

    def _start(self, name, load):
        """CPU seconds and payload of a run of a few heaps, the smallest seen."""
        if (name, load) not in self._starts:
            runs = [receive(self.receivers[name], load, START_HEAPS, self._senders)
                    for _ in range(3)]
            self._starts[name, load] = min(runs, key=lambda run: run.cpu)
        return self._starts[name, load]

    def run(self, name, load):
        seconds = RATED_SECONDS if load.rate else RUN_SECONDS
        heaps = int((load.rate or UNLIMITED) * 1e6 * seconds / load.heap)
        start = self._start(name, Load(load.packet, load.heap, None))
        run = receive(self.receivers[name], load, heaps, self._senders)
        result = Result((run.cpu - start.cpu) * 1e9 / max(run.delivered - start.delivered, 1),
                        run.lost, run.offered)
        self.results.setdefault((name, load), []).append(result)
        return result

    def _loses(self, name, load):
        """What was offered, MB/s, and whether some of it was lost, twice."""
        heaps = int(load.rate * 1e6 * RUN_SECONDS / load.heap)
        for _ in range(2):
            run = receive(self.receivers[name], load, heaps, self._senders)
            if run.lost == 0:
                return run.offered, False
        return run.offered, True

    def lossless_rate(self, name, load):
        """MB/s that were sent, by bisection between 0 and what the sender can do."""
        low, high, best = 0, 2 * FIRST_RATE, 0
        for _ in range(SEARCH_STEPS):
            rate = (low + high) // 2
            offered, loses = self._loses(name, Load(load.packet, load.heap, rate))
            if loses:
                high = rate
                continue
            best, low = max(best, offered), rate
            if offered < 0.8 * rate:
                break
        self.rates.setdefault((name, load), []).append(best)
        return best

    def round(self, rows):
        for row in rows:
            if not all(name in self.receivers for name in row.names()):
                continue
            try:
                self.values.setdefault(row, []).append(row.measure(self))
            except RunError as error:
                self.progress(f"no figure of {row.title} ({row.load}) in this round: {error}")


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


def results(bench):
    """(row, its summary, whether its target is met)"""
    for row, values in bench.values.items():
        found = summary(values)
        yield row, found, row.reached(found["median"])


def print_rows(found_rows):
    print(f"\n{'receiving':<41} {'packet, heap, rate':<23} {'median':>8} {'from':>8} {'to':>8}  to reach")
    for row, found, reached in found_rows:
        wanted = "" if row.target is None else f"{row.target:g}"
        if not reached:
            wanted += " MISSED"
        print(f"{row.title:<41} {str(row.load):<23} {found['median']:8.2f} {found['min']:8.2f} "
              f"{found['max']:8.2f}  {wanted}".rstrip())


def print_figures(bench):
    print(f"\n{'receiver':<30} {'packet, heap, rate':<23} {'CPU s/GB':>8} {'lost':>7} {'MB/s sent':>9}")
    for (name, load), runs in bench.results.items():
        print(f"{name:<30} {str(load):<23} {statistics.median(run.cost for run in runs):8.3f} "
              f"{100 * statistics.median(run.lost for run in runs):6.2f}% "
              f"{statistics.median(run.offered for run in runs):9.0f}")
    for (name, load), rates in bench.rates.items():
        load = str(load).replace("unlimited", "without loss")
        print(f"{name:<30} {load:<23} {'':>8} {'':>7} {statistics.median(rates):9.0f}")


def report(bench, found_rows):
    """What goes into the file of figures."""
    return {
        "receiving_rows": [dict(found, title=row.title, packet=row.load.packet, heap=row.load.heap,
                                rate=row.load.rate, to_reach=row.target, reached=reached)
                           for row, found, reached in found_rows],
        "receiving_figures": [
            {"program": name, "packet": load.packet, "heap": load.heap, "rate": load.rate,
             "cpu_seconds_per_gb": [run.cost for run in runs], "lost": [run.lost for run in runs],
             "mb_per_second_sent": [run.offered for run in runs]}
            for (name, load), runs in bench.results.items()],
        "rates_without_loss": [
            {"program": name, "packet": load.packet, "heap": load.heap, "mb_per_second": rates}
            for (name, load), rates in bench.rates.items()],
    }
