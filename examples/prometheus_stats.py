#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""prometheus_stats: runs a pipeline as gst-launch-1.0 does, and serves the counters of spead2sink
and spead2src to Prometheus, at http://127.0.0.1:9464/metrics.

    /usr/bin/python3 examples/prometheus_stats.py spead2src on-stop=ignore ! fakesink
"""

import argparse
import sys

import gst_spead2
from gi.repository import GLib, Gst
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

# Numbers of stats that can become smaller; all others count.
GAUGES = ("outstanding", "peak-", "heaps-live", "heaps-ready", "heaps-waiting", "socket", "threads", "substreams", "mtu",
          "send-buffer", "heap-time-", "pacing-error-", "gso", "zero-copy", "average-rate")
COUNTERS = {"zero-copy-messages"}


class Collector:
    """The counters at the time that Prometheus asks, labelled with the element's name."""

    def __init__(self, pipeline):
        factories = ((element, element.get_factory()) for element in pipeline.iterate_recurse())
        self.elements = [(element, factory.get_name()) for element, factory in factories
                         if factory and factory.get_name() in ("spead2sink", "spead2src")]

    def collect(self):
        families = {}
        for element, kind in self.elements:
            for name, value in gst_spead2.stats_of(element).items():
                self.add(families, element.get_name(), kind, name, value)
        return families.values()

    def add(self, families, element, kind, name, value):
        if name == "errors-by-errno":
            rows, labels = [([element, errno], count) for errno, count in value.items()], ["element", "errno"]
        elif isinstance(value, (int, float)):  # a bool is an int
            rows, labels = [([element], float(value))], ["element"]
        else:
            return
        gauge = name.startswith(GAUGES) and name not in COUNTERS
        metric = f"{kind}_{name.replace('-', '_')}"
        if metric not in families:
            family = GaugeMetricFamily if gauge else CounterMetricFamily
            families[metric] = family(metric, f"{name} of the property stats of {kind}", labels=labels)
        for values, number in rows:
            families[metric].add_metric(values, number)


def main():
    parser = argparse.ArgumentParser(description="Run a pipeline, and serve its counters to Prometheus.")
    parser.add_argument("--address", default="127.0.0.1", help="to serve at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9464, help="(default: %(default)s)")
    parser.add_argument("pipeline", nargs=argparse.REMAINDER, help="as for gst-launch-1.0")
    arguments = parser.parse_args()
    pipeline = None
    try:
        pipeline = Gst.parse_launchv(arguments.pipeline)
        if not isinstance(pipeline, Gst.Pipeline):
            sys.exit("Error: a pipeline is two elements or more, with ! between them")
        REGISTRY.register(Collector(pipeline))
        start_http_server(arguments.port, arguments.address)
        pipeline.set_state(Gst.State.PLAYING)
        try:
            gst_spead2.wait_eos(pipeline)
        except KeyboardInterrupt:  # what is queued still goes out
            pipeline.send_event(Gst.Event.new_eos())
            gst_spead2.wait_eos(pipeline)
    except GLib.Error as error:
        sys.exit(f"Error: {error.message}")
    finally:
        if pipeline is not None:
            pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
