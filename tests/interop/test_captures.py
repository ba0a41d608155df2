# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures on the sending machine: packets as they are on the wire only with gso=off."""

import struct
import subprocess
import sys

import pytest
import spead2
import spead2.recv

from conftest import HERE, LIMIT
from namespaces import alone_on_the_network

HEAPS = 10
# Ethernet, IPv4, UDP and a packet.
FRAME = 14 + 20 + 8 + 1472


def frame_sizes(path):
    data, at, sizes = path.read_bytes(), 24, []
    while at < len(data):
        sizes.append(struct.unpack_from("=I", data, at + 8)[0])
        at += 16 + sizes[-1]
    return sizes


def heaps_in(path):
    stream = spead2.recv.Stream(spead2.ThreadPool(), spead2.recv.StreamConfig(max_heaps=64))
    if not hasattr(stream, "add_udp_pcap_file_reader"):
        pytest.skip("spead2 was built without pcap")
    stream.add_udp_pcap_file_reader(str(path), "udp port 8888")
    return sum(1 for _ in stream)


@pytest.mark.parametrize("gso, whole", [("auto", False), ("off", True)])
def test_a_capture_on_the_sending_machine(tmp_path, gso, whole):
    path = tmp_path / "capture.pcap"
    subprocess.run(
        [*alone_on_the_network(), sys.executable, HERE / "sniff.py", "--output", path, "--",
         "gst-launch-1.0", "-q", "adctestsrc", f"num-buffers={HEAPS}", "samplesperbuffer=65536",
         "!", "spead2sink", "rate=20e6", f"gso={gso}"], timeout=LIMIT, check=True)
    assert (max(frame_sizes(path)) == FRAME) == whole
    assert (heaps_in(path) == HEAPS) == whole
