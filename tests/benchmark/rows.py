# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: the programs, and the rows of the table that are made of them,
with what the project wants to reach."""

import statistics
from dataclasses import dataclass, field
from typing import Optional

from programs import (DIGITISER, KIBI, MEBI, Bare, BareHeaps, CacheLine, Pipeline, RandomSender, Samples,
                      Setup, Spead2Send, Tutorial, items)

PACKETS = (1456, 1472, 8972, 65507)
HEAPS = (8 * KIBI, 64 * KIBI, MEBI, 8 * MEBI)
DESTINATIONS = ("none", "gro", "wire")

# Packets and heaps, of one packet each: 4096 samples of 8 and of 10 bits.
DIGITISERS = ((4168, 4 * KIBI), (5192, 5 * KIBI))

SPEAD2 = ("spead2_send", "tut_11", "tut_5")

SINKS = (1, 2, 4, 8)
STREAMS = (10 ** 3, 10 ** 4, 10 ** 5, 10 ** 6)
ITEMS = (1, 16, 178)
BALANCED = f"{ITEMS[-1]} items, balanced"
BARE_ITEMS = f"bare, {ITEMS[-1]} items"
RATES = (1, 10, 100)  # MB/s
OUTSTANDING = (1, 2, 4, 16, 64)  # heaps
MANY = (1, 8, 64, 512)  # destinations
CACHE_LINE = "cache line"


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


# --- rows ------------------------------------------------------------------------

@dataclass(frozen=True)
class Ratio:
    """A program's speed against another's, the fastest one where several are named."""
    title: str
    program: str
    against: tuple
    setup: Setup
    target: Optional[float] = None

    def needs(self):
        return (self.program, *self.against)

    def evaluate(self, bench):
        """(summary, remark, whether the target is met), or None."""
        ours = bench.values(self.setup, self.program)
        known = {name: bench.values(self.setup, name) for name in self.against}
        known = {name: values for name, values in known.items() if values}
        if not ours or not known:
            return None
        other = max(known, key=lambda name: statistics.median(known[name]))
        found = summary([a / b for a, b in zip(ours, known[other])])
        return (found, other if len(self.against) > 1 else "",
                self.target is None or found["median"] >= self.target)


@dataclass(frozen=True)
class SampleSpeed:
    """GB/s of samples; what is to be reached depends on what the processor can."""
    title: str
    program: str
    setup: Setup
    targets: tuple  # (beginning of the kernel's name, GB/s), the first that fits
    target: None = None

    def needs(self):
        return (self.program,)

    def evaluate(self, bench):
        runs = bench.runs(self.setup, self.program)
        if not runs:
            return None
        kernel = runs[0].details["kernel"]
        target = next((speed for name, speed in self.targets if kernel.startswith(name)), 0)
        found = summary([run.speed / 1e3 for run in runs])
        return found, f"{kernel}, to reach {target}", found["median"] >= target


@dataclass(frozen=True)
class RateHeld:
    """The rate at a receiver, as a part of the one that was set: within 1 %."""
    title: str
    program: str
    setup: Setup
    rate: float
    target: float = 1

    def needs(self):
        return (self.program,)

    def evaluate(self, bench):
        runs = bench.runs(self.setup, self.program)
        if not runs:
            return None
        found = summary([run.details["received"]["rate"] / self.rate for run in runs])
        return found, "within 1 %", abs(found["median"] - 1) <= 0.01


@dataclass(frozen=True)
class Detail:
    """A figure that a program prints, other than its speed."""
    title: str
    program: str
    setup: Setup
    name: str
    target: None = None

    def needs(self):
        return (self.program,)

    def evaluate(self, bench):
        runs = bench.runs(self.setup, self.program)
        return (summary([run.details[self.name] for run in runs]), "", True) if runs else None


@dataclass
class Plan:
    """Rows, and which programs run in which setup for them, those that are compared next to
    each other."""
    rows: list = field(default_factory=list)
    runs: dict = field(default_factory=dict)  # setup: names of programs

    def need(self, setup, *names):
        known = self.runs.setdefault(setup, [])
        known += [name for name in names if name not in known]

    def add(self, *rows):
        for row in rows:
            if row not in self.rows:
                self.rows.append(row)
                self.need(row.setup, *row.needs())


# --- programs ----------------------------------------------------------------------

def _sink(extra="", to="host={host} port={port}"):
    return (f"spead2sink {to} max-packet-size={{packet}} "
            f"max-heaps={{outstanding}} heap-size={{cut}} {extra}")


def _source(name, extra=""):
    return f"{name} num-buffers={{buffers}} samplesperbuffer={{buffer}} {extra}"


def _reused():
    return _source("reusedsrc")


def _lists():
    return "reusedsrc num-buffers={lists} list-size={list} samplesperbuffer={heap}"


def _outstanding_title(n):
    return f"fresh samples, max-heaps {n}"


def _destinations_title(n):
    return "1 destination" if n == 1 else f"{n} destinations"


def _peer_title(n):
    return f"spead2_send, {n} substreams"


def workers_title(workers):
    return f"send only, {workers} workers"


def _our_programs(send, workers):
    reused = _reused()
    return [
        Pipeline("send only", send, f"{reused} ! {_sink()}", 4000),
        Pipeline("digitiser", send, f"{reused} ! {_sink(DIGITISER)}", 4000),
        Pipeline("send only, a buffer a heap", send,
                 f"{_lists()} ! {_sink().replace('{cut}', '0')}", 4000),
        Pipeline(workers_title(workers), send, f"{reused} ! {_sink(f'send-threads={workers}')}", 4000,
                 properties=("send-threads",)),
        Pipeline("zero copy", send, f"{reused} ! {_sink('zero-copy=on')}", 8000,
                 properties=("zero-copy",)),
        Pipeline("copying", send, f"{reused} ! {_sink('zero-copy=off')}", 8000,
                 properties=("zero-copy",)),
        Pipeline("full pipeline", send, f"{_source('adctestsrc', 'seed=1')} ! {_sink()}", 3000),
        Pipeline("udpsink", send, f"{reused} ! packetlister packet-size={{packet}} "
                                  "! udpsink host={host} port={port} sync=false", 300),
        Pipeline("adctestsrc", send, f"{_source('adctestsrc', 'seed=1')} ! fakesink sync=false",
                 8000),
        Pipeline("audiotestsrc", send, f"{_source('audiotestsrc', 'wave=white-noise')} "
                                       "! audio/x-raw,format=S8 ! fakesink sync=false", 80),
        Pipeline("NULL in mid-stream", send, f"{reused} ! {_sink()}",
                 options=("--null-after", "0.2"), fixed_heaps=10 ** 9),
        *(Pipeline(_outstanding_title(n), send,
                   "adctestsrc seed=1 num-buffers={heaps} samplesperbuffer={heap} ! spead2sink "
                   f"host={{host}} port={{port}} max-packet-size={{packet}} max-heaps={n}")
          for n in OUTSTANDING),
        *(Pipeline(f"{n} sinks", send, f"{reused} ! {_sink()}", 4000, chains=n) for n in SINKS),
        *(Pipeline(f"{n} heaps", send, f"{reused} ! {_sink()}", fixed_heaps=n) for n in STREAMS),
        *(Pipeline(f"{n} items", send, f"{reused} ! {_sink(items(n))}", properties=("items",))
          for n in ITEMS),
        Pipeline(BALANCED, send, f"{reused} ! {_sink('packet-split=balanced ' + items(ITEMS[-1]))}",
                 properties=("items",)),
        *(Pipeline(_destinations_title(n), send,
                   f"{reused} ! {_sink(to='destinations={destinations}')}",
                   properties=("destinations",), destinations=n) for n in MANY),
        # Two seconds each.
        *(Pipeline(f"rate {rate} MB/s", send, f"{reused} ! {_sink(f'rate={rate}e6')}",
                   fixed_heaps=rate * 2000000 // (64 * KIBI)) for rate in RATES),
    ]


def programs(directory, peer, workers):
    """{name: Program}: of ours in a directory, and of spead2's in {name: path}."""
    bare, wave = f"{directory}/bench-bare", f"{directory}/adcwave"
    made = _our_programs(f"{directory}/bench-send", workers) + [
        CacheLine(CACHE_LINE, f"{directory}/bench-cacheline"),
        Samples("uniform", wave, "uniform"),
        Samples("gaussian", wave, "gaussian"),
        Samples("sky", wave, "sky"),
        Bare("bare", bare),
        Bare("bare, contiguous", bare, ("--contiguous",)),
        BareHeaps(BARE_ITEMS, bare, ITEMS[-1]),
        Bare(f"bare, {workers} threads", bare, ("--threads", str(workers))),
    ]
    if peer:
        made += [
            Spead2Send("spead2_send", peer["spead2_send"]),
            *(Spead2Send(_peer_title(n), peer["spead2_send"], destinations=n) for n in MANY[1:]),
            Tutorial("tut_11", peer["tut_11_send_batch_heaps"],
                     ("-n", "{heaps}", "-H", "{heap}", "-p", "{packet}")),
            Tutorial("tut_5", peer["tut_5_send_pipeline"], ("-n", "{heaps}")),
            RandomSender("random, sequential", peer["randomsender"], "sequential"),
            RandomSender("random, overlapped", peer["randomsender"], "overlapped"),
        ]
    return {program.name: program for program in made}


# --- plans -------------------------------------------------------------------------

def _spead2_in(setup):
    """Those of spead2's programs that can do with a setup: tut_5 has 1 MiB in 1472."""
    return tuple(name for name in SPEAD2
                 if name != "tut_5" or (setup.packet, setup.heap) == (1472, MEBI))


def _send_only(setup, spead2=None, bare=None):
    return (Ratio("send only / spead2's best", "send only", _spead2_in(setup), setup, spead2),
            Ratio("send only / bare loop", "send only", ("bare",), setup, bare))


def _digitiser(setup):
    return (Ratio("digitiser / spead2's best", "digitiser", _spead2_in(setup), setup, 1.2),
            Ratio("digitiser / bare loop", "digitiser", ("bare",), setup, 0.9))


def _full_pipeline(setup):
    return (Ratio("full pipeline / send only", "full pipeline", ("send only",), setup, 0.85),
            Ratio("full pipeline / spead2's best", "full pipeline", _spead2_in(setup), setup),
            Ratio("full pipeline / random, sequential", "full pipeline",
                  ("random, sequential",), setup, 15),
            Ratio("full pipeline / random, overlapped", "full pipeline",
                  ("random, overlapped",), setup, 15))


def _cache_line(setup):
    return Detail("cache line there and back, ns", CACHE_LINE, setup, "ns")


def _taking_turns():
    """What it is worth that samples are made while others are sent."""
    for setup in (Setup(8972, 8 * KIBI, "none"), Setup(1472, MEBI, "none")):
        for n in OUTSTANDING[1:]:
            yield Ratio(f"max-heaps {n} / max-heaps 1", _outstanding_title(n),
                        (_outstanding_title(1),), setup)


def _growth():
    setup = Setup(1472, MEBI, "none")
    for n in SINKS[1:]:
        yield Ratio(f"{n} sinks / 1 sink", f"{n} sinks", ("1 sinks",), setup)
    setup = Setup(8972, 8 * KIBI, "none")
    for n in STREAMS[:-1]:
        yield Ratio(f"{STREAMS[-1]} heaps / {n} heaps", f"{STREAMS[-1]} heaps", (f"{n} heaps",),
                    setup)
    for n in ITEMS[1:]:
        yield Ratio(f"{n} items / 1 item", f"{n} items", ("1 items",), setup)
    # In packets of two sizes each heap is a message.
    yield Ratio(f"{BALANCED} / 1 item", BALANCED, ("1 items",), setup, 0.5)
    yield Ratio(f"{ITEMS[-1]} items / bare loop", f"{ITEMS[-1]} items", (BARE_ITEMS,), setup, 0.9)


def _many_destinations():
    """Heaps in turn, to as many destinations as spead2_send has substreams."""
    setup = Setup(8972, MEBI, "none")
    for n in MANY[1:]:
        yield Ratio(f"{n} destinations / 1 destination", _destinations_title(n),
                    (_destinations_title(1),), setup, 0.9 if n <= 64 else None)
    for destination in ("none", "wire"):
        setup = Setup(8972, 8 * KIBI, destination)
        for n in MANY[1:]:
            yield Ratio(f"{n} destinations / as many substreams", _destinations_title(n),
                        (_peer_title(n),), setup, 1.0)


def default_plan(workers):
    plan = Plan()
    for packet, target, workers_target in ((1472, 1.3, 2.0), (8972, 1.05, 1.9)):
        for destination in ("none", "wire"):
            setup = Setup(packet, MEBI, destination)
            plan.add(*_send_only(setup, target, 0.95),
                     Ratio(f"{workers} workers / spead2's best", workers_title(workers),
                           _spead2_in(setup), setup, workers_target))
    # On the wire, 10 times spead2 would be more than the kernel's own limit.
    for destination, target in (("none", 10), ("wire", None)):
        plan.add(*_send_only(Setup(1456, MEBI, destination), target, 0.95))
        setup = Setup(8972, 8 * KIBI, destination)
        plan.add(*_send_only(setup, 1.2, 0.9),
                 Ratio("a buffer a heap / spead2's best", "send only, a buffer a heap",
                       _spead2_in(setup), setup), _cache_line(setup))
        for packet, heap in DIGITISERS:
            plan.add(*_digitiser(Setup(packet, heap, destination)))
    for packet, udpsink in ((1472, 12), (8972, 4)):
        setup = Setup(packet, MEBI, "none")
        plan.add(*_full_pipeline(setup),
                 Ratio("send only / udpsink", "send only", ("udpsink",), setup, udpsink))
    # Where "send only" is zero copy, too, what copying is worth.
    setup = Setup(8972, MEBI, "wire")
    plan.add(Ratio("zero copy / copying", "zero copy", ("copying",), setup, 1.6),
             Ratio("copying / spead2's best", "copying", _spead2_in(setup), setup),
             Ratio("copying / bare loop", "copying", ("bare",), setup))

    samples = Setup(None, 512 * KIBI, "nowhere")
    plan.add(SampleSpeed("adctestsrc uniform, GB/s", "uniform", samples,
                         (("avx512", 10), ("avx2", 7.5))),
             SampleSpeed("adctestsrc gaussian, GB/s", "gaussian", samples,
                         (("avx512vbmi", 2), ("avx", 1.2))),
             Ratio("adctestsrc gaussian with correlation / without", "sky", ("gaussian",),
                   samples, 0.5),
             Ratio("adctestsrc / audiotestsrc white noise", "adctestsrc", ("audiotestsrc",),
                   samples, 80))
    for packet in (1472, 8972):
        plan.add(*_send_only(Setup(packet, MEBI, "gro")))
    plan.add(*(RateHeld(f"{rate} MB/s, received", f"rate {rate} MB/s",
                        Setup(1472, 64 * KIBI, "gro"), rate * 1e6) for rate in RATES))
    plan.add(Detail("NULL in mid-stream, ms", "NULL in mid-stream", Setup(1472, MEBI, "none"),
                    "null_ms"))
    plan.add(*_taking_turns(), *_growth(), *_many_destinations())
    return plan


def full_plan(workers):
    """The default's rows, and each packet and heap size to each destination."""
    plan = default_plan(workers)
    for destination in DESTINATIONS:
        for packet in PACKETS:
            for heap in HEAPS:
                setup = Setup(packet, heap, destination)
                # Those with a target are there already.
                known = {row.title for row in plan.rows if row.setup == setup}
                plan.add(*(row for row in _send_only(setup) if row.title not in known))
                plan.need(setup, "full pipeline", "bare, contiguous", f"bare, {workers} threads")
    return plan
