#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""appsrc_sender: samples of your own Python program, sent by spead2sink.

The same as appsrc-sender.c, with PyGObject, which copies the samples of a
made-up ADC into a buffer. docs/embedding.md explains it.
"""

import argparse
import itertools
import math
import signal
import sys
import threading
from array import array

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401 (GstApp: push_buffer)

SAMPLE_RATE = 1000000  # Hz
SINE = [round(1000 * math.sin(2 * math.pi * i / 64)) for i in range(64)]
FORMAT = "S16LE" if sys.byteorder == "little" else "S16BE"
PIPELINE = f"""appsrc name=source format=time block=true
    caps=audio/x-raw,format={FORMAT},layout=interleaved,channels=1,rate={SAMPLE_RATE} !
    spead2sink name=sink signal-heaps=true"""


class Adc:
    """A sine and noise, int16 in the byte order of this machine."""
    def __init__(self):
        self.noise = 1
        self.next_frame = SAMPLE_RATE // 100  # it ran before anybody listened

    def read(self, count):
        samples = array("h", bytes(2 * count))
        for i in range(count):
            self.noise = (self.noise * 1664525 + 1013904223) % 2**32
            samples[i] = SINE[(self.next_frame + i) % len(SINE)] + (self.noise >> 24) - 128
        self.next_frame += count
        return samples


class Sender:
    def __init__(self, options):
        self.options, self.adc = options, Adc()
        self.stopping = threading.Event()
        self.failed = False
        self.heaps_whole = self.heaps_missing = 0
        self.loop = GLib.MainLoop()

        self.pipeline = Gst.parse_launch(PIPELINE)
        self.source = self.pipeline.get_by_name("source")
        # Two heaps wait in appsrc at most; then push_buffer() waits.
        self.source.set_property("max-bytes", 2 * options.heap_size)
        self.sink = self.pipeline.get_by_name("sink")
        self.sink.set_properties(host=options.host, port=options.port, rate=options.rate)
        self.sink.connect("heap-done", self.handle_heap_done)

        self.pipeline.bus.add_signal_watch()
        self.pipeline.bus.connect("message", self.handle_message)
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.handle_signal)

    def run_adc(self):
        """The ADC's own thread. The push fails once the pipeline has stopped."""
        for _ in range(self.options.heaps) if self.options.heaps else itertools.count():
            first_frame = self.adc.next_frame
            samples = self.adc.read(self.options.heap_size // 2)
            # A copy, which belongs to the buffer.
            buffer = Gst.Buffer.new_wrapped_bytes(GLib.Bytes.new(samples.tobytes()))
            buffer.offset = first_frame
            buffer.offset_end = self.adc.next_frame
            buffer.pts = first_frame * Gst.SECOND // SAMPLE_RATE
            flow = self.source.push_buffer(buffer)
            if flow != Gst.FlowReturn.OK or self.stopping.is_set():
                break
        # What is queued still goes out, then a stop heap.
        self.source.end_of_stream()

    def handle_heap_done(self, sink, heap_cnt, size, error):
        """In a sending thread, which sends nothing meanwhile: count and return."""
        if error is None:
            self.heaps_whole += 1
        else:
            self.heaps_missing += 1

    def handle_message(self, bus, message):
        if message.type == Gst.MessageType.EOS:
            self.loop.quit()
        elif message.type == Gst.MessageType.WARNING:
            error, debug = message.parse_warning()
            print(f"Warning: {error.message}\n  ({debug})", file=sys.stderr)
        elif message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            print(f"Error: {error.message}\n  ({debug})", file=sys.stderr)
            self.failed = True
            self.loop.quit()

    def handle_signal(self):
        if self.stopping.is_set():  # the second Ctrl-C
            self.failed = True
            self.loop.quit()
        self.stopping.set()
        return GLib.SOURCE_CONTINUE

    def print_stats(self):
        """To be called before the sink goes to NULL, where its counters end."""
        stats = self.sink.get_property("stats")
        sent, failed = (stats.get_uint64(name).value for name in ("heaps-sent", "heaps-failed"))
        print(f"stats: {sent} heaps sent, {failed} failed; "
              f"heap-done: {self.heaps_whole} whole, {self.heaps_missing} not")
        self.failed |= failed > 0

    def run(self):
        thread = threading.Thread(target=self.run_adc)
        if self.pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            # The reason has been posted: it is printed before the loop is idle.
            GLib.idle_add(self.loop.quit)
            self.failed = True
        else:
            thread.start()
        self.loop.run()
        self.print_stats()
        # Wakes a push that waits, and makes it fail: run_adc() ends.
        self.pipeline.set_state(Gst.State.NULL)
        if thread.ident is not None:
            thread.join()
        return 1 if self.failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description="Send the samples of a made-up ADC.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--heaps", type=int, default=100, help="0: without end")
    parser.add_argument("--heap-size", type=int, default=65536, help="bytes, even")
    parser.add_argument("--rate", type=float, default=0, help="bytes per second, 0: no limit")
    return parser.parse_args()


if __name__ == "__main__":
    Gst.init(None)
    try:
        sys.exit(Sender(parse_arguments()).run())
    except GLib.Error as problem:
        sys.exit(f"Error: {problem.message} (is GST_PLUGIN_PATH set?)")
