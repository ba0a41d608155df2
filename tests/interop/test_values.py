# SPDX-License-Identifier: LGPL-2.1-or-later
"""A value that is sent is the value that spead2 receives, or is refused with a message.

Every format and width, as an immediate, an addressed number and a payload; every
dtype, shape and text; and every type of value that an application may give. The
expected result, value or message, is computed here from the SPEAD formats.
"""

import ast
import json
import socket
import struct
import subprocess
import time

import numpy as np
import pytest
import spead2
import spead2.recv

import speadwire
from conftest import HERE, LIMIT, PYTHON

BYTES = "application/octet-stream"
PAYLOAD = "; p,id=0x3300,value=payload"
FLAVOUR = 48


class Peer:
    """spead2sink in a process of its own, and spead2's receiver here."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.stream = spead2.recv.Stream(
            spead2.ThreadPool(), spead2.recv.StreamConfig(stop_on_stop_item=False),
            spead2.recv.RingStreamConfig(heaps=64))
        self.stream.add_udp_reader(self.socket, max_size=65536)
        self.sender = subprocess.Popen(
            [PYTHON, str(HERE / "valuesender.py")], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def heaps(self):
        """What has arrived up to now: a packet of the test's own is the last one."""
        for packet in speadwire.heap(40, (1 << 40) - 1,
                                     [(speadwire.STREAM_CTRL, 2)], lambda number: 1 << 16):
            self.end.sendto(packet, self.address)
        received = []
        while not received or not received[-1].is_end_of_stream():
            received.append(self.stream.get())
        return received[:-1]

    def send(self, items, buffers, values=(), caps=BYTES, **properties):
        """The message of the error, or None, and each heap's values by name."""
        case = {"caps": caps, "buffers": [data.hex() for data in buffers],
                "values": [*values, *[[]] * (len(buffers) - len(values))],
                "properties": {"port": self.address[1], "items": items, "send-stop-heap": "false",
                               "heap-address-bits": FLAVOUR, **properties}}
        self.sender.stdin.write(json.dumps(case) + "\n")
        self.sender.stdin.flush()
        error = json.loads(self.sender.stdout.readline())["error"]
        group = spead2.ItemGroup()
        return error, [{name: item.value for name, item in group.update(heap).items()}
                       for heap in self.heaps()]

    def close(self):
        self.sender.stdin.close()
        self.sender.wait(LIMIT)
        self.sender.stdout.close()
        self.stream.stop()
        self.socket.close()
        self.end.close()


@pytest.fixture(scope="module")
def peer():
    connected = Peer()
    yield connected
    connected.close()


def plain(value):
    """A received value as Python's own: a number, a list, a tuple of fields, a text."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def check(peer, expected, name, *arguments, **properties):
    """All heaps have these values of the item, or nothing is sent for the words of a message."""
    error, heaps = peer.send(*arguments, **properties)
    if isinstance(expected, str):
        assert error is not None and expected in error, (error, heaps)
        assert heaps == []
    else:
        assert error is None, error
        assert [plain(heap[name]) for heap in heaps] == expected


# -- numbers -------------------------------------------------------------------------


def numbers_of(code, bits):
    """The ends of the range, and a number whose bits are not the same from both ends."""
    top = 1 << bits
    if code == "b":
        return [0, 1]
    if code == "i":
        return [-(top >> 1), (top >> 1) - 1, -1, 0x1234567890abcdef % top // 2]
    return [0, top - 1, 0x1234567890abcdef % top]


def why_no_number(code, bits, immediate):
    if code == "c":
        return "format=c8" if bits == 8 else "characters have 8 bits"
    if code == "f":
        return "whole numbers" if bits in (32, 64) else "floats have 32 or 64 bits"
    if immediate and bits > FLAVOUR:
        return "do not fit an immediate"
    return "64 bits" if bits > 64 else None


@pytest.mark.parametrize("mode", ["immediate", "addressed"])
@pytest.mark.parametrize("code", "uifcb")
def test_a_number_of_any_format_arrives(peer, code, mode):
    for bits in [*range(1, 66), 128]:
        numbers = numbers_of(code, bits) if bits <= 64 else [1]
        refused = why_no_number(code, bits, mode == "immediate")
        text = ",".join(f'"{number}"' for number in numbers)
        expected = refused or [bool(n) if code == "b" else n for n in numbers]
        check(peer, expected, "a",
              f"a,id=0x1234,mode={mode},format={code}{bits},value=<{text}>" + PAYLOAD,
              [b"payload"] * len(numbers))


@pytest.mark.parametrize("mode", ["immediate", "addressed"])
@pytest.mark.parametrize("code", "uib")
def test_a_number_outside_its_format_is_refused(peer, code, mode):
    for bits in (1, 7, 8, 12, 31, 40, 48):
        numbers = numbers_of(code, bits)
        for number in (min(numbers) - 1, max(numbers) + 1):
            item = f"a,id=0x1234,mode={mode},format={code}{bits}"
            why = "is negative" if number < 0 and code != "i" else f"{number} is"
            for field in (f'value="{number}"', f'value=<0,"{number}">', f'start="{number}"',
                          f'value=meta,default="{number}"'):
                check(peer, why, "a", f"{item},{field}{PAYLOAD}", [b"payload"])


@pytest.mark.parametrize("mode", ["immediate", "addressed"])
@pytest.mark.parametrize("bits", [3, 8, 12, 16, 33, 40])
def test_counters_of_any_format_arrive(peer, mode, bits):
    """They go on modulo 2^bits: a signed one from its smallest number."""
    item = f"a,id=0x1234,mode={mode},format="
    check(peer, [(6 + index) % (1 << bits) for index in range(4)], "a",
          f"{item}u{bits},value=sample-index{PAYLOAD}", [b"x"] * 4, **{"first-sample": 6})
    half = 1 << (bits - 1)
    check(peer, [half - 2, half - 1, -half, 1 - half], "a",
          f'{item}i{bits},value=sample-index{PAYLOAD}', [b"x"] * 4, **{"first-sample": half - 2})
    check(peer, [1, -1, -3], "a", f"{item}i{bits},start=1,step=-2{PAYLOAD}", [b"x"] * 3)


@pytest.mark.parametrize("form", ["format=u64", "format=u61", "format=i64", 'dtype="<u8"'])
def test_a_date_arrives(peer, form):
    before = time.time_ns()
    error, heaps = peer.send(f"a,id=0x1234,value=utc-ns,mode=addressed,{form}{PAYLOAD}", [b"x"])
    assert error is None
    assert before - 10**6 <= plain(heaps[0]["a"]) <= time.time_ns()


def test_a_date_that_does_not_fit_is_refused(peer):
    check(peer, "use mode=addressed,format=u64", "a", f"a,id=0x1234,value=utc-ns{PAYLOAD}", [b"x"])


FIELDS = [("u8,i16", 5, (0, 5)), ("u4,u8", 0x123, (1, 0x23)), ("i3,u9", 0xfff, (-1, 0x1ff)),
          ("b1,u7", 0x85, (True, 5)), ("u1,b8,i7", 0x80ff, (1, True, -1)),
          ("u8,c8", 0x41, "whole numbers"), ("u8,f32", 1, "whole numbers")]


@pytest.mark.parametrize("mode", ["immediate", "addressed"])
@pytest.mark.parametrize("form, number, expected", FIELDS)
def test_a_number_of_several_fields_arrives(peer, form, number, expected, mode):
    expected = expected if isinstance(expected, str) else [expected]
    check(peer, expected, "a",
          f'a,id=0x1234,mode={mode},format="{form}",value={number}{PAYLOAD}', [b"x"])


@pytest.mark.parametrize("dtype", ["|u1", "i1", ">u2", ">i2", "<u4", ">i4", "<i8", ">u8", "<f4",
                                   "|b1", "<c8", "|S3", "|V4", "[('a','i1')]"])
@pytest.mark.parametrize("mode", ["immediate", "addressed"])
def test_a_number_of_any_dtype_arrives(peer, dtype, mode):
    refused = (f"{dtype}" if dtype.strip("<>|")[0] not in "iu" else
               "do not fit" if mode == "immediate" and dtype == "<i8" else
               "big endian" if mode == "immediate" and dtype[0] == "<" else
               "do not fit an immediate" if mode == "immediate" and dtype == ">u8" else None)
    if refused:
        expected = "whole numbers" if refused == dtype else refused
        numbers = [1]
    else:
        info = np.iinfo(np.dtype(dtype))
        expected = numbers = [int(info.min), int(info.max)]
    text = ",".join(f'"{number}"' for number in numbers)
    check(peer, expected, "a",
          f'a,id=0x1234,mode={mode},dtype="{dtype}",value=<{text}>{PAYLOAD}', [b"x"] * len(numbers))


@pytest.mark.parametrize("flavour", range(8, 64, 8))
def test_numbers_arrive_in_any_flavour(peer, flavour):
    for bits in sorted({1, 5, flavour - 3, flavour}):
        number = numbers_of("u", bits)[-1]
        check(peer, [number] * 2, "a",
              f'a,id=0x7f,format=u{bits},value="{number}"; p,id=0x7e,value=payload',
              [b"x"] * 2, **{"heap-address-bits": flavour})


@pytest.mark.parametrize("item", [7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x400, 0x7fff])
def test_any_id_arrives(peer, item):
    check(peer, [5], "a", f"a,id={item:#x},value=5{PAYLOAD}", [b"x"])
    check(peer, [[0x78]], "p", f"a,id=0x20,value=5; p,id={item:#x},value=payload", [b"x"])


# -- payloads ------------------------------------------------------------------------


def joined(*fields):
    """Numbers of so many bits side by side, the first in the high bits, and zeros up to a whole
    byte."""
    number = total = 0
    for value, bits in fields:
        number = number << bits | value % (1 << bits)
        total += bits
    size = (total + 7) // 8
    return (number << (8 * size - total)).to_bytes(size, "big")


def packed(values, bits):
    return joined(*((value, bits) for value in values))


def payload_of(code, bits, count):
    """Bytes, and the elements that they are."""
    if code == "c":
        return b"Sample"[:count], "Sample"[:count]
    if code == "f":
        floats = [0.5, -1.25, 3e10, 0.0, 1.0, -0.0][:count]
        floats = np.array(floats, f">f{bits // 8}" if bits in (32, 64) else ">f4")
        return floats.tobytes(), floats.tolist()
    numbers = (numbers_of(code, bits) * count)[:count]
    return packed(numbers, bits), [bool(n) for n in numbers] if code == "b" else numbers


@pytest.mark.parametrize("code", "uifcb")
def test_a_payload_of_any_format_arrives(peer, code):
    for bits in [*range(1, 66), 128]:
        data, elements = payload_of(code, bits, 3)
        refused = ("floats have 32 or 64 bits" if code == "f" and bits not in (32, 64) else
                   "characters have 8 bits" if code == "c" and bits != 8 else None)
        check(peer, refused or [elements], "p",
              f"p,id=0x3300,value=payload,shape=3,format={code}{bits}", [data])


def count_of(shape):
    return int(np.prod([size for size in shape if size != -1]))


@pytest.mark.parametrize("shape", [[], [1], [5], [2, 3], [-1], [-1, 2], [2, -1], [2, -1, 3]])
@pytest.mark.parametrize("form", ["u1", "u4", "i10", "i12", "u24", "u16", "|i1", "<i2"])
def test_a_payload_of_any_shape_arrives_or_its_size_is_refused(peer, form, shape):
    by_dtype = form[0] in "<|"
    bits = np.dtype(form).itemsize * 8 if by_dtype else int(form[1:])
    row = count_of(shape)
    item = (f"p,id=0x3300,value=payload,shape=<{','.join(map(str, shape))}>,"
            + (f'dtype="{form}"' if by_dtype else f"format={form}"))
    for size in range(1, 40):
        rows = size * 8 // (row * bits)
        whole = (size * 8 % (row * bits) == 0 and rows > 0 if -1 in shape
                 else size == (row * bits + 7) // 8)
        if not whole:
            check(peer, f"A payload of {size} bytes does not have the shape", "p", item,
                  [bytes(size)])
            continue
        count = row * rows if -1 in shape else row
        numbers = [index % (1 << (bits - 1)) for index in range(count)]
        data = np.array(numbers, form).tobytes() if by_dtype else packed(numbers, bits)
        full = [rows if dimension == -1 else dimension for dimension in shape]
        check(peer, [np.reshape(numbers, full).tolist()], "p", item, [data])


def test_the_size_that_a_shape_needs_is_said(peer):
    for item, size, words in (
            ("format=u4,shape=3", 3, "it must be 2 bytes"),
            ("format=u12,shape=<-1>", 4, "it must be a multiple of 3 bytes"),
            ("format=u12,shape=5", 7, "it must be 8 bytes"),
            ('dtype="<i2",shape=<2,3>', 13, "it must be 12 bytes")):
        check(peer, words, "p", f"p,id=0x3300,value=payload,{item}", [bytes(size)])


DTYPES = ["|i1", "u1", "|b1", "<i2", ">u4", "<u8", "<f2", ">f4", "<f8", "<c8", ">c16", "|S5",
          "<U3", "|V7", "<V3", "<S4", ">b1", "[('re','<f4'),('im','<f4')]",
          "[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]", "[('a b','<i2',(2,3)),('c.d-e','|S2')]",
          "[('a',[('b','<i2')],2),('c','u1',1)]", "[('1','i1')]"]
NO_DTYPES = {"<f16": "no such size", "i2": "byte order", "int8": "write '|i1'",
             "uint16": "write '<u2' or '>u2'", "complex64": "write '<c8' or '>c8'",
             "[('a','i1',02)]": "a number begins with 0",
             "float": "a number is missing", "bool": "write '|b1'",
             "[('a','i1'),('a','i1')]": "two fields have this name"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_payload_of_any_dtype_arrives(peer, dtype):
    numpy = np.dtype(ast.literal_eval(dtype) if dtype[0] == "[" else dtype)
    data = bytes(65 + index % 60 for index in range(3 * numpy.itemsize))
    if dtype == "<U3":
        data = np.array(["abc", "äöü", "x"], dtype).tobytes()
    if dtype[1:] == "b1":
        data = b"\0\1\1"
    error, heaps = peer.send(f'p,id=0x3300,value=payload,dtype="{dtype}"', [data])
    assert error is None
    expected = np.frombuffer(data, numpy)
    assert heaps[0]["p"].tobytes() == expected.astype(numpy.newbyteorder("=")).tobytes()
    assert str(plain(heaps[0]["p"])) == str(plain(expected))


@pytest.mark.parametrize("dtype", NO_DTYPES)
def test_what_numpy_cannot_read_is_refused(peer, dtype):
    check(peer, NO_DTYPES[dtype], "p", f'p,id=0x3300,value=payload,dtype="{dtype}"', [bytes(16)])


@pytest.mark.parametrize("form, data, expected", [
    ("u8,i16", b"\1\xff\xfe\2\0\3", [(1, -2), (2, 3)]),
    ("u4,i12", b"\x1f\xff\x20\x05", [(1, -1), (2, 5)]),
    ("u4,f32,c8", joined((1, 4), (0x3f000000, 32), (65, 8), (2, 4), (0xbf800000, 32), (66, 8)),
     [(1, 0.5, b"A"), (2, -1.0, b"B")]),
    ("f32,u32", struct.pack(">fIfI", 0.5, 7, -2, 8), [(0.5, 7), (-2, 8)]),
    ("u8,c4", bytes(3), "characters have 8 bits"),
    ("u8,f16", bytes(3), "floats have 32 or 64 bits")])
def test_a_payload_of_several_fields_arrives(peer, form, data, expected):
    check(peer, expected if isinstance(expected, str) else [expected], "p",
          f'p,id=0x3300,value=payload,format="{form}"', [data])


# -- texts ---------------------------------------------------------------------------

TEXTS = ["x", "some text", "2024", "~!@#$%^&*()\n\t", "x" * 3000]
NO_TEXTS = {"": "empty", "Größe": "ASCII", "\N{GREEK SMALL LETTER MU}s": "ASCII"}


@pytest.mark.parametrize("text", [*TEXTS, *NO_TEXTS])
def test_a_text_arrives(peer, text):
    expected = NO_TEXTS.get(text) or [text]
    check(peer, expected, "t", f't,id=0x1234,format=c8,value="{text}"{PAYLOAD}', [b"x"])
    check(peer, expected, "t", f't,id=0x1234,value=meta,default="other"{PAYLOAD}', [b"x"],
          [[("t", None, text)]])
    check(peer, expected, "t", f't,id=0x1234,value=meta,default="other"{PAYLOAD}', [b"x"],
          [[("t", "GBytes", text.encode().hex())]])


@pytest.mark.parametrize("text", ["Größe", "x", "say so"])
def test_a_text_arrives_as_bytes(peer, text):
    item = f't,id=0x1234,format=u8,value='
    check(peer, [list(text.encode())], "t", f'{item}"{text}"{PAYLOAD}', [b"x"])
    for data in (text.encode(), bytes(range(256))):
        check(peer, [list(data)], "t", f'{item}meta,default="other"{PAYLOAD}', [b"x"],
              [[("t", "GBytes", data.hex())]])


def test_a_zero_in_a_text_is_refused(peer):
    check(peer, "ASCII", "t", f't,id=0x1234,value=meta,default="other"{PAYLOAD}', [b"x"],
          [[("t", "GBytes", "610062")]])


# -- values of the application -------------------------------------------------------

U40, I40 = "format=u40", "format=i40"
U64, I64 = "mode=addressed,format=u64", "mode=addressed,format=i64"


@pytest.mark.parametrize("form, type_name, value", [
    (U40, None, 5), (I40, None, -5), (U40, None, True), ("format=b1", None, True),
    (U40, "gchar", 100), (I40, "gchar", -100), (U40, "guchar", 200),
    (U40, "gint", 1 << 30), (I40, "gint", -1 << 31), (U40, "guint", 0xffffffff),
    (U40, "glong", 1 << 39), (I40, "glong", -1 << 39), (U40, "gulong", 1 << 39),
    (I64, "gint64", -1 << 63), (U64, "guint64", (1 << 64) - 1), (U64, "gulong", (1 << 64) - 1),
    (I64, "glong", -1 << 63), (I64, "guint64", (1 << 63) - 1), ("format=i12", None, -2048),
    (U64, None, "18446744073709551615"), (U40, None, "0x1600"), (I64, None, "-9223372036854775808"),
    ("format=u12", None, 0x123), ('mode=addressed,dtype="<i4"', None, -2)])
def test_a_value_of_the_application_arrives(peer, form, type_name, value):
    number = int(value, 0) if isinstance(value, str) else value
    check(peer, [number, 0], "a", f"a,id=0x1234,value=meta,{form}{PAYLOAD}", [b"x"] * 2,
          [[("a", type_name, value)]])


@pytest.mark.parametrize("form, type_name, value", [
    ("format=i16", None, 40000), ("format=i16", None, -32769), ("format=u16", None, -1),
    ("format=u16", None, 65536), ("format=b8", None, 2), ("format=u12", None, 4096),
    (I64, "guint64", 1 << 63), (U64, "gint64", -1), (U40, "gulong", 1 << 40),
    (U64, None, "-1"), (I64, None, "9223372036854775808"), (I64, None, "-9223372036854775809"),
    (U64, None, "18446744073709551616"), (U40, None, "five"), (U40, None, ""), (U40, None, 1.5)])
def test_a_value_that_does_not_fit_is_refused(peer, form, type_name, value):
    check(peer, "of item 'a' is not a whole number from", "a",
          f"a,id=0x1234,value=meta,{form}{PAYLOAD}", [b"x"], [[("a", type_name, value)]])
