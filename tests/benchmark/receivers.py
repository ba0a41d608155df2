# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that receive, and one run of one of them: a sender on one processor, the
receiver on another.

A run says how much of the heaps' payload was delivered, how much CPU time the receiver
used for that, and how much was lost. CPU time counts from when it is sent to; what a
receiver needs to end is measured by a run of a few heaps, and subtracted."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from programs import MEBI, RunError
from senders import check_sent

RECEIVER_CPU = "1"
# Bytes of a socket's receive buffer, of all receivers alike: what the kernel permits without
# privileges where net.core.rmem_max is as large.
SOCKET_BUFFER = 4 * MEBI
START_LIMIT = 10  # seconds
SETTLE = 0.1
END_LIMIT = 5
# A run that measures the end sends so many heaps.
START_HEAPS = 16


@dataclass
class Reception:
    """One run."""
    sent: int  # bytes of payload
    seconds: float  # of the sender
    delivered: int  # bytes of payload
    cpu: float  # seconds of the receiver, its start not included, but its end
    switches: int  # voluntary context switches of the receiver: how often it waited
    details: dict

    @property
    def lost(self):
        return 1 - self.delivered / self.sent

    @property
    def offered(self):
        """MB/s."""
        return self.sent / self.seconds / 1e6


class Receiver:
    """A program that receives on a port until SIGINT."""

    # Whether it ends by itself at the stop heap, if that arrives.
    ends = True

    def __init__(self, name, *command):
        self.name, self._command = name, command

    def command(self, load, port):
        return [part.format(port=port, packet=load.packet, heap=load.heap, buffer=SOCKET_BUFFER,
                            stream=load.stream.address, unbound=free_port())
                for part in self._command]

    def latency_command(self, load, port):
        """The same, but it prints how long heaps took."""
        program, *arguments = self.command(load, port)
        return [program, "--latency", *arguments]

    def parse(self, output, load, heaps, sending):
        """(bytes of payload that were delivered, details)"""
        raise NotImplementedError


class Element(Receiver):
    """spead2src, as receive.c runs it."""

    def parse(self, output, load, heaps, sending):
        report = json.loads(output)
        stats, delivered = report["source"], report["source"]["payload-bytes"]
        check_received(stats)
        if delivered == sending.payload and sending.packets not in (None, stats["datagrams"]):
            raise RunError(f"spead2src got {stats['datagrams']} datagrams of {sending.packets}, "
                           "but all heaps")
        return self._relayed(report, delivered), report

    @staticmethod
    def _relayed(report, delivered):
        """What a spead2sink behind it has sent, if there is one."""
        sink = report.get("sink", {})
        if "heaps-pushed" not in sink:
            return delivered
        check_sent(sink)
        return min(delivered, sink["payload-bytes"])


class Throughput(Receiver):
    """A receiver that counts bytes, headers included."""

    ends = False

    def parse(self, output, load, heaps, sending):
        report = json.loads(output)
        return int(sending.payload * min(report["bytes"] / sending.bytes, 1)), report


class BareLoop(Throughput):
    """See barereceive.c."""


class UdpSource(Throughput):
    """udpsrc, whose buffers are packets."""


class Spead2(Receiver):
    """Programs on spead2's library: "Received N heaps"."""

    def parse(self, output, load, heaps, sending):
        received = int(re.search(r"Received (\d+) heaps", output)[1])
        return min(received, heaps) * load.heap, {}


def check_received(stats):
    """Raises RunError unless the counters of a spead2src add up."""
    def total(*prefixes):
        return sum(value for name, value in stats.items() if name.startswith(prefixes))

    ended = sum(stats[f"heaps-{name}"] for name in
                ("complete", "evicted", "timeout", "stop", "flush"))
    went = total("heaps-dropped-") + sum(
        stats[f"heaps-{name}"] for name in
        ("delivered", "control", "flushed-ready", "ready", "waiting"))
    sums = {
        "datagrams": (stats["datagrams"], total("refused-") + stats["packets"]),
        "packets": (stats["packets"], total("packets-")),
        "heaps that began": (stats["heaps-started"], ended + stats["heaps-live"]),
        "heaps that ended": (ended, went),
    }
    for name, (whole, parts) in sums.items():
        if whole != parts:
            raise RunError(f"the {name} of spead2src do not add up: {whole}, {parts}: {stats}")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _queued(port):
    """Bytes that wait in the sockets of a port, or None where none is bound."""
    found = []
    with open("/proc/net/udp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}"):
                found.append(int(fields[4].split(":")[1], 16))
    return sum(found) if found else None


def _wait(condition, seconds, what):
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise RunError(what)
        time.sleep(0.002)


def receive(receiver, load, heaps, send):
    """One run of a receiver. send (load, port, heaps): sends so many heaps."""
    heaps = load.whole(heaps)
    port = free_port()
    return _run(receiver, load, heaps, send, port, receiver.command(load, port))


def receive_stamped(receiver, load, heaps, senders):
    """The latencies of so many heaps, in ns, none of which may be lost."""
    port = free_port()
    run = _run(receiver, load, heaps, senders.send_stamped, port,
               receiver.latency_command(load, port))
    latencies = run.details["latencies"]
    if len(latencies) != heaps:
        raise RunError(f"{receiver.name} received {len(latencies)} heaps of {heaps}")
    return latencies


def _run(receiver, load, heaps, send, port, command):
    command = ["taskset", "-c", RECEIVER_CPU, *command]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        try:
            _wait(lambda: _queued(port) is not None or process.poll() is not None, START_LIMIT,
                  f"{receiver.name} binds no port")
            # A port is bound before it is read.
            time.sleep(SETTLE)
            started = _cpu_seconds(process.pid) if process.poll() is None else 0
            sending = send(load, port, heaps)
            _wait(lambda: not _queued(port), END_LIMIT, f"{receiver.name} does not read")
            usage = _end(process, receiver.ends)
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        text = output.read()
        if process.returncode != 0:
            errors.seek(0)
            raise RunError(f"this failed: {' '.join(command)}\n{text}{errors.read(2000)}")
    delivered, details = receiver.parse(text, load, heaps, sending)
    return Reception(sending.payload, sending.seconds, delivered,
                     usage.ru_utime + usage.ru_stime - started, usage.ru_nvcsw, details)


def _cpu_seconds(pid):
    """What a process has used so far, by the clock that clock_getcpuclockid(3) returns."""
    return time.clock_gettime(~pid << 3 | 2)


def _end(process, by_itself):
    """What the process used, which is asked to end where it does not by itself."""
    limit = time.monotonic() + (0.1 if by_itself else 0)
    asked = False
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if not asked and time.monotonic() > limit:
            process.send_signal(signal.SIGINT)
            asked, limit = True, time.monotonic() + END_LIMIT
        elif asked and time.monotonic() > limit:
            raise RunError("does not end")
        time.sleep(0.002)
