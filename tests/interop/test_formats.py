# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every interleaved audio format of GStreamer arrives in spead2 as the same
numbers."""

import ast

import numpy as np
import pytest

import adcwave
from conftest import ROOT, safe_sending
from test_docs import in_shell

FRAMES = 3000
# GStreamer's name, and what numpy calls it.
NUMPY = {
    "S8": "|i1", "U8": "|u1",
    "S16LE": "<i2", "S16BE": ">i2", "U16LE": "<u2", "U16BE": ">u2",
    "S32LE": "<i4", "S32BE": ">i4", "U32LE": "<u4", "U32BE": ">u4",
    "F32LE": "<f4", "F32BE": ">f4", "F64LE": "<f8", "F64BE": ">f8",
}
# Without a numpy type; SPEAD's own formats are big endian.
SPEAD = {"S24BE": "i24", "U24BE": "u24"}


def send(launch, receiver, audio_format, channels, file):
    """Sends noise, and writes the same bytes to a file."""
    mask = f",channel-mask=(bitmask){(1 << channels) - 1:#x}" if channels > 1 else ""
    launch(f"audiotestsrc num-buffers=3 samplesperbuffer={FRAMES} wave=white-noise ! "
           f"audio/x-raw,format={audio_format},channels={channels}{mask} ! tee name=t ! "
           f'queue ! filesink location="{file}" '
           f"t. ! queue ! spead2sink port={receiver.port} {safe_sending(receiver.buffer)}")


def samples_of(heap):
    return next(item for item in heap["items"] if item["id"] == 0x3300)


def check_whole(received, channels):
    assert received.end["drops"] == 0
    assert received.end["stopped_by"] == "stop heap"
    assert received.column("timestamp") == [0, FRAMES, 2 * FRAMES]
    shape = [FRAMES] if channels == 1 else [FRAMES, channels]
    assert [samples_of(heap)["shape"] for heap in received.heaps] == 3 * [shape]


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("audio_format", NUMPY)
def test_samples_arrive_as_numpys(receive, launch, tmp_path, audio_format, channels):
    receiver = receive()
    send(launch, receiver, audio_format, channels, tmp_path / "sent")
    received = receiver.finish()
    check_whole(received, channels)
    assert {samples_of(heap)["type"] for heap in received.heaps} == {NUMPY[audio_format]}
    sent = np.fromfile(tmp_path / "sent", NUMPY[audio_format])
    assert len(np.unique(sent)) > 100
    np.testing.assert_array_equal(np.frombuffer(received.samples, sent.dtype), sent)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("audio_format", SPEAD)
def test_24_bits_arrive_as_numbers(receive, launch, tmp_path, audio_format, channels):
    receiver = receive()
    send(launch, receiver, audio_format, channels, tmp_path / "sent")
    received = receiver.finish()
    check_whole(received, channels)
    assert {samples_of(heap)["type"] for heap in received.heaps} == {SPEAD[audio_format]}
    sent = np.fromfile(tmp_path / "sent", np.uint8).reshape(-1, 3).astype(np.int64)
    values = sent[:, 0] << 16 | sent[:, 1] << 8 | sent[:, 2]
    if audio_format == "S24BE":
        values[values >= 1 << 23] -= 1 << 24
    # spead2 makes Python integers of them, and the receiver float64.
    got = np.frombuffer(received.samples, np.float64)
    np.testing.assert_array_equal(got, values)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("form", adcwave.PACKED)
def test_packed_samples_arrive_as_numbers(receive, launch, form, channels):
    receiver = receive()
    bits = adcwave.PACKED[form]
    launch(f"adctestsrc wave=tones standard-deviation=150 seed=5 num-buffers=3 "
           f"samplesperbuffer={FRAMES} ! application/octet-stream,sample-bits={bits},"
           f"channels={channels},rate=48000 ! "
           f"spead2sink port={receiver.port} {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    check_whole(received, channels)
    assert {samples_of(heap)["type"] for heap in received.heaps} == {f"i{bits}"}
    expected = adcwave.wave("tones", form, 5, 0, 3 * FRAMES, channels, 48000, sd=150.0)
    got = np.frombuffer(received.samples, np.float64)
    np.testing.assert_array_equal(got, adcwave.unpack(expected, bits))


# Of each kind of type that `items` can say: an element's bytes, and its power as
# |re + i im|^2, or the sum of the fields' where they are no numbers of that kind.
QUOTE = "'"
COMPLEX = {
    "<c8": ("'<c8'", lambda values: np.abs(values) ** 2),
    ">c16": ("'>c16'", lambda values: np.abs(values) ** 2),
    "re, im": ("[('re','i1'),('im','i1')]",
               lambda values: values["re"].astype(float) ** 2 + values["im"].astype(float) ** 2),
    "within": ("[('flags','u1'),('vis','<c8',4)]",
               lambda values: values["flags"].astype(float) ** 2
               + np.mean(np.abs(values["vis"]) ** 2, axis=1)),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_samples_arrive_whole(receive, launch, tmp_path, name):
    descr, power = COMPLEX[name]
    dtype = np.dtype(ast.literal_eval(descr))
    # As floats these are between 0 and 1.
    sent = np.random.default_rng(1).integers(0x38, 0x40, 60 * dtype.itemsize, np.uint8).tobytes()
    (tmp_path / "sent").write_bytes(sent)
    receiver = receive()
    launch(f'filesrc location="{tmp_path}/sent" blocksize={20 * dtype.itemsize} ! '
           f"application/octet-stream ! spead2sink port={receiver.port} index-source=count "
           f'items="adc_samples,id=0x3300,value=payload,dtype=\\"{descr.strip(QUOTE)}\\""')
    received = receiver.finish()
    assert received.samples == sent
    for number, heap in enumerate(received.heaps):
        values = np.frombuffer(sent, dtype)[20 * number:20 * (number + 1)]
        assert heap["power"] == pytest.approx(np.mean(power(values)), rel=1e-5, abs=0)


@pytest.mark.parametrize("dtype, words", [
    ("<c8", "complex64"),
    ("[('re','>i2'),('im','>i2')]", "(re big-endian int16, im big-endian int16)"),
    ("[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]", "(TCI int8, FD uint8, VIS complex64[4])"),
])
def test_the_receiver_says_what_complex_samples_are(tmp_path, dtype, words):
    printed = in_shell(f"""
python tests/interop/receiver.py --expect 1 &
timeout 10 sh -c 'until ss -uln | grep -q :8888; do sleep 0.1; done'
gst-launch-1.0 -q fakesrc num-buffers=1 sizetype=fixed sizemax=2720 filltype=zero ! \\
    application/octet-stream ! \\
    spead2sink items="adc_samples,id=0x3300,value=payload,dtype=\\"{dtype}\\",shape=-1"
wait $!
""", tmp_path).stdout
    assert f"adc_samples  {words}" in printed and "mean power 0.0" in printed, printed


@pytest.mark.parametrize("dtype", ["<c8", "[('re','i1'),('im','i1')]"])
def test_complex_samples_are_not_drawn_as_real_ones(tmp_path, dtype):
    python = ROOT / "build/venv-docs/bin/python"
    if not python.exists():
        pytest.skip("./dev makes an environment with matplotlib in ./build")
    printed = in_shell(f"""
{python} examples/plot_stream.py --output picture.svg &
timeout 10 sh -c 'until ss -uln | grep -q :8888; do sleep 0.1; done'
gst-launch-1.0 -q fakesrc num-buffers=1 sizetype=fixed sizemax=8000 filltype=zero ! \\
    application/octet-stream ! spead2sink items="adc_samples,id=0x3300,value=payload,dtype=\\"{dtype}\\""
wait $! || true
""", tmp_path).stdout
    assert "only real numbers are drawn" in printed and "Traceback" not in printed, printed


@pytest.mark.parametrize("source, first", [("offset", 1001), ("auto", 1001), ("count", 0)])
def test_packed_samples_have_the_offsets_index_unless_they_are_counted(receive, launch, source,
                                                                       first):
    receiver = receive()
    launch(f"adctestsrc wave=ramp sample-offset=1001 num-buffers=2 samplesperbuffer=500 ! "
           f"application/octet-stream,sample-bits=12,channels=2 ! spead2sink port={receiver.port} "
           f"index-source={source} {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    assert received.column("timestamp") == [first, first + 500]
    expected = adcwave.wave("ramp", "S12", 0, 1001, 1000, channels=2)
    got = np.frombuffer(received.samples, np.float64)
    np.testing.assert_array_equal(got, adcwave.unpack(expected, 12))


def values_of(heap, data):
    """The samples of a heap, from the front of what the receiver saved."""
    kind = samples_of(heap)["type"]
    # Of a format the receiver makes float64.
    values = np.frombuffer(data[:heap["bytes"]], kind if kind[0] in "<>|" else np.float64)
    return values, data[values.nbytes:]


@pytest.mark.parametrize("audio_format", ["S16BE", "U8", "S16LE"])
def test_buffers_of_sizes_that_alternate_arrive_as_numbers(receive, launch, tmp_path, audio_format):
    receiver = receive()
    launch("audiotestsrc num-buffers=20 samplesperbuffer=800 wave=white-noise ! "
           "audio/x-raw,rate=44100,channels=1 ! audioresample ! audio/x-raw,rate=48000 ! "
           f"audioconvert ! audio/x-raw,format={audio_format} ! tee name=t ! "
           f'queue ! filesink location="{tmp_path / "sent"}" '
           f"t. ! queue ! spead2sink port={receiver.port} {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    # They are more than 3 where numpy alone has a word for the type.
    n_described = sum(0x3300 in heap["described"] for heap in received.heaps)
    assert n_described > 3 if audio_format == "S16LE" else n_described == 3
    got, data = [], received.samples
    for heap in received.heaps:
        values, data = values_of(heap, data)
        got.append(values)
    np.testing.assert_array_equal(
        np.concatenate(got), np.fromfile(tmp_path / "sent", NUMPY[audio_format]))


# What a shape of 64 x 64 makes of 100003 bytes: heaps, and bytes that are sent.
@pytest.mark.parametrize("remainder,heaps,size", [("drop", 24, 24 * 4096), ("pad", 25, 25 * 4096)])
def test_a_file_arrives_in_heaps_of_one_shape(receive, launch, tmp_path, remainder, heaps, size):
    data = np.random.default_rng(1).bytes(100003)
    (tmp_path / "file").write_bytes(data)
    receiver = receive()
    launch(f'filesrc location="{tmp_path / "file"}" blocksize=5000 ! '
           f"spead2sink port={receiver.port} {safe_sending(receiver.buffer)} heap-size=4096 "
           f"remainder={remainder} "
           'items="timestamp,id=0x1600,value=sample-index;'
           'samples,id=0x3300,value=payload,dtype=\\"|u1\\",shape=<64,64>"')
    received = receiver.finish()
    assert received.column("timestamp") == [4096 * i for i in range(heaps)]
    assert {tuple(samples_of(heap)["shape"]) for heap in received.heaps} == {(64, 64)}
    assert received.samples == (data + bytes(size))[:size]
