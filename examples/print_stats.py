#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""print_stats: runs a pipeline as gst-launch-1.0 does, then prints the counters of
spead2sink and spead2src.

    /usr/bin/python3 examples/print_stats.py adctestsrc num-buffers=20 ! spead2sink rate=10e6
    /usr/bin/python3 examples/print_stats.py spead2src ! fakesink
"""

import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


COUNTING = ("spead2sink", "spead2src")


def print_fields(structure, indent=""):
    for index in range(structure.n_fields()):
        name = structure.nth_field_name(index)
        try:
            value = structure.get_value(name)
        except TypeError:  # a structure within, as errors-by-errno
            value = None
        if isinstance(value, Gst.Structure):
            print(f"{indent}{name}")
            print_fields(value, indent + "  ")
        elif isinstance(value, Gst.ValueArray):  # of structures, as substream-losses
            print(f"{indent}{name:<28}{len(value)}")
            for row in value:
                print_fields(row, indent + "  ")
        else:
            print(f"{indent}{name:<28}{value}")


def is_element(element, *names):
    factory = element.get_factory() if isinstance(element, Gst.Element) else None
    return factory is not None and factory.get_name() in names


def run(pipeline):
    """Plays to the end, or to Ctrl-C; whether there was no error."""
    bus = pipeline.get_bus()
    # Ctrl-C ends the stream: what is queued still goes out.
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT,
                         lambda: pipeline.send_event(Gst.Event.new_eos()))
    loop = GLib.MainLoop()
    failed = []

    def handle(_bus, message):
        if message.type == Gst.MessageType.WARNING:
            print("Warning:", message.parse_warning()[0].message, file=sys.stderr)
        elif message.type == Gst.MessageType.ERROR:
            print("Error:", message.parse_error()[0].message, file=sys.stderr)
            failed.append(message)
            loop.quit()
        elif message.type == Gst.MessageType.EOS:
            loop.quit()
        elif message.type == Gst.MessageType.STATE_CHANGED and is_element(message.src, "spead2src"):
            # What arrives before PLAYING is discarded: senders start after this line.
            if message.parse_state_changed().newstate == Gst.State.PLAYING:
                print("Receiving.", file=sys.stderr, flush=True)

    bus.add_signal_watch()
    bus.connect("message", handle)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    return not failed


def main():
    Gst.init(None)
    try:
        pipeline = Gst.parse_launchv(sys.argv[1:])
    except GLib.Error as error:
        sys.exit(f"Error: {error.message}")
    if not isinstance(pipeline, Gst.Pipeline):
        sys.exit("Error: a pipeline is two elements or more, with ! between them")
    played = run(pipeline)
    # The counters are gone in NULL.
    for element in pipeline.iterate_recurse():
        if is_element(element, *COUNTING):
            print_fields(element.get_property("stats"))
    pipeline.set_state(Gst.State.NULL)
    return 0 if played else 1


if __name__ == "__main__":
    sys.exit(main())
