#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""meerkat_digitiser: both polarisations of a MeerKAT antenna in the L band, as katgpucbf's
dsim sends them: heaps of 4096 samples of 10 bits, to 8 multicast groups each.

    /usr/bin/python3 examples/meerkat_digitiser.py --factor 0.001 --iface lo

The polarisations share a part of their noise, for a correlator to find.
"""

import emulation

RATE = 1712000000  # Hz
SAMPLES, BITS = 4096, 10  # of a heap, which is a packet
HEADER = 72  # bytes
AT_ONCE = 64  # heaps of a buffer


def descriptors(number):
    """Every 5 s, to the first group of the first polarisation alone, with odd counters."""
    if number > 0:
        return "descriptors=none"
    return ("descriptors=own-heap descriptor-destinations=first descriptor-interval=5000000000 "
            "descriptor-cnt-start=1 descriptor-cnt-step=2")


def polarisation(number, options):
    rate, size = emulation.rate_of(RATE, options), SAMPLES * BITS // 8
    # dsim counts the heaps of both polarisations together, in even numbers.
    return rf"""
        adctestsrc wave=gaussian standard-deviation=50 seed={number + 1} sky-seed=1 correlation=0.5
            samplesperbuffer={AT_ONCE * SAMPLES} {emulation.buffers(options.heaps, AT_ONCE)}
            {emulation.by_the_clock(options)} !
        application/octet-stream,sample-bits={BITS},rate={rate} !
        spead2sink destinations=239.102.0.{64 + 8 * number}+7:7148 multicast-iface={options.iface} ttl-mc=4
            sync=true rate={rate / SAMPLES * (size + HEADER)} heap-size={size} max-packet-size={size + HEADER}
            heap-address-bits=48 heap-cnt-start={2 * number + 2} heap-cnt-step=4 send-stop-heap=false
            {descriptors(number)}
            items="
                timestamp,id=0x1600,value=sample-index,description=\"Timestamp provided by the MeerKAT digitisers and scaled to the digitiser sampling rate.\";
                digitiser_id,id=0x3101,value={number},description=\"Digitiser Serial Number\";
                digitiser_status,id=0x3102,value=0,description=\"Digitiser Status values\";
                adc_samples,id=0x3300,value=payload,description=\"Digitiser Raw ADC Sample Data\" " """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 0.001, "of each polarisation, a multiple of 64")
    emulation.add_epoch(parser)
    options = parser.parse_args()
    emulation.play(polarisation(0, options) + polarisation(1, options))


if __name__ == "__main__":
    main()
