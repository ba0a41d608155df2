# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that receive, and one run of one of them: a sender on one processor, the
receiver on another.

A run says how much of the heaps' payload was delivered, how much CPU time the receiver
used for that, and how much was lost. The CPU time that a receiver needs to start and to
end is measured by a run of a few heaps, and subtracted."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Optional

from programs import FIRST_HEADER, HEADER, KIBI, MEBI, RunError, list_size

SENDER_CPU, RECEIVER_CPU = "0", "1"
# Bytes of a socket's receive buffer, of all receivers alike: what the kernel permits without
# privileges where net.core.rmem_max is as large.
SOCKET_BUFFER = 4 * MEBI
START_LIMIT = 10  # seconds
SETTLE = 0.1
END_LIMIT = 5
# A run that measures the start sends so many heaps.
START_HEAPS = 16


@dataclass(frozen=True)
class Load:
    """What is sent: packets and heaps of so many bytes, at so many MB/s of payload (None:
    without limit)."""
    packet: int
    heap: int
    rate: Optional[int]

    def __str__(self):
        heap = f"{self.heap // MEBI} MiB" if self.heap >= MEBI else f"{self.heap // KIBI} KiB"
        return f"{self.packet}, {heap}, {f'{self.rate} MB/s' if self.rate else 'unlimited'}"


@dataclass
class Reception:
    """One run."""
    sent: int  # bytes of payload
    seconds: float  # of the sender
    delivered: int  # bytes of payload
    cpu: float  # seconds of the receiver, its start included
    details: dict

    @property
    def lost(self):
        return 1 - self.delivered / self.sent

    @property
    def offered(self):
        """MB/s."""
        return self.sent / self.seconds / 1e6


def _header_bytes(load, heaps):
    packets = -(-(load.heap + FIRST_HEADER - HEADER) // ((load.packet & ~7) - HEADER))
    return heaps * (packets * HEADER + FIRST_HEADER - HEADER)


class Receiver:
    """A program that receives on a port of 127.0.0.1 until SIGINT."""

    # Whether it ends by itself at the stop heap, if that arrives.
    ends = True

    def __init__(self, name, *command):
        self.name, self._command = name, command

    def command(self, load, port):
        return [part.format(port=port, packet=load.packet, heap=load.heap, buffer=SOCKET_BUFFER)
                for part in self._command]

    def parse(self, output, load, heaps):
        """(bytes of payload that were delivered, details)"""
        raise NotImplementedError


class Element(Receiver):
    """spead2src, as receive.c runs it."""

    def parse(self, output, load, heaps):
        stats = json.loads(output)
        check_balance(stats)
        return stats["payload-bytes"], stats


class UdpSource(Receiver):
    """udpsrc, whose buffers are packets."""

    ends = False

    def parse(self, output, load, heaps):
        stats = json.loads(output)
        share = stats["bytes"] / (heaps * load.heap + _header_bytes(load, heaps))
        return int(heaps * load.heap * min(share, 1)), stats


class BareLoop(UdpSource):
    """See barereceive.c."""


class Spead2Recv(Receiver):
    """Tools of spead2, and programs of ours on its library: "Received N heaps"."""

    def parse(self, output, load, heaps):
        received = int(re.search(r"Received (\d+) heaps", output)[1])
        # One of them is the stop heap.
        return min(received, heaps) * load.heap, {}


def check_balance(stats):
    """Raises RunError unless the counters of spead2src add up."""
    def total(prefix):
        return sum(value for name, value in stats.items() if name.startswith(prefix))

    ended = sum(stats[f"heaps-{name}"] for name in
                ("complete", "evicted", "timeout", "stop", "flush"))
    sums = {
        "datagrams": (stats["datagrams"], total("refused-") + stats["packets"]),
        "packets": (stats["packets"], total("packets-")),
        "heaps": (stats["heaps-started"], ended + stats["heaps-live"]),
    }
    for name, (whole, parts) in sums.items():
        if whole != parts:
            raise RunError(f"the {name} of spead2src do not add up: {whole}, {parts}: {stats}")


def _free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _queued(port):
    """Bytes that wait in the socket of a port, or None where none is bound."""
    with open("/proc/net/udp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}"):
                return int(fields[4].split(":")[1], 16)
    return None


def _wait(condition, seconds, what):
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise RunError(what)
        time.sleep(0.002)


class Senders:
    """spead2sink, which sends what receivers are measured with."""

    def __init__(self, directory):
        self._program = f"{directory}/bench-send"

    def send(self, load, port, heaps):
        """(bytes of payload, seconds)"""
        heap, size = load.heap, list_size(load.heap)
        # Bursts of 64 KiB up to 3 GB/s, and of 100 us above, where pauses between smaller ones
        # would be shorter than the thread can sleep.
        burst = 65536 if (load.rate or 0) <= 3000 else load.rate * 100
        rate = f"rate={load.rate}e6 burst-size={burst}" if load.rate else ""
        done = subprocess.run(
            ["taskset", "-c", SENDER_CPU, self._program,
             f"reusedsrc num-buffers={heaps // size} list-size={size} samplesperbuffer={heap} "
             f"! spead2sink host=127.0.0.1 port={port} max-packet-size={load.packet} "
             f"zero-copy=off {rate}"],
            capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RunError(done.stderr)
        return heaps * heap, json.loads(done.stdout)["seconds"]


def receive(receiver, load, heaps, senders):
    """One run of a receiver."""
    heaps = max(heaps - heaps % list_size(load.heap), list_size(load.heap))
    port = _free_port()
    command = ["taskset", "-c", RECEIVER_CPU, *receiver.command(load, port)]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        try:
            _wait(lambda: _queued(port) is not None or process.poll() is not None, START_LIMIT,
                  f"{receiver.name} binds no port")
            # A port is bound before it is read.
            time.sleep(SETTLE)
            sent, seconds = senders.send(load, port, heaps)
            _wait(lambda: not _queued(port), END_LIMIT, f"{receiver.name} does not read")
            cpu = _end(process, receiver.ends)
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        text = output.read()
        if process.returncode != 0:
            errors.seek(0)
            raise RunError(f"this failed: {' '.join(command)}\n{text}{errors.read(2000)}")
    delivered, details = receiver.parse(text, load, heaps)
    return Reception(sent, seconds, delivered, cpu, details)


def _end(process, by_itself):
    """CPU seconds of the process, which is asked to end where it does not by itself."""
    limit = time.monotonic() + (0.1 if by_itself else 0)
    asked = False
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        if not asked and time.monotonic() > limit:
            process.send_signal(signal.SIGINT)
            asked, limit = True, time.monotonic() + END_LIMIT
        elif asked and time.monotonic() > limit:
            raise RunError("does not end")
        time.sleep(0.002)
