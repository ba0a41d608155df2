#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""edd_packetizer: both polarisations of an EDD packetizer, to 4 multicast groups each.

    /usr/bin/python3 examples/edd_packetizer.py --bits 12 --factor 0.001 --iface lo
"""

import emulation

RATE = 3200000000  # Hz
SAMPLES = 4096  # of a heap, which is a packet
HEADER = 56  # bytes
# Heaps of a buffer, whose first index is a multiple of its samples: it begins at the first of
# the groups, each of which so has a stripe of its own, whenever the sender begins.
AT_ONCE = 64
CAPS = {8: "audio/x-raw,format=S8,channels=1", 10: "application/octet-stream,sample-bits=10",
        12: "application/octet-stream,sample-bits=12"}


def polarisation(number, options):
    rate, size = emulation.rate_of(RATE, options), SAMPLES * options.bits // 8
    # mkrecv ends at a stop heap, and discards the heap with counter 1.
    return f"""
        adctestsrc wave=gaussian seed={number + 1} samplesperbuffer={AT_ONCE * SAMPLES}
            {emulation.buffers(options.heaps, AT_ONCE)} {emulation.by_the_clock(options)} !
        {CAPS[options.bits]},rate={rate} !
        spead2sink destinations=225.0.0.{152 + 4 * number}+3:7148 multicast-iface={options.iface} ttl-mc=4
            sync=true rate={rate / SAMPLES * (size + HEADER)} heap-size={size} max-packet-size=6400
            heap-address-bits=48 heap-cnt-start=2 descriptors=none send-stop-heap=false
            items="timestamp,id=0x1600,value=sample-index; raw_data,id=0x3300,value=payload" """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 0.001, "of each polarisation, a multiple of 64")
    parser.add_argument("--bits", type=int, choices=CAPS, default=8, help="of a sample (default: %(default)s)")
    emulation.add_epoch(parser)
    options = parser.parse_args()
    emulation.play(polarisation(0, options) + polarisation(1, options))


if __name__ == "__main__":
    main()
