# adctestsrc against the second implementation of its waves, byte for byte.
#
# Runs gst-launch-1.0 with the plugin that GST_PLUGIN_PATH names.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import statistics
import subprocess

import numpy as np
import pytest

from adcnoise import words
from adcwave import FORMATS, PACKED, normal, wave

WAVES = ["uniform", "gaussian", "sine", "tones", "ramp", "silence", "pulses"]
PROPERTIES = {"sd": "standard-deviation", "tones": "num-tones", "sky_seed": "sky-seed"}


def pipeline(path, name, form, seed, first, frames, channels=1, rate=1712000000, cut=None, **more):
    """One that writes to a file."""
    cut = cut or frames
    assert frames % cut == 0
    properties = " ".join(f"{PROPERTIES.get(key, key)}={value}" for key, value in more.items())
    kind = (f"application/octet-stream,sample-bits={PACKED[form]}" if form in PACKED else
            f"audio/x-raw,format={form}")
    caps = f"{kind},channels={channels},rate={rate}"
    return (f"adctestsrc wave={name} seed={seed} sample-offset={first} samplesperbuffer={cut} "
            f"num-buffers={frames // cut} {properties} ! {caps} ! filesink location={path}")


def difference(written, name, form, cut=None, **arguments):
    """In words, or None."""
    expected = wave(name, form, **arguments)
    if written == expected:
        return None
    if len(written) != len(expected):
        return f"{len(written)} bytes, not {len(expected)}"
    return next(f"byte {i} is {a}, not {b}" for i, (a, b) in enumerate(zip(written, expected)) if a != b)


def check(directory, cases, **common):
    """Cases: (name, format, more arguments than all have), which one process makes."""
    arguments = [{"name": name, "form": form, **common, **more} for name, form, more in cases]
    paths = [directory / str(number) for number in range(len(cases))]
    launch = " ".join(pipeline(path, **one) for path, one in zip(paths, arguments))
    subprocess.run(["gst-launch-1.0", "-q", *launch.split()], check=True, timeout=60)
    found = [difference(path.read_bytes(), **one) for path, one in zip(paths, arguments)]
    differ = [f"{case}: {words}" for case, words in zip(cases, found) if words]
    assert not differ, "\n".join(differ)


@pytest.mark.parametrize("name", WAVES)
def test_every_wave_in_every_format(tmp_path, name):
    """Three channels, cut at odd places, over the end of a block of random words."""
    check(tmp_path, [(name, form, {}) for form in (*FORMATS, *PACKED)], seed=7, first=60000, frames=9036,
          channels=3, rate=48000, cut=1004)


@pytest.mark.parametrize("channels, delay", [(1, 0), (3, 60123), (64, -(2**63)), (2, 2**63 - 1)])
def test_a_sky_in_every_kind_of_format(tmp_path, channels, delay):
    check(tmp_path, [("gaussian", form, {"sd": sd}) for form, sd in (
        ("S8", 20.0), ("S16BE", 1234.5), ("S10", 60.0), ("F32LE", 20.0), ("F64BE", 0.001))], seed=7, first=60000,
          frames=9036, channels=channels, cut=1004, correlation=0.3, sky_seed=2**64 - 1, delay=delay)


@pytest.mark.parametrize("correlation", [1e-9, 0.5, 1.0])
def test_levels_of_a_sky(tmp_path, correlation):
    check(tmp_path, [("gaussian", "S8", {"sd": sd}) for sd in (0.0, 1e-9, 0.3, 127.25, 1e9)], seed=1, first=0,
          frames=70000, correlation=correlation, delay=1000)


OTHER_PROPERTIES = [
    ("uniform", "S16LE", {"minimum": -32768, "maximum": 32767}),
    ("uniform", "S16BE", {"minimum": 1000, "maximum": 1255}),
    ("uniform", "S24LE", {"minimum": -3, "maximum": 8388607}),
    ("uniform", "S32LE", {"minimum": -(2**31), "maximum": 2**31 - 1}),
    ("uniform", "S32BE", {"minimum": -(2**31), "maximum": 1}),
    ("uniform", "F32LE", {"minimum": -(2**31), "maximum": 2**31 - 1}),
    ("uniform", "F64BE", {"minimum": 0, "maximum": 256}),
    ("uniform", "S10", {"minimum": -512, "maximum": 511}),
    ("uniform", "S12", {"minimum": -2048, "maximum": -1900}),
    ("gaussian", "S8", {"sd": 0.0}),
    ("gaussian", "S8", {"sd": 0.3}),
    ("gaussian", "S8", {"sd": 127.25}),
    ("gaussian", "S8", {"sd": 1e9}),
    ("gaussian", "S16LE", {"sd": 15000.0}),
    ("gaussian", "S10", {"sd": 300.0}),
    ("gaussian", "S12", {"sd": 1e9}),
    ("gaussian", "S32LE", {"sd": 2147483647.0}),
    ("gaussian", "F64LE", {"sd": 0.001}),
    ("sine", "F64LE", {"freq": 1e6, "snr": 100.0}),
    ("sine", "S8", {"freq": 1712e6 * 0.75, "snr": -100.0}),
    ("sine", "S16LE", {"freq": 2147483647.0, "snr": 3.3, "sd": 1e4}),
    ("tones", "F64LE", {"freq": 12345.678, "tones": 64, "snr": 60.0}),
    ("tones", "S16LE", {"tones": 1, "snr": 0.0}),
    ("tones", "S8", {"tones": 7, "sd": 200.0}),
    ("tones", "S10", {"channels": 7, "sd": 100.0}),
    ("pulses", "S8", {"freq": 1e5, "snr": 40.0}),
    ("pulses", "F32LE", {"freq": 6e8}),
]


def test_properties(tmp_path):
    check(tmp_path, OTHER_PROPERTIES, seed=2**64 - 1, first=2**48 - 30000, frames=70000)


def test_phase_far_from_the_beginning(tmp_path):
    """At 1 MHz and 1.712 GHz, after 85 years."""
    check(tmp_path, [("tones", "F64LE", {"freq": 1e6, "snr": 100.0})], seed=1, first=2**62 + 12345, frames=1000)


def test_gaussian_numbers_against_pythons():
    """Python's is the same algorithm, on numbers that it rounds near 1."""
    exact = statistics.NormalDist().inv_cdf
    drawn = words(3, 0, 20000, 64)
    drawn[:60] = 2 ** np.arange(60, dtype=np.uint64)
    for word, z in zip(drawn, normal(drawn)):
        probability = ((int(word) >> 11) + 0.5) / 2**53
        assert abs(z - exact(probability)) < 1e-11
