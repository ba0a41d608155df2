# SPDX-License-Identifier: LGPL-2.1-or-later
"""The emulations of whole telescopes in examples/, as docs/recipes.md runs them: at each
destination every packet is the one that an independent encoder makes, and the receiver's own
rule places each heap where it belongs."""

import re
import struct
import sys
import time

import numpy as np
import pytest

import adcnoise
import adcwave
import receivers
from conftest import BUILD, HERE, PYTHON, ROOT
from network import Network
from speadwire import DESCRIPTOR, STREAM_CTRL, descriptor, full, heap
from test_docs import in_shell
from test_recipes import SKA_LOW, check, decode, numbers, split

TIMESTAMP, SAMPLES = 0x1600, 0x3300
PAGE = ROOT / "docs/recipes.md"


def commands():
    """Of each heading of the section, the line."""
    (section,) = re.findall(r"^## Whole telescopes\n(.*?)^## ", PAGE.read_text(), re.S | re.M)
    return dict(re.findall(r"^### (.*?)\n.*?^```sh\n(.*?)^```$", section, re.S | re.M))


def capture(directory, command, port, groups=None, ports=1):
    """What comes to each of the groups, or ports, while the command runs in a network of its own."""
    outputs = [directory / str(number) for number in range(ports)]
    for number, output in enumerate(outputs):
        command = (f'"{sys.executable}" "{HERE}/capture.py" --port {port + number} --output "{output}" '
                   f'{f"--group {groups}" if groups else ""} -- {command}')
    done = in_shell(command, directory)
    printed = [line for line in done.stdout.splitlines() if "items leaves out heap-length" not in line]
    assert done.returncode == 0 and printed == [], done.stdout
    streams = []
    for output in outputs:
        datagrams, places = split(output.read_bytes())
        streams += [[datagram for datagram, place in zip(datagrams, places) if place == number]
                    for number in range(max(places) + 1)]
    return streams


def gaussian(form, seed, heaps, samples, **properties):
    """The payloads of so many heaps of adctestsrc."""
    whole = adcwave.wave("gaussian", form, seed, 0, heaps * samples, **properties)
    size = len(whole) // heaps
    return [whole[at:at + size] for at in range(0, len(whole), size)]


def timestamp(packet):
    return struct.unpack_from(">Q", packet, 40)[0] & 2**48 - 1


def one_packet(cnt, *items):
    return heap(48, cnt, list(items), lambda number: 8872)


def described_by_dsim(cnt):
    items = numbers(48, (0x1600, "timestamp", "Timestamp provided by the MeerKAT digitisers and "
                         "scaled to the digitiser sampling rate."),
                    (0x3101, "digitiser_id", "Digitiser Serial Number"),
                    (0x3102, "digitiser_status", "Digitiser Status values"))
    items.append((DESCRIPTOR, descriptor(48, 0x3300, "adc_samples", "Digitiser Raw ADC Sample Data",
                                         formats=[("i", 10)], shape=(4096,))))
    return one_packet(cnt, *items)


def test_meerkat_digitiser_sends_both_polarisations_to_eight_groups_each(tmp_path):
    n = 704
    found = capture(tmp_path, commands()["MeerKAT digitiser, both polarisations"], 7148, "239.102.0.64+15")
    assert len(found) == 16
    sent = [gaussian("S10", 1 + number, n, 4096, sd=50.0, sky_seed=1, correlation=0.5) for number in (0, 1)]
    for group, datagrams in enumerate(found):
        polarisation, first = divmod(group, 8)
        expected = [packet for at in range(first, n, 8) for packet in one_packet(
            4 * at + 2 * polarisation + 2, (TIMESTAMP, 4096 * at), (0x3101, polarisation), (0x3102, 0),
            (SAMPLES, sent[polarisation][at]))]
        if group == 0:
            # Before the data, and again after 5 seconds, which the clock says.
            (again,) = [at for at, packet in enumerate(datagrams) if packet == described_by_dsim(3)[0]]
            assert again == pytest.approx(5 * 0.0003 * 1712e6 / 4096 / 8, abs=9)
            expected[:0] = described_by_dsim(1)
            expected[again:again] = described_by_dsim(3)
        check(datagrams, expected)

    # A receiver of all groups, in whatever order they come.
    whole = [packet for datagrams in found for packet in datagrams]
    assert sorted(receivers.fgpu(whole, 4096, 10)) == [(p, at) for p in (0, 1) for at in range(n)]
    counters = [int.from_bytes(packet[10:16], "big") for packet in whole]
    assert len(counters) == len(set(counters))
    values, _ = decode(whole)
    for value in values[1:4]:
        at = int(value["timestamp"]) // 4096
        assert np.array_equal(value["adc_samples"], adcwave.unpack(sent[0][at], 10))
    # Half of the noise is the sky's.
    x, y = (adcwave.unpack(b"".join(samples), 10) for samples in sent)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.5, abs=5 / np.sqrt(len(x)))


@pytest.mark.parametrize("bits, form", [(8, "S8"), (12, "S12")])
def test_edd_packetizer_sends_both_polarisations_to_four_groups_each(tmp_path, bits, form):
    n = 128
    command = commands()["EDD packetizer, both polarisations"].replace("--bits 12", f"--bits {bits}")
    found = capture(tmp_path, command, 7148, "225.0.0.152+7")
    assert len(found) == 8
    for polarisation in (0, 1):
        sent = gaussian(form, 1 + polarisation, n, 4096)
        groups = found[4 * polarisation:4 * polarisation + 4]
        for first, datagrams in enumerate(groups):
            check(datagrams, [packet for at in range(first, n, 4) for packet in one_packet(
                at + 2, (TIMESTAMP, 4096 * at), (SAMPLES, sent[at]))])
            # mkrecv at one group, at two, at all.
            assert receivers.mkrecv(datagrams, 512 * bits, 16384) == list(range(n // 4))
        both = [packet for pair in zip(groups[0], groups[2]) for packet in pair]
        assert receivers.mkrecv(both, 512 * bits, 8192) == list(range(n // 2))
        whole = [packet for four in zip(*groups) for packet in four]
        assert receivers.mkrecv(whole, 512 * bits, 4096) == list(range(n))


def test_the_clock_gives_each_edd_group_its_stripe(tmp_path):
    n, factor, epoch = 64, 0.0002, 1700000000 * 10**9
    rate = 3200000000 * factor
    begin = time.time_ns()
    found = capture(tmp_path, f"/usr/bin/python3 examples/edd_packetizer.py --factor {factor} --heaps {n} "
                    f"--epoch {epoch}", 7148, "225.0.0.152+7")
    end = time.time_ns()
    for polarisation in (0, 1):
        groups = found[4 * polarisation:4 * polarisation + 4]
        first = timestamp(groups[0][0])
        # A buffer's time is that of its samples.
        assert (begin - epoch) * rate / 1e9 - n * 4096 <= first <= (end - epoch) * rate / 1e9
        samples = adcwave.wave("gaussian", "S8", 1 + polarisation, first, n * 4096)
        for number, datagrams in enumerate(groups):
            assert timestamp(datagrams[0]) % 16384 == 4096 * number
            check(datagrams, [packet for at in range(number, n, 4) for packet in one_packet(
                at + 2, (TIMESTAMP, first + 4096 * at), (SAMPLES, samples[4096 * at:4096 * (at + 1)]))])
            assert receivers.mkrecv(datagrams, 4096, 16384) == list(range(n // 4))


def test_f_engines_send_each_x_engine_its_channels_of_all_antennas(tmp_path):
    antennas, x_engines, channels, times = 4, 16, 64, 3
    size = channels * 256 * 4
    found = capture(tmp_path, commands()["katgpucbf F-engines of four antennas"], 7148, "239.10.10.10+15")
    assert len(found) == x_engines
    items = numbers(48, (0x1600, "timestamp"), (0x4101, "feng_id"), (0x4103, "frequency"))
    items.append((DESCRIPTOR, descriptor(48, 0x4300, "feng_raw", dtype="|i1", shape=(channels, 256, 2, 2))))
    sent = [adcwave.wave("gaussian", "S8", antenna + 1, 0, times * x_engines * channels * 256, channels=4)
            for antenna in range(antennas)]
    for number, datagrams in enumerate(found):
        own = [[] for _ in range(antennas)]
        for packet in datagrams:
            # Every antenna has heap counters of its own.
            own[int.from_bytes(packet[10:16], "big") % antennas].append(packet)
        for antenna in range(antennas):
            expected = heap(48, antenna, items, lambda packet: 8192, repeat=True)
            for at in range(times):
                batch = at * x_engines + number
                expected += heap(48, antenna + antennas * (1 + batch), [
                    (TIMESTAMP, 2048 * 256 * at), (0x4101, antenna), (0x4103, channels * number),
                    (0x4300, sent[antenna][size * batch:size * (batch + 1)])], lambda packet: 8192, repeat=True)
            check(own[antenna], expected)
        # The X-engine has them in the order of their arrival.
        assert sorted(receivers.channeliser(datagrams, size, 8192, 2048 * 256)) == [
            (at, antenna, part) for at in range(times) for antenna in range(antennas)
            for part in range(size // 8192)]
        values, heaps = decode(datagrams)
        assert len(heaps) == len({received.cnt for received in heaps}) == antennas * (1 + times)
        assert {int(value["frequency"]) for value in values if "frequency" in value} == {channels * number}


def test_a_ska_low_station_sends_all_channels_with_the_counter_of_their_time(tmp_path):
    channels, times = 384, 4
    begin = time.time_ns()
    (found,) = capture(tmp_path, commands()["SKA-Low station beam, all channels"], 4660)
    end = time.time_ns()
    (cnt,) = struct.unpack_from(">Q", found[0], 8)
    cnt &= 2**48 - 1
    assert begin < receivers.TAI_2000_NS + cnt * receivers.PACKET_NS < end + receivers.PACKET_NS
    samples = adcwave.wave("gaussian", "S8", 1, 0, times * channels * 2048, channels=4)
    check(found, [packet for at in range(times) for channel in range(channels) for packet in heap(
        48, cnt + at, [(0x3010, 1234), (0x3000, channel << 32 | 1 << 16 | 64 + channel), (0x3001, 0x010200030008),
                       (SAMPLES, samples[8192 * (channels * at + channel):][:8192])],
        lambda packet: 8192, standard=SKA_LOW)])
    assert receivers.ska_low_station(found) == [
        (receivers.TAI_2000_NS + (cnt + at) * receivers.PACKET_NS, channel, 1, 64 + channel)
        for at in range(times) for channel in range(channels)]


def test_a_ska_low_tile_sends_the_samples_of_16_antennas(tmp_path):
    times = 32
    begin = int(time.time())
    (found,) = capture(tmp_path, commands()["SKA-Low raw antenna data, a tile"], 4660)
    sync = struct.unpack_from(">Q", found[0], 24)[0] & 2**48 - 1
    assert begin <= sync <= time.time()
    samples = adcwave.wave("gaussian", "S8", 1, 0, times * 4 * 1024, channels=8)
    check(found, [packet for at in range(times) for part in range(4) for packet in heap(
        48, at, [(0x1027, sync), (TIMESTAMP, 0), (0x2004, 0), (0x2000, 4 * part << 8 | 4), (0x2001, 0x000500010000),
                 (SAMPLES, samples[8192 * (4 * at + part):][:8192])],
        lambda packet: 8192, standard=SKA_LOW)])
    assert receivers.ska_low_raw(found) == [(at, 0, first, 1024) for at in range(times) for first in (0, 4, 8, 12)]


def described_visibilities(baselines):
    items = numbers(48, (0x6000, "timestamp_count"), (0x6001, "timestamp_fraction"), (0x6002, "channel_id"),
                    (0x6003, "channel_count"))
    items.append((DESCRIPTOR, descriptor(48, 0x6004, "polarisation", formats=[("c", 8)], shape=(2,))))
    items += numbers(48, (0x6005, "baseline_count"))
    items.append((DESCRIPTOR, descriptor(48, 0x6008, "scan_id", formats=[("u", 64)])))
    items.append((DESCRIPTOR, descriptor(48, 0x600A, "correlator_output_data", shape=(baselines,),
                                         dtype="[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]")))
    return items


def test_four_senders_of_visibilities_have_channels_of_their_own(tmp_path):
    channels, times, baselines = 5, 8, 21
    found = capture(tmp_path, commands()["SDP visibilities, four senders"], 41000, ports=4)
    assert len(found) == 4
    for number, datagrams in enumerate(found):
        size = 34 * baselines
        samples = adcnoise.samples(number + 1, 0, channels * times * size).tobytes()
        expected = heap(48, 1, [(STREAM_CTRL, 0)], full(8872, 2))
        for at in range(channels * times):
            items = described_visibilities(baselines) if at == 0 else []
            items += [(0x6000, at // channels), (0x6001, 0), (0x6002, channels * number + at % channels), (0x6003, 1),
                      (0x6004, b"XX"), (0x6005, baselines), (0x6008, (1234).to_bytes(8, "big")),
                      (0x600A, samples[size * at:size * (at + 1)])]
            expected += heap(48, at + 2, items, full(8872, len(items)))
        check(datagrams, expected + heap(48, channels * times + 2, [(STREAM_CTRL, 2)], full(8872, 2)))
        values, _ = decode(datagrams)
        placed = [(int(value["timestamp_count"]), int(value["channel_id"])) for value in values[1:]]
        assert placed == [(at, channels * number + channel) for at in range(times) for channel in range(channels)]
        assert values[7]["correlator_output_data"].tobytes() == samples[6 * size:7 * size]


def test_a_digitiser_sends_by_the_named_interface_to_a_real_spead2(receive):
    network = Network()
    try:
        at_groups = [receive("--multicast", group, "--port", 7148, "--iface", "wire", "--idle", 2, prefix=network.right)
                     for group in ("239.102.0.64", "239.102.0.72")]
        network.at_left(f"meson devenv -C {BUILD} {PYTHON} {ROOT}/examples/meerkat_digitiser.py --iface wire --heaps 64")
        first, second = (receiver.finish() for receiver in at_groups)
    finally:
        network.remove()
    # The first group of the first polarisation has descriptors, and no other has.
    assert first.heaps[0]["described"] == [0x1600, 0x3101, 0x3102, 0x3300]
    assert [one["timestamp"] for one in first.heaps[1:]] == list(range(0, 64 * 4096, 8 * 4096))
    assert [one["cnt"] for one in first.heaps[1:]] == list(range(2, 2 + 4 * 64, 4 * 8))
    sent = gaussian("S10", 1, 64, 4096, sd=50.0, sky_seed=1, correlation=0.5)
    assert np.array_equal(np.frombuffer(first.samples), np.concatenate(
        [adcwave.unpack(samples, 10) for samples in sent[::8]]))
    assert [one["cnt"] for one in second.heaps] == list(range(4, 4 + 4 * 64, 4 * 8))
