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

import adcwave
import receivers
from conftest import HERE, ROOT
from speadwire import DESCRIPTOR, descriptor, heap
from test_docs import in_shell
from test_recipes import check, decode, numbers, split

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
    assert done.returncode == 0 and not re.search("error|warning", done.stdout, re.I), done.stdout
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
