#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the rate without loss over heap size: spead2src, spead2's receivers and the bare
loop, from what the benchmark wrote.

    ./dev bench --direction receive --growth --only 'lossless rate, '
    build/venv-docs/bin/python tests/benchmark/plotreceiving.py build/bench.json receiving.svg

Several files of figures may be named.
"""

import argparse
import json
import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as pyplot  # noqa: E402

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
        if not points:
            continue
        medians = [statistics.median(values) for _, values in points]
        errors = [[median - min(values) for median, (_, values) in zip(medians, points)],
                  [max(values) - median for median, (_, values) in zip(medians, points)]]
        axes.errorbar([i for i, _ in points], medians, yerr=errors, color=colour, linestyle=style,
                      marker="o", markersize=3, capsize=2, linewidth=1.2, elinewidth=0.7,
                      label=label)
    axes.set_xticks(range(len(heaps)), [f"{heap >> 10}" for heap in heaps])
    axes.set_xlabel(f"KiB of a heap (packets of {packet} bytes)")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", linewidth=0.4)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("figures", nargs="+", metavar="BENCH.json")
    parser.add_argument("output", metavar="OUTPUT.svg")
    arguments = parser.parse_args()

    rates = read(arguments.figures)
    packets = sorted({packet for _, packet, _ in rates})
    matplotlib.rcParams.update({"svg.hashsalt": "gst-spead2", "font.size": 9})
    figure, all_axes = pyplot.subplots(1, len(packets), figsize=(9, 3.8), sharey=True,
                                       squeeze=False, layout="constrained")
    for axes, packet in zip(all_axes[0], packets):
        draw(axes, rates, packet, sorted({heap for _, of, heap in rates if of == packet}))
    all_axes[0][0].set_ylabel("GB/s of heaps without loss")
    all_axes[0][-1].legend(fontsize=7)
    figure.savefig(arguments.output,
                   metadata={"Date": None} if arguments.output.endswith(".svg") else None)


if __name__ == "__main__":
    main()
