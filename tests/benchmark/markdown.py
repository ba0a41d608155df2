#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the rows that the benchmark wrote as a table in Markdown, for docs/performance.md.

    ./dev bench
    /usr/bin/python3 tests/benchmark/markdown.py build/bench.json

Several files of figures may be named, of runs with --only.
"""

import json
import sys

UNITS = ((1 << 20, "MiB"), (1 << 10, "KiB"))


def size(count):
    return next(f"{count // unit} {name}" for unit, name in UNITS if count >= unit)


def main():
    rows = {}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for row in json.load(file)["rows"]:
                rows[row["title"], row["packet"], row["heap"], row["destination"]] = row

    print("| | packet | heap | to | median | from | to | to reach |")
    print("|---|---|---|---|---|---|---|---|")
    for (title, packet, heap, destination), row in rows.items():
        title = title + (f" ({row['remark']})" if row["remark"] else "")
        wanted = "" if row["to_reach"] is None else f"{row['to_reach']:g}"
        if not row["reached"]:
            wanted += " missed"
        print(f"| {title} | {packet or ''} | {size(heap)} | {destination} | **{row['median']:.2f}** "
              f"| {row['min']:.2f} | {row['max']:.2f} | {wanted.strip()} |")


if __name__ == "__main__":
    main()
