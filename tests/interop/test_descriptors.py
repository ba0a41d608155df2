# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors that the real spead2 makes are read as spead2 itself reads them.

Bytes go to a program of the engine (readdescriptor.c), and to spead2; what both make
of them is compared. What spead2 refuses is refused.
"""

import ast
import json
import random
import subprocess

import numpy as np
import pytest
import spead2
import spead2.recv
import spead2.send

import speadwire
from conftest import BUILD, LIMIT

PROGRAM = BUILD / "tests/interop/read-descriptor"
PYSPEAD = spead2.BUG_COMPAT_PYSPEAD_0_5_2
SWAP = spead2.BUG_COMPAT_SWAP_ENDIAN
FLAVOURS = [spead2.Flavour(4, 64, bits, compat)
            for bits in (16, 24, 32, 40, 48) for compat in (0, PYSPEAD)]
SIZE = 1000

DTYPES = ["|i1", "|u1", "|b1", "<c8", ">c16", "|S5", "<U3", ">U2", "|V7", "<f2", ">f2"]
DTYPES += [f"{order}{kind}" for order in "<>" for kind in ("i2", "i4", "i8", "u2", "u4", "u8",
                                                         "f4", "f8")]
STRUCTURES = [
    [("re", "i1"), ("im", "i1")],
    [("a", "<i2"), ("b", ">f8"), ("c", "S3")],
    [("with blanks", "<i2"), ("x[0] = {%d}", ">i2")],
    [("a", "<i2", (3, 2)), ("b", [("c", ">u4"), ("d", "<c8", 4)], 2)],
    np.dtype([("a", "i1"), ("b", "<i4"), ("c", "i1")], align=True),
]
SHAPES = [(), (1,), (0,), (7, 2), (2, 3, 4, 5), (1 << 15,)]
OPEN_SHAPES = [(None,), (None, 3), (3, None, 2), (None, 0)]


def descriptors_of(flavour, **item):
    """The bytes of the descriptor that spead2 sends, and what spead2 reads in them."""
    group = spead2.send.ItemGroup(flavour=flavour)
    group.add_item(**{"id": 0x61, "name": "some_item", "description": "Some\ttext", **item})
    pool = spead2.ThreadPool()
    stream = spead2.send.BytesStream(pool, spead2.send.StreamConfig(max_packet_size=60000))
    stream.send_heap(group.get_heap(descriptors="all", data="none"))
    packet = stream.getvalue()
    (ours,) = values(packet, speadwire.DESCRIPTOR)
    return ours, read_by_spead2(packet, flavour)


def values(packet, item):
    """The addressed items of a packet that have that id."""
    bits = 8 * packet[3]
    count = int.from_bytes(packet[6:8], "big")
    pointers = [int.from_bytes(packet[8 * n:8 * n + 8], "big") for n in range(1, count + 1)]
    payload = packet[8 * (count + 1):]
    addresses = [pointer & ((1 << bits) - 1) for pointer in pointers if not pointer >> 63]
    starts = [pointer & ((1 << bits) - 1) for pointer in pointers if pointer >> bits == item]
    ends = [min([address for address in addresses if address > start] + [len(payload)])
            for start in starts]
    return [payload[start:end] for start, end in zip(starts, ends)]


def read_by_spead2(packet, flavour):
    """ValueError, as from spead2, where there is none or it is refused."""
    stream = spead2.recv.Stream(spead2.ThreadPool(),
                                spead2.recv.StreamConfig(bug_compat=flavour.bug_compat))
    stream.add_buffer_reader(packet)
    found = [(raw, heap.flavour) for heap in stream for raw in heap.get_descriptors()]
    if not found:
        raise ValueError("no descriptor")
    return spead2.Descriptor.from_raw(*found[0])


def heap_with(descriptor, flavour):
    """A heap that carries the descriptor, whatever it is."""
    (packet,) = speadwire.heap(flavour.heap_address_bits, 1, [(speadwire.DESCRIPTOR, descriptor)],
                               lambda number: 1 << 30)
    return packet


def read_by_us(descriptors):
    """For each of (bytes, flavour) what the engine says."""
    lines = "".join(f"{flavour.bug_compat} {SIZE} {data.hex()}\n" for data, flavour in descriptors)
    done = subprocess.run([PROGRAM], input=lines, stdout=subprocess.PIPE, text=True, check=True,
                          timeout=LIMIT)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(descriptors)
    return answers


def numpys(text):
    return np.dtype(ast.literal_eval(text) if text.startswith("[") else text)


def check_same(ours, theirs):
    assert "error" not in ours, ours["error"]
    assert ours["id"] == theirs.id
    # Senders in C fill texts up.
    assert ours["name"] == theirs.name.strip("\0")
    assert ours["description"] == theirs.description.strip("\0")
    assert ours["order"] == theirs.order
    assert [None if size == -1 else size for size in ours["shape"]] == list(theirs.shape)
    assert ours["bits"] == theirs.itemsize_bits
    if theirs.dtype is not None:
        assert numpys(ours["dtype"]) == theirs.dtype
        assert ours["format"] is None
    else:
        assert ours["dtype"] is None
        assert ours["format"] == ",".join(f"{code}{bits}" for code, bits in theirs.format)
    if theirs._internal_dtype.hasobject:
        assert ours["numpy"] is None
    else:
        assert numpys(ours["numpy"]) == theirs._internal_dtype
    check_fit(ours, theirs)


def check_fit(ours, theirs):
    available = SIZE * 8 // theirs.itemsize_bits
    shape = list(theirs.dynamic_shape(available))
    elements = int(np.prod(shape, dtype=object))
    if elements > available:
        assert "fit" not in ours
    else:
        assert ours["fit"] == shape
        assert ours["used"] == (elements * theirs.itemsize_bits + 7) // 8


def check_all(items, flavour):
    made = [descriptors_of(flavour, **item) for item in items]
    answers = read_by_us([(data, flavour) for data, _ in made])
    for answer, (_, theirs) in zip(answers, made):
        check_same(answer, theirs)


@pytest.fixture(params=FLAVOURS, ids=lambda flavour:
                f"64-{flavour.heap_address_bits}{', pyspead' if flavour.bug_compat else ''}")
def flavour(request):
    return request.param


def test_dtypes_are_read(flavour):
    check_all([{"dtype": dtype, "shape": shape, "order": order}
               for dtype in DTYPES for shape in SHAPES for order in "CF"], flavour)


def test_structured_dtypes_are_read(flavour):
    check_all([{"dtype": dtype, "shape": shape} for dtype in STRUCTURES for shape in SHAPES],
              flavour)


def test_formats_of_all_widths_are_read(flavour):
    formats = [[(code, bits)] for code in "uib" for bits in range(1, 65)]
    formats += [[("f", 32)], [("f", 64)], [("c", 8)]]
    check_all([{"format": form, "shape": shape}
               for form in formats for shape in SHAPES[:4] + OPEN_SHAPES], flavour)


def test_formats_of_several_fields_are_read(flavour):
    formats = [[("u", 4), ("f", 64), ("i", 4)], [("u", 8), ("f", 32)], [("c", 8)] * 8,
               [("b", 1), ("b", 8), ("i", 13)], [("i", 100), ("u", 1)]]
    check_all([{"format": form, "shape": shape}
               for form in formats for shape in SHAPES[:4] + OPEN_SHAPES], flavour)


def test_swapped_bytes_are_read():
    flavour = spead2.Flavour(4, 64, 40, SWAP)
    check_all([{"dtype": dtype, "shape": (4,)} for dtype in DTYPES + STRUCTURES], flavour)


# -- texts that spead2 did not make ------------------------------------------------

FLAVOUR = spead2.Flavour(4, 64, 40)


def with_header(header):
    items = [(speadwire.ID, 0x61), (speadwire.NAME, b"some_item"), (speadwire.DTYPE, header)]
    (packet,) = speadwire.heap(40, 1, items, lambda number: 1 << 30)
    return packet


def theirs_or_none(descriptor):
    """None where spead2 refuses it, or Python fails in it."""
    try:
        return read_by_spead2(heap_with(descriptor, FLAVOUR), FLAVOUR)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, AttributeError,
            DeprecationWarning):
        return None


WELL = b"{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}"


@pytest.mark.parametrize("header", [
    b"{'descr': 'i2', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': 'int16', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': '=f4', 'fortran_order': False, 'shape': ()}",
    b"{'descr': '?', 'fortran_order': False, 'shape': ()}",
    b"{'descr': 'bool', 'fortran_order': False, 'shape': ()}",
    b'{"shape":(3,4),"fortran_order":True,"descr":"complex64"}',
    b"{'descr': [('a', 'u1'), ('', '|V3'), ('b', 'float32', 3)], 'fortran_order': False,"
    b" 'shape': (3,),}   \n",
    WELL,
])
def test_headers_of_others_are_read(header):
    descriptor = with_header(header)
    (ours,) = read_by_us([(descriptor, FLAVOUR)])
    check_same(ours, theirs_or_none(descriptor))


@pytest.mark.parametrize("header", [
    b"{'descr': '|O8', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': [('a', 'O')], 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': '|S0', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': '<i3', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': 'notatype', 'fortran_order': False, 'shape': (3,)}",
    b"{'descr': '<i2', 'fortran_order': 0, 'shape': (3,)}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': 3}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (3)}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (-3,)}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (None,)}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (1.0,)}",
    b"{'descr': '<i2', 'fortran_order': False}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (3,), 'x': 1}",
    b"{'descr': '<i2', 'fortran_order': False, 'shape': (3,)",
    b"['descr']",
    b"__import__('os').system('true')",
    b"{'descr': __import__('os').name, 'fortran_order': False, 'shape': (3,)}",
    b"[" * 60000,
    b"{'descr': " + b"[('a', " * 5000,
    b"\xc3\xa4",
])
def test_hostile_headers_are_refused(header):
    descriptor = with_header(header)
    (ours,) = read_by_us([(descriptor, FLAVOUR)])
    assert ours["error"].startswith("Descriptor of item 0x61 'some_item': numpy header: ")
    assert theirs_or_none(descriptor) is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(3))
def test_what_is_read_of_damaged_descriptors_is_as_spead2_reads_it(seed):
    """Bytes changed, left out and doubled: spead2 may read more, but nothing else."""
    rng = random.Random(seed)
    good = [descriptors_of(FLAVOUR, dtype=dtype, shape=(7, 2))[0] for dtype in DTYPES + STRUCTURES]
    good += [descriptors_of(FLAVOUR, format=form, shape=(None, 3))[0]
             for form in ([("u", 10)], [("i", 16), ("f", 32)])]
    damaged = [(damage(rng, rng.choice(good)), FLAVOUR) for _ in range(3000)]
    n_read = n_refused = 0
    for ours, (descriptor, _) in zip(read_by_us(damaged), damaged):
        if "error" in ours:
            n_refused += 1
            continue
        n_read += 1
        check_same(ours, theirs_or_none(descriptor))
    assert n_read > 300 and n_refused > 300


def damage(rng, descriptor):
    text = b"'\"<>|=iufcbSVU0123456789()[]{},: LTrueFals\\\0\xff\n"
    at = rng.randrange(len(descriptor))
    if rng.random() < 0.8: # mostly in the payload
        at = rng.randrange(88, len(descriptor))
    byte = rng.choice([rng.randrange(256), rng.choice(text), descriptor[at] ^ 1 << rng.randrange(8)])
    length = rng.randrange(2)
    return descriptor[:at] + bytes([byte]) + descriptor[at + length:]
