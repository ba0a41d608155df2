# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured of receiving: the programs, the rows of the table with what the project
wants to reach, and the rounds. Every round measures each receiver that a row compares once,
those that are compared next to each other and in random order, and a ratio is the median of
the ratios of all rounds."""

import random
import statistics
from dataclasses import dataclass, field
from typing import Callable, Optional

from others import OtherPrograms, wait_until_idle
from programs import KIBI, MEBI, RunError
from receivers import (START_HEAPS, BareLoop, Element, Spead2, UdpSource, receive,
                       receive_stamped)
from senders import (DIGITISER_8, DIGITISER_10, SPEAD2_SENDS, Load, Senders, many_groups,
                     many_items, many_senders)

# A run lasts about so long, with a rate longer: there is less CPU time to be measured. Its
# size without a rate is that of so many MB/s.
RUN_SECONDS = 0.3
RATED_SECONDS = 0.8
UNLIMITED = 6000
# The lossless rate is searched by bisection below this one, MB/s, in so many steps of so long.
HIGHEST_RATE = 12000
SEARCH_STEPS = 6
SEARCH_SECONDS = 0.25
# A run that other programs disturb is done so often at most; then there is no figure in this
# round. All runs together wait for so many seconds that others end.
TRIES = 4
PATIENCE = 60
# Heaps whose latency is measured in a round.
STAMPED_HEAPS = 150

SOURCE = ("spead2src name=source {{stream}} port={{port}} buffer-size={{buffer}} {} "
          "! fakesink name=sink sync=false")
RELAY = ("spead2src name=source {stream} port={port} buffer-size={buffer} ! spead2sink name=sink "
         "host=127.0.0.1 port={unbound} max-packet-size={packet} zero-copy=off")

OURS, BATCHES, BARE = "spead2src", "spead2src, 32 heaps a buffer", "bare"
RECV, POOL, CHUNKS = "spead2_recv", "spead2_recv --mem-pool", "spead2 chunks"
PYTHON, UDPSRC, RELAYED = "spead2 in Python", "udpsrc", "spead2src ! spead2sink"

HEAPS = (4 * KIBI, 64 * KIBI, MEBI, 8 * MEBI)
SENDERS, GROUPS, ITEMS = (1, 2, 4, 8), (1, 8, 64), (1, 16, 178)
STREAMS = (10 ** 3, 10 ** 4, 10 ** 5, 10 ** 6)


def receivers(directory, peer):
    """{name: Receiver}: of ours in a directory, and of spead2's in {name: command}."""
    program = f"{directory}/bench-receive"
    made = [
        Element(OURS, program, SOURCE.format("")),
        Element(BATCHES, program, SOURCE.format("heaps-per-buffer=32")),
        Element(RELAYED, program, RELAY),
        BareLoop(BARE, f"{directory}/bench-barereceive", "{port}", "{buffer}"),
        UdpSource(UDPSRC, program,
                  "udpsrc name=source address=127.0.0.1 port={port} buffer-size={buffer} "
                  "mtu={packet} ! fakesink name=sink sync=false"),
    ]
    # The tool asks for the double of what the kernel permits.
    plain = ("--quiet", "--packet", "9200", "--buffer", "{buffer}")
    for name, options in ((RECV, plain), (POOL, (*plain, "--mem-pool"))):
        if name in peer:
            made.append(Spead2(name, *peer[name], *options, "127.0.0.1:{port}"))
    for name in (CHUNKS, PYTHON):
        if name in peer:
            made.append(Spead2(name, *peer[name], "{port}", "{buffer}", "{heap}"))
    return {receiver.name: receiver for receiver in made}


# --- rows --------------------------------------------------------------------------

@dataclass(frozen=True)
class Quantity:
    """What a row compares. method: of ReceiveBench, which measures it; value: of what that
    found."""
    unit: str
    method: str
    value: Callable
    at_most: bool  # else at least


COST = Quantity("CPU s/GB", "run", lambda result: result.cost, True)
DELIVERED = Quantity("of what was sent", "run", lambda result: 1 - result.lost, False)
SPEED = Quantity("MB/s sent", "run", lambda result: result.offered, False)
MEMORY = Quantity("KiB", "run", lambda result: result.details["max_rss_kib"], True)
LOSSLESS = Quantity("MB/s without loss", "lossless_rate", lambda rate: rate, False)
LATENCY = Quantity("us", "latency", statistics.median, True)


@dataclass(frozen=True)
class Row:
    """A receiver against another, or against itself with another load; or alone."""
    title: str
    quantity: Quantity
    program: str
    load: Load
    against: Optional[str] = None
    against_load: Optional[Load] = None
    target: Optional[float] = None

    @property
    def cells(self):
        """What has to be measured next to each other."""
        own = (self.quantity.method, self.program, self.load)
        if self.against is None:
            return (own,)
        return own, (self.quantity.method, self.against, self.against_load or self.load)

    def evaluate(self, bench):
        """(values, None) or (None, why there are none)"""
        for cell in self.cells:
            if cell in bench.problems:
                return None, bench.problems[cell]
        rounds = [[self.quantity.value(found) for found in of_round]
                  for of_round in zip(*(bench.found[cell] for cell in self.cells))
                  if None not in of_round]
        if not rounds:
            return None, "other programs were busy in all rounds"
        if self.against is None:
            return [value for value, in rounds], None
        if any(other == 0 for _, other in rounds):
            return None, f"{self.against} loses heaps at every rate"
        return [own / other for own, other in rounds], None

    def reached(self, median):
        if self.target is None:
            return True
        return median <= self.target if self.quantity.at_most else median >= self.target


def plan(growth=False):
    rows = _default_plan() + (list(_growth_plan()) if growth else [])
    return list(dict.fromkeys(rows))


def _default_plan():
    jumbo, small, single = Load(8972, MEBI), Load(8972, 8 * KIBI), Load(8972, 4 * KIBI)
    return [
        *(Row("CPU / spead2_recv", COST, OURS, Load(packet, MEBI, rate), RECV, target=target)
          for packet, rate, target in ((1472, None, 0.85), (8972, None, 0.85), (1472, 3000, 0.7),
                                       (8972, 3000, 0.7), (1472, 1000, 0.75), (1472, 250, 1.05))),
        Row("CPU, 32 heaps a buffer / spead2_recv", COST, BATCHES, small, RECV, target=0.9),
        Row("CPU, a buffer a heap / spead2_recv", COST, OURS, small, RECV, target=1.2),
        Row("CPU / --mem-pool", COST, OURS, jumbo, POOL),
        Row("CPU / spead2 chunks", COST, OURS, jumbo, CHUNKS),
        Row("CPU, 32 heaps a buffer / spead2 chunks", COST, BATCHES, small, CHUNKS),
        *(Row("CPU / bare loop", COST, OURS, Load(packet, MEBI), BARE, target=1.7)
          for packet in (1472, 8972)),
        *(Row("delivered / bare loop", DELIVERED, OURS, Load(packet, MEBI), BARE, target=0.92)
          for packet in (1472, 8972)),
        Row("CPU / udpsrc", COST, OURS, Load(1472, MEBI, 1000), UDPSRC, target=0.3),
        Row("CPU / spead2_recv", COST, OURS, Load(1472, MEBI, stream=SPEAD2_SENDS), RECV),
        Row("lossless rate / --mem-pool", LOSSLESS, OURS, Load(1472, MEBI), POOL, target=1.0),
        Row("lossless rate / --mem-pool", LOSSLESS, OURS, jumbo, POOL, target=1.5),
        Row("lossless rate / spead2 chunks", LOSSLESS, OURS, jumbo, CHUNKS),
        Row("lossless, 32 heaps a buffer / --mem-pool", LOSSLESS, BATCHES, small, POOL, target=1.4),
        Row("lossless, 32 heaps a buffer / Python", LOSSLESS, BATCHES, small, PYTHON, target=10),
        Row("lossless, 32 heaps a buffer / --mem-pool", LOSSLESS, BATCHES, single, POOL, target=1.3),
        *_digitiser(),
        Row("lossless rate of a relay, MB/s", LOSSLESS, RELAYED, jumbo),
        Row("latency / bare loop", LATENCY, OURS, Load(8972, MEBI, 100), BARE, target=2),
        _growth("8 senders / 1", COST, Load(1472, MEBI, 1000, many_senders(8)),
                Load(1472, MEBI, 1000)),
        _growth("178 items / 1", COST, Load(8972, 8 * KIBI, 500, many_items(178)),
                Load(8972, 8 * KIBI, 500, many_items(1))),
    ]


def _digitiser():
    """One packet a heap, all pointers in every packet: 4096 samples of 8 and of 10 bits."""
    for load in (Load(4168, 4096, stream=DIGITISER_8), Load(5192, 5120, stream=DIGITISER_10)):
        yield Row("CPU, 32 heaps a buffer / spead2_recv", COST, BATCHES, load, RECV)
        yield Row("CPU, a buffer a heap / spead2_recv", COST, OURS, load, RECV)
        yield Row("CPU, 32 heaps a buffer / bare loop", COST, BATCHES, load, BARE)
        yield Row("lossless, 32 heaps a buffer / spead2_recv", LOSSLESS, BATCHES, load, RECV)
        yield Row("lossless, 32 heaps a buffer / bare loop", LOSSLESS, BATCHES, load, BARE)


def _growth(title, quantity, load, base):
    return Row(f"{quantity.unit}, {title}", quantity, OURS, load, OURS, base)


def _growth_plan():
    """How things grow, and the rate without loss over heap size."""
    for many, counts in ((many_senders, SENDERS), (many_groups, GROUPS)):
        for n in counts[1:]:
            load, base = (Load(1472, MEBI, 1000, many(count)) for count in (n, 1))
            yield _growth(f"{load.stream.name} / 1", COST, load, base)
    for n in ITEMS[1:]:
        load, base = (Load(8972, 8 * KIBI, 500, many_items(count)) for count in (n, 1))
        yield _growth(f"{load.stream.name} / 1", COST, load, base)
    base = Load(8972, 8 * KIBI, heaps=STREAMS[0])
    for n in STREAMS[1:]:
        load = Load(8972, 8 * KIBI, heaps=n)
        yield _growth(f"{n} heaps / {STREAMS[0]}", MEMORY, load, base)
        yield _growth(f"{n} heaps / {STREAMS[0]}", SPEED, load, base)
    for packet in (1472, 8972):
        for heap in HEAPS:
            for program in (OURS, BATCHES, RECV, POOL, CHUNKS):
                if program != BATCHES or heap < MEBI:
                    yield Row(f"lossless rate, {program} / bare loop", LOSSLESS, program,
                              Load(packet, heap), BARE)


# --- rounds --------------------------------------------------------------------------

class Disturbed(Exception):
    """Other programs were busy in each of TRIES runs."""


@dataclass
class Result:
    """A reception without the start of its receiver."""
    cost: float  # CPU seconds per GB of payload
    lost: float  # share
    offered: float  # MB/s
    waits: float  # per GB of payload
    messages: Optional[float]  # per GB of payload, where the receiver counts them
    details: dict = field(repr=False)


def groups(rows):
    """What the rows need, in groups of cells that are measured next to each other."""
    made = []
    for row in rows:
        group = next((group for group in made if not set(row.cells).isdisjoint(group)), None)
        if group is None:
            made.append(group := [])
        group += [cell for cell in row.cells if cell not in group]
    return made


class ReceiveBench:
    """Runs of receivers, and what they found.

    found: {(method, name, load): [what the method found, one a round; None: disturbed]}
    problems: {(method, name, load): why there is nothing}"""

    def __init__(self, directory, peer, missing, disturbed, progress):
        """peer: {name: command}; missing: {name: why there is no such receiver}; disturbed: the
        share of a processor that other programs use while they disturb a run."""
        self.receivers = receivers(directory, peer)
        self._missing, self._progress, self._disturbed = missing, progress, disturbed
        self._senders = Senders(directory, peer)
        self._starts, self._patience = {}, PATIENCE
        self.found, self.problems = {}, {}

    def _receive(self, name, load, heaps):
        return self._undisturbed(lambda: receive(self.receivers[name], load, heaps,
                                                 self._senders.send))

    def _undisturbed(self, run):
        """What a run has found while other programs were idle."""
        for _ in range(TRIES):
            others = OtherPrograms()
            found = run()
            if others.share() < self._disturbed:
                return found
            self._patience -= wait_until_idle(self._disturbed, self._patience)
        raise Disturbed

    def _start(self, name, load):
        """A run of a few heaps, the cheapest seen."""
        key = name, load.packet, load.heap, load.stream
        if key not in self._starts:
            load = Load(load.packet, load.heap, None, load.stream)
            self._starts[key] = min((self._receive(name, load, START_HEAPS) for _ in range(3)),
                                    key=lambda run: run.cpu)
        return self._starts[key]

    def run(self, name, load):
        """CPU time and loss of a receiver."""
        seconds = RATED_SECONDS if load.rate else RUN_SECONDS
        heaps = load.heaps or int((load.rate or UNLIMITED) * 1e6 * seconds / load.heap)
        start = self._start(name, load)
        run = self._receive(name, load, heaps)
        gigabytes = max(run.delivered - start.delivered, 1) / 1e9
        messages = run.details.get("source", run.details).get("messages")
        return Result((run.cpu - start.cpu) / gigabytes, run.lost, run.offered,
                      max(run.switches - start.switches, 0) / gigabytes,
                      messages and messages / (run.delivered / 1e9), run.details)

    def _loses(self, name, load):
        """What was offered, MB/s, and whether some of it was lost, twice."""
        heaps = int(load.rate * 1e6 * SEARCH_SECONDS / load.heap)
        for _ in range(2):
            run = self._receive(name, load, heaps)
            if run.delivered == run.sent:
                return run.offered, False
        return run.offered, True

    def lossless_rate(self, name, load):
        """MB/s that were sent, by bisection between 0 and what the sender can do."""
        low, high, best = 0, HIGHEST_RATE, 0
        for _ in range(SEARCH_STEPS):
            rate = (low + high) // 2
            offered, loses = self._loses(name, Load(load.packet, load.heap, rate, load.stream))
            if loses:
                high = rate
                continue
            best, low = max(best, offered), rate
            if offered < 0.8 * rate:
                break
        return best

    def latency(self, name, load):
        """us of each heap, from the sending of its last packet."""
        found = self._undisturbed(lambda: receive_stamped(self.receivers[name], load, STAMPED_HEAPS,
                                                          self._senders))
        return [ns / 1e3 for ns in found]

    def _measure(self, method, name, load):
        try:
            return getattr(self, method)(name, load)
        except Disturbed:
            return None

    def round(self, rows):
        for group in groups(rows):
            for cell in random.sample(group, len(group)):
                if cell in self.problems:
                    continue
                method, name, load = cell
                try:
                    if name not in self.receivers:
                        raise RunError(self._missing.get(name, "not built"))
                    self.found.setdefault(cell, []).append(self._measure(method, name, load))
                except RunError as error:
                    # Without it the others' rounds still belong together.
                    self.problems[cell] = f"{name}: {error}"
                    self._progress(f"no figures of {name} ({load}): {error}")


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


def results(bench, rows):
    """(row, its summary or None, whether its target is met, why there is no summary)"""
    for row in rows:
        values, problem = row.evaluate(bench)
        found = summary(values) if values else None
        yield row, found, bool(found) and row.reached(found["median"]), problem


# --- output --------------------------------------------------------------------------

def _where(row):
    if row.quantity is LOSSLESS:
        return row.load.size
    return str(row.load)


def print_rows(found_rows):
    print(f"\n{'receiving':<44} {'packet, heap, rate':<38} {'median':>8} {'from':>8} {'to':>8} "
          "rounds  to reach")
    for row, found, reached, problem in found_rows:
        if found is None:
            print(f"{row.title:<44} {_where(row):<38} no ratio: {problem.splitlines()[0]}")
            continue
        wanted = "" if row.target is None else f"{row.target:g}"
        if not reached:
            wanted += " MISSED"
        print(f"{row.title:<44} {_where(row):<38} {found['median']:8.2f} {found['min']:8.2f} "
              f"{found['max']:8.2f} {len(found['values']):6}  {wanted}".rstrip())


def _median(values):
    return statistics.median(values) if None not in values else None


def _cell(value, form, width):
    return f"{'' if value is None else format(value, form):>{width}}"


def print_figures(bench):
    print(f"\n{'receiver':<30} {'packet, heap, rate':<38} {'CPU s/GB':>8} {'lost':>7} {'MB/s sent':>9} "
          f"{'waits/GB':>9} {'messages/GB':>11} {'MiB':>5}")
    for (_, name, load), runs in _of(bench, "run"):
        memory = [run.details.get("max_rss_kib") for run in runs]
        memory = None if None in memory else max(memory) / 1024
        print(f"{name:<30} {str(load):<38} {statistics.median(run.cost for run in runs):8.3f} "
              f"{100 * statistics.median(run.lost for run in runs):6.2f}% "
              f"{statistics.median(run.offered for run in runs):9.0f} "
              f"{statistics.median(run.waits for run in runs):9.0f} "
              f"{_cell(_median([run.messages for run in runs]), '.0f', 11)} "
              f"{_cell(memory, '.0f', 5)}".rstrip())
    print(f"\n{'MB/s without loss':<30} {'packet, heap':<38} {'median':>8} {'from':>8} {'to':>8}")
    for (_, name, load), rates in _of(bench, "lossless_rate"):
        print(f"{name:<30} {load.size:<38} {statistics.median(rates):8.0f} {min(rates):8.0f} "
              f"{max(rates):8.0f}")
    print(f"\n{'latency, us':<30} {'packet, heap, rate':<38} {'median':>8} {'99 %':>8} {'most':>8}")
    for (_, name, load), rounds in _of(bench, "latency"):
        heaps = sorted(value for values in rounds for value in values)
        print(f"{name:<30} {str(load):<38} {statistics.median(heaps):8.0f} "
              f"{heaps[int(0.99 * len(heaps))]:8.0f} {heaps[-1]:8.0f}")


def _of(bench, method):
    """(cell, what was found in undisturbed rounds)"""
    for cell, rounds in bench.found.items():
        found = [of_round for of_round in rounds if of_round is not None]
        if found and cell[0] == method and cell not in bench.problems:
            yield cell, found


def _load(load):
    return {"packet": load.packet, "heap": load.heap, "rate": load.rate, "stream": load.stream.name,
            "heaps": load.heaps}


def report(bench, found_rows):
    """What goes into the file of figures."""
    return {
        "receiving_rows": [dict(found or {}, title=row.title, **_load(row.load), to_reach=row.target,
                                at_most=row.quantity.at_most, reached=reached, problem=problem)
                           for row, found, reached, problem in found_rows],
        "receiving_figures": [
            {"program": name, **_load(load),
             "cpu_seconds_per_gb": [run.cost for run in runs], "lost": [run.lost for run in runs],
             "mb_per_second_sent": [run.offered for run in runs],
             "waits_per_gb": [run.waits for run in runs],
             "messages_per_gb": [run.messages for run in runs]}
            for (_, name, load), runs in _of(bench, "run")],
        "rates_without_loss": [{"program": name, **_load(load), "mb_per_second": rates}
                               for (_, name, load), rates in _of(bench, "lossless_rate")],
        "latencies": [{"program": name, **_load(load), "microseconds": rounds}
                      for (_, name, load), rounds in _of(bench, "latency")],
    }
