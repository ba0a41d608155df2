#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when an include points from a floor of docs/design.md to one below it.

The sources are floors: a file includes headers of its own folder and of those that the table
permits. Within a folder of the engine, and within plugin/common, modules (a .c and its .h)
form no cycle.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# folder: the folders it may include from
ENGINE = {
    "": [],
    "wire": [""],
    "memory": [""],
    "heap": ["", "wire", "memory"],
    "net": ["", "wire", "memory", "heap"],
    "send": ["", "wire", "memory", "heap", "net"],
    "receive": ["", "wire", "memory", "net"],
}
ENGINE = {f"gst/spead2/{k}".rstrip("/"): [f"gst/spead2/{v}".rstrip("/") for v in may] for k, may in ENGINE.items()}
COMMON = ["plugin/common", *ENGINE]
FLOORS = ENGINE | {
    "plugin/common": COMMON,
    "plugin/adctestsrc": COMMON,
    "plugin/spead2sink": COMMON,
    "plugin/spead2src": COMMON,
    "plugin": ["plugin/adctestsrc", "plugin/spead2sink", "plugin/spead2src", *COMMON],
}
# Where an include is searched for, beside the file's own folder.
ROOTS = [ROOT / "gst", ROOT / "plugin"]


def included(source):
    """The project's headers that a file includes."""
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', source.read_text(), re.M):
        for root in [source.parent, *ROOTS]:
            header = (root / name).resolve()
            if header.is_file():
                yield header
                break
        else:
            if name != "config.h":
                yield Path(name)


def cycle(arrows):
    """A cycle among modules, or None."""
    done, path = set(), []

    def visit(module):
        if module in path:
            return path[path.index(module):] + [module]
        if module in done:
            return None
        path.append(module)
        for other in sorted(arrows.get(module, ())):
            if found := visit(other):
                return found
        path.pop()
        done.add(module)
        return None

    for module in sorted(arrows):
        if found := visit(module):
            return found
    return None


def main():
    faults, arrows, n = [], {}, 0
    for source in sorted([*ROOT.glob("gst/spead2/**/*.[ch]"), *ROOT.glob("plugin/**/*.[ch]")]):
        folder = source.parent.relative_to(ROOT).as_posix()
        name = source.relative_to(ROOT)
        if folder not in FLOORS:
            faults.append(f"{name}: '{folder}' is no floor: add it to {Path(__file__).name}")
            continue
        for header in included(source):
            n += 1
            if not header.is_absolute():
                faults.append(f"{name}: includes {header}, which does not exist")
                continue
            floor = header.parent.relative_to(ROOT).as_posix()
            if floor != folder and floor not in FLOORS[folder]:
                faults.append(f"{name}: includes {header.relative_to(ROOT)}: {folder} may not use {floor}")
            if floor == folder and header.stem != source.stem and (folder in ENGINE or folder == "plugin/common"):
                arrows.setdefault(f"{folder}/{source.stem}", set()).add(f"{floor}/{header.stem}")
    if found := cycle(arrows):
        faults.append("modules use each other: " + " -> ".join(found))
    if n == 0:
        faults.append("no include was found: the folders have moved")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
