# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module gst_spead2, and what docs/python.md says of it."""

import re
import shutil
import subprocess

# In front of GStreamer, which brings another unwinder that spead2's threads must not end in.
import spead2  # noqa: F401
import gst_spead2
import numpy as np
import pytest
from gi.repository import GLib, Gst

from conftest import LIMIT, ROOT, wait_until
from test_docs import in_shell
from test_examples import free_port
from test_receive import described, open_stream

PAGE = (ROOT / "docs/python.md").read_text()

ARRAYS = {
    "audio/x-raw, format=F64BE, channels=3, rate=7": np.arange(6, dtype=">f8").reshape(2, 3),
    "audio/x-raw, format=U8, channels=1, rate=7": np.arange(6, dtype="|u1"),
    "audio/x-raw, format=S16LE, channels=2, rate=7, layout=interleaved": np.arange(6, dtype="<i2").reshape(3, 2),
    'application/x-spead-item, dtype="<c8", shape=<3, 2>': np.arange(6, dtype="<c8").reshape(3, 2),
    'application/x-spead-item, dtype="<i2", shape=<-1, 2>': np.arange(6, dtype="<i2").reshape(3, 2),
    "application/x-spead-item, dtype=\"[('re','|i1'),('im','|i1')]\", shape=<-1>":
        np.array([(1, -2), (3, 4)], [("re", "|i1"), ("im", "|i1")]),
    'application/x-spead-item, dtype="<i2", shape=<2, 3>, order=fortran':
        np.arange(6, dtype="<i2").reshape((2, 3), order="F"),
    "application/octet-stream, sample-bits=16, channels=2": np.arange(6, dtype=">i2").reshape(3, 2),
    "application/octet-stream": np.arange(5, dtype=np.uint8),
}


@pytest.mark.parametrize("caps", ARRAYS)
def test_caps_are_numpy_types_both_ways(caps):
    expected, caps = ARRAYS[caps], Gst.Caps.from_string(caps)
    order = "F" if "fortran" in caps.to_string() else "C"
    buffer = gst_spead2.to_buffer(expected, caps)
    assert buffer.extract_dup(0, buffer.get_size()) == expected.tobytes(order)
    got = gst_spead2.to_array(buffer, caps)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


def packed(values, bits):
    """Big endian, without padding between them, by Python's own numbers."""
    text = "".join(format(value % (1 << bits), f"0{bits}b") for value in values)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


@pytest.mark.parametrize("kind", ["sample-bits", "i", "u"])
@pytest.mark.parametrize("bits", [1, 3, 10, 12, 24, 33, 63])
def test_packed_samples_both_ways(kind, bits):
    low = 0 if kind == "u" else -(1 << bits - 1)
    values = [low + (i * 0x9E3779B97F4A7C15 >> 3) % (1 << bits) for i in range(78)]
    values += [low, low + (1 << bits) - 1]
    caps = Gst.Caps.from_string(f"application/octet-stream, sample-bits={bits}, channels=2" if kind == "sample-bits" else
                                f"application/x-spead-item, format={kind}{bits}, shape=<40, 2>")
    array = np.array(values, np.uint64 if kind == "u" else np.int64).reshape(40, 2)
    buffer = gst_spead2.to_buffer(array, caps)
    assert buffer.extract_dup(0, buffer.get_size()) == packed(values, bits)
    np.testing.assert_array_equal(gst_spead2.to_array(buffer, caps), array)


def test_a_padded_last_byte_is_no_sample():
    caps = Gst.Caps.from_string("application/x-spead-item, format=u1, shape=<3>")
    assert gst_spead2.to_array(Gst.Buffer.new_wrapped(b"\xa0"), caps).tolist() == [1, 0, 1]


@pytest.mark.parametrize("array, options, caps", [
    (np.zeros((0, 2), "<i2"), {"rate": 48000}, "audio/x-raw,layout=interleaved,format=S16LE,channels=2,rate=48000"),
    (np.zeros(0, "|i1"), {"rate": 48000}, "audio/x-raw,layout=interleaved,format=S8,channels=1,rate=48000"),
    (np.zeros((0, 3), ">f4"), {"rate": 7},
     "audio/x-raw,layout=interleaved,format=F32BE,channels=3,channel-mask=(bitmask)0,rate=7"),
    (np.zeros(0, "<i8"), {"rate": 7}, 'application/x-spead-item,dtype="<i8",shape=<-1>,rate=7'),
    (np.zeros((0, 2), "<i2"), {}, 'application/x-spead-item,dtype="<i2",shape=<-1,2>'),
    (np.zeros((0, 65), "<i2"), {"rate": 7}, 'application/x-spead-item,dtype="<i2",shape=<-1,65>,rate=7'),
    (np.zeros((0, 2, 3), "<f2"), {}, 'application/x-spead-item,dtype="<f2",shape=<-1,2,3>'),
    (np.zeros(0, [("re", "i1"), ("im", "i1")]), {},
     "application/x-spead-item,dtype=\"[('re', '|i1'), ('im', '|i1')]\",shape=<-1>"),
    (np.zeros((0, 2), "i8"), {"sample_bits": 10, "rate": 7},
     "application/octet-stream,sample-bits=10,channels=2,rate=7"),
])
def test_arrays_have_caps(array, options, caps):
    got = gst_spead2.caps_of(array, **options)
    assert got.is_equal(Gst.Caps.from_string(caps)), got.to_string()


@pytest.mark.parametrize("caps, frames", [
    ("audio/x-raw,format=S16LE,channels=2,rate=7", 3),
    ('application/x-spead-item,dtype="<i2",shape=<-1,2>', 6)])
def test_the_index_counts_frames_or_elements(caps, frames):
    buffer = gst_spead2.to_buffer(np.zeros((3, 2), "<i2"), Gst.Caps.from_string(caps), index=1 << 40)
    assert (buffer.offset, buffer.offset_end) == (1 << 40, (1 << 40) + frames)


@pytest.mark.parametrize("array, caps, words", [
    (np.zeros(2), "audio/x-raw,format=S16LE,channels=1,rate=7", r"float64.*<i2|float64.*int16.*astype"),
    (np.array([512]), "application/octet-stream,sample-bits=10", "from -512 to 511"),
    (np.zeros(2), "application/octet-stream,sample-bits=10", "integers"),
    (np.zeros(2), "audio/x-raw,format=S24LE,channels=1,rate=7", "S24LE.*audioconvert"),
    (np.zeros(2), "audio/x-raw,format=S8,channels=2,rate=7,layout=non-interleaved", "not interleaved"),
    (np.zeros(2), 'application/x-spead-item,format="u4,i12"', "u4,i12 has no numpy type")])
def test_what_does_not_fit_is_an_error(array, caps, words):
    with pytest.raises(ValueError, match=words):
        gst_spead2.to_buffer(array, Gst.Caps.from_string(caps))


def test_values_have_their_gtypes():
    event = gst_spead2.values_event({
        "small": 7, "negative": -1, "large": 2**64 - 1, "numpy": np.int16(-3), "flag": True, "text": "B0833-45",
        "bytes": b"\x00\xff"})
    assert event.type == Gst.EventType.CUSTOM_DOWNSTREAM
    structure = event.get_structure()
    fields = gst_spead2.fields_of(structure)
    assert fields == {"small": 7, "negative": -1, "large": 2**64 - 1, "numpy": -3, "flag": True, "text": "B0833-45",
                      "bytes": b"\x00\xff"}
    assert fields["flag"] is True
    with pytest.raises(TypeError, match="no value of an item"):
        gst_spead2.values_event({"a": 1.5})


def test_structures_are_dicts():
    text = 'a, n=(guint64)1, s=(structure)"b\\,\\ m\\=\\(int\\)2\\;", l=<1, 2>, f=(fraction)1/3'
    assert gst_spead2.fields_of(Gst.Structure.from_string(text)[0]) == {
        "n": 1, "s": {"m": 2}, "l": [1, 2], "f": pytest.approx(1 / 3)}
    stats = gst_spead2.stats_of(Gst.ElementFactory.make("spead2src"))
    assert stats["datagrams"] == 0 and stats["substream-losses"] == []


def test_an_error_of_the_pipeline_is_raised():
    with pytest.raises(GLib.Error, match="dtype"):
        for _ in gst_spead2.receive("spead2src port=0 dtype=nonsense"):
            pass


def test_an_error_while_the_last_heap_is_handled_is_raised():
    heaps = gst_spead2.receive("fakesrc num-buffers=1 sizetype=fixed sizemax=4 ! application/octet-stream")
    next(heaps)
    running = heaps.gi_frame.f_locals
    wait_until(lambda: running["sink"].get_property("eos"))
    error = GLib.Error.new_literal(Gst.StreamError.quark(), "No more heaps.", Gst.StreamError.FAILED)
    running["pipeline"].get_bus().post(Gst.Message.new_error(running["sink"], error, ""))
    with pytest.raises(GLib.Error, match="No more heaps"):
        next(heaps)


def test_values_of_several_heaps_are_arrays():
    port = free_port()
    pipeline = Gst.parse_launch(f"spead2src name=source address=127.0.0.1 port={port} heaps-per-buffer=4 "
                                "wait-descriptor=true ! appsink name=sink sync=false")
    try:
        pipeline.set_state(Gst.State.PLAYING)
        pipeline.get_by_name("source").get_state(Gst.CLOCK_TIME_NONE)  # it receives
        sink, stream = pipeline.get_by_name("sink"), open_stream(port)
        group, generator = described((8,), dtype=np.int8)
        group.add_item(0x4103, "phase", "Signed", shape=(), format=[("i", 16)])
        group.add_item(0x4104, "gain", "The same in all", shape=(), format=[("u", 40)], value=5)
        stream.send_heap(generator.get_heap(data="none"))
        for number in range(6):
            group["timestamp"].value, group["phase"].value = 8 * number, number - 3
            group["adc_samples"].value = np.zeros(8, np.int8)
            stream.send_heap(generator.get_heap(descriptors="none", data="all"))
        stream.send_heap(generator.get_end())
        values = []
        while sample := sink.emit("pull-sample"):
            values.append(gst_spead2.values_of(sample.get_buffer()))
    finally:
        pipeline.set_state(Gst.State.NULL)
    assert [buffer["n-heaps"] for buffer in values] == [4, 2] and all(buffer["gain"] == 5 for buffer in values)
    counters = np.concatenate([buffer["heap-cnt"] for buffer in values])
    assert counters.dtype == np.uint64 and np.all(np.diff(counters) == 1) and len(counters) == 6
    assert np.concatenate([buffer["phase"].view(np.int64) for buffer in values]).tolist() == [-3, -2, -1, 0, 1, 2]
    assert not any(name.startswith("each/") for buffer in values for name in buffer)


def test_messages_with_counters_have_their_time():
    source = Gst.ElementFactory.make("spead2src")
    source.set_properties(port=0, **{"stats-interval": Gst.MSECOND})
    source.set_bus(bus := Gst.Bus())
    before = Gst.util_get_timestamp()
    try:
        source.set_state(Gst.State.PAUSED)
        messages = [bus.timed_pop_filtered(LIMIT * Gst.SECOND, Gst.MessageType.ELEMENT) for _ in range(2)]
    finally:
        source.set_state(Gst.State.NULL)
    times = [before, *(message.timestamp for message in messages), Gst.util_get_timestamp()]
    assert times == sorted(times) and len(set(times)) == 4


def run_page(tmp_path):
    lines, = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.S | re.M)
    return in_shell(lines, tmp_path)


def test_the_examples_send_and_receive_each_other(tmp_path):
    done = run_page(tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
    received = re.findall(r"^8192 samples from (\d+): power \[(\S+) +(\S+) *\], values (\{[^}]*\})", done.stdout, re.M)
    assert [int(index) for index, *_ in received] == [8192 * i for i in range(20)], done.stdout
    for i, (_, left, right, values) in enumerate(received):
        assert float(left) == pytest.approx(500000, rel=0.01) and float(right) == pytest.approx(500000, rel=0.01)
        assert f"'scan_id': {i}" in values
    assert re.search(r"20\s* heaps sent", done.stdout)  # the other's end of line may be within


def test_the_examples_are_short_and_on_the_page():
    programs = [(ROOT / f"examples/numpy_{end}.py").read_text() for end in ("sender", "receiver")]
    assert all(len(program.splitlines()) < 30 for program in programs)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.S | re.M)
    assert len(blocks) == 2 and all(any(block in program for program in programs) for block in blocks)


def test_the_page_has_every_function():
    rows = re.search(r"^\| function .*?\n\n", PAGE, re.S | re.M).group()
    functions = {name for name in gst_spead2.__all__ if name.islower()}
    assert set(re.findall(r"`(\w+)\(", rows)) == functions


@pytest.mark.skipif(shutil.which("mypy") is None, reason="there is no mypy")
def test_the_module_is_typed(tmp_path):
    done = subprocess.run(
        ["/usr/bin/mypy", "--cache-dir", str(tmp_path), "--config-file", str(ROOT / "python/mypy.ini"),
         str(ROOT / "python/gst_spead2")],
        capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
