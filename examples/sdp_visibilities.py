#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sdp_visibilities: 4 senders of SKA-Low's correlator, each to a port of the science data processor.

    /usr/bin/python3 examples/sdp_visibilities.py --stations 18 --host 127.0.0.1

Each has channels of its own. A heap is an integration of a channel: all baselines.
"""

import emulation

SENDERS = 4
INTEGRATION = 0.849  # s
SCAN = 1234
BASELINE = 34  # bytes


def sender(number, options):
    baselines = options.stations * (options.stations + 1) // 2
    size = baselines * BASELINE
    rate = emulation.rate_of(options.channels * size / INTEGRATION, options)  # bytes/s
    first = number * options.channels
    channels = ",".join(str(channel) for channel in range(first, first + options.channels))
    return rf"""
        adctestsrc seed={number + 1} samplesperbuffer={size} {emulation.buffers(options.heaps)} !
        audio/x-raw,format=S8,channels=1,rate={rate} !
        spead2sink host={options.host} port={options.port + number} sync=true rate={1.1 * rate}
            heap-address-bits=48 max-packet-size=8872 send-start-heap=true
            items="
                timestamp_count,id=0x6000,start=0,step=1,every={options.channels};
                timestamp_fraction,id=0x6001,value=0;
                channel_id,id=0x6002,value=<{channels}>;
                channel_count,id=0x6003,value=1;
                polarisation,id=0x6004,value=\"XX\";
                baseline_count,id=0x6005,value={baselines};
                scan_id,id=0x6008,value={SCAN},mode=addressed,format=u64;
                correlator_output_data,id=0x600A,value=payload,shape={baselines},
                    dtype=\"[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]\" " """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 1, "of each sender", port=41000)
    parser.add_argument("--stations", type=int, default=18, help="(default: %(default)s)")
    parser.add_argument("--channels", type=int, default=144, help="of each sender (default: %(default)s)")
    options = parser.parse_args()
    emulation.play("".join(sender(number, options) for number in range(SENDERS)))


if __name__ == "__main__":
    main()
