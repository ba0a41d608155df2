#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ska_low_station: a beam of a SKA-Low station of 8 antennas, with all 384 channels.

    /usr/bin/python3 examples/ska_low_station.py --factor 0.01 --host 127.0.0.1

Each packet has 2048 samples of a channel; packets of all channels have one counter.
"""

import time

import emulation

CHANNELS, FIRST = 384, 64  # from 50 MHz on, in steps of 781250 Hz
SCAN, BEAM, SUBSTATION, SUBARRAY, STATION, ANTENNAS = 1234, 1, 1, 2, 3, 8
SAMPLES, NS = 2048, 1080  # of a packet; of a sample
SIZE, HEADER = 4 * SAMPLES, 56  # bytes
# When the year 2000 began in TAI, in ns since 1970, while TAI is 37 s ahead of UTC.
TAI_2000 = 946684763000000000


def counter():
    """Of the packet that begins next."""
    return -(-(time.time_ns() - TAI_2000) // (SAMPLES * NS))


def station(options):
    rate = emulation.rate_of(CHANNELS * 1e9 / NS, options)
    channels = ",".join(rf'\"{number << 32 | BEAM << 16 | FIRST + number:#x}\"' for number in range(CHANNELS))
    antenna = SUBSTATION << 40 | SUBARRAY << 32 | STATION << 16 | ANTENNAS
    return rf"""
        adctestsrc wave=gaussian seed=1 samplesperbuffer={CHANNELS * SAMPLES}
            {emulation.buffers(options.heaps, CHANNELS)} !
        audio/x-raw,format=S8,channels=4,rate={rate} !
        spead2sink host={options.host} port={options.port} sync=true rate={rate / SAMPLES * (SIZE + HEADER)}
            heap-size={SIZE} max-packet-size={SIZE + HEADER} heap-address-bits=48
            descriptors=none send-stop-heap=false
            items="
                heap-cnt,start=\"{counter()}\",step=1,every={CHANNELS};
                payload-length;
                scan_id,id=0x3010,value={SCAN};
                channel,id=0x3000,value=<{channels}>;
                antenna,id=0x3001,value=\"{antenna}\";
                samples,id=0x3300,value=payload,dtype=\"[('v','i1',2),('h','i1',2)]\" " """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 0.01, "packets, a multiple of 384", port=4660)
    emulation.play(station(parser.parse_args()))


if __name__ == "__main__":
    main()
