# SPDX-License-Identifier: LGPL-2.1-or-later
"""spead2src ! spead2sink sends on what the recipes of docs/recipes.md send: the data heaps of each
word for word, with their counters, so that its receiver takes them as it takes those of the sender."""

import re
import socket

import numpy as np
import pytest

import receivers
import speadwire
from conftest import HERE, PYTHON
from network import Process
from speadwire import DESCRIPTOR, HEAP_CNT, STREAM_CTRL
from test_recipes import check, decode, paste, recipes  # noqa: F401 (a fixture)
from udp import allow_buffer


class Relay(Process):
    """A pipeline of both elements, and a socket at its end."""

    def __init__(self, receiving, sending):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        allow_buffer(self.socket, 32 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(60)
        super().__init__([
            PYTHON, str(HERE / "streamer.py"),
            f"spead2src name=receiver port=0 {receiving} ! spead2sink name=sender rate=50e6 "
            f"port={self.socket.getsockname()[1]} send-stop-heap=false {sending}"])
        self.port = self.read("port")["port"]

    def pass_on(self, datagrams):
        """What is sent for them, up to a stop heap."""
        for datagram in datagrams:
            self.socket.sendto(datagram, ("127.0.0.1", self.port))
        self.socket.sendto(*speadwire.heap(48, 1 << 30, [(STREAM_CTRL, 2)], lambda number: 1),
                           ("127.0.0.1", self.port))
        stats = self.read("stats")["stats"]
        assert self.process.wait(60) == 0, self.said
        # Without the standard four, it is for receivers that take packets alone.
        assert {line.get("warning", "")[:17] for line in self.said} <= {"", "Generic receivers"}
        return [self.socket.recv(65536) for _ in range(stats["packets"])]

    def kill(self):
        self.socket.close()
        super().kill()


@pytest.fixture
def pass_on(paste):  # noqa: F811
    """pass_on(recipe, properties of the source, of the sink): what came in, and what went out."""
    relays = []

    def run(recipe, receiving, sending):
        found, _ = paste(recipe)
        relays.append(Relay(receiving, sending))
        return found, relays[-1].pass_on(found)

    yield run
    for relay in relays:
        relay.kill()


def plain_heaps(datagrams):
    """The packets of heaps that have neither descriptors nor stream control."""
    heaps = [({item: value for _, item, value in speadwire.parse(datagram)[1]}, datagram)
             for datagram in datagrams]
    others = {items[HEAP_CNT] for items, _ in heaps if {DESCRIPTOR, STREAM_CTRL} & set(items)}
    return [datagram for items, datagram in heaps if items[HEAP_CNT] not in others]


def test_meerkat_digitiser(pass_on):
    """The line of the page, with other addresses."""
    line = recipes()["Sending on what is received"].replace("\\\n", "")
    receiving, sending = re.fullmatch(
        r"gst-launch-1.0 spead2src (.*) ! +spead2sink (.*)\n", line).groups()
    addresses = r"(address|host|port|multicast-iface)=\S+"
    sent, passed = pass_on("MeerKAT digitiser, 10-bit samples",
                           re.sub(addresses, "", receiving), re.sub(addresses, "", sending))
    # The descriptors as well.
    check(passed, sent)
    assert receivers.fgpu(passed, 4096, 10) == [
        (1, (number - 4) % (1 << 36)) for number in range(50)]
    values, heaps = decode(passed)
    assert [heap.cnt for heap in heaps] == [1, *range(2, 102, 2)]
    for value, original in zip(values[1:], decode(sent)[0][1:]):
        assert np.array_equal(value["raw_data"], original["raw_data"])
        assert int(value["digitiser_id"]) == 7


def test_edd_packetizer(pass_on):
    """Not described: what the payload is does not matter."""
    sent, passed = pass_on(
        "EDD packetizer", "",
        'heap-address-bits=48 max-packet-size=6400 descriptors=none '
        'items="item-0x1600,id=0x1600,value=meta; raw_data,id=0x3300,value=payload"')
    check(passed, sent)
    assert receivers.mkrecv(passed, 4096, 4096) == list(range(50))


def test_katgpucbf_f_engine(pass_on):
    sent, passed = pass_on(
        "katgpucbf F-engine", "index-step=2097152",
        'heap-address-bits=48 max-packet-size=8872 repeat-pointers=true payload-per-packet=8192 '
        'items="timestamp,id=0x1600,value=meta; feng_id,id=0x4101,value=meta; '
        'frequency,id=0x4103,value=meta; feng_raw,id=0x4300,value=payload" '
        'descriptors=own-heap descriptor-cnt-start=3 descriptor-cnt-step=4')
    check(passed, sent[:-1])
    assert receivers.channeliser(passed, 65536, 8192, 2097152) == [
        (number, 3, part) for number in range(20) for part in range(8)]
    values, _ = decode(passed)
    assert values[2]["feng_raw"].shape == (64, 256, 2, 2)


def test_hpguppi(pass_on):
    sent, passed = pass_on(
        "hpguppi", "",
        'heap-address-bits=48 max-packet-size=1120 repeat-pointers=true payload-per-packet=1024 '
        'items="item-0x1600,id=0x1600,value=meta; item-0x4101,id=0x4101,value=meta; '
        'item-0x4103,id=0x4103,value=meta; null; null; null; feng_raw,id=0x4300,value=payload" '
        'descriptors=none')
    check(passed, sent)
    assert receivers.channeliser(passed, 262144, 1024, 2097152) == [
        (number, 3, part) for number in range(4) for part in range(256)]


def test_sdp_visibilities(pass_on):
    sent, passed = pass_on(
        "SDP visibilities", "",
        'heap-address-bits=48 '
        'items="timestamp_count,id=0x6000,value=meta; timestamp_fraction,id=0x6001,value=meta; '
        'channel_id,id=0x6002,value=meta; channel_count,id=0x6003,value=meta; '
        'polarisation,id=0x6004,value=meta,default=\\"XX\\"; baseline_count,id=0x6005,value=meta; '
        'scan_id,id=0x6008,value=meta,mode=addressed,format=u64; '
        'correlator_output_data,id=0x600A,value=payload"')
    # Where the first one describes its dtype, it is written another way.
    assert len(plain_heaps(sent)) == 19
    check(plain_heaps(passed), plain_heaps(sent))
    values, original = decode(passed)[0], decode(sent)[0]
    for got, expected in zip(values, original[1:], strict=True):
        assert list(got) == list(expected)
        assert str(got) == str(expected)


def test_ska_low_station_beam(pass_on):
    sent, passed = pass_on(
        "SKA-Low station beam", "packet-heaps=true",
        'heap-address-bits=48 max-packet-size=8248 descriptors=none '
        'items="heap-cnt; payload-length; item-0x3010,id=0x3010,value=meta; '
        'item-0x3000,id=0x3000,value=meta; item-0x3001,id=0x3001,value=meta; '
        'samples,id=0x3300,value=payload"')
    check(passed, sent)
    assert len(receivers.ska_low_station(passed)) == 50


def test_ska_low_raw_antenna_data(pass_on):
    sent, passed = pass_on(
        "SKA-Low raw antenna data", "packet-heaps=true",
        'heap-address-bits=48 max-packet-size=8264 descriptors=none '
        'items="heap-cnt; payload-length; item-0x1027,id=0x1027,value=meta; '
        'item-0x1600,id=0x1600,value=meta; item-0x2004,id=0x2004,value=meta; '
        'item-0x2000,id=0x2000,value=meta; item-0x2001,id=0x2001,value=meta; '
        'samples,id=0x3300,value=payload"')
    check(passed, sent)
    assert receivers.ska_low_raw(passed) == [(number, 1024 * number, 0, 1024) for number in range(50)]
