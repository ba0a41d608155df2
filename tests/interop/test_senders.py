# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever the real spead2 can send, spead2src receives: of each buffer the caps say how to read
its bytes, and what is read is the value that was sent."""

import ast
import socket

import numpy as np
import pytest
import spead2
import spead2.send

import speadwire
from conftest import HERE, LIMIT, PYTHON
from network import Process
from test_descriptors import DTYPES, STRUCTURES
from test_receive import open_stream

AUDIO = {"S8": "|i1", "U8": "|u1", "S16LE": "<i2", "S16BE": ">i2", "U16LE": "<u2",
         "U16BE": ">u2", "S32LE": "<i4", "S32BE": ">i4", "U32LE": "<u4", "U32BE": ">u4",
         "F32LE": "<f4", "F32BE": ">f4", "F64LE": "<f8", "F64BE": ">f8"}
FLAVOUR = spead2.Flavour(4, 64, 40)
# An id that no test uses.
MARK = 0x7ffffe


class Peer(Process):
    """A spead2src that several tests send to, one after the other."""

    def __init__(self, properties=""):
        super().__init__([PYTHON, str(HERE / "streamer.py"),
                          f"spead2src name=receiver port=0 on-stop=ignore {properties} ! fakesink",
                          "data"])
        self.port = self.read("port")["port"]
        self.counter = 1
        self.marks = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def stream(self, n=1, **config):
        """n streams, with counters that no other one has."""
        stream = open_stream(*n * [self.port], **config)
        stream.set_cnt_sequence(self.counter, 1)
        self.counter += 1 << 16
        return stream

    def send(self, *packets):
        for packet in packets:
            self.socket.sendto(packet, ("127.0.0.1", self.port))

    def arrived(self):
        """The buffers since the last call, each with the fields of its caps. A packet of the
        test's own is the last one."""
        self.marks += 1
        mark = self.marks.to_bytes(8, "big")
        self.send(*speadwire.heap(40, (1 << 40) - self.marks, [(MARK, mark)], lambda number: 8))
        first = len(self.said)
        while self.read("buffer")["buffer"]["data"] != mark.hex():
            pass
        buffers, fields = [], None
        for line in self.said[first:]:
            if "buffer" in line:
                line["buffer"]["data"] = bytes.fromhex(line["buffer"]["data"])
                buffers.append({**line["buffer"], "caps": fields})
            elif "fields" in line:
                fields = line["fields"]
        return buffers[:-1]

    def stats(self):
        return self.ask("stats", "stats")["stats"]

    def kill(self):
        self.socket.close()
        super().kill()


@pytest.fixture(scope="module")
def peer():
    """Nothing of what is sent is lost or refused."""
    started = Peer()
    yield started
    stats = started.stats()
    started.kill()
    assert stats["datagrams"] == stats["packets-accepted"]
    assert stats["heaps-started"] == stats["heaps-delivered"] + stats["heaps-control"]
    assert stats["kernel-drops"] == 0


# -- reading ------------------------------------------------------------------------------


def bits_of(fields):
    return [(field[0], int(field[1:])) for field in fields.split(",")]


def unpack(data, formats, count):
    """Elements of SPEAD formats, that lie bit by bit."""
    number, left, elements = int.from_bytes(data, "big"), 8 * len(data), []
    for _ in range(count):
        element = []
        for code, bits in formats:
            left -= bits
            field = number >> left & (1 << bits) - 1
            if code == "i" and field >> bits - 1:
                field -= 1 << bits
            elif code == "f":
                field = np.frombuffer(field.to_bytes(bits // 8, "big"), f">f{bits // 8}")[0]
            elif code == "c":
                field = bytes([field])
            element.append(bool(field) if code == "b" else field)
        elements.append(tuple(element) if len(element) > 1 else element[0])
    return elements


def read(buffer):
    """The value in a buffer: its bytes, as its caps say."""
    caps, data = buffer["caps"], buffer["data"]
    if caps["name"] == "audio/x-raw":
        samples = np.frombuffer(data, AUDIO[caps["format"]])
        return samples.reshape(-1, caps["channels"]) if caps["channels"] > 1 else samples
    if caps["name"] == "application/octet-stream":
        formats, shape = [("i", caps["sample-bits"])], [-1, caps["channels"]]
    elif "dtype" in caps:
        dtype = caps["dtype"]
        dtype = np.dtype(ast.literal_eval(dtype) if dtype[0] == "[" else dtype)
        return np.frombuffer(data, dtype).reshape(
            caps["shape"], order="F" if caps.get("order") == "fortran" else "C")
    else:
        formats, shape = bits_of(caps["format"]), caps["shape"]
    known = int(np.prod([size for size in shape if size != -1]))
    available = 8 * len(data) // sum(bits for _, bits in formats)
    elements = unpack(data, formats, available // known * known if -1 in shape else known)
    array = np.empty(len(elements), object)
    array[:] = elements
    array = array.reshape(shape)
    return array[:, 0] if caps["name"] == "application/octet-stream" and shape[1] == 1 else array


def check_array(buffer, sent):
    got = read(buffer)
    # Padding is fields without names there.
    described = np.dtype(np.lib.format.dtype_to_descr(sent.dtype))
    assert (got.shape, got.dtype) == (sent.shape, described)
    for name in sent.dtype.names or [...]:
        assert got[name].tobytes() == sent[name].tobytes()


def array_of(dtype, shape, seed=0):
    """Any bytes that are values of the dtype."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    data = np.random.default_rng(seed).integers(0, 2 if dtype.str[1] == "b" else 256,
                                                count * dtype.itemsize, np.uint8)
    if "U" in dtype.str:
        data = np.array([chr(40 + n % 60) * (dtype.itemsize // 4) for n in range(count)], dtype)
    return np.frombuffer(data.tobytes(), dtype).reshape(shape)


def heap_of(flavour=FLAVOUR, **item):
    group = spead2.send.ItemGroup(flavour=flavour)
    group.add_item(**{"id": 0x3300, "name": "data", "description": "", **item})
    return group.get_heap()


# -- types -----------------------------------------------------------------------------------

@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("shape", [(7,), (7, 2), (2, 3, 4, 5)])
def test_arrays_of_any_dtype_arrive(peer, shape, order):
    """Another type in each heap, and its caps in front of it."""
    arrays = [array_of(dtype, shape) for dtype in DTYPES + STRUCTURES]
    stream = peer.stream()
    for array in arrays:
        stream.send_heap(heap_of(shape=shape, dtype=array.dtype, order=order, value=array))
    buffers = peer.arrived()
    assert len(buffers) == len(arrays)
    for buffer, array in zip(buffers, arrays):
        check_array(buffer, array)


def elements_of(formats, count):
    """Elements with the ends of each field's range among them."""
    fields = []
    for code, bits in formats:
        top = 1 << bits
        fields.append({
            "u": [0, top - 1, 0x1234567890abcdef % top],
            "i": [-(top >> 1), (top >> 1) - 1, -1],
            "b": [True, False, False],
            "c": [b"a", b"Z", b"0"],
            "f": [0.5, -1.25, 3.0]}[code])
    rows = list(zip(*fields)) if len(fields) > 1 else fields[0]
    return [rows[n % 3] for n in range(count)]


def nested(elements, shape):
    array = np.empty(len(elements), object)
    array[:] = elements
    return array.reshape(shape)


def send_formats(peer, formats, shapes):
    """shapes: pairs of that of the descriptor and that of the value."""
    sent, stream = [], peer.stream()
    for form in formats:
        for described, shape in shapes:
            value = nested(elements_of(form, int(np.prod(shape))), shape)
            stream.send_heap(heap_of(shape=described, format=form, value=value.tolist()))
            sent.append(value)
    buffers = peer.arrived()
    assert len(buffers) == len(sent)
    for buffer, value in zip(buffers, sent):
        got = read(buffer)
        assert got.shape == value.shape
        assert got.tolist() == value.tolist()


# Of 8 elements in all, so that any width is whole bytes and an unknown size has one reading.
SHAPES = [((8,), (8,)), ((4, 2), (4, 2)), ((2, 2, 2), (2, 2, 2)),
          ((None,), (8,)), ((None, 2), (4, 2)), ((2, None, 2), (2, 2, 2))]


@pytest.mark.parametrize("code", "uib")
def test_formats_of_1_to_64_bits_arrive(peer, code):
    send_formats(peer, [[(code, bits)] for bits in range(1, 65)], SHAPES)
    # What is left of the last byte is no sample.
    send_formats(peer, [[(code, bits)] for bits in range(1, 65)],
                 [((7,), (7,)), ((7, 3), (7, 3))])


def test_floats_characters_and_fields_arrive(peer):
    send_formats(peer, [
        [("f", 32)], [("f", 64)], [("c", 8)],
        [("u", 4), ("f", 64), ("i", 4)], [("u", 8), ("f", 32)], [("c", 8)] * 8,
        [("b", 1), ("b", 8), ("i", 13)], [("i", 100), ("u", 1)]], SHAPES)


# -- values ------------------------------------------------------------------------------------


def values_of(peer, items):
    """What is on the buffer of a heap with these items beside the payload: (descriptor, value)."""
    group = spead2.send.ItemGroup()
    for number, (described, value) in enumerate(items):
        group.add_item(id=0x4000 + number, name=f"v{number}", description="", value=value,
                       **described)
    group.add_item(0x3300, "data", "", shape=(4000,), dtype=np.int8, value=np.zeros(4000, np.int8))
    peer.stream().send_heap(group.get_heap())
    (buffer,) = peer.arrived()
    return [buffer["values"][f"v{number}"] for number in range(len(items))]


def test_numbers_of_any_format_are_values_of_their_buffer(peer):
    for code in "uib":
        items = [({"shape": (), "format": [(code, bits)]}, value)
                 for bits in range(1, 65) for value in elements_of([(code, bits)], 3)]
        # numpy keeps spead2 from sending a negative one of whole bytes.
        sent = [(described, value % 2**64 if described["format"][0][1] in (24, 40, 48, 56) else value)
                for described, value in items]
        assert values_of(peer, sent) == [value for _, value in items]


def test_numbers_of_any_dtype_are_values_of_their_buffer(peer):
    items = [({"shape": (), "dtype": dtype}, number)
             for dtype in DTYPES if dtype[1] in "iu" for number in
             (np.iinfo(np.dtype(dtype)).min, np.iinfo(np.dtype(dtype)).max, 0x12)]
    items += [({"shape": (), "dtype": dtype}, 1.25) for dtype in ("<f4", ">f4", "<f8", ">f8")]
    assert values_of(peer, items) == [value for _, value in items]


def test_names_that_cannot_be_fields_are_ids(peer):
    """Nor does an item take the place of the heap counter."""
    group = spead2.send.ItemGroup()
    for number, name in enumerate(["Test item 0", "", "0x1600", "heap-cnt", "a/b-c_d.e:f+1"]):
        group.add_item(0x4000 + number, name, "", shape=(), format=[("u", 40)], value=number)
    group.add_item(0x3300, "data", "", shape=(100,), dtype=np.int8, value=np.zeros(100, np.int8))
    stream = peer.stream()
    stream.send_heap(group.get_heap(), cnt=12345)
    (buffer,) = peer.arrived()
    assert buffer["values"] == {"heap-cnt": 12345, "item-0x4000": 0, "item-0x4001": 1,
                                "item-0x4002": 2, "item-0x4003": 3, "a/b-c_d.e:f+1": 4}


def test_texts_and_short_arrays_are_values_of_their_buffer(peer):
    assert values_of(peer, [
        ({"shape": (None,), "format": [("c", 8)]}, "some text"),
        ({"shape": (3,), "dtype": "<u2"}, np.array([1, 2, 3])),
        ({"shape": (5,), "format": [("u", 12)]}, [1, 2, 3, 4, 5]),
    ]) == [b"some text".hex(), "010002000300", "0010020030040050"]


# -- heaps ---------------------------------------------------------------------------------------


def random_bytes(size, seed=1):
    return np.random.default_rng(seed).integers(-128, 128, size, np.int8)


def test_many_descriptors_arrive(peer):
    """In several packets, as the item pointers are; all the values that a buffer has at most."""
    group = spead2.send.ItemGroup()
    for number in range(500):
        group.add_item(0x5000 + number, f"item{number}", "One of many", shape=(),
                       format=[("u", 40)], value=number if number < 256 else None)
    samples = random_bytes(5000)
    group.add_item(0x3300, "data", "", shape=samples.shape, dtype=np.int8, value=samples)
    stream = peer.stream()
    stream.send_heap(group.get_heap(descriptors="all", data="none"))
    stream.send_heap(group.get_heap(descriptors="none", data="all"))
    (buffer,) = peer.arrived()
    check_array(buffer, samples)
    assert [buffer["values"][f"item{number}"] for number in range(256)] == list(range(256))


def test_a_descriptor_that_comes_again_with_each_heap_changes_nothing(peer):
    group = spead2.send.ItemGroup(descriptor_frequency=1)
    group.add_item(0x3300, "data", "", shape=(5000,), dtype=np.int8)
    stream, sent = peer.stream(), []
    for number in range(5):
        sent.append(random_bytes(5000, number))
        group["data"].value = sent[-1]
        stream.send_heap(group.get_heap())
    n_caps = sum("caps" in line for line in peer.said)
    buffers = peer.arrived()
    for buffer, samples in zip(buffers, sent, strict=True):
        check_array(buffer, samples)
    # These, and the mark's.
    assert sum("caps" in line for line in peer.said) == n_caps + 2


@pytest.mark.parametrize("packet_size", [200, 1472, 9000, 65504])
@pytest.mark.parametrize("repeat", [False, True])
def test_packets_of_any_size_and_repeated_pointers_arrive(peer, packet_size, repeat):
    stream = peer.stream(max_packet_size=packet_size)
    sent = [random_bytes(100003, number) for number in range(3)]
    for number, samples in enumerate(sent):
        group = spead2.send.ItemGroup()
        group.add_item(0x4101, "feng_id", "", shape=(), format=[("u", 40)], value=number)
        group.add_item(0x3300, "data", "", shape=samples.shape, dtype=np.int8, value=samples)
        heap = group.get_heap()
        heap.repeat_pointers = repeat
        stream.send_heap(heap)
    buffers = peer.arrived()
    for number, (buffer, samples) in enumerate(zip(buffers, sent, strict=True)):
        check_array(buffer, samples)
        assert buffer["values"]["feng_id"] == number


@pytest.mark.parametrize("mode", spead2.send.GroupMode.__members__.values())
def test_groups_of_heaps_arrive(peer, mode):
    stream = peer.stream(3, max_heaps=3)
    sent = [random_bytes(30000, number) for number in range(3)]
    stream.send_heaps([
        spead2.send.HeapReference(heap_of(shape=(30000,), dtype=np.int8, value=samples),
                                  substream_index=number)
        for number, samples in enumerate(sent)], mode)
    buffers = sorted(peer.arrived(), key=lambda buffer: buffer["values"]["heap-cnt"])
    for buffer, samples in zip(buffers, sent, strict=True):
        check_array(buffer, samples)


def test_two_streams_on_one_port_arrive(peer):
    """Their counters do not collide, as katgpucbf's antennas do it."""
    streams = [peer.stream(), peer.stream()]
    first = streams and peer.counter
    for number, stream in enumerate(streams):
        stream.set_cnt_sequence(first + number, 2)
    sent = [random_bytes(20000, number) for number in range(10)]
    for number, samples in enumerate(sent):
        streams[number % 2].send_heap(heap_of(shape=(20000,), dtype=np.int8, value=samples))
    buffers = peer.arrived()
    for number, (buffer, samples) in enumerate(zip(buffers, sent, strict=True)):
        assert buffer["values"]["heap-cnt"] == first + number
        check_array(buffer, samples)


def test_heaps_without_data_are_control(peer):
    """Nothing at all, start and stop, an item of no bytes, immediates alone: spead2 sends a
    byte of padding with each."""
    before = peer.stats()["heaps-control"]
    empty, start, stop, immediate = (spead2.send.Heap() for _ in range(4))
    start.add_start()
    stop.add_end()
    group = spead2.send.ItemGroup()
    group.add_item(0x4101, "feng_id", "", shape=(), format=[("u", 40)], value=5)
    immediate.add_item(group["feng_id"])
    stream = peer.stream()
    for heap in (empty, start, stop, immediate,
                 heap_of(shape=(0,), dtype=np.int8, value=np.zeros(0, np.int8))):
        stream.send_heap(heap)
    assert peer.arrived() == []
    assert peer.stats()["heaps-control"] == before + 5


def test_data_in_the_stop_heap_arrive(peer):
    samples = random_bytes(5000)
    heap = heap_of(shape=(5000,), dtype=np.int8, value=samples)
    heap.add_end()
    peer.stream().send_heap(heap)
    (buffer,) = peer.arrived()
    check_array(buffer, samples)
