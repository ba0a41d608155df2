# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each line of docs/recipes.md that receives takes the stream of its sender whole: every
heap, in its place, with its values, and nothing is taken for lost."""

import re
import shlex
import sys

import numpy as np
import pytest

from conftest import HERE, LIMIT, PYTHON, ROOT, wait_until
from fieldstreams import DIGITISER, FENG_ID, STREAMS
from namespaces import Namespace
from network import Process

PAGE = ROOT / "docs/recipes.md"
START = "gst-launch-1.0 -e "


def recipes():
    """Of each heading with a line that only receives, the words of the line."""
    found = {}
    for part in PAGE.read_text().split("\n## ")[1:]:
        for block in re.findall(r"^```sh\n(.*?)^```$", part, re.S | re.M):
            if "spead2src" in block and "spead2sink" not in block:
                assert block.startswith(START), block
                found[part.splitlines()[0]] = shlex.split(block.replace("\\\n", " "))[2:]
    return found


class Receiver(Process):
    """A recipe in streamer.py, whose bytes go to a file of the test."""

    def __init__(self, prefix, words, file):
        words = [f"location={file}" if word.startswith("location=") else word for word in words]
        assert words[0] == "spead2src" and f"location={file}" in words
        super().__init__([*prefix, PYTHON, str(HERE / "streamer.py"), "--", "spead2src",
                          "name=receiver", *words[1:]])
        self.file = file
        self.read("port")

    def delivered(self):
        return self.ask("stats", "stats")["stats"]["heaps-delivered"]

    def finish(self, n):
        """Waits for so many heaps, and ends the stream as Ctrl-C does."""
        wait_until(lambda: self.delivered() >= n, self.process)
        stats = self.ask("end", "stats")["stats"]
        self.wait()
        return stats

    def wait(self):
        assert self.process.wait(LIMIT) == 0, self.said
        assert not [line for line in self.said if "warning" in line], self.said

    def buffers(self):
        return [line["buffer"] for line in self.said if "buffer" in line]

    def caps(self):
        return [line["caps"] for line in self.said if "caps" in line]


@pytest.fixture
def network():
    """A network of its own, with multicast over lo."""
    own = Namespace("ip link set lo up")
    yield own.prefix
    own.remove()


@pytest.fixture
def receive(tmp_path, network):
    """receive(heading, stream) starts the recipe and sends it the stream."""
    started = []

    def start(heading, stream):
        receiver = Receiver(network, recipes()[heading], tmp_path / "received")
        started.append(receiver)
        sender = Process([*network, sys.executable, str(HERE / "fieldstreams.py"), stream])
        started.append(sender)
        assert sender.process.wait(LIMIT) == 0
        return receiver

    yield start
    for process in started:
        process.kill()


def value(buffer, item, name=None):
    """That of an item, which has a name where its descriptor has come."""
    values = buffer["values"]
    return values.get(f"item-0x{item:x}", values.get(name))


def check(receiver, stats, heaps, names=None):
    """Buffers are these heaps, in their order, and nothing was lost."""
    names = names or {}
    buffers = receiver.buffers()
    assert [buffer["offset"] for buffer in buffers] == [heap.index for heap in heaps]
    assert [buffer["flags"] for buffer in buffers] == [["discont"]] + [[]] * (len(heaps) - 1)
    for buffer, heap in zip(buffers, heaps):
        assert {item: value(buffer, item, names.get(item)) for item in heap.values} == heap.values
    assert len(buffers) == stats["heaps-delivered"] == len(heaps)
    assert (stats["gaps"], stats["missing-samples"], stats["restarts"]) == (0, 0, 0)
    assert stats["packets"] == stats["packets-accepted"]
    assert stats["kernel-drops"] == stats["heaps-unmarked"] == 0


def data_heaps(stream):
    return [heap for batch in STREAMS[stream]() for heap in batch if heap.data is not None]


def check_file(receiver, heaps):
    assert receiver.file.read_bytes() == b"".join(heap.data for heap in heaps)


DIGITISER_NAMES = {0x1600: "timestamp", 0x3101: "digitiser_id", 0x3102: "digitiser_status"}


def test_meerkat_digitiser(receive):
    receiver = receive("Receive a MeerKAT digitiser", "digitiser")
    heaps = data_heaps("digitiser")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps, DIGITISER_NAMES)
    check_file(receiver, heaps)
    assert stats["substreams"] == 2 and stats["heaps-control"] == 1
    assert [buffer["offset-end"] for buffer in receiver.buffers()] == [heap.index + 4096 for heap in heaps]
    (caps,) = receiver.caps()
    assert "sample-bits=(int)10" in caps and "rate=(int)1712000000" in caps


def test_meerkat_digitiser_of_8_bits(receive):
    receiver = receive("Receive a MeerKAT digitiser, 8-bit samples", "digitiser8")
    heaps = [heap for heap in data_heaps("digitiser8") if heap.values[DIGITISER] & 1]
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps, DIGITISER_NAMES)
    assert stats["heaps-dropped-not-accepted"] == len(heaps)
    samples = np.frombuffer(b"".join(heap.data for heap in heaps), np.int8)
    np.testing.assert_array_equal(np.fromfile(receiver.file, "<f4"), samples / np.float32(128))


def test_f_engines(receive):
    receiver = receive("Receive katgpucbf F-engines", "f_engines")
    heaps = data_heaps("f_engines")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps)
    check_file(receiver, heaps)
    assert stats["substreams"] == 64
    assert receiver.buffers()[0]["offset-end"] == 2097152
    (caps,) = receiver.caps()
    assert "shape=(int)< 64, 256, 2, 2 >" in caps


def test_casper_f_engines(receive):
    receiver = receive("Receive CASPER F-engines", "casper_f_engines")
    heaps = data_heaps("casper_f_engines")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps)
    check_file(receiver, heaps)
    assert stats["substreams"] == 4


def test_edd_packetizer(receive):
    receiver = receive("Receive an EDD packetizer", "edd_packetizer")
    heaps = data_heaps("edd_packetizer")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps)
    check_file(receiver, heaps)


def test_station_beam(receive):
    receiver = receive("Receive a SKA-Low station beam", "station_beam")
    heaps = data_heaps("station_beam")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps)
    check_file(receiver, heaps)
    assert stats["substreams"] == 8
    assert [buffer["offset-end"] for buffer in receiver.buffers()] == [heap.index + 2048 for heap in heaps]


def test_raw_antennas(receive):
    receiver = receive("Receive SKA-Low raw antenna data", "raw_antennas")
    heaps = data_heaps("raw_antennas")
    stats = receiver.finish(len(heaps))
    check(receiver, stats, heaps)
    check_file(receiver, heaps)
    assert stats["substreams"] == 2
    assert [buffer["offset-end"] for buffer in receiver.buffers()] == [heap.index + 1024 for heap in heaps]


def test_visibilities(receive):
    receiver = receive("Receive SDP visibilities", "visibilities")
    heaps = data_heaps("visibilities")
    # The stop heap ends it.
    stats = receiver.read("stats")["stats"]
    receiver.wait()
    check(receiver, stats, heaps, {0x6000: "timestamp_count", 0x6002: "channel_id"})
    check_file(receiver, heaps)
    assert stats["substreams"] == 4 and stats["stops"] == 1


def test_a_heap_of_one_antenna_that_is_lost(network, tmp_path):
    """The checks above see it."""
    receiver = Receiver(network, recipes()["Receive katgpucbf F-engines"], tmp_path / "received")
    sender = Process([*network, sys.executable, "-c",
                      "import sys; sys.path.insert(0, sys.argv[1]); "
                      "import fieldstreams as f; s = f.f_engines(); del s[1][17]; f.send(s)", str(HERE)])
    try:
        assert sender.process.wait(LIMIT) == 0
        stats = receiver.finish(3 * 64 - 1)
    finally:
        receiver.kill()
        sender.kill()
    marked = [(value(buffer, FENG_ID), buffer["offset"]) for buffer in receiver.buffers()
              if buffer["flags"]]
    assert marked == [(0, 0), (17, 2 * 2097152)]
    assert stats["substream-losses"] == [
        {"0x4101": 17, "gaps": 1, "missing-samples": 2097152, "restarts": 0}]


def test_every_recipe_is_tested():
    source = (HERE / "test_receiving_recipes.py").read_text()
    assert sorted(recipes()) == sorted(re.findall(r'= receive\("(.*)", ', source))
