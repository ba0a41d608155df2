#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ska_low_antennas: raw data of the 16 antennas of a SKA-Low tile, for the DAQ of MCCS.

    /usr/bin/python3 examples/ska_low_antennas.py --factor 0.0001 --host 127.0.0.1

A packet has 1024 samples of 4 antennas, so that four packets have the same counter.
"""

import time

import emulation

RATE = 800000000  # Hz
ANTENNAS, TOGETHER, SAMPLES = 16, 4, 1024  # of a tile; in a packet; of a packet
STATION, TILE = 1, 5
SIZE, HEADER = 2 * TOGETHER * SAMPLES, 72  # bytes
PACKETS = ANTENNAS // TOGETHER  # with the same counter


def tile(options):
    rate = emulation.rate_of(RATE, options)
    # The first antenna, and how many there are.
    antennas = ",".join(str(first << 8 | TOGETHER) for first in range(0, ANTENNAS, TOGETHER))
    return rf"""
        adctestsrc wave=gaussian seed=1 samplesperbuffer={SAMPLES}
            {emulation.buffers(options.heaps, PACKETS)} !
        audio/x-raw,format=S8,channels={2 * ANTENNAS},rate={rate} !
        spead2sink host={options.host} port={options.port} sync=true rate={rate / SAMPLES * PACKETS * (SIZE + HEADER)}
            heap-size={SIZE} max-packet-size={SIZE + HEADER} heap-address-bits=48
            descriptors=none send-stop-heap=false
            items="
                heap-cnt,start=0,step=1,every={PACKETS};
                payload-length;
                sync_time,id=0x1027,value={int(time.time())};
                timestamp,id=0x1600,value=0;
                capture_mode,id=0x2004,value=0;
                antenna_info,id=0x2000,value=<{antennas}>;
                tile_info,id=0x2001,value=\"{TILE << 32 | STATION << 16}\";
                samples,id=0x3300,value=payload" """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 0.0001, "packets, a multiple of 4", port=4660)
    emulation.play(tile(parser.parse_args()))


if __name__ == "__main__":
    main()
