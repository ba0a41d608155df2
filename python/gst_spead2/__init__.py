# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numpy arrays, item values and counters for Python programs that use spead2sink and spead2src.

    for heap in gst_spead2.receive("spead2src port=7148"):
        print(heap.index, heap.values, heap.samples.mean())

docs/python.md explains it. The bindings of GStreamer 1.22 and newer are supported. Importing
the module initializes GStreamer.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Union

import gi
import numpy as np
import numpy.typing as npt

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402

__all__ = ["Heap", "Value", "caps_of", "check", "fields_of", "push", "receive", "stats_of", "to_array",
           "to_buffer", "values_event", "values_of", "wait_eos"]

Gst.init(None)

Array = npt.NDArray[Any]
# Of an item. Numbers are of 64 bits at most, signed or unsigned.
Value = Union[int, float, bool, str, bytes]

_log = logging.getLogger("gst_spead2")
_POLL = 100 * Gst.MSECOND  # Python handles signals in between
_PACKED_TYPES = {8: "|i1", 16: ">i2", 32: ">i4", 64: ">i8"}  # of sample-bits, for which numpy has a type


# -- structures ----------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    if isinstance(value, Gst.Structure):
        return fields_of(value)
    if isinstance(value, GLib.Bytes):
        return bytes(value.get_data() or b"")
    if isinstance(value, (Gst.ValueArray, Gst.ValueList)):
        return [_plain(element) for element in value]
    if isinstance(value, Gst.Fraction):
        return Fraction(int(value.num), int(value.denom))  # the bindings have floats
    return value


def _read(structure: Any) -> dict[str, Any]:
    names = [structure.nth_field_name(i) for i in range(structure.n_fields())]
    return {name: _plain(structure.get_value(name)) for name in names}


def fields_of(structure: Any) -> dict[str, Any]:
    """The fields of a Gst.Structure, as of a message, as Python's own types."""
    if hasattr(structure, "__enter__"):  # with newer bindings, of caps, messages and events
        with structure as entered:
            return _read(entered)
    return _read(structure)


def stats_of(element: Any) -> dict[str, Any]:
    """The counters of a spead2sink or spead2src: its property stats."""
    return fields_of(element.get_property("stats"))


# -- values of items -----------------------------------------------------------------------


def values_of(buffer: Any) -> dict[str, Any]:
    """The heap counter, `heap-cnt`, and the values of the other items of a buffer from spead2src,
    by the names of their descriptors or as `item-0x1600`. With heaps-per-buffer also their number,
    `n-heaps`, and of values that differ, as heap-cnt, an array of uint64 with one for each heap; of
    signed numbers and floats these are the bits, for view(np.int64) or view(np.float64)."""
    meta = buffer.get_custom_meta("GstSpead2Items")
    fields = fields_of(meta.get_structure()) if meta else {}
    size = 8 * fields["n-heaps"] if isinstance(fields.get("n-heaps"), int) else 0
    # An item that has such a name is no array of so many bytes.
    each = {name: np.frombuffer(value, np.uint64) for name, value in fields.items()
            if name.startswith("each/") and isinstance(value, bytes) and len(value) == size}
    return {name.removeprefix("each/") if name in each else name: each.get(name, value)
            for name, value in fields.items()}


def _gvalue(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        # A plain int would be a gint, which ends at 2147483647.
        kind = GObject.TYPE_INT64 if value < 0 else GObject.TYPE_UINT64
        return GObject.Value(kind, int(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(value))
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no value of an item: an int, a bool, a str or bytes is")


def values_event(values: Mapping[str, Value]) -> Any:
    """The event that sets values of the buffer behind it, for spead2sink: of items with
    value=meta, by name, and `heap-cnt`, the heap counter."""
    structure = Gst.Structure.new_empty("spead2-items")
    for name, value in values.items():
        structure.set_value(name, _gvalue(value))
    return Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, structure)


# -- arrays --------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """What caps say of a buffer's bytes."""
    dtype: np.dtype[Any] | None  # None: samples of so many bits, big endian, without padding
    bits: int
    signed: bool
    shape: tuple[int, ...]  # one size may be -1
    order: str
    framed: bool  # the index counts frames (rows), otherwise elements


def _whole(dtype: Any, shape: tuple[int, ...] = (-1,), order: str = "C", framed: bool = True) -> _Layout:
    return _Layout(np.dtype(dtype), 0, True, shape, order, framed)


def _frames(channels: int) -> tuple[int, ...]:
    return (-1,) if channels == 1 else (-1, channels)


def _packed(bits: int, signed: bool, shape: tuple[int, ...], framed: bool = True) -> _Layout:
    if signed and bits in _PACKED_TYPES:
        return _whole(_PACKED_TYPES[bits], shape, framed=framed)
    if not 0 < bits <= 64:
        raise ValueError(f"samples of {bits} bits: numpy has types of 1 to 64")
    return _Layout(None, bits, signed, shape, "C", framed)


def _audio_layout(fields: dict[str, Any]) -> _Layout:
    text, shape = fields["format"], _frames(fields["channels"])
    if fields.get("layout", "interleaved") != "interleaved":
        raise ValueError("channels that are not interleaved: audioconvert in front interleaves them")
    if text in ("S24BE", "U24BE"):
        return _packed(24, text[0] == "S", shape)
    bits, order = (text[1:-2], text[-2:]) if text.endswith("E") else (text[1:], "")
    if bits not in ("8", "16", "32", "64"):
        raise ValueError(f"numpy has no type for {text}: audioconvert in front converts it to S32LE")
    kind = {"S": "i", "U": "u", "F": "f"}[text[0]]
    return _whole(f"{dict(LE='<', BE='>').get(order, '|')}{kind}{int(bits) // 8}", shape)


def _item_layout(fields: dict[str, Any]) -> _Layout:
    shape, order = tuple(fields.get("shape", (-1,))), "F" if fields.get("order") == "fortran" else "C"
    if "dtype" in fields:
        text = fields["dtype"]
        return _whole(ast.literal_eval(text) if text[0] == "[" else text, shape, order, framed=False)
    text = fields["format"]
    if text[0] not in "iu" or not text[1:].isdigit():
        raise ValueError(f"format={text} has no numpy type: take the bytes, with dtype=u1 of spead2src")
    return _packed(int(text[1:]), text[0] == "i", shape, framed=False)


def _layout_of(caps: Any) -> _Layout:
    structure = caps.get_structure(0)
    fields = fields_of(structure)
    name = caps.to_string().partition(",")[0]
    if name == "audio/x-raw":
        return _audio_layout(fields)
    if name == "application/x-spead-item":
        return _item_layout(fields)
    if "sample-bits" in fields:
        return _packed(fields["sample-bits"], True, _frames(fields.get("channels", 1)))
    return _whole("u1")


def _unpack(data: npt.NDArray[np.uint8], bits: int, signed: bool) -> Array:
    places = np.unpackbits(data)
    places = places[:len(places) // bits * bits].reshape(-1, bits)
    samples: Array = np.zeros(len(places), np.uint64)
    for column in places.T:
        samples = (samples << np.uint64(1)) | column.astype(np.uint64)
    if not signed:
        return samples
    unused = np.uint64(64 - bits)
    return (samples << unused).view(np.int64) >> unused.astype(np.int64)


def _pack(samples: Array, layout: _Layout) -> bytes:
    low, high = (-(1 << layout.bits - 1), (1 << layout.bits - 1) - 1) if layout.signed else (0, (1 << layout.bits) - 1)
    if samples.dtype.kind not in "iu":
        raise ValueError(f"the array is {samples.dtype}: samples of {layout.bits} bits are integers")
    if samples.size and not low <= int(samples.min()) <= int(samples.max()) <= high:
        raise ValueError(f"samples of {layout.bits} bits are from {low} to {high}")
    places = np.arange(layout.bits - 1, -1, -1, dtype=np.uint64)
    words = samples.reshape(-1, 1).astype(np.int64 if layout.signed else np.uint64).view(np.uint64)
    return np.packbits(((words >> places) & np.uint64(1)).astype(np.uint8)).tobytes()


def to_array(buffer: Any, caps: Any) -> Array:
    """The bytes of a buffer as an array of the type and shape that caps say: a copy, which can be
    kept while the buffer is filled again. Samples that are not whole bytes are int64 or uint64;
    audio is (frames,) or (frames, channels). ValueError where numpy has no such type."""
    layout = _layout_of(caps)
    with buffer.map(Gst.MapFlags.READ) as mapped:
        data = np.frombuffer(mapped.data, np.uint8).copy()
    if layout.dtype is None:
        samples: Array = _unpack(data, layout.bits, layout.signed)
        if -1 not in layout.shape:  # the last byte may be padded
            samples = samples[:int(np.prod(layout.shape))]
    else:
        samples = data.view(layout.dtype)
    return samples.reshape(layout.shape, order="F" if layout.order == "F" else "C")


def caps_of(array: Array, rate: int | None = None, sample_bits: int = 0) -> Any:
    """The caps of arrays of this type, of any length. With rate, in Hz, they are audio/x-raw where
    that has the type; with sample_bits samples of so many bits, packed; otherwise
    application/x-spead-item."""
    rows = array.shape[1:]
    channels = int(np.prod(rows))
    descr: Any = array.dtype.descr if array.dtype.names else array.dtype.str
    kind, size = array.dtype.kind, array.dtype.itemsize
    # Audio has no integers of 64 bits, and no floats of 16.
    is_audio = (kind in "iu" and size <= 4) or (kind == "f" and size in (4, 8))
    if sample_bits:
        text = f"application/octet-stream,sample-bits={sample_bits}"
        text += f",channels={channels}" if rows else ""
    elif rate is not None and is_audio and len(rows) < 2 and 1 <= channels <= 64:
        order = {"<": "LE", ">": "BE"}.get(str(descr)[0], "")
        text = f"audio/x-raw,layout=interleaved,format={'SUF'['iuf'.index(kind)]}{8 * size}{order},channels={channels}"
        text += ",channel-mask=(bitmask)0" if channels > 2 else ""
    else:
        # Within quotes, quotes are escaped.
        quoted = (descr if isinstance(descr, str) else repr(descr)).replace('"', '\\"')
        text = f'application/x-spead-item,dtype="{quoted}",shape=<{",".join(map(str, (-1, *rows)))}>'
    return Gst.Caps.from_string(text + (f",rate={rate}" if rate is not None else ""))


def to_buffer(array: Array, caps: Any, index: int | None = None) -> Any:
    """A buffer with a copy of the samples, laid out as caps say. index: of the first sample.
    ValueError where the array has another type than caps."""
    layout = _layout_of(caps)
    if layout.dtype is None:
        data = _pack(array, layout)
    elif array.dtype != layout.dtype:
        raise ValueError(f"the array is {array.dtype}, the caps say {layout.dtype}: convert it with astype()")
    else:
        data = array.tobytes("F" if layout.order == "F" else "C")
    buffer = Gst.Buffer.new_wrapped(data)
    if index is not None:
        buffer.offset = index
        buffer.offset_end = index + (len(array) if layout.framed else array.size)
    return buffer


# -- pipelines -----------------------------------------------------------------------------


def push(source: Any, array: Array, index: int | None = None, values: Mapping[str, Value] | None = None) -> bool:
    """Pushes an array into an appsrc, whose caps say how it is laid out: see caps_of(). index: of
    the first sample; values: of items with value=meta, of this array alone. Waits where appsrc does
    (block=true). False: the pipeline has stopped or failed, as check() says."""
    if values:
        source.send_event(values_event(values))
    flow = source.emit("push-buffer", to_buffer(array, source.get_property("caps"), index))
    return bool(flow == Gst.FlowReturn.OK)


_FAULTS = Gst.MessageType.ERROR | Gst.MessageType.WARNING


def _is_eos(message: Any) -> bool:
    """Raises the error that a message is, and logs a warning."""
    if message.type == Gst.MessageType.ERROR:
        raise message.parse_error()[0]
    if message.type == Gst.MessageType.WARNING:
        _log.warning("%s", message.parse_warning()[0].message)
    return bool(message.type == Gst.MessageType.EOS)


def check(pipeline: Any) -> None:
    """Raises the GLib.Error of a pipeline that has failed; warnings are logged."""
    bus = pipeline.get_bus()
    while message := bus.pop_filtered(_FAULTS):
        _is_eos(message)


def wait_eos(pipeline: Any) -> None:
    """Waits until all has been sent or received. Raises the GLib.Error of a pipeline that fails;
    Ctrl-C works."""
    bus = pipeline.get_bus()
    while True:
        message = bus.timed_pop_filtered(_POLL, _FAULTS | Gst.MessageType.EOS)
        if message is not None and _is_eos(message):
            return


@dataclass(frozen=True)
class Heap:
    """A buffer of spead2src, which is a heap unless heaps-per-buffer is set."""
    samples: Array
    index: int | None  # of the first sample; None: the stream has none
    values: dict[str, Any]
    buffer: Any  # Gst.Buffer: flags, times
    caps: Any  # Gst.Caps


def receive(source: str) -> Iterator[Heap]:
    """The heaps of a stream up to its stop heap. source: spead2src with properties, and what is
    behind it. Raises the GLib.Error of a pipeline that fails. What arrives while the loop's body
    runs waits in the queue of spead2src. Leaving the loop stops the pipeline."""
    pipeline = Gst.parse_launch(f"{source} ! appsink name=gst_spead2 sync=false max-buffers=4")
    sink = pipeline.get_by_name("gst_spead2")
    try:
        if pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            check(pipeline)
        while not sink.get_property("eos"):
            sample = sink.emit("try-pull-sample", _POLL)
            check(pipeline)
            if sample is not None:
                buffer, caps = sample.get_buffer(), sample.get_caps()
                index = None if buffer.offset == Gst.BUFFER_OFFSET_NONE else buffer.offset
                yield Heap(to_array(buffer, caps), index, values_of(buffer), buffer, caps)
        check(pipeline)  # of an error while the last heap was handled
    finally:
        pipeline.set_state(Gst.State.NULL)
