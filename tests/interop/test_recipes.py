# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each line of docs/recipes.md sends the packets that its receiver expects,
byte for byte, as an encoder makes them that knows nothing of the plugin, and
its receiver's own rule takes them all."""

import functools
import itertools
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import spead2
import spead2.recv

import adcnoise
import adcwave
import receivers
from conftest import BUILD, HERE, LIMIT, PYTHON, ROOT
from speadwire import (DESCRIPTOR, HEAP_CNT, PAD, PAYLOAD_LENGTH, STREAM_CTRL, descriptor, full, heap)
from test_docs import in_shell

PAGE = ROOT / "docs/recipes.md"
SKA_LOW = [HEAP_CNT, PAYLOAD_LENGTH]


def recipes():
    """Of each heading with a line that sends, the line."""
    found = {}
    for part in PAGE.read_text().split("\n## ")[1:]:
        lines = re.findall(r"^```sh\n(.*?)^```$", part, re.S | re.M)
        if any("spead2sink" in line for line in lines):
            found[part.splitlines()[0]] = "".join(lines)
    return found


def option(line, name, default=None):
    match = re.search(rf" {name}=(\S+)", line)
    return match.group(1) if match else default


@pytest.fixture(scope="module")
def paste(tmp_path_factory):
    """paste(name) runs a recipe in a network of its own: its datagrams and what it printed.

    With numbers=True: also the number of the group that each came to.
    """

    def run(name, numbers=False):
        line = recipes()[name]
        directory = tmp_path_factory.mktemp("recipe")
        output = directory / "datagrams"
        group, _, port = option(line, "destinations", "").partition(":")
        host = option(line, "host", group)
        port = option(line, "port", port or "8888")
        script = (f'"{sys.executable}" "{HERE}/capture.py" --port {port} '
                  f'{f"--group {host}" if host else ""} --output "{output}" -- '
                  "bash -euc \"$LINE\"\n")
        done = in_shell(f"export LINE={shell_quoted(line)}\n{script}", directory)
        assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout
        datagrams, groups = split(output.read_bytes())
        return (datagrams, done.stdout, groups) if numbers else (datagrams, done.stdout)

    return run


def shell_quoted(text):
    return "'" + text.replace("'", "'\"'\"'") + "'"


def split(stored):
    datagrams, groups, at = [], [], 0
    while at < len(stored):
        size, group = struct.unpack_from(">IB", stored, at)
        datagrams.append(stored[at + 5:at + 5 + size])
        groups.append(group)
        at += 5 + size
    return datagrams, groups


def check(found, expected):
    for number, (have, want) in enumerate(itertools.zip_longest(found, expected)):
        if have != want:
            raise AssertionError(
                f"packet {number} of {len(found)}, {len(expected)} expected:\n"
                f"{have and have[:120].hex(' ', 8)} ({have and len(have)})\n"
                f"{want and want[:120].hex(' ', 8)} ({want and len(want)})")


def decode(datagrams):
    """What the real spead2 makes of them: its heaps' items by name, and the heaps."""
    stream = spead2.recv.Stream(spead2.ThreadPool(), spead2.recv.StreamConfig(max_heaps=16),
                                spead2.recv.RingStreamConfig(heaps=len(datagrams) + 1))
    stream.add_buffer_reader(b"".join(datagrams))
    group, values, heaps = spead2.ItemGroup(), [], []
    for received in stream:
        updated = group.update(received)
        heaps.append(received)
        values.append({name: item.value for name, item in updated.items()})
    return values, heaps


def noise(count, size):
    samples = adcnoise.samples(1, 0, count * size, -100, 100).astype(np.int8)
    return [part.tobytes() for part in np.split(samples, count)]


@functools.cache
def ten_bits(count):
    """Heaps of 4096 gaussian samples."""
    whole = adcwave.wave("gaussian", "S10", 1, 0, 4096 * count, sd=100.0)
    return [whole[at:at + 5120] for at in range(0, len(whole), 5120)]


def pattern(count, size):
    """fakesrc's bytes 0 to 255, over and over."""
    whole = np.arange(count * size, dtype=np.uint64).astype(np.uint8)
    return [part.tobytes() for part in np.split(whole, count)]


def numbers(bits, *items):
    return [(DESCRIPTOR, descriptor(bits, *item, formats=[("u", bits)])) for item in items]


def stop(bits, cnt, packet=1472, repeat=False):
    return heap(bits, cnt, [(STREAM_CTRL, 2)], full(packet, 2, repeat=repeat))


def check_no_warning(printed):
    assert "WARNING" not in printed, printed


def test_spead2(paste):
    found, printed = paste("spead2")
    expected = []
    described = [
        (DESCRIPTOR, descriptor(40, 0x1600, "timestamp", "Index of the first sample", [("u", 40)])),
        (DESCRIPTOR, descriptor(40, 0x3300, "adc_samples", "ADC converter output",
                                dtype="|i1", shape=(1 << 20,)))]
    for number, samples in enumerate(noise(10, 1 << 20)):
        items = (described if number == 0 else []) + [(0x1600, number << 20), (0x3300, samples)]
        expected += heap(40, number + 1, items, full(1472, len(items)))
    check(found, expected + stop(40, 11))
    check_no_warning(printed)

    values, heaps = decode(found)
    assert [received.cnt for received in heaps] == list(range(1, 11))
    assert [int(value["timestamp"]) for value in values] == [number << 20 for number in range(10)]
    assert values[3]["adc_samples"].tobytes() == noise(10, 1 << 20)[3]


def digitiser_packet(cnt, timestamp, digitiser, samples):
    """72 bytes and the samples, as the words of a real one."""
    words = [0x5304020600000008, 0x8001 << 48 | cnt, 0x8002 << 48 | len(samples), 0x8003 << 48,
             0x8004 << 48 | len(samples), 0x9600 << 48 | timestamp % 2**48,
             0xb101 << 48 | digitiser, 0xb102 << 48, 0x3300 << 48]
    return struct.pack(">9Q", *words) + samples


def digitiser_descriptors(cnt, description, packet, **samples):
    items = numbers(48, (0x1600, "timestamp", description), (0x3101, "digitiser_id"),
                    (0x3102, "digitiser_status"))
    items.append((DESCRIPTOR, descriptor(48, 0x3300, "raw_data", shape=(4096,), **samples)))
    return heap(48, cnt, items, full(packet, 4))


def test_meerkat_digitiser_8_bit(paste):
    found, printed = paste("MeerKAT digitiser, 8-bit samples")
    describe = [digitiser_descriptors(cnt, "Index of the first sample", 4168,
                                      dtype="|i1") for cnt in (1, 3)]
    expected = describe[0] + [digitiser_packet(2 + 2 * number, 4096 * number, 6, samples)
                              for number, samples in enumerate(noise(2500, 4096))]
    # The second time after 5 seconds, which the clock says.
    (again,) = [at for at, packet in enumerate(found) if packet == describe[1][0]]
    assert again == pytest.approx(1 + 5 * 1712000 / 4096, abs=400)
    expected[again:again] = describe[1]
    check(found, expected)
    assert {len(packet) for packet in found[1:again]} == {72 + 4096}
    check_no_warning(printed)

    values, heaps = decode(found)
    assert [received.cnt for received in heaps][:4] == [1, 2, 4, 6]
    assert values[0] == {} or "raw_data" not in values[0]
    assert int(values[2]["digitiser_id"]) == 6 and int(values[2]["timestamp"]) == 4096
    assert values[2]["raw_data"].tobytes() == noise(2500, 4096)[1]
    assert receivers.fgpu(found, 4096, 8) == [(0, number) for number in range(2500)]


def test_meerkat_digitiser_10_bit(paste):
    found, printed = paste("MeerKAT digitiser, 10-bit samples")
    sent = ten_bits(50)
    expected = digitiser_descriptors(1, "", 5192, formats=[("i", 10)])
    for number, samples in enumerate(sent):
        expected.append(digitiser_packet(2 + 2 * number, 2**48 - 16384 + 4096 * number, 7, samples))
    check(found, expected)
    assert len(found[1]) == 5192
    assert printed.count("The timestamp has wrapped") == 1, printed

    values, _ = decode(found)
    assert len(values) == 51
    for value, samples in zip(values[1:], sent):
        assert np.array_equal(value["raw_data"], adcwave.unpack(samples, 10))
    assert np.std(values[1]["raw_data"].astype(float)) == pytest.approx(100, rel=0.05)
    assert receivers.fgpu(found, 4096, 10) == [
        (1, (number - 4) % (1 << 36)) for number in range(50)]


def test_meerkat_digitiser_all_groups(paste):
    found, printed, groups = paste("MeerKAT digitiser, all groups", numbers=True)
    expected = digitiser_descriptors(1, "", 5192, formats=[("i", 10)])
    assert len(expected) == 1
    expected += [digitiser_packet(2 + 2 * number, 4096 * number, 6, samples)
                 for number, samples in enumerate(ten_bits(80))]
    check(found, expected)
    assert groups == [0] + [number % 8 for number in range(80)]
    check_no_warning(printed)
    # Whoever joins all groups has them all; one of them has every eighth.
    assert receivers.fgpu(found, 4096, 10) == [(0, number) for number in range(80)]
    fifth = [packet for packet, group in zip(found, groups) if group == 5]
    assert receivers.fgpu(fifth, 4096, 10) == [(0, number) for number in range(5, 80, 8)]


def test_casperfpga(paste):
    found, printed = paste("casperfpga")
    sent = ten_bits(50)
    check(found, [digitiser_packet(2 + 2 * number, 4096 * number, 7, samples)
                  for number, samples in enumerate(sent)])
    decoded = receivers.casperfpga(found, pointers=8)
    assert [items[0x1600] for items in decoded] == [4096 * number for number in range(50)]
    check_no_warning(printed)


def test_edd_packetizer(paste):
    found, printed, groups = paste("EDD packetizer", numbers=True)
    expected = []
    for number, samples in enumerate(noise(50, 4096)):
        expected += heap(48, number + 2, [(0x1600, 4096 * number), (0x3300, samples)],
                         full(6400, 2))
    check(found, expected)
    # The first pointer behind the standard four, where mkrecv looks.
    assert all(packet[40:42] == b"\x96\x00" for packet in found)
    assert receivers.mkrecv(found, 4096, 4096) == list(range(50))
    assert groups == [number % 4 for number in range(50)]
    check_no_warning(printed)


def test_ska_low_station_beam(paste):
    found, printed = paste("SKA-Low station beam")
    expected = []
    for number, samples in enumerate(pattern(50, 8192)):
        words = [0x5304020600000006, 0x8001 << 48 | 370976579229 + number,
                 0x8004 << 48 | 0x2000, 0xb010 << 48 | 1234, 0xb000 << 48 | 0x500010064, 0xb001 << 48 | 0x010200030100,
                 0x3300 << 48]
        expected.append(struct.pack(">7Q", *words) + samples)
    check(found, expected)
    assert {len(packet) for packet in found} == {8248}
    # The first one begins within a packet's time behind the new year.
    begun = receivers.ska_low_station(found)
    new_year = 1767225600 * 10**9
    assert 0 <= begun[0][0] - new_year < receivers.PACKET_NS
    assert begun == [(begun[0][0] + number * receivers.PACKET_NS, 5, 1, 0x64)
                     for number in range(50)]
    assert printed.count("items leaves out heap-length, payload-offset") == 1, printed


def test_ska_low_raw_antenna_data(paste):
    found, printed = paste("SKA-Low raw antenna data")
    expected = []
    for number, samples in enumerate(noise(50, 8192)):
        words = [0x5304020600000008, 0x8001 << 48 | 2 << 32 | number, 0x8004 << 48 | 0x2000,
                 0x9027 << 48 | 1700000000, 0x9600 << 48 | 1024 * number, 0xa004 << 48,
                 0xa000 << 48 | 0x000102030004, 0xa001 << 48 | 0x000500010001, 0x3300 << 48]
        expected.append(struct.pack(">9Q", *words) + samples)
    check(found, expected)
    assert printed.count("items leaves out heap-length, payload-offset") == 1, printed
    assert receivers.ska_low_raw(found) == [
        (number, 1024 * number, 0, 1024) for number in range(50)]


def test_katgpucbf_f_engine(paste):
    found, printed = paste("katgpucbf F-engine")
    described = numbers(48, (0x1600, "timestamp"), (0x4101, "feng_id"), (0x4103, "frequency"))
    described.append((DESCRIPTOR, descriptor(48, 0x4300, "feng_raw", dtype="|i1",
                                             shape=(64, 256, 2, 2))))
    expected = heap(48, 3, described, lambda number: 8192, repeat=True)
    for number, samples in enumerate(pattern(20, 65536)):
        items = [(0x1600, 2097152 * number), (0x4101, 3), (0x4103, 64), (0x4300, samples)]
        expected += heap(48, 7 + 4 * number, items, lambda number: 8192, repeat=True)
    check(found, expected + heap(48, 87, [(STREAM_CTRL, 2)], lambda number: 8192, repeat=True))
    assert {len(packet) for packet in found[1:-1]} == {72 + 8192}
    assert receivers.channeliser(found, 65536, 8192, 2097152) == [
        (number, 3, part) for number in range(20) for part in range(8)]
    check_no_warning(printed)

    values, _ = decode(found)
    assert values[2]["feng_raw"].shape == (64, 256, 2, 2)
    assert values[2]["feng_raw"].tobytes() == pattern(20, 65536)[1]
    assert int(values[2]["timestamp"]) == 2097152 and int(values[2]["frequency"]) == 64


def test_hpguppi(paste):
    found, printed = paste("hpguppi")
    expected = []
    for number, samples in enumerate(pattern(4, 262144)):
        items = [(0x1600, 2097152 * number), (0x4101, 3), (0x4103, 256), PAD, PAD, PAD,
                 (0x4300, samples)]
        expected += heap(48, number + 1, items, lambda number: 1024, repeat=True)
    check(found, expected)
    assert len(found) == 4 * 256 and {len(packet) for packet in found} == {96 + 1024}
    # As that receiver reads them: every packet alone.
    for packet in found:
        ids = [struct.unpack_from(">H", packet, at)[0] & 0x7fff for at in range(8, 96, 8)]
        assert {0x1600, 0x4101, 0x4103, 0x4300} <= set(ids) and ids.count(0) == 3
    assert receivers.channeliser(found, 262144, 1024, 2097152) == [
        (number, 3, part) for number in range(4) for part in range(256)]
    check_no_warning(printed)


def test_sdp_visibilities(paste):
    found, printed = paste("SDP visibilities")
    dtype = "[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]"
    described = numbers(48, (0x6000, "timestamp_count"), (0x6001, "timestamp_fraction"),
                        (0x6002, "channel_id"), (0x6003, "channel_count"))
    described.append((DESCRIPTOR, descriptor(48, 0x6004, "polarisation", formats=[("c", 8)],
                                             shape=(2,))))
    described += numbers(48, (0x6005, "baseline_count"))
    described.append((DESCRIPTOR, descriptor(48, 0x6008, "scan_id", formats=[("u", 64)])))
    described.append((DESCRIPTOR, descriptor(48, 0x600A, "correlator_output_data", dtype=dtype,
                                             shape=(21,))))
    expected = heap(48, 1, [(STREAM_CTRL, 0)], full(1472, 2))
    for number, samples in enumerate(pattern(20, 714)):
        items = [(0x6000, number), (0x6001, 500000 * (number % 2)), (0x6002, 123), (0x6003, 1),
                 (0x6004, b"XX"), (0x6005, 21), (0x6008, (1234).to_bytes(8, "big")),
                 (0x600A, samples)]
        items = (described if number == 0 else []) + items
        expected += heap(48, number + 2, items, full(1472, len(items)))
    check(found, expected + stop(48, 22))
    check_no_warning(printed)

    values, _ = decode(found)
    assert len(values) == 21  # a start heap is one
    assert int(values[1]["scan_id"]) == 1234 and int(values[20]["timestamp_count"]) == 19
    data = values[2]["correlator_output_data"]
    assert data.dtype.names == ("TCI", "FD", "VIS") and data["VIS"].shape == (21, 4)
    assert data.tobytes() == pattern(20, 714)[1]
    assert "".join(values[1]["polarisation"]) == "XX"


# As one line, however it is broken.
def joined(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("language, program", [("c", "item-values.c"), ("python", "item_values.py")])
def test_the_pages_snippets_stand_in_the_examples(language, program):
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    assert blocks
    for block in blocks:
        assert joined(block) in joined((ROOT / "examples" / program).read_text())


@pytest.mark.parametrize("command", [[str(BUILD / "examples/item-values")],
                                     [PYTHON, str(ROOT / "examples/item_values.py")]],
                         ids=["c", "python"])
def test_an_example_gives_every_heap_its_values(receive, command):
    receiver = receive()
    done = subprocess.run([*command, str(receiver.port)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    received = receiver.finish()
    assert received.column("cnt") == [n << 32 for n in range(1, 6)]
    scans = [next(item["value"] for item in heap["items"] if item["name"] == "scan_id")
             for heap in received.heaps]
    assert scans == [1, 2, 3, 4, 5]
    assert received.samples == b"".join(bytes([scan]) * 1000 for scan in scans)


def test_every_recipe_is_tested():
    source = (HERE / "test_recipes.py").read_text() + (HERE / "test_resend.py").read_text()
    assert sorted(recipes()) == sorted(
        re.findall(r'= paste\("([^"]*)"', source) + re.findall(r'= recipes\(\)\["(.*)"\]', source))
