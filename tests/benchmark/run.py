#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures how fast samples are made, and made and sent, on this machine.

Each case is one gst-launch-1.0 pipeline, timed by gst-launch itself from
PLAYING to the end, so that starting a process and loading plugins are not in
the figure. The repeats are interleaved: what slows the machine for a while
slows every case alike. Nobody listens on the port: a receiver on the same
machine would compete for the CPUs that are measured.
"""

import argparse
import json
import os
import platform
import re
import shlex
import socket
import statistics
import subprocess
import sys
import time

ENDED = re.compile(r"Execution ended after (\d+):(\d+):(\d+\.\d+)")


def unbound_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cases(heap_size, port):
    source = f"adctestsrc num-buffers={{buffers}} samplesperbuffer={heap_size}"
    send = f"{source} ! spead2sink host=127.0.0.1 port={port} max-packet-size="
    return {
        "make": f"{source} ! fakesink sync=false",
        "make-gaussian": f"{source} wave=gaussian ! fakesink sync=false",
        "send-1472": send + "1472",
        "send-9000": send + "9000",
    }


def run(pipeline):
    """Seconds that the pipeline played, as gst-launch-1.0 tells."""
    environment = dict(os.environ, LC_ALL="C")
    done = subprocess.run(["gst-launch-1.0", *shlex.split(pipeline)], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=600, check=False)
    ended = ENDED.search(done.stdout)
    if done.returncode != 0 or not ended:
        sys.exit(f"bench: this pipeline failed: {pipeline}\n{done.stdout}{done.stderr}")
    hours, minutes, seconds = ended.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--heap-size", type=int, default=1 << 20, metavar="BYTES",
                        help="samples, of a byte each, in a heap (default: %(default)s)")
    parser.add_argument("--buffers", type=int, default=2000, metavar="N",
                        help="heaps in a run (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N",
                        help="runs of each case (default: %(default)s)")
    parser.add_argument("--output", default="bench.json", metavar="FILE",
                        help="where the figures go as JSON (default: %(default)s)")
    arguments = parser.parse_args()

    pipelines = {name: pipeline.format(buffers=arguments.buffers)
                 for name, pipeline in cases(arguments.heap_size, unbound_port()).items()}
    megabytes = arguments.heap_size * arguments.buffers / 1e6
    figures = {name: [] for name in pipelines}

    print(f"{arguments.buffers} heaps of {arguments.heap_size} bytes a run, "
          f"{arguments.repeats} runs of each case; MB/s of samples:", flush=True)
    for pipeline in pipelines.values():
        run(pipeline)  # the first reads everything from disk
    for _ in range(arguments.repeats):
        for name, pipeline in pipelines.items():
            figures[name].append(round(megabytes / run(pipeline), 1))

    for name, values in figures.items():
        print(f"  {name:<14} median {statistics.median(values):8.0f}   "
              f"from {min(values):.0f} to {max(values):.0f}   {pipelines[name]}")
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump({
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {"processor": processor(), "cpus": os.cpu_count(),
                        "kernel": platform.release()},
            "heap_size": arguments.heap_size, "buffers": arguments.buffers,
            "unit": "MB/s of samples",
            "cases": {name: dict(summary(values), pipeline=pipelines[name])
                      for name, values in figures.items()},
        }, file, indent=2)
        file.write("\n")
    print(f"All figures: {os.path.relpath(arguments.output)}")


if __name__ == "__main__":
    main()
