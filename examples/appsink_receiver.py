#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""appsink_receiver: a SPEAD stream in your own Python program, a numpy array a heap.

The same as appsink-receiver.c, with PyGObject and numpy, for samples of every type.
docs/embedding.md explains it.
"""

import argparse
import ast
import signal
import sys

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401 (GstApp: pull_sample)

PIPELINE = "spead2src name=source ! appsink name=sink sync=false max-buffers=2"
ORDERS = {"LE": "<", "BE": ">", "": "|"}


def dtype_of_audio(text):
    """S16LE is <i2, U8 |u1, F32BE >f4."""
    bits, order = (text[1:-2], text[-2:]) if text[-1] == "E" else (text[1:], "")
    return np.dtype(f"{ORDERS[order]}{dict(S='i', U='u', F='f')[text[0]]}{int(bits) // 8}")


def unpack(data, bits):
    """Signed samples of so many bits, big endian and without padding between them."""
    places = np.unpackbits(np.frombuffer(data, np.uint8))
    places = places[:len(places) // bits * bits].reshape(-1, bits).astype(np.int64)
    weights = 2 ** np.arange(bits - 1, -1, -1)
    weights[0] *= -1
    return places @ weights


def make_array(data, caps):
    """The bytes of a buffer as an array of the type and shape that caps say."""
    fields = caps.get_structure(0)
    if hasattr(fields, "__enter__"):  # with newer bindings it is a context manager
        fields = fields.__enter__()
    if fields.get_name() == "audio/x-raw":
        samples = np.frombuffer(data, dtype_of_audio(fields.get_string("format")))
        return samples.reshape(-1, fields.get_int("channels").value)
    if fields.has_field("dtype"):  # application/x-spead-item
        text = fields.get_string("dtype")
        dtype = np.dtype(ast.literal_eval(text) if text[0] == "[" else text)
        order = "F" if fields.get_string("order") == "fortran" else "C"
        return np.frombuffer(data, dtype).reshape(fields.get_value("shape"), order=order)
    if fields.has_field("sample-bits"):
        return unpack(data, fields.get_int("sample-bits").value)
    return np.frombuffer(data, np.uint8)


def values_of(buffer):
    """The heap counter, and the values of items that are no samples."""
    meta = buffer.get_custom_meta("GstSpead2Items")
    if meta is None:
        return {}
    fields = meta.get_structure()
    values = {}
    for index in range(fields.n_fields()):
        name = fields.nth_field_name(index)
        value = fields.get_value(name)
        # What is no number is bytes.
        values[name] = value.get_data() if isinstance(value, GLib.Bytes) else value
    return values


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
        array = make_array(buffer.extract_dup(0, buffer.get_size()), sample.get_caps())
        if self.heaps and buffer.has_flags(Gst.BufferFlags.DISCONT) and buffer.offset > self.due:
            print(f"{buffer.offset - self.due} samples are missing.")
        self.heaps, self.due = self.heaps + 1, buffer.offset_end
        values = " ".join(f"{name}={len(value)} bytes" if isinstance(value, bytes) else f"{name}={value}"
                          for name, value in values_of(buffer).items())
        power = np.mean(np.square(array.astype(float)), axis=0) if not array.dtype.names else []
        print(f"{len(array)} samples from {buffer.offset}: power",
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
