# SPDX-License-Identifier: LGPL-2.1-or-later
"""What spead2sink sends, spead2src receives: the same caps, bytes and values of items, and as
many packets and bytes as were sent."""

import ast
import json

import numpy as np
import pytest

from conftest import HERE, PYTHON
from network import Process
from test_senders import AUDIO, Peer

RATE = 48000
BYTES = "application/octet-stream"
ITEM = "application/x-spead-item"


class Link:
    """spead2sink in one process, spead2src in another."""

    def __init__(self):
        self.receiver = Peer(f"sample-rate={RATE}")
        self.sender = Process([PYTHON, str(HERE / "valuesender.py")])
        self.counter = 1

    def send(self, caps, buffers, values=(), n_heaps=None, **properties):
        """The buffers that arrive, before the sink's stop heap."""
        before = self.receiver.stats()
        case = {"caps": caps, "buffers": [data.hex() for data in buffers],
                "values": [*values, *[[]] * (len(buffers) - len(values))],
                "properties": {"port": self.receiver.port, "rate": 50e6,
                               "heap-cnt-start": self.counter, **properties}}
        # A stop heap with a counter that there was is a duplicate.
        self.counter += 1000
        done = self.sender.ask(json.dumps(case), "stats")
        assert done["error"] is None
        arrived = self.receiver.arrived()
        after, sent = self.receiver.stats(), done["stats"]
        got = {name: after[name] - before[name] for name in after if isinstance(after[name], int)}
        # The receiver's mark is a packet of 8 bytes, with 5 pointers.
        assert got["packets-accepted"] - 1 == got["datagrams"] - 1 == sent["packets"]
        assert got["bytes"] - 56 == sent["bytes"]
        assert got["heaps-delivered"] - 1 == sent["heaps-sent"] == (n_heaps or len(buffers))
        assert got["kernel-drops"] == 0
        return arrived

    def check(self, fields, buffers, expected=None, **properties):
        """The same buffers arrive, with the same caps, or the expected ones."""
        arrived = self.send(caps_of(fields), buffers, **properties)
        assert [buffer["data"] for buffer in arrived] == buffers
        assert [buffer["caps"] for buffer in arrived] == len(buffers) * [expected or fields]

    def kill(self):
        self.sender.kill()
        self.receiver.kill()


def caps_of(fields):
    """As text."""
    written = [fields["name"]]
    for name, value in fields.items():
        if name == "channel-mask":
            written.append(f"{name}=(bitmask){value}")
        elif isinstance(value, list):
            written.append(f"{name}=<{','.join(map(str, value))}>")
        elif name != "name":
            written.append(f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}")
    return ", ".join(written)


def audio(form, channels=1):
    fields = {"name": "audio/x-raw", "format": form, "layout": "interleaved",
              "channels": channels, "rate": RATE}
    return {**fields, "channel-mask": "0x0"} if channels > 2 else fields


@pytest.fixture(scope="module")
def link():
    connected = Link()
    yield connected
    connected.kill()


def some_bytes(size):
    return bytes(np.random.default_rng(size).integers(0, 256, size, np.uint8))


# -- types --------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 64])
@pytest.mark.parametrize("form", [*AUDIO, "S24BE", "U24BE"])
def test_audio_of_all_formats(link, form, channels):
    link.check(audio(form, channels), [some_bytes(192 * channels), some_bytes(9600 * channels)])


@pytest.mark.parametrize("channels", [1, 3])
def test_packed_samples_of_all_widths(link, channels):
    """Where GStreamer or numpy have such a type, it is preferred."""
    known = {8: audio("S8", channels), 16: audio("S16BE", channels), 32: audio("S32BE", channels),
             24: audio("S24BE", channels),
             64: {"name": ITEM, "dtype": ">i8", "shape": [80, 3] if channels > 1 else [80],
                  "rate": RATE}}
    for bits in range(1, 65):
        fields = {"name": BYTES, "sample-bits": bits, "channels": channels, "rate": RATE}
        link.check(fields, 2 * [some_bytes(10 * bits * channels)], known.get(bits))


def test_bytes(link):
    link.check({"name": BYTES}, [some_bytes(1), some_bytes(5000)], audio("U8"))


@pytest.mark.parametrize("form, dtype", [
    ("GRAY8", "|u1"), ("GRAY16_LE", "<u2"), ("GRAY16_BE", ">u2")])
def test_gray_pictures(link, form, dtype):
    link.check({"name": "video/x-raw", "format": form, "width": 100, "height": 30},
               2 * [some_bytes(3000 * np.dtype(dtype).itemsize)],
               {"name": ITEM, "dtype": dtype, "shape": [30, 100], "rate": RATE})


# Written as the receiver writes them.
DTYPES = ["<i8", ">i8", "<u8", ">u8", "<f2", ">f2", "<c8", ">c16", "|b1", "|S5", "<U3", "|V7",
          "[('re','|i1'),('im','|i1')]", "[('a','<i2',(3,2,)),('b','|S2')]",
          "[('a',[('b','<i2')],(2,)),('c','|u1')]"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_items_of_any_dtype(link, dtype):
    size = np.dtype(ast.literal_eval(dtype) if dtype[0] == "[" else dtype).itemsize
    for shape, whole in (([-1], [12]), ([-1, 3], [4, 3]), ([2, -1, 3], [2, 2, 3])):
        fields = {"name": ITEM, "dtype": dtype, "shape": shape, "rate": RATE}
        link.check(fields, 2 * [some_bytes(12 * size)], {**fields, "shape": whole})


@pytest.mark.parametrize("form", ["u1", "u10", "i12,u4", "b1", "i65", "u4,i12,f32", "u48"])
def test_items_of_any_format(link, form):
    bits = sum(int(field[1:]) for field in form.split(","))
    for shape, whole in (([-1], [24]), ([-1, 3], [8, 3]), ([2, -1, 3], [2, 4, 3])):
        fields = {"name": ITEM, "format": form, "shape": shape, "rate": RATE}
        link.check(fields, 2 * [some_bytes(3 * bits)], {**fields, "shape": whole})


def test_heaps_of_any_size(link):
    """Cut and joined from buffers: the receiver has the heaps."""
    data = some_bytes(30000)
    arrived = link.send(caps_of(audio("S16LE")), [data[:9000], data[9000:]], n_heaps=8,
                        **{"heap-size": 4000})
    assert [buffer["size"] for buffer in arrived] == 7 * [4000] + [2000]
    assert b"".join(buffer["data"] for buffer in arrived) == data
    assert [buffer["offset"] for buffer in arrived] == [2000 * number for number in range(8)]


# -- values -----------------------------------------------------------------------------------

PAYLOAD = "; data,id=0x3300,value=payload"
U64, I64 = "mode=addressed,format=u64", "mode=addressed,format=i64"


@pytest.mark.parametrize("kind, type_name, value", [
    ("format=u40", None, 5), ("format=i40", None, -5), ("format=b1", None, True),
    ("format=u12", None, 0x123), ("format=i12", None, -2048), ("format=u40", "guint64", (1 << 40) - 1),
    ("format=i40", "gint64", -1 << 39), (I64, "gint64", -1 << 63), (U64, "guint64", (1 << 64) - 1),
    ('mode=addressed,dtype="<i4"', None, -2), ('dtype=">u2"', None, 65535),
    ('default="other"', None, "some text"),
    ('default="other",format=u8', "GBytes", bytes(range(64)).hex())])
def test_values_of_the_application(link, kind, type_name, value):
    (buffer,) = link.send(BYTES, [bytes(100)], [[("a", type_name, value), ("heap-cnt", "guint64", 77777)]],
                          items=f"a,id=0x1234,value=meta,{kind}{PAYLOAD}")
    if value == "some text":
        value = value.encode().hex()
    assert buffer["values"] == {"heap-cnt": 77777, "a": value}


@pytest.mark.parametrize("bits", range(8, 64, 8))
def test_counters_that_run_over(link, bits):
    """OFFSET has all bits, the values those of the wire."""
    first = (1 << bits) - 5
    # With many bits an id has few, with few a heap has no space for descriptors.
    item = 0x1600 if bits < 56 else 0x7f
    arrived = link.send(BYTES, 3 * [b"0123"], items=f"timestamp,id={item},value=sample-index; "
                        "data,id=0x7e,value=payload",
                        **{"descriptors": "none" if bits == 8 else "first-heap",
                           "heap-address-bits": bits, "first-sample": first,
                           "heap-cnt-start": (1 << bits) - 2, "send-stop-heap": False})
    start = arrived[0]["offset"]
    assert start % (1 << bits) == first
    assert [buffer["offset"] for buffer in arrived] == [start, start + 4, start + 8]
    assert [buffer["values"]["timestamp"] for buffer in arrived] == [first, first + 4, 3]
    assert [buffer["values"]["heap-cnt"] for buffer in arrived] == [
        (1 << bits) - 2, (1 << bits) - 1, 0]
