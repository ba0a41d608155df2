# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the receivers of the field place what they get, and what they throw away.

Each function is one receiver's rule, written from what is known of it (see
docs/recipes.md): it takes the datagrams of one stream in SPEAD-64-48 and returns
a place for each packet or heap that the receiver takes. What it throws away is
Refused, with the reason, unless the receiver is known to ignore it.
"""

import speadwire
from speadwire import HEAP_CNT, HEAP_LENGTH, PAYLOAD_LENGTH, PAYLOAD_OFFSET, STANDARD

TIMESTAMP = 0x1600


class Refused(ValueError):
    pass


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def parse(datagram):
    """The ids of the pointers and their values, in their order, and the payload."""
    bits, items, payload = speadwire.parse(datagram)
    require(bits == 48, "not SPEAD-64-48")
    return [item for _, item, _ in items], [value for _, _, value in items], payload


def mkrecv(datagrams, heap_size, step, first=None):
    """MPIfR's mkrecv: items are found by position; a slot of its ring for each heap.

    The position counts from the first pointer that is not one of the standard
    four, in the packet that opens the heap. first: the index of slot 0, without it
    that of the first heap.
    """
    slots, seen = [], set()
    for datagram in datagrams:
        ids, values, _ = parse(datagram)
        standard = dict(zip(ids[:4], values))
        require(set(standard) == set(STANDARD), "the standard four are not in front")
        if standard[HEAP_CNT] in seen:
            continue
        seen.add(standard[HEAP_CNT])
        require(standard[HEAP_CNT] != 1, "heap counter 1 is a descriptor's")
        require(standard[HEAP_LENGTH] == heap_size, "the heap is not of HEAP_SIZE")
        first = values[4] if first is None else first
        require((values[4] - first) % step == 0, "the index is no multiple of IDX1_STEP")
        slots.append((values[4] - first) // step)
    return slots


def casperfpga(datagrams, pointers):
    """The decoder of casperfpga, which takes each packet for itself: its items by id."""
    decoded = []
    for datagram in datagrams:
        ids, values, payload = parse(datagram)
        require(datagram[4:6] == b"\0\0", "the reserved bytes of the header are not 0")
        require(len(ids) == pointers, f"{len(ids)} pointers, not {pointers}")
        named = [item for item in ids if item != 0]
        require(len(named) == len(set(named)), "an id stands there twice")
        require(PAYLOAD_LENGTH in ids, "the payload's length is missing")
        require(len(payload) % 8 == 0, "the payload is not whole words")
        decoded.append(dict(zip(ids, values)))
    return decoded


def fgpu(datagrams, heap_samples, bits):
    """katgpucbf's F-engine: of each heap (one packet) its polarisation and its chunk's place.

    Heaps without a timestamp or of another size are metadata, and ignored.
    """
    places = []
    for datagram in datagrams:
        ids, values, payload = parse(datagram)
        items = dict(zip(ids, values))
        if TIMESTAMP not in items or len(payload) != heap_samples * bits // 8:
            continue
        require({0x3101, 0x3300} <= set(ids), "digitiser_id or raw_data is missing")
        require(items[TIMESTAMP] % heap_samples == 0, "a bad timestamp")
        places.append((items[0x3101] & 1, items[TIMESTAMP] // heap_samples))
    return places


def channeliser(datagrams, heap_bytes, packet_bytes, step):
    """What katgpucbf's X-engine and hpguppi_daq have in common: every packet says alone
    which part it is, of which antenna, of which spectra: (spectra, antenna, part).

    Packets without a timestamp are metadata or the stop heap, and ignored.
    """
    places = []
    for datagram in datagrams:
        ids, values, payload = parse(datagram)
        items = dict(zip(ids, values))
        if TIMESTAMP not in items:
            continue
        require({0x4101, 0x4103, 0x4300} <= set(ids), "not all items are in every packet")
        require(items[HEAP_LENGTH] == heap_bytes, "the heap has another size")
        require(len(payload) == packet_bytes and items[PAYLOAD_OFFSET] % packet_bytes == 0,
                "the packet has another size")
        require(items[TIMESTAMP] % step == 0, "a bad timestamp")
        places.append((items[TIMESTAMP] // step, items[0x4101],
                       items[PAYLOAD_OFFSET] // packet_bytes))
    return places


# Of SKA-Low: 2048 samples of 1.08 us, and TAI's year 2000 in ns since 1970, as long as TAI
# is 37 s ahead of UTC.
PACKET_NS = 2048 * 1080
TAI_2000_NS = 946684763 * 10**9


def ska_low_station(datagrams):
    """A station beam, as MCCS reads it: when a packet begins (ns since 1970), its logical
    channel, beam and frequency id.

    Only with exactly six pointers is 0x0001 a count of packets since 2000; with another
    number it is 16 bits of channel and 32 of counter.
    """
    found = []
    for datagram in datagrams:
        ids, values, payload = parse(datagram)
        require(ids == [HEAP_CNT, PAYLOAD_LENGTH, 0x3010, 0x3000, 0x3001, 0x3300],
                "not the six pointers of a station beam")
        require(len(payload) == 8192 == values[1], "a packet is 2048 samples")
        found.append((TAI_2000_NS + values[0] % (1 << 40) * PACKET_NS,
                      values[3] >> 32, values[3] >> 16 & 0xffff, values[3] & 0xffff))
    return found


def ska_low_raw(datagrams):
    """Raw antenna data, as MCCS reads it: counter, timestamp, first antenna of the tile and
    samples of each antenna. The counter says where these samples are in the tile's buffer."""
    found = []
    for datagram in datagrams:
        ids, values, payload = parse(datagram)
        require(len(ids) == 8 and ids[4] == 0x2004, "the capture mode is not the fifth pointer")
        require(values[4] in (0, 1), "not a capture mode of raw data")
        items = dict(zip(ids, values))
        first, antennas = items[0x2000] >> 8 & 0xff, items[0x2000] & 0xff
        require(antennas > 0, "divided by 0 antennas")
        require(items[PAYLOAD_LENGTH] == len(payload) and len(payload) % (2 * antennas) == 0,
                "not whole samples of all antennas and polarisations")
        found.append((items[HEAP_CNT] % (1 << 24), items[TIMESTAMP], first,
                      len(payload) // (2 * antennas)))
    return found
