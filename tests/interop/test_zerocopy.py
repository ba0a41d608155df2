# SPDX-License-Identifier: LGPL-2.1-or-later
"""Heaps that are not copied, over a wire: two network namespaces and a cable.

The cable's queue is slow, so that the kernel reads memory long after it took
the message. At the far end it copies after all, since the receiver is on this
machine; what it says of that is hidden from the sink where the test is about
bytes.
"""

import numpy as np
import pytest

from adcnoise import samples
from conftest import BUILD
from network import RIGHT, Network

# Few and small buffers: they are wanted again while the wire's queue, and the
# socket's buffer, could hold many of them.
HEAPS = 600
HEAP_SIZE = 1 << 14
PACKETS = (8972, 4096)

@pytest.fixture
def wire():
    """Prefixes of commands at the near and at the far end."""
    network = Network()
    network.at_left("tc qdisc add dev wire root tbf rate 100mbit burst 32kb latency 500ms")
    yield network.left, network.right
    network.remove()


def send(launch, near, report, port, packet, faults, zero_copy="on"):
    """What the kernel took, by its own count."""
    environment = ["env", f"LD_PRELOAD={BUILD}/tests/preload/libspead2faults.so",
                   f"SPEAD2_FAULTS={faults}", f"SPEAD2_FAULTS_REPORT={report}"]
    launch(f"-q adctestsrc seed=11 num-buffers={HEAPS} samplesperbuffer={HEAP_SIZE} "
           f"! spead2sink host={RIGHT} port={port} max-packet-size={packet} max-heaps=2 "
           f"zero-copy={zero_copy}",
           prefix=[*near, *environment])
    return {key: int(value) for key, value in
            (line.split("=") for line in report.read_text().splitlines())}


@pytest.mark.parametrize("packet", PACKETS)
def test_bytes_are_right_though_they_are_read_late(wire, receive, launch, tmp_path, packet):
    near, far = wire
    receiver = receive("--bind", RIGHT, "--heap-size", HEAP_SIZE, prefix=far)
    counts = send(launch, near, tmp_path / "counts", receiver.port, packet,
                  "io-uring=0,hide-copies=1")
    if counts["submits"] == 0:
        pytest.skip("no io_uring, or no pages of 2 MiB, on this machine")
    received = receiver.finish()
    assert received.column("cnt") == list(range(1, HEAPS + 1))
    np.testing.assert_array_equal(np.frombuffer(received.samples, np.int8),
                                  samples(11, 0, HEAPS * HEAP_SIZE))
    # All but the first heap, which carries descriptors, and what shares a batch with it.
    assert counts["zerocopy_messages"] > counts["messages"] / 2


def test_what_the_kernel_copies_all_the_same_is_copied_from_then_on(
        wire, receive, launch, tmp_path):
    near, far = wire
    receiver = receive("--bind", RIGHT, "--heap-size", HEAP_SIZE, prefix=far)
    counts = send(launch, near, tmp_path / "counts", receiver.port, PACKETS[0], "io-uring=0")
    received = receiver.finish()
    assert received.column("cnt") == list(range(1, HEAPS + 1))
    np.testing.assert_array_equal(np.frombuffer(received.samples, np.int8),
                                  samples(11, 0, HEAPS * HEAP_SIZE))
    assert counts["zerocopy_messages"] < counts["messages"] / 2


def test_a_slow_wire_is_not_kept_waiting(wire, receive, launch, tmp_path):
    """The socket's buffer has room for one message as the kernel counts it."""
    near, far = wire
    receiver = receive("--bind", RIGHT, "--heap-size", HEAP_SIZE, prefix=far)
    counts = send(launch, near, tmp_path / "counts", receiver.port, PACKETS[0],
                  "io-uring=0,hide-copies=1", "auto")
    received = receiver.finish()
    assert received.column("cnt") == list(range(1, HEAPS + 1))
    assert counts["zerocopy_messages"] < counts["messages"] / 2
