#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""appsink_receiver: a SPEAD stream in your own Python program, a numpy array a heap.

The same as appsink-receiver.c, with PyGObject and numpy, for samples of every type.
docs/embedding.md explains it.
"""

import argparse
import signal
import sys

import gi
import gst_spead2
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401 (GstApp: pull_sample)

PIPELINE = "spead2src name=source ! appsink name=sink sync=false max-buffers=2"


class Receiver:
    def __init__(self, options):
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.source = self.pipeline.get_by_name("source")
        self.source.set_properties(address=options.address, port=options.port)
        self.source.set_property("sample-rate", options.sample_rate)
        self.sink = self.pipeline.get_by_name("sink")
        self.heaps, self.due, self.failed = 0, 0, False

    def handle_heap(self, sample):
        buffer = sample.get_buffer()
        # A copy: the buffer goes back to spead2src, to be filled again.
        array = gst_spead2.to_array(buffer, sample.get_caps())
        has_index = buffer.offset != Gst.BUFFER_OFFSET_NONE
        if self.heaps and has_index and buffer.has_flags(Gst.BufferFlags.DISCONT) and buffer.offset > self.due:
            print(f"{buffer.offset - self.due} samples are missing.")
        self.heaps, self.due = self.heaps + 1, buffer.offset_end
        values = " ".join(f"{name}={len(value)} bytes" if isinstance(value, bytes) else f"{name}={value}"
                          for name, value in gst_spead2.values_of(buffer).items())
        power = np.mean(np.square(array.astype(float)), axis=0) if not array.dtype.names else []
        print(f"{len(array)} samples" + (f" from {buffer.offset}: power" if has_index else ": power"),
              *(f"{channel:.1f}" for channel in np.atleast_1d(power).flat), end="")
        print(f"; values {values}", flush=True)

    def print_messages(self):
        types = Gst.MessageType.ERROR | Gst.MessageType.WARNING
        while message := self.pipeline.bus.pop_filtered(types):
            is_error = message.type == Gst.MessageType.ERROR
            error, debug = message.parse_error() if is_error else message.parse_warning()
            print(f"{'Error' if is_error else 'Warning'}: {error.message}\n  ({debug})", file=sys.stderr)
            self.failed |= is_error

    def print_stats(self):
        """To be called before NULL, where there are no counters."""
        stats = self.source.get_property("stats")
        gaps, missing, incomplete, drops = (
            stats.get_uint64(name).value for name in
            ("gaps", "missing-samples", "heaps-dropped-incomplete", "kernel-drops"))
        print(f"{self.heaps} heaps; {gaps} gaps, {missing} samples missing, "
              f"{incomplete} heaps incomplete, {drops} messages dropped")

    def end(self, *_):
        """On Ctrl-C: what has been received still comes. The second one kills."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.pipeline.send_event(Gst.Event.new_eos())

    def run(self):
        started = self.pipeline.set_state(Gst.State.PLAYING) != Gst.StateChangeReturn.FAILURE
        signal.signal(signal.SIGINT, self.end)
        self.print_messages()
        if started:
            # What arrives before the source is in PLAYING is discarded.
            self.source.get_state(Gst.CLOCK_TIME_NONE)
            print(f"Receiving at port {self.source.get_property('port')}.", flush=True)
        while started and not self.failed and not self.sink.is_eos():
            # A short wait: Python handles signals in between.
            if sample := self.sink.try_pull_sample(100 * Gst.MSECOND):
                self.handle_heap(sample)
            self.print_messages()
        self.print_messages()  # an error that came while the last heap was handled
        if started:
            self.print_stats()
        self.pipeline.set_state(Gst.State.NULL)
        return 0 if started and not self.failed else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description="Receive a SPEAD stream.")
    parser.add_argument("--address", default="0.0.0.0", help="of this machine, or groups")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--sample-rate", type=int, default=1712000000, help="samples per second")
    return parser.parse_args()


if __name__ == "__main__":
    Gst.init(None)
    try:
        sys.exit(Receiver(parse_arguments()).run())
    except GLib.Error as problem:
        sys.exit(f"Error: {problem.message} (is GST_PLUGIN_PATH set?)")
