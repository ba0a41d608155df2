#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws MB/s over packet size and over heap size: ours, spead2's best and the bare
loop, from what the benchmark wrote.

    ./dev bench --full
    build/venv-docs/bin/python tests/benchmark/plot.py build/bench.json docs/performance.svg

Several files of figures may be named, of runs with --only.
"""

import json

import curves

MEBI = 1 << 20
SPEAD2 = ("spead2_send", "tut_11", "tut_5")
CURVES = {"bare loop": (("bare",), "0.55"), "spead2sink": (("send only",), "C0"),
          "spead2's best": (SPEAD2, "C1")}
DESTINATIONS = {"wire": ("-", "black hole"), "none": ("--", "unbound port")}


def read(paths):
    """{(program, packet, heap, destination): (median, least, most)} in GB/s."""
    speeds = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for figure in json.load(file)["figures"]:
                speed = figure["mb_per_second"]
                speeds[figure["program"], figure["packet"], figure["heap"],
                       figure["destination"]] = tuple(speed[key] / 1e3 for key in ("median", "min", "max"))
    return speeds


def best(speeds, programs, packet, heap, destination):
    return max((speeds[program, packet, heap, destination] for program in programs
                if (program, packet, heap, destination) in speeds), default=None)


def draw(axes, speeds, sizes, where):
    """sizes: of what the axis shows; where (size): packet and heap."""
    for label, (programs, colour) in CURVES.items():
        for destination, (style, meaning) in DESTINATIONS.items():
            points = [(i, best(speeds, programs, *where(size), destination))
                      for i, size in enumerate(sizes)]
            curves.draw_curve(axes, [(i, speed) for i, speed in points if speed], colour, style,
                              f"{label}, {meaning}")


def main():
    arguments = curves.parse_arguments(__doc__.split("\n", 1)[0])
    speeds = read(arguments.figures)
    packets = sorted({packet for _, packet, heap, _ in speeds if packet and heap == MEBI})
    heaps = sorted({heap for _, packet, heap, _ in speeds if packet == 8972})

    figure, (left, right) = curves.make_figure(2)
    draw(left, speeds, packets, lambda packet: (packet, MEBI))
    left.set_xticks(range(len(packets)), map(str, packets))
    left.set_xlabel("bytes of a packet (heaps of 1 MiB)")
    left.set_ylabel("GB/s of heaps")
    draw(right, speeds, heaps, lambda heap: (8972, heap))
    right.set_xticks(range(len(heaps)), [f"{heap >> 10}" for heap in heaps])
    right.set_xlabel("KiB of a heap (packets of 8972 bytes)")
    right.legend(fontsize=7)
    curves.save(figure, arguments.output)


if __name__ == "__main__":
    main()
