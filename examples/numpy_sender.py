#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""numpy_sender: numpy arrays as a SPEAD stream, a heap each, with a value of its own."""

import sys

import gst_spead2
import numpy as np
from gi.repository import Gst

RATE, FRAMES = 1000000, 8192  # Hz; samples of a heap
pipeline = Gst.parse_launch(r"""appsrc name=source format=time block=true max-buffers=2 ! spead2sink name=sink rate=10e6
    items="timestamp,id=0x1600,value=sample-index; scan_id,id=0x6008,value=meta; adc_samples,id=0x3300,value=payload" """)
pipeline.get_by_name("sink").set_property("port", int(sys.argv[1]) if len(sys.argv) > 1 else 8888)
source = pipeline.get_by_name("source")
source.set_property("caps", gst_spead2.caps_of(np.empty((0, 2), "<i2"), rate=RATE))
pipeline.set_state(Gst.State.PLAYING)
for heap in range(20):
    time = (heap * FRAMES + np.arange(FRAMES)) / RATE
    tones = 1000 * np.sin(2 * np.pi * np.outer(time, (50000, 125000)))  # two channels
    if not gst_spead2.push(source, tones.astype("<i2"), index=heap * FRAMES, values={"scan_id": heap}):
        break
source.emit("end-of-stream")
gst_spead2.wait_eos(pipeline)
print(gst_spead2.stats_of(pipeline.get_by_name("sink"))["heaps-sent"], "heaps sent")
pipeline.set_state(Gst.State.NULL)
