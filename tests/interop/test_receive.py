# SPDX-License-Identifier: LGPL-2.1-or-later
"""spead2src receives what the real spead2 sends, and what spead2sink does."""

import asyncio
import socket
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import spead2
import spead2.send
import spead2.send.asyncio

import adcnoise
import speadwire
from conftest import BUILD, HERE, LIMIT, PYTHON, safe_sending
from network import Process
from speadwire import HEAP_CNT, PAYLOAD_LENGTH, PAYLOAD_OFFSET, STREAM_CTRL

# Bytes a second, at which a receiver on a busy machine loses nothing.
RATE = 50e6
SPEAD2_SEND = BUILD / "peer/build/src/spead2_send"


class Source(Process):
    """streamer.py with a spead2src at a free port, whose bytes go to a file."""

    def __init__(self, directory, properties="", more=""):
        self.file = directory / "received"
        super().__init__([PYTHON, str(HERE / "streamer.py"),
                          f"spead2src name=receiver port=0 {properties} {more} ! "
                          f'filesink location="{self.file}"'])
        self.port = self.read("port")["port"]

    def finish(self):
        """Waits until the stream has ended; everything that came was delivered."""
        stats = self.read("stats")["stats"]
        assert self.process.wait(LIMIT) == 0, self.said
        assert stats["kernel-drops"] == 0
        assert stats["packets"] == stats["packets-accepted"]
        assert stats["heaps-complete"] == stats["heaps-delivered"] + stats["heaps-control"]
        return stats

    def all(self, key):
        return [line[key] for line in self.said if key in line]

    def column(self, name):
        """A field of each buffer."""
        return [buffer[name] for buffer in self.all("buffer")]

    def values(self, name):
        """The value of an item of each buffer."""
        return [values[name] for values in self.column("values")]


@pytest.fixture
def source(tmp_path):
    """source(properties, elements behind it) starts a spead2src."""
    sources = []

    def start(*arguments):
        sources.append(Source(tmp_path, *arguments))
        return sources[-1]

    yield start
    for started in sources:
        started.kill()


def stream_config(rate=RATE, **more):
    return spead2.send.StreamConfig(rate=rate, burst_size=16384, **more)


def open_stream(*ports, **config):
    return spead2.send.UdpStream(spead2.ThreadPool(), [("127.0.0.1", port) for port in ports],
                                 stream_config(**config))


def described(samples, flavour=spead2.Flavour(4, 64, 40), **kind):
    """The items of spead2's tutorial, and what makes heaps of them."""
    group = spead2.send.ItemGroup()
    group.add_item(0x1600, "timestamp", "Index of the first sample", shape=(),
                   format=[("u", flavour.heap_address_bits)])
    group.add_item(0x3300, "adc_samples", "ADC converter output", shape=samples, **kind)
    return group, spead2.send.HeapGenerator(group, flavour=flavour)


def send_heaps(stream, heaps, flavour=spead2.Flavour(4, 64, 40), **kind):
    """Arrays of samples, each in a heap with its timestamp, and the stop heap."""
    group, generator = described(heaps[0].shape, flavour, **kind)
    timestamp = 0
    for samples in heaps:
        group["timestamp"].value = timestamp
        group["adc_samples"].value = samples
        stream.send_heap(generator.get_heap())
        timestamp += len(samples)
    stream.send_heap(generator.get_end())


def random_heaps(n, size, dtype="i1"):
    """The same bytes each time."""
    noise = np.random.default_rng(n * size)
    if np.dtype(dtype).kind == "f":
        return [noise.normal(size=size).astype(dtype) for _ in range(n)]
    limits = np.iinfo(dtype)
    return [noise.integers(limits.min, limits.max, size, np.dtype(dtype).newbyteorder("="),
                           endpoint=True).astype(dtype) for _ in range(n)]


# -- the tutorial's stream ---------------------------------------------------------------


def test_the_tutorials_stream_arrives_whole_and_ends(source):
    receiver = source()
    heaps = random_heaps(5, 1 << 20)
    send_heaps(open_stream(receiver.port), heaps, dtype=np.int8)
    stats = receiver.finish()
    assert receiver.column("offset") == [i << 20 for i in range(5)]
    assert receiver.column("offset-end") == [i << 20 for i in range(1, 6)]
    assert receiver.column("size") == 5 * [1 << 20]
    assert receiver.column("flags") == [["discont"]] + 4 * [[]]
    assert receiver.values("heap-cnt") == [1, 2, 3, 4, 5]
    assert receiver.values("timestamp") == receiver.column("offset")
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)
    assert (stats["stops"], stats["gaps"], stats["heaps-delivered"]) == (1, 0, 5)


@pytest.mark.parametrize("rate, caps", [
    ("sample-rate=1712000000", ""), ("", "! audio/x-raw,rate=1712000000")])
def test_a_wave_file_has_exactly_those_samples(source, rate, caps):
    """Downstream may say the rate as well."""
    receiver = source(rate, f"{caps} ! audioconvert dithering=none ! wavenc")
    heaps = random_heaps(10, 1 << 20)
    send_heaps(open_stream(receiver.port), heaps, dtype=np.int8)
    receiver.finish()
    with wave.open(str(receiver.file)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (1712000000, 1, 1)
        # Bytes of wave files are unsigned.
        got = np.frombuffer(file.readframes(file.getnframes()), "u1").astype(int) - 128
    np.testing.assert_array_equal(got, np.concatenate(heaps))


# -- types ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("dtype, audio_format", [
    ("|i1", "S8"), ("|u1", "U8"), ("<i2", "S16LE"), (">i2", "S16BE"), ("<i4", "S32LE"),
    ("<f4", "F32LE"), ("<f8", "F64LE")])
def test_a_dtype_is_a_format_of_audio(source, dtype, audio_format, channels):
    receiver = source("sample-rate=48000")
    shape = 10000 if channels == 1 else (10000, channels)
    heaps = random_heaps(3, shape, dtype)
    send_heaps(open_stream(receiver.port), heaps, dtype=np.dtype(dtype))
    receiver.finish()
    (caps,) = receiver.all("caps")
    assert caps.startswith("audio/x-raw") and f"format=(string){audio_format}," in caps
    assert f"channels=(int){channels}" in caps and "rate=(int)48000" in caps
    assert receiver.column("offset") == [0, 10000, 20000]
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


def test_a_type_that_changes_in_mid_stream(source):
    """Its caps go in front of the first heap of the type, through audioconvert, too."""
    receiver = source("sample-rate=48000", "! audioconvert dithering=none ! "
                      "audio/x-raw,format=S16LE ! spectrum post-messages=false")
    stream, expected = open_stream(receiver.port), []
    group = spead2.send.ItemGroup()
    for number, dtype in enumerate(["|i1", "|i1", ">i2", "|i1", "<i2"]):
        (samples,) = random_heaps(1, 1000 + number, dtype)
        if number != 1:
            group.add_item(0x3300, "adc_samples", "", shape=(1000 + number,), dtype=dtype)
        group["adc_samples"].value = samples[:1000] if number == 1 else samples
        stream.send_heap(group.get_heap())
        expected.append(group["adc_samples"].value.astype("<i2") * (256 if dtype == "|i1" else 1))
    stream.send_heap(group.get_end())
    receiver.finish()
    order = [line["fields"]["format"] if "fields" in line else line["buffer"]["size"]
             for line in receiver.said if "fields" in line or "buffer" in line]
    assert order == ["S8", 1000, 1000, "S16BE", 2004, "S8", 1003, "S16LE", 2008]
    assert receiver.file.read_bytes() == b"".join(part.tobytes() for part in expected)


@pytest.mark.parametrize("code, bits, size, caps", [
    ("i", 12, 4000, "application/octet-stream, sample-bits=(int)12, channels=(int)1"),
    ("u", 10, 4000, "application/x-spead-item, format=(string)u10, shape=(int)< 4000 >"),
    ("u", 4, 4000, "application/x-spead-item, format=(string)u4, shape=(int)< 4000 >"),
    # In packed samples, the last bits of the last byte would be one more.
    ("i", 4, 4001, "application/x-spead-item, format=(string)i4, shape=(int)< 4001 >")])
def test_samples_of_an_odd_width_are_packed(source, code, bits, size, caps):
    receiver = source()
    values = np.arange(size) % (1 << bits - 1)
    send_heaps(open_stream(receiver.port), [values, values], format=[(code, bits)])
    receiver.finish()
    assert receiver.all("caps") == [caps]
    assert receiver.column("offset") == [0, size]
    assert receiver.column("offset-end") == [size, 2 * size]
    places = np.arange(bits - 1, -1, -1)
    packed = np.packbits((values[:, np.newaxis] >> places & 1).astype(np.uint8)).tobytes()
    assert receiver.file.read_bytes() == 2 * packed


@pytest.mark.parametrize("bits", range(8, 64, 8))
def test_heap_address_bits(source, bits):
    """All flavours that spead2 has. The timestamps of the shortest run over."""
    size = {8: 100, 16: 30000}.get(bits, 100000)
    receiver = source(f"heap-address-bits={bits}")
    flavour = spead2.Flavour(4, 64, bits)
    group = spead2.send.ItemGroup(flavour=flavour)
    # The longest addresses leave few bits of an id: the index is found by its name.
    group.add_item(0x60, "timestamp", "", shape=(), format=[("u", bits)])
    group.add_item(0x61, "data", "", shape=(size,), dtype=np.int8)
    stream = open_stream(receiver.port)
    for item in group.values():
        # Together they are longer than the shortest lengths can say.
        described = spead2.send.Heap(flavour)
        described.add_descriptor(item)
        stream.send_heap(described)
    heaps = random_heaps(6, size)
    for number, samples in enumerate(heaps):
        group["timestamp"].value = number * size % (1 << bits)
        group["data"].value = samples
        stream.send_heap(group.get_heap(descriptors="none"))
    stream.send_heap(group.get_end())
    assert receiver.finish()["gaps"] == 0
    assert receiver.column("offset") == [number * size for number in range(6)]
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


def test_descriptors_of_pyspead(source):
    """Widths, shapes and byte orders as PySPEAD 0.5.2 has them wrong."""
    receiver = source("sample-rate=48000 bug-compat=true")
    flavour = spead2.Flavour(4, 64, 40, spead2.BUG_COMPAT_PYSPEAD_0_5_2)
    heaps = random_heaps(3, 10000, "<i2")
    send_heaps(open_stream(receiver.port), heaps, flavour, dtype=np.dtype("<i2"))
    receiver.finish()
    assert "format=(string)S16LE," in receiver.all("caps")[0]
    assert receiver.column("offset") == [0, 10000, 20000]
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


@pytest.mark.parametrize("kind", [
    {"format": [("u", 64)]}, {"format": [("u", 33)]}, {"dtype": "<u8"}, {"dtype": "<i4"},
    {"dtype": ">u4"}], ids=str)
def test_the_index_is_a_number_of_any_type(source, kind):
    """Immediate where its bytes fit one, addressed where not; numpy's little endian, too."""
    receiver = source()
    group = spead2.send.ItemGroup()
    group.add_item(0x1600, "timestamp", "", shape=(), **kind)
    group.add_item(0x3300, "adc_samples", "", shape=(1000,), dtype=np.int8)
    group["adc_samples"].value = np.zeros(1000, np.int8)
    stream = open_stream(receiver.port)
    for index in range(3):
        group["timestamp"].value = 1234567 + 1000 * index
        stream.send_heap(group.get_heap(data="all"))
    stream.send_heap(group.get_end())
    assert receiver.finish()["gaps"] == 0
    assert receiver.column("offset") == [1234567, 1235567, 1236567]
    assert receiver.values("timestamp") == receiver.column("offset")


def test_short_values_of_other_items_are_on_their_buffers(source):
    receiver = source()
    group, generator = described((1000,), dtype=np.int8)
    group.add_item(0x4101, "feng_id", "An immediate", shape=(), format=[("u", 40)], value=7)
    group.add_item(0x4102, "weights", "Addressed", shape=(9,), dtype=np.uint8)
    group["weights"].value = np.arange(9, dtype=np.uint8)
    group["timestamp"].value = 0
    group["adc_samples"].value = np.zeros(1000, np.int8)
    stream = open_stream(receiver.port)
    stream.send_heap(generator.get_heap())
    stream.send_heap(generator.get_end())
    receiver.finish()
    assert receiver.column("values") == [
        {"heap-cnt": 1, "timestamp": 0, "feng_id": 7, "weights": "000102030405060708"}]


# -- senders --------------------------------------------------------------------------------


def test_two_senders_on_one_port(source):
    """Each ends with a stop heap of its own."""
    receiver = source("n-stops=2")
    streams = [open_stream(receiver.port) for _ in range(2)]
    generators, heaps = [], random_heaps(10, 10000)
    for number, stream in enumerate(streams):
        stream.set_cnt_sequence(1 + number, 2)
        generators.append(described((10000,), dtype=np.int8))
    for number, samples in enumerate(heaps):
        group, generator = generators[number % 2]
        group["timestamp"].value = number * 10000
        group["adc_samples"].value = samples
        streams[number % 2].send_heap(generator.get_heap())
    for stream, (_, generator) in zip(streams, generators):
        stream.send_heap(generator.get_end())
    assert receiver.finish()["stops"] == 2
    assert receiver.values("heap-cnt") == list(range(1, 11))
    assert receiver.column("offset") == [number * 10000 for number in range(10)]
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


def test_an_asynchronous_sender(source):
    receiver = source()
    heaps = random_heaps(20, 100000)
    group, generator = described((100000,), dtype=np.int8)

    async def send():
        stream = spead2.send.asyncio.UdpStream(
            spead2.ThreadPool(), [("127.0.0.1", receiver.port)], stream_config(max_heaps=4))
        sending = set()
        for number, samples in enumerate(heaps):
            if len(sending) == 4:
                _, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            group["timestamp"].value = number * 100000
            group["adc_samples"].value = samples
            sending.add(asyncio.ensure_future(stream.async_send_heap(generator.get_heap())))
        await asyncio.wait(sending)
        await stream.async_send_heap(generator.get_end())

    asyncio.run(send())
    receiver.finish()
    assert receiver.values("heap-cnt") == list(range(1, 21))
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


def test_heaps_that_are_sent_packet_by_packet_in_turn(source):
    receiver = source()
    stream = open_stream(receiver.port, receiver.port, receiver.port, max_heaps=8)
    heaps = random_heaps(12, 50000)
    group, generator = described((50000,), dtype=np.int8)
    for first in range(0, len(heaps), 3):
        together = []
        for number in range(first, first + 3):
            group["timestamp"].value = number * 50000
            group["adc_samples"].value = heaps[number]
            together.append(spead2.send.HeapReference(
                generator.get_heap(), cnt=100 + number, substream_index=number % 3))
        stream.send_heaps(together, spead2.send.GroupMode.ROUND_ROBIN)
    stream.send_heap(generator.get_end())
    stats = receiver.finish()
    # Heaps are delivered as they are completed: the first of the three has the descriptors.
    counters = receiver.values("heap-cnt")
    assert (stats["gaps"], stats["missing-samples"]) == (0, 0)
    assert sorted(counters) == list(range(100, 112))
    assert receiver.file.read_bytes() == b"".join(heaps[cnt - 100].tobytes() for cnt in counters)


def run(*command):
    subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, check=True,
                   timeout=LIMIT)


@pytest.mark.skipif(not SPEAD2_SEND.exists(), reason="./dev bench builds spead2_send")
@pytest.mark.parametrize("packet", [1472, 8972])
def test_the_program_spead2_send(source, packet):
    """Its samples are those of C++'s std::minstd_rand, which spead2_recv verifies."""
    receiver = source()
    run(SPEAD2_SEND, "--heaps", 20, "--heap-size", 400000, "--verify", "--packet", packet,
        "--rate", RATE * 8 / 1e9, f"127.0.0.1:{receiver.port}")
    receiver.finish()
    state, samples = 1, []
    for _ in range(20 * 100000):
        state = state * 48271 % (2**31 - 1)
        samples.append(state)
    assert receiver.column("size") == 20 * [400000]
    assert receiver.file.read_bytes() == np.array(samples, ">u4").tobytes()


@pytest.mark.parametrize("flavour", [[], ["--pyspead"], ["--addr-bits", 48]], ids=str)
def test_the_program_of_spead2s_python_package(source, flavour):
    receiver = source("bug-compat=true" if "--pyspead" in flavour else "")
    run(sys.executable, Path(sys.executable).parent / "spead2_send.py", "--heaps", 5, "--heap-size", 80000,
        "--items", 2, "--dtype", "<c8", "--rate", RATE * 8 / 1e9, *flavour,
        f"127.0.0.1:{receiver.port}")
    receiver.finish()
    assert receiver.all("fields") == [
        {"name": "application/x-spead-item", "dtype": "<c8", "shape": [5000]}]
    assert receiver.file.read_bytes() == bytes(5 * 40000)


def test_heaps_without_a_length(source):
    """spead2 sends none, but takes them as they are: up to what follows, here the stop heap."""
    receiver = source("item=0x3300")
    heaps = random_heaps(20, 5000)
    packets = []
    for number, samples in enumerate(heaps):
        packets += speadwire.heap(40, number + 1, [(0x1600, number * 5000),
                                                   (0x3300, samples.tobytes())],
                                  lambda number: 1000, [HEAP_CNT, PAYLOAD_OFFSET, PAYLOAD_LENGTH])
    packets += speadwire.heap(40, 100, [(STREAM_CTRL, 2)], lambda number: 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", receiver.port))
    receiver.finish()
    assert receiver.column("offset") == [number * 5000 for number in range(20)]
    assert receiver.file.read_bytes() == b"".join(heap.tobytes() for heap in heaps)


# -- spead2sink -------------------------------------------------------------------------------


@pytest.mark.parametrize("size, heaps", [(1, 500), (8192, 500), (1 << 20, 10)])
def test_what_spead2sink_counts_arrives(source, size, heaps):
    receiver = source("max-heaps=64")
    sender = Process([PYTHON, str(HERE / "streamer.py"),
                      f"adctestsrc num-buffers={heaps} samplesperbuffer={size} seed=5 ! "
                      f"spead2sink name=sender port={receiver.port} "
                      f"zero-copy=off {safe_sending(4 << 20)}"])
    try:
        sent = sender.read("stats")["stats"]
    finally:
        sender.process.wait(LIMIT)
        sender.kill()
    got = receiver.finish()
    assert sent["heaps-sent"] == got["heaps-delivered"] == heaps
    assert got["payload-bytes"] == heaps * size
    assert receiver.values("heap-cnt") == list(range(1, heaps + 1))
    assert receiver.file.read_bytes() == adcnoise.samples(5, 0, heaps * size).tobytes()


def test_a_relay_sends_the_same_heaps(receive, source):
    last = receive()
    relay = source("", f"! tee name=t ! queue ! spead2sink name=sender port={last.port} "
                       f"{safe_sending(last.buffer)} t. ! queue")
    stream = open_stream(relay.port, rate=10e6)
    stream.set_cnt_sequence(1001, 2)
    heaps = random_heaps(10, 100000)
    send_heaps(stream, heaps, dtype=np.int8)
    assert relay.read("stats")["stats"]["heaps-sent"] == 10
    received = last.finish()
    assert received.end["drops"] == 0 and received.end["stopped_by"] == "stop heap"
    assert received.column("cnt") == list(range(1001, 1021, 2))
    assert received.column("timestamp") == [i * 100000 for i in range(10)]
    assert received.samples == b"".join(heap.tobytes() for heap in heaps)


def test_heaps_that_share_a_buffer_are_heaps_again(receive, source):
    last = receive()
    relay = source("heaps-per-buffer=4 buffer-timeout=1000000000000",
                   f"! tee name=t ! queue ! spead2sink name=sender port={last.port} heap-size=1000 "
                   f"{safe_sending(last.buffer)} t. ! queue")
    stream = open_stream(relay.port, rate=10e6)
    stream.set_cnt_sequence(1001, 2)
    heaps = random_heaps(10, 1000)
    send_heaps(stream, heaps, dtype=np.int8)
    assert relay.read("stats")["stats"]["heaps-sent"] == 10
    received = last.finish()
    assert sum(relay.values("n-heaps")) == 10 and max(relay.values("n-heaps")) == 4
    assert [counter for table in relay.values("each/heap-cnt")
            for counter in np.frombuffer(bytes.fromhex(table), np.uint64)] == list(range(1001, 1021, 2))
    assert not [warning for warning in relay.all("warning") if "each/" in warning or "n-heaps" in warning]
    assert received.column("cnt") == list(range(1, 11))
    assert received.column("timestamp") == [i * 1000 for i in range(10)]
    assert received.samples == b"".join(heap.tobytes() for heap in heaps)
