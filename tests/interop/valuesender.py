#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends buffers with spead2sink, case by case, for test_values.py.

Each line of the standard input is a case in JSON: properties of the sink, the
caps, the buffers in hexadecimal, and for each buffer the values that an
application gives by an event, as (name, GType or null, value). The line that
comes back is the message of the error, or null.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402


def own_value(type_name, value):
    if type_name == "GBytes":
        return GLib.Bytes.new(bytes.fromhex(value))
    return GObject.Value(GObject.type_from_name(type_name), value) if type_name else value


def push(source, data, values):
    if values:
        structure = Gst.Structure.new_empty("spead2-items")
        for name, type_name, value in values:
            structure.set_value(name, own_value(type_name, value))
        source.send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, structure))
    return source.emit("push-buffer", Gst.Buffer.new_wrapped(bytes.fromhex(data)))


def run(pipeline, source, sink, case):
    """The message of the error, or None."""
    for name, value in case["properties"].items():
        Gst.util_set_object_arg(sink, name, str(value))
    source.set_property("caps", Gst.Caps.from_string(case["caps"]))
    pipeline.set_state(Gst.State.PLAYING)
    for data, values in zip(case["buffers"], case["values"]):
        push(source, data, values)
    source.emit("end-of-stream")
    bus = pipeline.get_bus()
    message = bus.timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.ERROR | Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    # More errors may follow, of the source or of the pipeline.
    bus.set_flushing(True)
    bus.set_flushing(False)
    return message.parse_error()[0].message if message.type == Gst.MessageType.ERROR else None


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch("appsrc name=source format=time ! spead2sink name=sink")
    source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("sink")
    for line in sys.stdin:
        print(json.dumps(run(pipeline, source, sink, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
