# SPDX-License-Identifier: LGPL-2.1-or-later
"""The emulations of whole telescopes in examples/, as docs/recipes.md runs them, from one
network to another: at each destination every packet is the one that an independent encoder
makes, and the receiver's own rule places each heap where it belongs."""

import functools
import re
import selectors
import socket
import struct
import subprocess
import threading
import time
from typing import Any, NamedTuple

import numpy as np
import pytest

import adcnoise
import adcwave
import receivers
from capture import expand
from conftest import LIMIT, ROOT, shell_environment
from network import RIGHT, Network
from placing import Chunks, Datagrams, Groups
from speadwire import DESCRIPTOR, STREAM_CTRL, descriptor, full, heap
from test_recipes import SKA_LOW, check, numbers
from udp import open_elsewhere

TIMESTAMP, SAMPLES = 0x1600, 0x3300
SO_TIMESTAMPNS = 35
PAGE = ROOT / "docs/recipes.md"


def commands():
    """Of each heading of the section, the line."""
    (section,) = re.findall(r"^## Whole telescopes\n(.*?)^## ", PAGE.read_text(), re.S | re.M)
    return dict(re.findall(r"^### (.*?)\n.*?^```sh\n(.*?)^```$", section, re.S | re.M))


def timestamp(packet):
    return struct.unpack_from(">Q", packet, 40)[0] & 2**48 - 1


# -- what is sent -----------------------------------------------------------------------------


@functools.lru_cache
def gaussian(form, seed, heaps, samples, **properties):
    """The payloads of so many heaps of adctestsrc."""
    whole = adcwave.wave("gaussian", form, seed, 0, heaps * samples, **properties)
    size = len(whole) // heaps
    return [whole[at:at + size] for at in range(0, len(whole), size)]


def digitiser_noise(polarisation):
    return gaussian("S10", 1 + polarisation, 320, 4096, sd=50.0, sky_seed=1, correlation=0.5)


EPOCH, EDD_FACTOR = 1700000000 * 10**9, 0.0002


@functools.lru_cache
def clocked_noise(polarisation, first):
    """The payloads of 64 heaps from that index on."""
    whole = adcwave.wave("gaussian", "S8", 1 + polarisation, first, 64 * 4096)
    return [whole[at:at + 4096] for at in range(0, len(whole), 4096)]


def f_engine_noise(antenna):
    """Of 3 batches for 16 X-engines, 64 channels each."""
    return gaussian("S8", 1 + antenna, 48, 64 * 256, channels=4)


@functools.lru_cache
def visibilities(sender):
    """Of 8 integrations of 5 channels, with 21 baselines."""
    return adcnoise.samples(1 + sender, 0, 40 * 714).tobytes()


# -- where it goes ----------------------------------------------------------------------------


class Emulation(NamedTuple):
    heading: str  # of the page
    options: str  # behind the line
    at: list  # of each receiver the addresses and ports
    receiver: Any  # of placing.py
    slots: int  # of each receiver
    size: int  # of a slot, bytes
    rule: Any  # of the receiver
    sent: Any  # sent(number, datagrams): the payloads of that receiver's slots; datagrams: as in Arrived


def groups(text):
    return [(group, 7148) for group in expand(text)]


def edd(bits):
    return Emulation(
        "EDD packetizer, both polarisations", f"--iface wire --bits {bits}",
        [groups("225.0.0.152+3"), groups("225.0.0.156+3")], Chunks, 128, 512 * bits,
        lambda packets: receivers.mkrecv(packets, 512 * bits, 4096, first=0),
        lambda number, _: gaussian(f"S{bits}", 1 + number, 128, 4096))


def place_stripe(packets):
    """At one of four groups: mkrecv's ring of 16 slots, whose index is that of the clock."""
    return [at // 4 % 16 for at in receivers.mkrecv(packets, 4096, 4096, first=0)]


def stripe(number, datagrams):
    return clocked_noise(number // 4, timestamp(datagrams[number][0]) - 4096 * (number % 4))[number % 4::4]


def place_station(packets):
    found = receivers.ska_low_station(packets)
    assert all(frequency == 64 + channel for _, channel, _, frequency in found)
    return [(ns - found[0][0]) // receivers.PACKET_NS * 384 + channel for ns, channel, _, _ in found]


def place_visibilities(values):
    if "correlator_output_data" in values:
        yield (5 * int(values["timestamp_count"]) + int(values["channel_id"]) % 5,
               values["correlator_output_data"].tobytes())


EMULATIONS = {
    "digitiser": Emulation(
        "MeerKAT digitiser, both polarisations", "--iface wire", [groups("239.102.0.64+15")], Chunks, 640, 5120,
        lambda packets: [320 * polarisation + at for polarisation, at in receivers.fgpu(packets, 4096, 10)],
        lambda number, _: digitiser_noise(0) + digitiser_noise(1)),
    "EDD of 8 bits": edd(8),
    "EDD of 10 bits": edd(10),
    "EDD of 12 bits": edd(12),
    "EDD by the clock": Emulation(
        "EDD packetizer, both polarisations",
        f"--iface wire --bits 8 --factor {EDD_FACTOR} --heaps 64 --epoch {EPOCH}",
        [[group] for group in groups("225.0.0.152+7")], Chunks, 16, 4096, place_stripe, stripe),
    "F-engines": Emulation(
        "katgpucbf F-engines of four antennas", "--iface wire",
        [[(group, 7148)] for group in expand("239.10.10.10+15")], Chunks, 12, 65536,
        lambda packets: [4 * at + antenna
                         for at, antenna, _ in receivers.channeliser(packets, 65536, 8192, 2048 * 256)],
        lambda number, _: [f_engine_noise(antenna)[16 * at + number] for at in range(3) for antenna in range(4)]),
    "station": Emulation(
        "SKA-Low station beam, all channels", f"--host {RIGHT}", [[(RIGHT, 4660)]], Datagrams, 1536, 8192,
        place_station, lambda number, _: gaussian("S8", 1, 1536, 2048, channels=4)),
    "tile": Emulation(
        "SKA-Low raw antenna data, a tile", f"--host {RIGHT}", [[(RIGHT, 4660)]], Datagrams, 128, 8192,
        lambda packets: [4 * at + first // 4 for at, _, first, _ in receivers.ska_low_raw(packets)],
        lambda number, _: gaussian("S8", 1, 128, 1024, channels=8)),
    # To a group, for spead2 and this program to hear the same packets.
    "visibilities": Emulation(
        "SDP visibilities, four senders", "--host 239.1.1.1", [[("239.1.1.1", 41000 + number)] for number in range(4)],
        Groups, 40, 714, place_visibilities, lambda number, _: [visibilities(number)]),
}


class Arrived(NamedTuple):
    datagrams: list  # of each address, in the order of the table
    times: list  # when the kernel got each of these, ns
    memory: list  # of each receiver
    begin: int  # of the sending program, ns since 1970
    end: int


class Recorder(threading.Thread):
    """What comes to each of the sockets, until end() and as long as there is something."""

    def __init__(self, sockets):
        super().__init__()
        self.datagrams = [[] for _ in sockets]
        self.times = [[] for _ in sockets]
        self.ended = threading.Event()
        self.selector = selectors.DefaultSelector()
        for sock, *lists in zip(sockets, self.datagrams, self.times):
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.selector.register(sock, selectors.EVENT_READ, lists)
        self.start()

    def run(self):
        while True:
            ended = self.ended.is_set()
            ready = self.selector.select(0 if ended else 0.05)
            for key, _ in ready:
                datagram, ((_, _, timespec),), _, _ = key.fileobj.recvmsg(65536, 64)
                seconds, ns = struct.unpack("ll", timespec)
                datagrams, times = key.data
                datagrams.append(datagram)
                times.append(seconds * 10**9 + ns)
            if ended and not ready:
                return

    def end(self):
        self.ended.set()
        self.join()


@pytest.fixture(scope="module")
def network():
    made = Network()
    made.at_left("ip route add 239.0.0.0/8 dev wire")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def arrive(network):
    """arrive(name): what an emulation sent from one network has become in the other."""

    @functools.lru_cache
    def run(name):
        emulation = EMULATIONS[name]
        addresses = [address for receiver in emulation.at for address in receiver]
        sockets = open_elsewhere(network.right, "wire", addresses)
        # Datagrams has those of the recorder.
        own = iter(() if emulation.receiver is Datagrams else open_elsewhere(network.right, "wire", addresses))
        listening = [emulation.receiver([next(own, None) for _ in receiver], emulation.slots, emulation.size,
                                        emulation.rule) for receiver in emulation.at]
        recorder, begin = Recorder(sockets), time.time_ns()
        try:
            send(network, f"{commands()[emulation.heading].strip()} {emulation.options}")
        finally:
            end = time.time_ns()
            recorder.end()
        came = iter(recorder.datagrams)
        memory = [one.finish([datagram for _ in receiver for datagram in next(came)])
                  for one, receiver in zip(listening, emulation.at)]
        return Arrived(recorder.datagrams, recorder.times, memory, begin, end)

    return run


def send(network, command):
    done = subprocess.run([*network.left, "bash", "-euc", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=shell_environment(), timeout=LIMIT,
                          check=False)
    printed = [line for line in done.stdout.splitlines() if "items leaves out heap-length" not in line]
    assert done.returncode == 0 and printed == [], done.stdout


@pytest.mark.parametrize("name", EMULATIONS)
def test_no_heap_is_misplaced_in_the_other_network(arrive, name):
    arrived = arrive(name)
    for number, memory in enumerate(arrived.memory):
        assert np.array_equal(memory.present, np.ones_like(memory.present)), memory.present
        assert memory.data.tobytes() == b"".join(EMULATIONS[name].sent(number, arrived.datagrams))


# -- packet by packet -------------------------------------------------------------------------


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


def test_meerkat_digitiser_sends_both_polarisations_to_eight_groups_each(arrive):
    n, found = 320, arrive("digitiser").datagrams
    sent = [digitiser_noise(0), digitiser_noise(1)]
    for group, datagrams in enumerate(found):
        polarisation, first = divmod(group, 8)
        expected = [packet for at in range(first, n, 8) for packet in one_packet(
            4 * at + 2 * polarisation + 2, (TIMESTAMP, 4096 * at), (0x3101, polarisation), (0x3102, 0),
            (SAMPLES, sent[polarisation][at]))]
        if group == 0:
            # Before the data, and again after 5 seconds, which the clock says: on a busy
            # machine heaps are late, descriptors are not.
            (again,) = [at for at, packet in enumerate(datagrams) if packet == described_by_dsim(3)[0]]
            assert 1 < again < 5 * 0.00012 * 1712e6 / 4096 / 8 + 9
            expected[:0] = described_by_dsim(1)
            expected[again:again] = described_by_dsim(3)
        check(datagrams, expected)

    counters = [packet[10:16] for datagrams in found for packet in datagrams]
    assert len(counters) == len(set(counters))
    # Half of the noise is the sky's.
    x, y = (adcwave.unpack(b"".join(samples), 10) for samples in sent)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.5, abs=5 / np.sqrt(len(x)))


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_edd_packetizer_sends_both_polarisations_to_four_groups_each(arrive, bits):
    n, found = 128, arrive(f"EDD of {bits} bits").datagrams
    for polarisation in (0, 1):
        sent = gaussian(f"S{bits}", 1 + polarisation, n, 4096)
        four = found[4 * polarisation:4 * polarisation + 4]
        for first, datagrams in enumerate(four):
            check(datagrams, [packet for at in range(first, n, 4) for packet in one_packet(
                at + 2, (TIMESTAMP, 4096 * at), (SAMPLES, sent[at]))])
            # mkrecv at one group, and at two.
            assert receivers.mkrecv(datagrams, 512 * bits, 16384) == list(range(n // 4))
        both = [packet for pair in zip(four[0], four[2]) for packet in pair]
        assert receivers.mkrecv(both, 512 * bits, 8192) == list(range(n // 2))


def test_the_clock_gives_each_edd_group_its_stripe(arrive):
    n, arrived = 64, arrive("EDD by the clock")
    for polarisation in (0, 1):
        groups = arrived.datagrams[4 * polarisation:4 * polarisation + 4]
        first = timestamp(groups[0][0])
        # A buffer's time is that of its samples.
        begin, end = ((date - EPOCH) * 3.2 * EDD_FACTOR for date in (arrived.begin, arrived.end))
        assert begin - n * 4096 <= first <= end
        samples = clocked_noise(polarisation, first)
        for number, datagrams in enumerate(groups):
            assert timestamp(datagrams[0]) % 16384 == 4096 * number
            check(datagrams, [packet for at in range(number, n, 4) for packet in one_packet(
                at + 2, (TIMESTAMP, first + 4096 * at), (SAMPLES, samples[at]))])
            assert receivers.mkrecv(datagrams, 4096, 16384) == list(range(n // 4))


def test_f_engines_send_each_x_engine_its_channels_of_all_antennas(arrive):
    antennas, x_engines, channels, times = 4, 16, 64, 3
    found = arrive("F-engines").datagrams
    items = numbers(48, (0x1600, "timestamp"), (0x4101, "feng_id"), (0x4103, "frequency"))
    items.append((DESCRIPTOR, descriptor(48, 0x4300, "feng_raw", dtype="|i1", shape=(channels, 256, 2, 2))))
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
                    (0x4300, f_engine_noise(antenna)[batch])], lambda packet: 8192, repeat=True)
            check(own[antenna], expected)
        counters = {packet[10:16] for packet in datagrams}
        assert len(counters) == antennas * (1 + times)


def test_f_engines_send_to_all_x_engines_in_turn(arrive):
    antennas, x_engines = 4, 16
    arrived = arrive("F-engines")
    order = sorted((when, number, int.from_bytes(datagram[10:16], "big") % antennas)
                   for number, came in enumerate(zip(arrived.times, arrived.datagrams))
                   for when, datagram in zip(*came))
    for antenna in range(antennas):
        packets = [0] * x_engines
        for number in [number for _, number, own in order if own == antenna]:
            packets[number] += 1
            # Half a heap: turns are of two packets, which is what the rate sends in a millisecond.
            assert max(packets) - min(packets) <= 4
        assert packets == [1 + 3 * 8] * x_engines


def test_a_ska_low_station_sends_all_channels_with_the_counter_of_their_time(arrive):
    channels, arrived = 384, arrive("station")
    (found,) = arrived.datagrams
    cnt = struct.unpack_from(">Q", found[0], 8)[0] & 2**48 - 1
    assert arrived.begin < receivers.TAI_2000_NS + cnt * receivers.PACKET_NS < arrived.end + receivers.PACKET_NS
    check(found, [packet for number, samples in enumerate(gaussian("S8", 1, 1536, 2048, channels=4))
                  for packet in heap(
                      48, cnt + number // channels,
                      [(0x3010, 1234), (0x3000, number % channels << 32 | 1 << 16 | 64 + number % channels),
                       (0x3001, 0x010200030008), (SAMPLES, samples)], lambda packet: 8192, standard=SKA_LOW)])


def test_a_ska_low_tile_sends_the_samples_of_16_antennas(arrive):
    arrived = arrive("tile")
    (found,) = arrived.datagrams
    sync = struct.unpack_from(">Q", found[0], 24)[0] & 2**48 - 1
    assert arrived.begin // 10**9 <= sync <= arrived.end // 10**9
    check(found, [packet for number, samples in enumerate(gaussian("S8", 1, 128, 1024, channels=8))
                  for packet in heap(
                      48, number // 4,
                      [(0x1027, sync), (TIMESTAMP, 0), (0x2004, 0), (0x2000, 4 * (number % 4) << 8 | 4),
                       (0x2001, 0x000500010000), (SAMPLES, samples)], lambda packet: 8192, standard=SKA_LOW)])


def described_visibilities(baselines):
    items = numbers(48, (0x6000, "timestamp_count"), (0x6001, "timestamp_fraction"), (0x6002, "channel_id"),
                    (0x6003, "channel_count"))
    items.append((DESCRIPTOR, descriptor(48, 0x6004, "polarisation", formats=[("c", 8)], shape=(2,))))
    items += numbers(48, (0x6005, "baseline_count"))
    items.append((DESCRIPTOR, descriptor(48, 0x6008, "scan_id", formats=[("u", 64)])))
    items.append((DESCRIPTOR, descriptor(48, 0x600A, "correlator_output_data", shape=(baselines,),
                                         dtype="[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]")))
    return items


def test_four_senders_of_visibilities_have_channels_of_their_own(arrive):
    channels, times, baselines = 5, 8, 21
    for number, datagrams in enumerate(arrive("visibilities").datagrams):
        size, samples = 34 * baselines, visibilities(number)
        expected = heap(48, 1, [(STREAM_CTRL, 0)], full(8872, 2))
        for at in range(channels * times):
            items = described_visibilities(baselines) if at == 0 else []
            items += [(0x6000, at // channels), (0x6001, 0), (0x6002, channels * number + at % channels), (0x6003, 1),
                      (0x6004, b"XX"), (0x6005, baselines), (0x6008, (1234).to_bytes(8, "big")),
                      (0x600A, samples[size * at:size * (at + 1)])]
            expected += heap(48, at + 2, items, full(8872, len(items)))
        check(datagrams, expected + heap(48, channels * times + 2, [(STREAM_CTRL, 2)], full(8872, 2)))
