# adctestsrc against the second implementation of its samples.
#
# Runs gst-launch-1.0 with the plugin that GST_PLUGIN_PATH names.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import subprocess

import numpy as np
import pytest

from adcnoise import samples


def run_adctestsrc(path, properties, caps="audio/x-raw"):
    """The samples that a pipeline writes to a file."""
    launch = f"adctestsrc {properties} ! {caps} ! filesink location={path}"
    subprocess.run(["gst-launch-1.0", "-q", *launch.split()], check=True, timeout=60)
    return np.fromfile(path, dtype=np.int8)


@pytest.mark.parametrize(
    "properties, caps, count, arguments",
    [
        ("seed=7 num-buffers=3 samplesperbuffer=100000", "audio/x-raw", 300000, (7,)),
        ("seed=18446744073709551615 num-buffers=2", "audio/x-raw", 2 << 20, (2**64 - 1,)),
        (
            "seed=7 num-buffers=2 samplesperbuffer=50001",
            "audio/x-raw,channels=2",
            200004,
            (7,),
        ),
        ("seed=1 num-buffers=1 minimum=-128 maximum=127", "audio/x-raw", 1 << 20, (1, -128, 127)),
        ("seed=1 num-buffers=1 minimum=3 maximum=3", "audio/x-raw", 1 << 20, (1, 3, 3)),
        ("seed=1 num-buffers=1 minimum=-5 maximum=89", "audio/x-raw", 1 << 20, (1, -5, 89)),
    ],
)
def test_element_gives_the_defined_samples(tmp_path, properties, caps, count, arguments):
    seed, *limits = arguments
    written = run_adctestsrc(tmp_path / "noise", properties, caps)
    assert len(written) == count
    np.testing.assert_array_equal(written, samples(seed, 0, count, *limits))


def test_parts_are_parts_of_the_whole():
    whole = samples(5, 0, 200000)
    for first, count in ((0, 1), (65535, 2), (100, 70000), (131072, 1000)):
        np.testing.assert_array_equal(samples(5, first, count), whole[first : first + count])
