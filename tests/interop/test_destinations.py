# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several destinations, with a real spead2 at each."""

import functools

import numpy as np
import pytest

import adcnoise
from conftest import safe_sending
from namespaces import Namespace

PORT = 7148
GROUPS = [f"239.102.0.{64 + number}" for number in range(8)]
SIZE = 65536
HEAPS = 8 * 10


@pytest.fixture
def network():
    """What to put before a command so that the groups and the port are its own."""
    own = Namespace("ip link set lo up")
    yield own.prefix
    own.remove()


def send(launch, network, receivers, options):
    launch(f"adctestsrc num-buffers={HEAPS} samplesperbuffer={SIZE} seed=7 ! spead2sink "
           f"multicast-iface=lo {options} {safe_sending(min(r.buffer for r in receivers))}",
           prefix=network)
    return [receiver.finish() for receiver in receivers]


@functools.cache
def stream():
    """The samples of each heap."""
    return adcnoise.samples(7, 0, HEAPS * SIZE).reshape(HEAPS, SIZE)


def check(received, cnts, timestamps):
    """Descriptors, and these heaps with the noise that adctestsrc makes at their timestamps."""
    assert received.end["stopped_by"] == "stop heap"
    assert received.heaps[0]["cnt"] == 1 and received.heaps[0]["described"]
    heaps = received.heaps[1:]
    assert [heap["cnt"] for heap in heaps] == cnts
    assert [heap["timestamp"] for heap in heaps] == timestamps
    samples = np.frombuffer(received.samples, np.int8).reshape(-1, SIZE)
    np.testing.assert_array_equal(samples, stream()[np.array(timestamps) // SIZE])


@pytest.fixture
def eight(receive, network):
    """spead2 at each of the groups."""
    return [receive("--multicast", group, "--port", PORT, "--iface", "lo", "--heap-size", SIZE,
                    prefix=network) for group in GROUPS]


def test_eight_receivers_have_every_eighth_heap_each(eight, network, launch):
    received = send(launch, network, eight, "destinations=239.102.0.64+7:7148")
    for number, one in enumerate(received):
        # The descriptors are heap 1, at each of them.
        check(one, list(range(2 + number, 2 + HEAPS, 8)),
              list(range(number * SIZE, HEAPS * SIZE, 8 * SIZE)))


def test_eight_receivers_have_every_eighth_heap_of_an_interleaved_stream(eight, network, launch):
    received = send(launch, network, eight, "destinations=239.102.0.64+7:7148 interleave=8")
    for number, one in enumerate(received):
        check(one, list(range(2 + number, 2 + HEAPS, 8)),
              list(range(number * SIZE, HEAPS * SIZE, 8 * SIZE)))


def test_eight_receivers_count_for_themselves(eight, network, launch):
    received = send(launch, network, eight,
                    'uri="spead://239.102.0.64+7:7148?heap-cnt-per-destination=true"')
    for number, one in enumerate(received):
        check(one, list(range(2, 2 + HEAPS // 8)),
              list(range(number * SIZE, HEAPS * SIZE, 8 * SIZE)))


def test_eight_receivers_have_all_heaps_each(eight, network, launch):
    received = send(launch, network, eight,
                    "destinations=239.102.0.64+7:7148 destination-rule=all")
    for one in received:
        assert one.column("cnt") == list(range(1, 1 + HEAPS))
        assert one.column("timestamp") == list(range(0, HEAPS * SIZE, SIZE))
        assert one.end["stopped_by"] == "stop heap"
