#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""numpy_receiver: each heap of a SPEAD stream as a numpy array, up to the stop heap."""

import sys

import gst_spead2
import numpy as np

for heap in gst_spead2.receive("spead2src " + " ".join(sys.argv[1:])):
    power = np.mean(np.square(heap.samples.astype(float)), axis=0)
    print(f"{len(heap.samples)} samples from {heap.index}: power {power}, values {heap.values}", flush=True)
