#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""item_values: values of your own in every heap.

The same as item-values.c, with PyGObject: an event in front of a buffer carries
the values of its heap's items, and its heap counter. docs/recipes.md explains it.
"""

import sys

import gst_spead2
from gi.repository import Gst

PIPELINE = r"""appsrc name=source caps=application/octet-stream !
    spead2sink name=sink rate=1000000 items="
        scan_id,id=0x6008,value=meta,default=0;
        target,id=0x6100,value=meta,default=\"none\";
        samples,id=0x3300,value=payload" """


def push(source, scan_id, target, heap_cnt):
    """A heap with its values; all of them are optional."""
    values = {"scan_id": scan_id, "heap-cnt": heap_cnt}
    if target:
        values["target"] = target
    source.send_event(gst_spead2.values_event(values))
    source.emit("push-buffer", Gst.Buffer.new_wrapped(bytes([scan_id]) * 1000))


def main():
    pipeline = Gst.parse_launch(PIPELINE)
    source = pipeline.get_by_name("source")
    if len(sys.argv) > 1:
        pipeline.get_by_name("sink").set_property("port", int(sys.argv[1]))

    pipeline.set_state(Gst.State.PLAYING)
    for scan_id in range(1, 6):
        push(source, scan_id, "B0833-45" if scan_id == 3 else None, scan_id << 32)
    source.emit("end-of-stream")
    gst_spead2.wait_eos(pipeline)
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
