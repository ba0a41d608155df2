#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the rows that the benchmark wrote as a table in Markdown.

    ./dev bench
    /usr/bin/python3 tests/benchmark/markdown.py build/bench.json            # for tests/benchmark/README.md
    /usr/bin/python3 tests/benchmark/markdown.py --short build/bench.json    # for docs/performance.md
    /usr/bin/python3 tests/benchmark/markdown.py --receiving build/bench.json   # for both

Several files of figures may be named, of runs with --only.
"""

import argparse
import json
import statistics
import sys

UNITS = ((1 << 20, "MiB"), (1 << 10, "KiB"))
KIBI, MEBI = 1 << 10, 1 << 20
# The rows that a user decides by: which sender, packet, heap, source and number of workers.
SHORT = (
    ("send only / spead2's best", 1472, MEBI, "none"),
    ("send only / spead2's best", 1472, MEBI, "wire"),
    ("send only / spead2's best", 8972, MEBI, "wire"),
    ("send only / spead2's best", 8972, 8 * KIBI, "wire"),
    ("2 workers / spead2's best", 1472, MEBI, "none"),
    ("zero copy / copying", 8972, MEBI, "wire"),
    ("full pipeline / send only", 1472, MEBI, "none"),
    ("send only / udpsink", 1472, MEBI, "none"),
)
# Those of receiving: which row, packet, heap, rate and stream.
SHORT_RECEIVING = (
    ("CPU / spead2_recv", 1472, MEBI, None, ""),
    ("CPU / spead2_recv", 8972, MEBI, None, ""),
    ("CPU / spead2_recv", 1472, MEBI, 1000, ""),
    ("CPU, 32 heaps a buffer / spead2_recv", 8972, 8 * KIBI, None, ""),
    ("CPU, a buffer a heap / spead2_recv", 8972, 8 * KIBI, None, ""),
    ("CPU / bare loop", 1472, MEBI, None, ""),
    ("CPU / udpsrc", 1472, MEBI, 1000, ""),
    ("lossless rate / --mem-pool", 8972, MEBI, None, ""),
    ("lossless rate / spead2 chunks", 8972, MEBI, None, ""),
    ("lossless, 32 heaps a buffer / --mem-pool", 8972, 8 * KIBI, None, ""),
    ("lossless, 32 heaps a buffer / Python", 8972, 8 * KIBI, None, ""),
    ("lossless, 32 heaps a buffer / spead2_recv", 4168, 4 * KIBI, None, "4 items, 8 bits"),
    ("lossless rate of a relay, MB/s", 8972, MEBI, None, ""),
    ("latency / bare loop", 8972, MEBI, 100, ""),
)


def size(count):
    return next(f"{count // unit} {name}" for unit, name in UNITS if count >= unit)


def read(paths):
    """{(title, packet, heap, destination): row}, in the order of the benchmark."""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for row in json.load(file)["rows"]:
                rows[row["title"], row["packet"], row["heap"], row["destination"]] = row
    return rows


def cells(row):
    title = row["title"] + (f" ({row['remark']})" if row["remark"] else "")
    return [title, str(row["packet"] or ""), size(row["heap"]), row["destination"], f"**{row['median']:.2f}**",
            f"{row['min']:.2f}", f"{row['max']:.2f}"]


def to_reach(row):
    wanted = "" if row["to_reach"] is None else f"{row['to_reach']:g}"
    return (wanted if row["reached"] else f"{wanted} missed").strip()


def receiving_table(paths, short):
    """The rows of receiving, or those of docs/performance.md; the rounds of all files are put
    together."""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for row in json.load(file)["receiving_rows"]:
                key = tuple(row[name] for name in ("title", "packet", "heap", "rate", "stream", "heaps"))
                rows.setdefault(key, dict(row, values=[]))["values"] += row.get("values", [])
    heading = ["", "packet", "heap", "MB/s", "median", "min", "max", "rounds"]
    yield heading if short else [*heading, "to reach"]
    for key, row in rows.items():
        values = row["values"]
        if short and key[:-1] not in SHORT_RECEIVING:
            continue
        figures = [f"**{statistics.median(values):.2f}**", f"{min(values):.2f}", f"{max(values):.2f}"] \
            if values else ["", "", ""]
        cells_of = [row["title"] + f" ({row['stream']})" * bool(row["stream"]), str(row["packet"]),
                    size(row["heap"]), str(row["rate"] or ""), *figures, str(len(values))]
        yield cells_of if short else [*cells_of, _receiving_target(row, values)]


def _receiving_target(row, values):
    if row["to_reach"] is None:
        return ""
    missed = values and (statistics.median(values) > row["to_reach"]) == row["at_most"] \
        and statistics.median(values) != row["to_reach"]
    return f"{row['to_reach']:g}" + " missed" * bool(missed)


def print_table(table):
    table.insert(1, ["---"] * len(table[0]))
    for row in table:
        print(f"| {' | '.join(row)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("figures", nargs="+", metavar="BENCH.json")
    parser.add_argument("--short", action="store_true", help="only the rows of docs/performance.md")
    parser.add_argument("--receiving", action="store_true", help="the rows of receiving")
    arguments = parser.parse_args()

    if arguments.receiving:
        print_table(list(receiving_table(arguments.figures, arguments.short)))
        return
    rows = read(arguments.figures)
    heading = ["", "packet", "heap", "to", "median", "min", "max"]
    if arguments.short:
        missing = [key for key in SHORT if key not in rows]
        if missing:
            sys.exit(f"these rows were not measured: {missing}")
        table = [heading, *(cells(rows[key]) for key in SHORT)]
    else:
        table = [[*heading, "to reach"], *([*cells(row), to_reach(row)] for row in rows.values())]
    print_table(table)


if __name__ == "__main__":
    main()
