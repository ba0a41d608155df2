# SPDX-License-Identifier: LGPL-2.1-or-later
"""spead2sink, a network that loses, doubles and reorders packets, spead2src.

The network is relay.c, which counts what it does; rampcheck.c is the receiver, and checks every
byte against its index. What spead2src counts, delivers and marks must be exactly what follows
from that.

RELAY_SECONDS: how long each stream is (1). RELAY_RATE: bytes a second (what a receiver on a busy
machine takes). RELAY_SEED: the relay's seed (each time another); a failure
says it.
"""

import os
import time

import numpy as np
import pytest

from conftest import BUILD, HERE, LIMIT, PYTHON, safe_rate, safe_sending, wait_until
from network import Process

SECONDS = float(os.environ.get("RELAY_SECONDS", "1"))
RATE = float(os.environ.get("RELAY_RATE", "0"))
SEED = int(os.environ.get("RELAY_SEED", time.time_ns() % (1 << 32)))

LOSS, DOUBLING, REORDERING, LATENESS = 0.05, 0.02, 0.1, 0.001
WINDOW = 20
MAX_HEAPS = 16
FILL = 0x80
HEADERS = 200  # of SPEAD, IP and UDP, at most
# Of samples; a sample lasts a whole number of nanoseconds.
SAMPLE_RATE, SAMPLE_NS, SAMPLE_SIZE = 25_000_000, 40, 4

FIRST = 1 << 0
DISCONT, CORRUPTED, GAP, RESYNC = 1 << 6, 1 << 8, 1 << 11, 1 << 7

# As in relay.c and rampcheck.c.
HEAP = np.dtype([(name, "u8") for name in (
    "cnt", "all", "in_time", "lost", "begun", "completed")])
BUFFER = np.dtype([(name, "u8") for name in (
    "cnt", "offset", "offset_end", "pts", "flags", "received", "wrong", "n_gaps", "gap_start",
    "gap_duration")])

# What becomes of a heap that was started.
FATES = ("heaps-delivered", "heaps-control", "heaps-dropped-")


def sum_of(stats, prefixes):
    return sum(value for name, value in stats.items() if name.startswith(prefixes))


class Stream:
    """A sender, the network and a receiver."""

    def __init__(self, directory, heap, payload, incomplete, repeat_pointers, properties=""):
        self.processes = []
        self.heap = heap
        self.files = [directory / name for name in ("heaps", "buffers")]
        self.receiver = self.start(
            str(BUILD / "tests/interop/rampcheck"),
            f"spead2src name=receiver port=0 buffer-size={64 << 20} incomplete={incomplete} "
            f"fill-value={FILL} timestamp-mode=index max-heaps={MAX_HEAPS} max-size-bytes={64 << 20} "
            f"{properties} item=0x3300 caps=audio/x-raw,format=S32LE,layout=interleaved,channels=1,"
            f"rate={SAMPLE_RATE} ! fakesink", str(payload), str(FILL), str(self.files[1]))
        port = self.receiver.read("port")["port"]
        room = self.receiver.ask("stats", "stats")["stats"]["socket-size"] // 2
        self.relay = self.start(
            str(BUILD / "tests/interop/relay"), f"--to={port}", f"--seed={SEED}",
            f"--payload={payload}", f"--loss={LOSS}", f"--double={DOUBLING}",
            f"--reorder={REORDERING}", f"--window={WINDOW}", f"--late={LATENESS}",
            f"--late-heaps={2 * MAX_HEAPS}", f"--heaps={self.files[0]}")
        ready = self.relay.read("port")
        room = min(room, ready["buffer"])
        rate = RATE or safe_rate(room, payload + HEADERS)
        heaps = int(rate * SECONDS / (heap * SAMPLE_SIZE))
        sending = f"rate={rate}" if RATE else safe_sending(room, payload + HEADERS)
        self.sender = self.start(
            PYTHON, str(HERE / "streamer.py"),
            f"adctestsrc wave=ramp num-buffers={heaps} samplesperbuffer={heap} ! "
            f"audio/x-raw,format=S32LE,channels=1,rate={SAMPLE_RATE} ! "
            f"spead2sink name=sender port={ready['port']} descriptors=none send-stop-heap=false "
            f"payload-per-packet={payload} max-packet-size={payload + HEADERS} "
            f"repeat-pointers={repeat_pointers} {sending}")

    def start(self, *command):
        self.processes.append(Process(list(command)))
        return self.processes[-1]

    def kill(self):
        for process in self.processes:
            process.kill()

    def stats(self):
        return self.receiver.ask("stats", "stats")["stats"]

    def run(self):
        """Runs it to its end, until nothing is on its way any more."""
        self.sent = self.sender.read("stats")["stats"]
        self.relayed = self.relay.ask("end", "relay")["relay"]
        wait_until(lambda: self.is_quiet(self.stats()), self.receiver.process)
        self.receiver.process.stdin.write("end\n")
        self.got = self.receiver.read("stats")["stats"]
        self.checked = self.receiver.read("checked")["checked"]
        assert self.relay.process.wait(LIMIT) == self.receiver.process.wait(LIMIT) == 0
        print(f"RELAY_SEED={SEED}", self.sent, self.relayed, self.got, self.checked, sep="\n")
        heaps = np.fromfile(self.files[0], HEAP)
        return heaps, np.fromfile(self.files[1], BUFFER)

    def is_quiet(self, stats):
        return (stats["datagrams"] + stats["kernel-drops"] >= self.relayed["sent"] and
                stats["heaps-live"] == 0 and stats["heaps-started"] == sum_of(stats, FATES))


@pytest.fixture
def start(tmp_path):
    """start(samples of a heap, payload of a packet, incomplete, repeat-pointers, properties)"""
    streams = []

    def start_one(*arguments):
        streams.append(Stream(tmp_path, *arguments))
        return streams[-1]

    yield start_one
    for stream in streams:
        stream.kill()


def check_counters(stream, heaps):
    """The balance sheet, against what the relay counted."""
    sent, relayed, got = stream.sent, stream.relayed, stream.got
    assert got["kernel-drops"] == 0
    assert sent["packets"] == relayed["received"] + relayed["kernel-drops"]
    assert relayed["sent"] == relayed["received"] - relayed["lost"] + relayed["doubled"]
    for chance, fate in ((LOSS, "lost"), (DOUBLING, "doubled"), (REORDERING, "reordered")):
        assert relayed[fate] == pytest.approx(chance * relayed["received"], rel=0.3), fate

    assert (got["datagrams"], got["bytes"]) == (relayed["sent"], relayed["bytes"])
    fates = {name: value for name, value in got.items()
             if value and name.startswith(("packets-", "refused-"))}
    accepted = relayed["sent"] - relayed["doubled"] - relayed["late"]
    assert accepted == sum(int(mask).bit_count() for mask in heaps["in_time"])
    assert fates == {name: value for name, value in {
        "packets-accepted": accepted, "packets-duplicate": relayed["doubled"],
        "packets-late": relayed["late"]}.items() if value}

    begun = np.count_nonzero(heaps["begun"])
    complete = np.count_nonzero(heaps["completed"])
    assert (got["heaps-started"], got["heaps-complete"]) == (begun, complete)
    assert got["heaps-evicted"] + got["heaps-timeout"] == begun - complete
    assert begun == sum_of(got, FATES)


def check_marks(stream, buffers):
    """Bytes, OFFSET, times, DISCONT and GAP."""
    assert stream.checked["wrong"] == 0
    assert stream.checked["other-gap-events"] == 0
    first = buffers["cnt"][0], buffers["offset"][0]
    assert np.array_equal(buffers["offset"], first[1] + (buffers["cnt"] - first[0]) * stream.heap)
    assert np.array_equal(buffers["offset_end"], buffers["offset"] + stream.heap)
    assert np.array_equal(
        buffers["pts"][1:] - buffers["pts"][0],
        (buffers["offset"][1:] - buffers["offset"][0]) * SAMPLE_NS)

    due = np.maximum.accumulate(buffers["offset_end"])[:-1]
    offset, later = buffers["offset"][1:], buffers[1:]
    hole = np.where(offset > due, offset - due, 0)
    assert np.array_equal(later["n_gaps"], (hole > 0).astype("u8"))
    assert np.array_equal(later["gap_duration"], hole * SAMPLE_NS)
    assert np.array_equal((later["gap_start"] + later["gap_duration"])[hole > 0],
                          later["pts"][hole > 0])
    assert stream.got["gaps"] == np.count_nonzero(hole) == stream.checked["gap-events"]
    assert stream.got["missing-samples"] == hole.sum()

    # Late ones are marked even if they follow each other.
    adjacent = offset == buffers["offset_end"][:-1]
    late = offset < due
    discont = buffers["flags"] & DISCONT != 0
    assert discont[0] and np.all(discont[1:] >= ~adjacent)
    assert not np.any(discont[1:] & adjacent & ~late)
    assert not np.any(buffers["flags"] & (GAP | RESYNC))
    assert stream.got["restarts"] == 0


@pytest.mark.parametrize("heap, payload", [(256, 1024), (2048, 1400), (65536, 8192)],
                         ids=["1 packet", "6 packets", "32 packets"])
def test_complete_heaps_arrive_in_their_order_and_the_others_are_counted(start, heap, payload):
    stream = start(heap, payload, "drop", False)
    heaps, buffers = stream.run()
    check_counters(stream, heaps)
    check_marks(stream, buffers)
    complete = np.sort(heaps[heaps["completed"] > 0], order="completed")
    assert np.array_equal(buffers["cnt"], complete["cnt"])
    assert np.array_equal(buffers["received"], complete["all"])
    assert not np.any(buffers["flags"] & CORRUPTED)
    assert stream.got["heaps-dropped-incomplete"] == stream.got["heaps-evicted"] + stream.got["heaps-timeout"]
    assert stream.got["payload-bytes"] == len(complete) * heap * SAMPLE_SIZE


@pytest.mark.parametrize("order, heap, payload", [("counter", 256, 1024), ("index", 2048, 1400)],
                         ids=["counter, 1 packet", "index, 6 packets"])
def test_heaps_are_put_in_order_and_none_is_late(start, order, heap, payload):
    """The latency is longer than the network holds a packet back, and a lost heap is waited for."""
    stream = start(heap, payload, "drop", False, f"order={order} latency=2000000000")
    heaps, buffers = stream.run()
    check_counters(stream, heaps)
    check_marks(stream, buffers)
    complete = heaps[heaps["completed"] > 0]
    assert np.any(np.diff(complete["completed"].astype("i8")) < 0), "the network kept the order"
    assert np.array_equal(buffers["cnt"], np.sort(complete["cnt"]))
    # Nothing is marked but losses.
    assert np.array_equal(buffers["flags"][1:] & DISCONT != 0, buffers["n_gaps"][1:] > 0)


@pytest.mark.parametrize("repeat_pointers", [False, True],
                         ids=["pointers in the first packet", "repeated pointers"])
def test_incomplete_heaps_are_filled_and_marked(start, repeat_pointers):
    heap = 8192
    stream = start(heap, 1400, "fill", repeat_pointers)
    heaps, buffers = stream.run()
    check_counters(stream, heaps)
    check_marks(stream, buffers)
    usable = heaps["begun"] > 0 if repeat_pointers else heaps["in_time"] & FIRST != 0
    expected = heaps[usable]
    # Those that are filled come when they are given up.
    buffers = buffers[np.argsort(buffers["cnt"], kind="stable")]
    assert np.array_equal(buffers["cnt"], expected["cnt"])
    assert np.array_equal(buffers["received"], expected["in_time"])
    assert np.array_equal(buffers["flags"] & CORRUPTED != 0,
                          expected["in_time"] != expected["all"])
    assert np.any(buffers["flags"] & CORRUPTED)
    assert stream.got["heaps-delivered"] == len(expected)
    assert stream.got["heaps-dropped-incomplete"] == np.count_nonzero(heaps["begun"]) - len(expected)
