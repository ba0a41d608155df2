#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the rate without loss over heap size: spead2src, spead2's receivers and the bare
loop, from what the benchmark wrote.

    ./dev bench --direction receive --growth --only 'lossless rate, '
    build/venv-docs/bin/python tests/benchmark/plotreceiving.py build/bench.json receiving.svg

Several files of figures may be named.
"""

import json
import statistics

import curves

CURVES = {
    "bare": ("bare loop", "0.55", "-"),
    "spead2src": ("spead2src", "C0", "-"),
    "spead2src, 32 heaps a buffer": ("spead2src, 32 heaps a buffer", "C0", "--"),
    "spead2_recv": ("spead2_recv", "C1", "-"),
    "spead2_recv --mem-pool": ("spead2_recv --mem-pool", "C1", "--"),
    "spead2 chunks": ("spead2, chunks", "C1", ":"),
}


def read(paths):
    """{(program, packet, heap): [GB/s of each round]}"""
    rates = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for found in json.load(file)["rates_without_loss"]:
                if not found["stream"]:
                    rates.setdefault((found["program"], found["packet"], found["heap"]), []).extend(
                        rate / 1e3 for rate in found["mb_per_second"])
    return rates


def draw(axes, rates, packet, heaps):
    for program, (label, colour, style) in CURVES.items():
        points = [(i, rates[program, packet, heap]) for i, heap in enumerate(heaps)
                  if (program, packet, heap) in rates]
        curves.draw_curve(axes, [(i, (statistics.median(values), min(values), max(values)))
                                 for i, values in points], colour, style, label)
    axes.set_xticks(range(len(heaps)), [f"{heap >> 10}" for heap in heaps])
    axes.set_xlabel(f"KiB of a heap (packets of {packet} bytes)")


def main():
    arguments = curves.parse_arguments(__doc__.split("\n", 1)[0])
    rates = read(arguments.figures)
    packets = sorted({packet for _, packet, _ in rates})
    figure, all_axes = curves.make_figure(len(packets))
    for axes, packet in zip(all_axes, packets):
        draw(axes, rates, packet, sorted({heap for _, of, heap in rates if of == packet}))
    all_axes[0].set_ylabel("GB/s of heaps without loss")
    all_axes[-1].legend(fontsize=7)
    curves.save(figure, arguments.output)


if __name__ == "__main__":
    main()
