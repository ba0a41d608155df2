#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends buffers with spead2sink, case by case, for test_values.py and test_both_ways.py.

Each line of the standard input is a case in JSON: properties of the sink, the
caps, the buffers in hexadecimal, and for each buffer the values that an
application gives by an event, as (name, GType or null, value). The line that
comes back has the message of the error, or null, and counters of the sink.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402


COUNTERS = ["heaps-sent", "packets", "bytes", "payload-bytes"]

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


def run(case):
    """The message of the error, or None, and the counters."""
    pipeline = Gst.parse_launch("appsrc name=source format=time ! spead2sink name=sink")
    source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("sink")
    for name, value in case["properties"].items():
        Gst.util_set_object_arg(sink, name, str(value))
    source.set_property("caps", Gst.Caps.from_string(case["caps"]))
    pipeline.set_state(Gst.State.PLAYING)
    for data, values in zip(case["buffers"], case["values"]):
        push(source, data, values)
    source.emit("end-of-stream")
    message = pipeline.get_bus().timed_pop_filtered(
        60 * Gst.SECOND, Gst.MessageType.ERROR | Gst.MessageType.EOS)
    stats = sink.get_property("stats")
    counters = {name: stats.get_value(name) for name in COUNTERS}
    pipeline.set_state(Gst.State.NULL)
    error = message.type == Gst.MessageType.ERROR
    return {"error": message.parse_error()[0].message if error else None, "stats": counters}


def main():
    Gst.init(None)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
