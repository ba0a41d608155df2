# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is compared with what: the ratios that the project wants to reach, and the
setups in which they are measured."""

from dataclasses import dataclass, field

from programs import (KIBI, MEBI, Bare, Pipeline, RandomSender, Setup, Spead2Send, Tutorial)

PACKETS = (1456, 1472, 8972, 65507)
HEAPS = (8 * KIBI, 64 * KIBI, MEBI, 8 * MEBI)
DESTINATIONS = ("none", "gro", "wire")

SPEAD2 = ("spead2_send", "tut_11", "tut_5")


@dataclass(frozen=True)
class Ratio:
    """A program's speed against another's, the fastest one where several are named."""
    title: str
    program: str
    against: tuple
    setup: Setup
    target: float
    # The other program's setup, where it is another.
    other: Setup = None

    @property
    def other_setup(self):
        return self.other or self.setup


@dataclass
class Plan:
    """Which programs run in which setups, and the ratios made of it."""
    ratios: list = field(default_factory=list)
    runs: dict = field(default_factory=dict)  # setup: names of programs, in order

    def need(self, setup, *names):
        known = self.runs.setdefault(setup, [])
        known += [name for name in names if name not in known]

    def add(self, ratio, lanes_first=False):
        self.ratios.append(ratio)
        self.need(ratio.setup, ratio.program)
        self.need(ratio.other_setup, *ratio.against)


def spead2sink(extra=""):
    return f"spead2sink host={{host}} port={{port}} max-packet-size={{packet}} {extra}"


def source(name, extra=""):
    return f"{name} num-buffers={{heaps}} samplesperbuffer={{heap}} {extra}"


def programs(send, bare, peer, lanes):
    """{name: Program}. send and bare are paths, peer is {name: path}."""
    made = [
        Pipeline("send only", send, f"{source('reusedsrc')} ! {spead2sink()}", 4000),
        Pipeline(f"send only, {lanes} lanes", send,
                 f"{source('reusedsrc')} ! {spead2sink(f'send-threads={lanes}')}", 4000),
        Pipeline("zero copy", send,
                 f"{source('reusedsrc')} ! {spead2sink('zero-copy=on')}", 8000),
        Pipeline("copying", send,
                 f"{source('reusedsrc')} ! {spead2sink('zero-copy=off')}", 8000),
        Pipeline("full pipeline", send,
                 f"{source('adctestsrc', 'seed=1')} ! {spead2sink()}", 3000),
        Pipeline("udpsink", send,
                 f"{source('reusedsrc')} ! packetlister packet-size={{packet}} "
                 "! udpsink host={host} port={port} sync=false", 300),
        Bare("bare", bare),
        Bare("bare, contiguous", bare, ("--contiguous",)),
        Bare(f"bare, {lanes} threads", bare, ("--threads", str(lanes))),
    ]
    if peer:
        made += [
            Spead2Send("spead2_send", peer["spead2_send"]),
            Tutorial("tut_11", peer["tut_11_send_batch_heaps"],
                     ("-n", "{heaps}", "-H", "{heap}", "-p", "{packet}")),
            Tutorial("tut_5", peer["tut_5_send_pipeline"], ("-n", "{heaps}")),
            RandomSender("random, sequential", peer["randomsender"], "sequential"),
            RandomSender("random, overlapped", peer["randomsender"], "overlapped"),
        ]
    return {program.name: program for program in made}


def spead2_in(setup):
    """Those of spead2's programs that can do with a setup: tut_5 has 1 MiB in 1472."""
    return tuple(name for name in SPEAD2
                 if name != "tut_5" or (setup.packet, setup.heap) == (1472, MEBI))


def default_plan(lanes):
    plan = Plan()

    for packet, target in ((1472, 1.3), (8972, 1.05)):
        for destination in ("none", "wire"):
            setup = Setup(packet, MEBI, destination)
            plan.add(Ratio("send only / spead2's best", "send only", spead2_in(setup), setup, target))
            plan.add(Ratio("send only / bare loop", "send only", ("bare",), setup, 0.95))
            plan.add(Ratio(f"{lanes} lanes / spead2's best", f"send only, {lanes} lanes",
                           spead2_in(setup), setup, 2.0 if packet == 1472 else 1.9))
    for destination in ("none", "wire"):
        setup = Setup(1456, MEBI, destination)
        plan.add(Ratio("send only / spead2's best", "send only", spead2_in(setup), setup, 10))
        plan.add(Ratio("send only / bare loop", "send only", ("bare",), setup, 0.95))
    for destination in ("none", "wire"):
        setup = Setup(8972, 8 * KIBI, destination)
        plan.add(Ratio("send only / spead2's best", "send only", spead2_in(setup), setup, 1.3))
        plan.add(Ratio("send only / bare loop", "send only", ("bare",), setup, 0.95))
    for packet, udpsink in ((1472, 12), (8972, 4)):
        setup = Setup(packet, MEBI, "none")
        plan.add(Ratio("full pipeline / send only", "full pipeline", ("send only",), setup, 0.85))
        plan.add(Ratio("full pipeline / random, sequential", "full pipeline",
                       ("random, sequential",), setup, 15))
        plan.add(Ratio("full pipeline / random, overlapped", "full pipeline",
                       ("random, overlapped",), setup, 15))
        plan.add(Ratio("full pipeline / spead2's best", "full pipeline", spead2_in(setup), setup, 1))
        plan.add(Ratio("send only / udpsink", "send only", ("udpsink",), setup, udpsink))
    plan.add(Ratio("zero copy / copying", "zero copy", ("copying",), Setup(8972, MEBI, "wire"), 1.6))
    for packet in (1472, 8972):
        setup = Setup(packet, MEBI, "gro")
        plan.add(Ratio("send only / spead2's best", "send only", spead2_in(setup), setup, None))
        plan.add(Ratio("send only / bare loop", "send only", ("bare",), setup, None))
    return plan


def full_plan(lanes):
    """The default's ratios, and each packet and heap size to each destination."""
    plan = default_plan(lanes)
    for destination in DESTINATIONS:
        for packet in PACKETS:
            for heap in HEAPS:
                setup = Setup(packet, heap, destination)
                known = {(ratio.title, ratio.setup) for ratio in plan.ratios}
                for ratio in (
                        Ratio("send only / spead2's best", "send only", spead2_in(setup), setup, None),
                        Ratio("send only / bare loop", "send only", ("bare",), setup, None)):
                    if (ratio.title, setup) not in known:
                        plan.add(ratio)
                plan.need(setup, "full pipeline")
    return plan
