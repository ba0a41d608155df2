# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pipelines that are ended at any moment, and what has gone out by then.

However a pipeline ends (Ctrl-C, with and without EOS, an error upstream, a state
change), the heaps on the wire are whole, in the order of their counters and
without a gap. At most the one that was being sent is not, and only the stop heap
comes after it.

Heaps are put together here, more strictly than receivers do it. Everything about a pipeline follows from the
seed and its number, but for what the machine does meanwhile.

KILLED_PIPELINES: how many pipelines are run (30). KILLED_SEED: their seed (each
time another); a failure says it. KILLED_ONLY: the number of the only one to run.
"""

import json
import os
import random
import shlex
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import adcnoise
import speadwire
from conftest import LIMIT, PYTHON
from speadwire import DESCRIPTOR, STANDARD, STREAM_CTRL
from udp import kernel_drops

PIPELINES = int(os.environ.get("KILLED_PIPELINES", "30"))
SEED = int(os.environ.get("KILLED_SEED", time.time_ns()))
ONLY = os.environ.get("KILLED_ONLY")
# Pipelines at a time: most of their time is waiting.
AT_ONCE = 4

NULL, TIMESTAMP, SAMPLES = 0, 0x1600, 0x3300
STOP = 2


# -- the wire format --------------------------------------------------------------


class Heap:
    """Packets with one heap counter, one behind the other."""

    def __init__(self, cnt, length):
        self.cnt = cnt
        self.length = length
        self.payload = b""
        self.immediate = {}
        self.address = {}
        self.ends = [length]  # an addressed item ends where another begins
        self.descriptors = 0

    @property
    def whole(self):
        return len(self.payload) == self.length

    @property
    def is_stop(self):
        return self.immediate.get(STREAM_CTRL) == STOP

    def add(self, items, payload):
        self.payload += payload
        for immediate, name, value in items:
            if immediate:
                assert self.immediate.setdefault(name, value) == value
                continue
            self.ends.append(value)
            if name == DESCRIPTOR:
                self.descriptors += 1
            elif name != NULL:
                assert self.address.setdefault(name, value) == value

    @property
    def timestamp(self):
        return self.immediate[TIMESTAMP]

    @property
    def samples(self):
        begin = self.address[SAMPLES]
        end = min(end for end in self.ends if end > begin)
        return np.frombuffer(self.payload[begin:end], np.int8)


def decode(packets, bits):
    """The heaps, in the order of their first packets."""
    heaps = []
    for packet in packets:
        found, items, payload = speadwire.parse(packet)
        assert found == bits
        standard, items = items[:4], items[4:]
        assert [item[:2] for item in standard] == [(True, name) for name in STANDARD]
        cnt, length, offset, size = (item[2] for item in standard)
        assert size == len(payload) > 0
        if offset == 0:
            heaps.append(Heap(cnt, length))
        heap = heaps[-1]
        assert (heap.cnt, heap.length) == (cnt, length), "heaps are mixed"
        assert offset == len(heap.payload), "a packet is missing, or came twice"
        heap.add(items, payload)
        assert len(heap.payload) <= length
    return heaps


# -- a socket that loses nothing ----------------------------------------------------


class Listener:
    """Takes every datagram that comes to a port of this machine."""

    def __init__(self):
        self.packets = []
        self.ended = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.buffer = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.02)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            ended = self.ended
            try:
                while True:
                    self.packets.append(self.socket.recv(65536))
            except TimeoutError:
                if ended:
                    return

    def finish(self):
        """What came, once the sender has ended."""
        self.ended = True
        self.thread.join()
        drops = kernel_drops(self.socket)
        self.socket.close()
        assert drops == 0, "the machine was too slow: the socket's buffer was full"
        return self.packets

    def safe_rate(self, packet_size):
        """Bytes per second with which the buffer holds 100 ms: see safe_sending().
        And no more packets than Python takes while others have their turn."""
        room = self.buffer // (2 * packet_size + 800)
        return min(4e6, 4000 * packet_size, room * packet_size / 0.1)


# -- a pipeline ------------------------------------------------------------------------


class Pipeline:
    """A random adctestsrc and spead2sink, and the check of what they sent."""

    def __init__(self, kind, number):
        self.dice = random.Random(f"{SEED} {kind} {number}")
        self.name = f"KILLED_SEED={SEED} KILLED_ONLY={number} ({kind})"
        self.packet_size = self.dice.choice([56, 200, 1000, 1472, 8972, 65507])
        self.bits = self.dice.choice([32, 40, 48])
        self.seed = self.dice.randint(1, 2**64 - 1)
        self.listener = Listener()
        # No heap takes longer than a quarter of a second: EOS waits for five.
        most = int(self.listener.safe_rate(self.packet_size) / 4 / self.wire_bytes(1000) * 1000)
        # Only one that takes longer than the sink's 100 ms is ever cut short.
        self.samples = self.dice.choice(
            [1, min(most, 100), min(most, self.dice.randint(1, 20000)), most, most])
        self.rate = self.listener.safe_rate(self.mean_packet())

    def wire_bytes(self, samples):
        """Of a heap, roughly: a packet's header is 40 bytes, and 8 of an item."""
        return samples + 64 + 48 * (samples // (self.packet_size - 48) + 1)

    def mean_packet(self):
        """Many small packets fill a socket's buffer sooner than few large ones."""
        packets = self.samples // (self.packet_size - 48) + 1
        return min(self.packet_size, self.wire_bytes(self.samples) // packets)

    def text(self, between=""):
        return (f"adctestsrc seed={self.seed} samplesperbuffer={self.samples} ! {between}"
                f"spead2sink name=sink port={self.listener.port} max-heaps=4 "
                f"max-packet-size={self.packet_size} heap-address-bits={self.bits} "
                f"rate={self.rate:.0f} burst-size={max(int(self.rate / 1000), 1)}")

    def launch(self, *options, between=""):
        command = ["gst-launch-1.0", *options, *shlex.split(self.text(between))]
        self.name += "\n" + shlex.join(command)
        # A shell has what runs in its background ignore Ctrl-C.
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def check_samples(self, heaps):
        """Byte for byte, wherever in the stream a heap says it is."""
        end = max((heap.timestamp + self.samples for heap in heaps), default=0)
        expected = adcnoise.samples(self.seed, 0, end) if heaps else None
        for heap in heaps:
            assert heap.timestamp % self.samples == 0
            np.testing.assert_array_equal(
                heap.samples, expected[heap.timestamp:heap.timestamp + self.samples])

    def check_order(self, heaps):
        due = 1
        for heap in heaps:
            assert heap.cnt == due
            due += 1

    def check_runs(self, heaps):
        """A run ends with a stop heap. Its first heap describes the items, and
        each continues the one before; only its last may not be whole."""
        before = None
        for heap, after in zip(heaps, [*heaps[1:], None]):
            if heap.is_stop:
                assert heap.whole
                before = None
                continue
            assert heap.whole or after is None or after.is_stop, "a heap in the middle is not whole"
            if heap.whole:
                assert heap.descriptors == (2 if before is None else 0)
                assert before is None or heap.timestamp == before.timestamp + self.samples
            before = heap

    def check(self):
        """All that must be so however the pipeline ended. Returns the heaps."""
        heaps = decode(self.listener.finish(), self.bits)
        self.check_order(heaps)
        self.check_runs(heaps)
        self.check_samples([heap for heap in heaps if heap.whole and not heap.is_stop])
        return heaps


def assert_ended(heaps):
    """The receivers were told, if there was anything to tell of."""
    assert not heaps or heaps[-1].is_stop
    assert sum(heap.is_stop for heap in heaps) <= 1


def run_to_end(process, seconds):
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert "CRITICAL" not in output, output
    return output


# -- the ways to end one -----------------------------------------------------------------


def interrupt(pipeline, *options):
    process = pipeline.launch(*options)
    time.sleep(pipeline.dice.uniform(0, 0.7))
    process.send_signal(signal.SIGINT)
    output = run_to_end(process, LIMIT)
    heaps = pipeline.check()
    # The signal may come before gst-launch-1.0 listens to it.
    assert process.returncode == 0 or (process.returncode == -signal.SIGINT and not heaps), output
    assert_ended(heaps)
    return heaps


def ctrl_c(pipeline):
    interrupt(pipeline)


def ctrl_c_with_eos(pipeline):
    heaps = interrupt(pipeline, "-e")
    assert all(heap.whole for heap in heaps), "EOS did not wait for a heap"
    assert [heap.cnt for heap in heaps] == list(range(1, len(heaps) + 1))


def error_upstream(pipeline):
    # At most as many buffers as go out in half a second. With an error before the
    # first, while it prerolls, gst-launch-1.0 itself may never end.
    most = int(pipeline.rate / 2 / pipeline.wire_bytes(pipeline.samples))
    buffers = pipeline.dice.randint(2, max(2, most))
    process = pipeline.launch(between=f"identity error-after={buffers} ! ")
    output = run_to_end(process, LIMIT)
    heaps = pipeline.check()
    assert process.returncode == 1 and "ERROR" in output, output
    assert_ended(heaps)
    assert sum(not heap.is_stop for heap in heaps) < buffers


STATES = """
import json, random, sys, time
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
dice = random.Random(sys.argv[2])
pipeline = Gst.parse_launch(sys.argv[1])
sink = pipeline.get_by_name("sink")
for state in dice.choices([Gst.State.PLAYING, Gst.State.PAUSED, Gst.State.READY], [5, 3, 1], k=8):
    assert pipeline.set_state(state) != Gst.StateChangeReturn.FAILURE
    time.sleep(dice.uniform(0, 0.1))
pipeline.set_state(Gst.State.READY)
stats = sink.get_property("stats")
print(json.dumps({name: stats.get_value(name) for name in (
    "heaps-pushed", "heaps-sent", "heaps-failed", "heaps-dropped", "packets", "bytes")}))
pipeline.set_state(Gst.State.NULL)
"""


def state_changes(pipeline):
    command = [PYTHON, "-c", STATES, pipeline.text(), str(pipeline.dice.random())]
    pipeline.name += "\n" + shlex.join(command)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    output = run_to_end(process, LIMIT)
    heaps = pipeline.check()
    assert process.returncode == 0, output
    stats = json.loads(output.splitlines()[-1])
    data = [heap for heap in heaps if not heap.is_stop]
    assert stats["heaps-sent"] == sum(heap.whole for heap in data)
    assert stats["heaps-failed"] == sum(not heap.whole for heap in data)
    assert stats["heaps-pushed"] == (
        stats["heaps-sent"] + stats["heaps-failed"] + stats["heaps-dropped"])
    assert stats["packets"] == len(pipeline.listener.packets)
    assert stats["bytes"] == sum(map(len, pipeline.listener.packets))
    assert not heaps or heaps[-1].is_stop


WAYS = [ctrl_c, ctrl_c_with_eos, error_upstream, state_changes]


def end_one(way, number):
    pipeline = Pipeline(way.__name__, number)
    try:
        way(pipeline)
    except (AssertionError, subprocess.TimeoutExpired, ValueError) as error:
        raise AssertionError(f"{pipeline.name}\n{error}") from error
    finally:
        pipeline.listener.ended = True


def has_bindings():
    return subprocess.run([PYTHON, "-c", "import gi; gi.require_version('Gst', '1.0')"],
                          stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_went_out_is_whole_and_in_order_after(way):
    if way is state_changes and not has_bindings():
        pytest.skip(f"{PYTHON} has no GStreamer bindings")
    print(f"KILLED_SEED={SEED}")
    numbers = range(WAYS.index(way), PIPELINES, len(WAYS)) if ONLY is None else [int(ONLY)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        running = [threads.submit(end_one, way, number) for number in numbers]
        for one in running:
            one.result()
