# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the programs of a plan in rounds. Each round runs every program once, those
that are compared next to each other and in any order, so that what slows the machine
for a while slows all of them."""

import itertools
import random
import statistics

import rows
from programs import RunError

# A run is sized by unmeasured ones to last about so long.
RUN_SECONDS = 0.4
WARM_UP_SECONDS = 0.1


class Bench:
    """What the programs of a plan took."""

    def __init__(self, plan, programs, destinations, progress):
        self._plan, self._programs, self._destinations = plan, programs, destinations
        self._progress = progress
        self.cells = [(setup, name) for setup, names in plan.runs.items() for name in names
                      if name in programs and setup.destination in destinations]
        self._measured = {cell: [] for cell in self.cells}
        self._failed = set()
        self._heaps = {}

    def _run(self, cell, heaps):
        setup, name = cell
        try:
            return self._programs[name].run(setup, self._destinations[setup.destination], heaps)
        except RunError as error:
            # Without it the others' rounds still belong together.
            self._failed.add(cell)
            self._progress(f"no figures of {name} ({setup}): {error}")
            return None

    def _learn_size(self, cell):
        """How many heaps a program sends in a run."""
        setup, name = cell
        program, speed = self._programs[name], self._programs[name].guess
        if program.fixed_heaps:
            return program.fixed_heaps
        for _ in range(2):
            measurement = self._run(cell, self._heaps_in(WARM_UP_SECONDS, speed, setup))
            if measurement is None:
                break
            close, speed = 0.7 < measurement.speed / speed < 1.4, measurement.speed
            if close:
                break
        return self._heaps_in(RUN_SECONDS, speed, setup)

    @staticmethod
    def _heaps_in(seconds, speed, setup):
        return max(int(speed * 1e6 * seconds / setup.heap), 16)

    def warm_up(self):
        """Reads everything from disk, and sizes the runs."""
        for cell in self.cells:
            self._heaps[cell] = self._learn_size(cell)

    def round(self):
        for _, cells in itertools.groupby(self.cells, lambda cell: cell[0]):
            cells = [cell for cell in cells if cell not in self._failed]
            for cell in random.sample(cells, len(cells)):
                measurement = self._run(cell, self._heaps[cell])
                if measurement:
                    self._measured[cell].append(measurement)

    def runs(self, setup, name):
        """The measurements of a program, one a round; none if it ever failed."""
        return [] if (setup, name) in self._failed else self._measured.get((setup, name), [])

    def values(self, setup, name):
        return [run.speed for run in self.runs(setup, name)]

    def results(self):
        """(row, its summary, remark, whether its target is met) of the rows that can be told."""
        for row in self._plan.rows:
            found = row.evaluate(self)
            if found:
                yield (row, *found)

    def figures(self):
        """(setup, program, {what was measured: summary or value})"""
        for setup, name in self.cells:
            runs = self.runs(setup, name)
            if not runs or not self._programs[name].counted:
                continue
            shares = [run.details["share"] for run in runs if "share" in run.details]
            sizes = [run.details["max_rss_kib"] / 1024 for run in runs
                     if "max_rss_kib" in run.details]
            yield (setup, name,
                   {"mb_per_second": rows.summary([run.speed for run in runs]),
                    "cpu_seconds_per_gb": rows.summary([run.cpu_per_gb for run in runs]),
                    "share_received": statistics.median(shares) if shares else None,
                    "max_rss_mib": max(sizes) if sizes else None,
                    "heaps": self._heaps[setup, name],
                    "details": [run.details for run in runs]})
