#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""katgpucbf_f_engines: the F-engines of 4 antennas, as katgpucbf's fgpu, for 16 X-engines.

    /usr/bin/python3 examples/katgpucbf_f_engines.py --factor 0.001 --iface lo

Each X-engine has a multicast group, to which every antenna sends its part of the channels.
"""

import emulation

ANTENNAS, X_ENGINES = 4, 16
BANDWIDTH = 856000000  # Hz, and so complex samples per second of a polarisation
SPECTRA = 256  # of a heap
PAYLOAD, HEADER = 8192, 72  # bytes of a packet


def f_engine(antenna, options):
    rate, channels = emulation.rate_of(BANDWIDTH, options), options.channels // X_ENGINES
    size = channels * SPECTRA * 4
    frequencies = ",".join(str(number * channels) for number in range(X_ENGINES))
    # A buffer is a batch: a heap for each X-engine, which are sent in turn.
    return f"""
        adctestsrc wave=gaussian seed={antenna + 1} samplesperbuffer={X_ENGINES * channels * SPECTRA}
            {emulation.buffers(options.heaps, X_ENGINES)} !
        audio/x-raw,format=S8,channels=4,rate={rate} !
        spead2sink destinations=239.10.10.10+{X_ENGINES - 1}:7148 multicast-iface={options.iface} ttl-mc=4
            sync=true rate={rate * 4 / PAYLOAD * (PAYLOAD + HEADER)} heap-size={size}
            interleave={X_ENGINES} repeat-pointers=true payload-per-packet={PAYLOAD} max-packet-size=8872
            heap-address-bits=48 heap-cnt-start={antenna} heap-cnt-step={ANTENNAS} send-stop-heap=false
            descriptors=own-heap descriptor-interval={ANTENNAS * 5000000000}
            items="
                timestamp,id=0x1600,start=0,step={2 * options.channels * SPECTRA},every={X_ENGINES};
                feng_id,id=0x4101,value={antenna};
                frequency,id=0x4103,value=<{frequencies}>;
                feng_raw,id=0x4300,value=payload,dtype=\\"|i1\\",shape=<{channels},{SPECTRA},2,2>" """


def main():
    parser = emulation.parser(__doc__.splitlines()[0], 0.001, "of each antenna, a multiple of 16")
    parser.add_argument("--channels", type=int, choices=[1024, 4096, 8192, 32768], default=4096,
                        help="of an antenna (default: %(default)s)")
    options = parser.parse_args()
    emulation.play("".join(f_engine(antenna, options) for antenna in range(ANTENNAS)))


if __name__ == "__main__":
    main()
