# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the pictures of the benchmark's figures have in common."""

import argparse

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as pyplot  # noqa: E402


def parse_arguments(description):
    """figures: files that the benchmark wrote; output: the picture."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("figures", nargs="+", metavar="BENCH.json")
    parser.add_argument("output", metavar="OUTPUT.svg")
    return parser.parse_args()


def make_figure(n_axes):
    """A figure, and the list of its axes, which share the scale of speeds."""
    matplotlib.rcParams.update({"svg.hashsalt": "gst-spead2", "font.size": 9})
    figure, axes = pyplot.subplots(1, n_axes, figsize=(9, 3.8), sharey=True, squeeze=False,
                                   layout="constrained")
    return figure, axes[0]


def draw_curve(axes, points, colour, style, label):
    """points: (place on the axis, (median, least, most)); none are no curve."""
    if not points:
        return
    places = [place for place, _ in points]
    medians, least, most = zip(*(speed for _, speed in points))
    errors = [[median - low for median, low in zip(medians, least)],
              [high - median for median, high in zip(medians, most)]]
    axes.errorbar(places, medians, yerr=errors, color=colour, linestyle=style, marker="o",
                  markersize=3, capsize=2, linewidth=1.2, elinewidth=0.7, label=label)


def save(figure, path):
    for axes in figure.axes:
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", linewidth=0.4)
    # Without a date the same figures give the same file.
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)
