#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plot_stream: receives a SPEAD stream with spead2 and draws what its samples are.

The picture has a power spectrum, averaged over the whole stream, and a
histogram of the sample values. The same stream gives the same file.

    python examples/plot_stream.py --sample-rate 20e6 --output stream.svg
"""

import argparse
import asyncio
import os
import socket
import sys

import matplotlib
import numpy as np
import spead2
import spead2.recv.asyncio

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

SAMPLES = 0x3300  # the item adc_samples


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Receive a SPEAD stream and draw its spectrum and its histogram.")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS",
                        help="IPv4 address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8888,
                        help="UDP port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--sample-rate", type=float, default=0, metavar="HZ",
                        help="samples per second, which are not in the stream; "
                             "without it frequencies are fractions of it")
    parser.add_argument("--channels", type=int, default=1024, metavar="N",
                        help="frequency channels of the spectrum (default: %(default)s)")
    parser.add_argument("--wait", type=float, default=60, metavar="SECONDS",
                        help="end when no heap comes for so long (default: %(default)s)")
    parser.add_argument("--output", default="stream.svg", metavar="FILE",
                        help="picture to write; its ending says the format (default: %(default)s)")
    parser.add_argument("--ready-file", metavar="FILE",
                        help="write this file once packets are accepted")
    return parser.parse_args()


def first_channel(item):
    """The samples of an item, of several channels those of the first."""
    samples = np.array(item.value)
    if samples.dtype.kind not in "iuf":
        sys.exit(f"The samples are {samples.dtype}: only real numbers are drawn.")
    return samples.reshape(len(samples), -1)[:, 0]


async def receive(arguments):
    """The sample arrays of all heaps up to the stop heap, and how many did not come whole."""
    pool = spead2.ThreadPool()
    stream = spead2.recv.asyncio.Stream(pool, ring_config=spead2.recv.RingStreamConfig(heaps=64))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The kernel gives no more than the sysctl net.core.rmem_max.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((arguments.bind, arguments.port))
    port = sock.getsockname()[1]
    stream.add_udp_reader(sock, max_size=9000)
    print(f"Listening on {arguments.bind}, UDP port {port}.", flush=True)
    if arguments.ready_file:
        with open(arguments.ready_file + ".part", "w", encoding="ascii") as ready:
            ready.write(f"{port}\n")
        os.rename(arguments.ready_file + ".part", arguments.ready_file)

    # Descriptors in the first heap tell it what items there are.
    group = spead2.ItemGroup()
    arrays = []
    while True:
        try:
            heap = await asyncio.wait_for(stream.get(), arguments.wait)
        except spead2.Stopped:
            break
        except asyncio.TimeoutError:
            print(f"No heap for {arguments.wait:g} s, and no stop heap.")
            break
        for item in group.update(heap).values():
            if item.id == SAMPLES and item.value is not None:
                arrays.append(first_channel(item))
    stream.stop()
    incomplete = (stream.stats["incomplete_heaps_evicted"]
                  + stream.stats["incomplete_heaps_flushed"])
    print(f"{len(arrays)} heaps came complete, {incomplete} did not.", flush=True)
    return arrays, incomplete


def full_scale(dtype):
    """The highest amplitude of a sine in this type."""
    return 1.0 if dtype.kind == "f" else 2.0 ** (8 * dtype.itemsize - 1)


def power_spectrum(arrays, channels):
    """Mean power in each channel, 1 being a sine of full scale.

    No block of samples crosses a heap's end: samples may be missing there.
    """
    size = 2 * channels
    window = np.hanning(size)
    total, blocks = np.zeros(channels + 1), 0
    for array in arrays:
        count = len(array) // size
        block = array[:count * size].reshape(count, size).astype(np.float64)
        block -= block.mean()
        total += (np.abs(np.fft.rfft(block * window)) ** 2).sum(axis=0)
        blocks += count
    if blocks == 0:
        sys.exit(f"No heap has the {size} samples that {channels} channels take.")
    amplitude = window.sum() / 2 * full_scale(arrays[0].dtype)
    return total / blocks / amplitude ** 2, blocks


def draw(arrays, arguments):
    # What makes a file differ from run to run: random ids and the date.
    matplotlib.rcParams.update({"svg.hashsalt": "gst-spead2", "font.size": 9})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), width_ratios=(2, 1))

    power, blocks = power_spectrum(arrays, arguments.channels)
    unit = 1e6 if arguments.sample_rate else 1
    frequency = np.fft.rfftfreq(2 * arguments.channels, unit / (arguments.sample_rate or 1))
    # The first channel has what is left of the mean. What differs between
    # processors in the last digit is rounded off.
    left.plot(frequency[1:], np.round(10 * np.log10(power[1:] + 1e-20), 2), linewidth=0.8)
    left.set(title=f"Power spectrum, mean of {blocks}",
             xlabel="frequency / MHz" if arguments.sample_rate else "frequency / sample rate",
             ylabel="power / dB of a full-scale sine", xlim=(0, frequency[-1]))
    left.grid(alpha=0.3)

    samples = np.concatenate(arrays)
    values, counts = np.unique(samples, return_counts=True)
    if len(values) > 256:
        counts, edges = np.histogram(samples, 128)
        values = (edges[1:] + edges[:-1]) / 2
    right.step(values, np.round(counts / len(samples), 7), where="mid", linewidth=0.8)
    right.fill_between(values, np.round(counts / len(samples), 7), step="mid", alpha=0.3)
    right.set(title="Histogram", xlabel=f"sample value ({samples.dtype.name})",
              ylabel="fraction of samples")
    right.set_ylim(bottom=0)
    right.grid(alpha=0.3)

    figure.tight_layout()
    date = {"Date": None} if arguments.output.endswith(".svg") else None
    figure.savefig(arguments.output, metadata=date)
    print(f"{len(samples)} samples, mean {samples.mean():.2f}, standard deviation "
          f"{samples.std():.2f}: {os.path.basename(arguments.output)}")


def main():
    arguments = parse_arguments()
    arrays, incomplete = asyncio.run(receive(arguments))
    if not arrays:
        print("There is nothing to draw.", file=sys.stderr)
        return 1
    draw(arrays, arguments)
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
