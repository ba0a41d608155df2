#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""item_values: values of your own in every heap.

The same as item-values.c, with PyGObject: an event in front of a buffer carries
the values of its heap's items, and its heap counter. docs/recipes.md explains it.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

PIPELINE = r"""appsrc name=source caps=application/octet-stream !
    spead2sink name=sink rate=1000000 items="
        scan_id,id=0x6008,value=meta,default=0;
        target,id=0x6100,value=meta,default=\"none\";
        samples,id=0x3300,value=payload" """


def push(source, scan_id, target, heap_cnt):
    """A heap with its values; all of them are optional."""
    buffer = Gst.Buffer.new_wrapped(bytes([scan_id]) * 1000)
    values = Gst.Structure.new_empty("spead2-items")
    values.set_value("scan_id", scan_id)
    # A plain int is a gint to GStreamer, which ends at 2147483647.
    values.set_value("heap-cnt", GObject.Value(GObject.TYPE_UINT64, heap_cnt))
    if target:
        values.set_value("target", target)
    source.send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, values))
    source.emit("push-buffer", buffer)


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch(PIPELINE)
    source = pipeline.get_by_name("source")
    if len(sys.argv) > 1:
        pipeline.get_by_name("sink").set_property("port", int(sys.argv[1]))

    pipeline.set_state(Gst.State.PLAYING)
    for scan_id in range(1, 6):
        push(source, scan_id, "B0833-45" if scan_id == 3 else None, scan_id << 32)
    source.emit("end-of-stream")
    message = pipeline.bus.timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(f"Error: {message.parse_error()[0].message}")


if __name__ == "__main__":
    main()
