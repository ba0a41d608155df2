# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is sent to receivers, and what sends it."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Optional

from programs import KIBI, MEBI, RunError, items

SENDER_CPU = "0"
# Smaller heaps are cut from buffers of about so many bytes.
BUFFER = 64 * KIBI
FIRST_GROUP = "239.192.0.1"


@dataclass(frozen=True)
class Stream:
    """How heaps are sent. An empty name: by one spead2sink, with the items of spead2's tutorial."""
    name: str = ""
    senders: int = 1
    # Each sender has a multicast group of its own, on the interface lo.
    groups: bool = False
    sink: str = ""  # properties of spead2sink
    sample_bits: int = 8
    # spead2_send sends.
    spead2: bool = False

    def host(self, number):
        return f"239.192.0.{number + 1} multicast-iface=lo" if self.groups else "127.0.0.1"

    @property
    def address(self):
        """Properties of the spead2src that receives it: each sender is in the middle of a heap."""
        if not self.groups:
            return f"address=127.0.0.1 n-stops={self.senders}"
        return (f"address={FIRST_GROUP}+{self.senders - 1} multicast-iface=lo "
                f"n-stops={self.senders} max-heaps={max(2 * self.senders, 16)}")


PLAIN = Stream()
SPEAD2_SENDS = Stream("spead2_send", spead2=True)
_DIGITISER = ('items="timestamp,id=0x1600,value=sample-index; digitiser_id,id=0x3101,value=7; '
              'digitiser_status,id=0x3102,value=0; adc_samples,id=0x3300,value=payload" '
              'repeat-pointers=true')
# A heap is one packet: 72 bytes of header and pointers, and 4096 samples.
DIGITISER_8 = Stream("4 items, 8 bits", sink=_DIGITISER)
DIGITISER_10 = Stream("4 items, 10 bits", sink=_DIGITISER, sample_bits=10)


def many_senders(n):
    return Stream(f"{n} senders", senders=n) if n > 1 else PLAIN


def many_groups(n):
    return Stream(f"{n} groups", senders=n, groups=True)


def many_items(n):
    return Stream(f"{n} items", sink=items(n))


@dataclass(frozen=True)
class Load:
    """What is sent: packets and heaps of so many bytes, at so many MB/s of payload (None:
    without limit); heaps in a run, where their number is what matters."""
    packet: int
    heap: int
    rate: Optional[int] = None
    stream: Stream = PLAIN
    heaps: Optional[int] = None

    @property
    def size(self):
        heap = f"{self.heap // MEBI} MiB" if self.heap >= MEBI else f"{self.heap // KIBI} KiB"
        parts = [f"{self.packet}, {heap}", self.stream.name, f"{self.heaps} heaps" * bool(self.heaps)]
        return ", ".join(part for part in parts if part)

    def __str__(self):
        return f"{self.size}, {f'{self.rate} MB/s' if self.rate else 'unlimited'}"

    def whole(self, heaps):
        """The next smaller number of heaps that can be sent, at least one."""
        step = self.stream.senders * heaps_per_buffer(self.heap)
        return max(heaps - heaps % step, step)


def heaps_per_buffer(heap):
    return max(BUFFER // heap, 1)


@dataclass
class Sending:
    """One run of a sender."""
    payload: int  # bytes
    seconds: float
    # Of UDP payload, stop heaps included; None where the sender does not say.
    packets: Optional[int] = None
    bytes: Optional[int] = None


class Senders:
    """Programs that send what receivers are measured with."""

    def __init__(self, directory, peer):
        self._send, self._stamp = f"{directory}/bench-send", f"{directory}/bench-stampsender"
        self._spead2_send = peer.get("spead2_send")

    def send(self, load, port, heaps):
        if load.stream.spead2:
            return self._send_by_spead2(load, port, heaps)
        output = _run([self._send, " ".join(_chain(load, port, heaps // load.stream.senders, number)
                                            for number in range(load.stream.senders))])
        report = json.loads(output)
        for stats in report["sinks"]:
            check_sent(stats)
        sent = sum(stats["payload-bytes"] for stats in report["sinks"])
        if sent < heaps * load.heap:
            raise RunError(f"spead2sink sent {sent} bytes of {heaps * load.heap}: {report['sinks']}")
        return Sending(heaps * load.heap, report["seconds"],
                       sum(stats["packets"] for stats in report["sinks"]),
                       sum(stats["bytes"] for stats in report["sinks"]))

    def send_stamped(self, load, port, heaps):
        """Heaps that say when they were sent: see stampsender.c."""
        report = json.loads(_run([self._stamp, *map(str, (port, load.packet, load.heap, load.rate,
                                                          heaps))]))
        return Sending(heaps * load.heap, report["seconds"], report["packets"], report["bytes"])

    def _send_by_spead2(self, load, port, heaps):
        if self._spead2_send is None:
            raise RunError("there is no spead2_send")
        rate = ["--rate", str(load.rate * 8 / 1000)] if load.rate else []
        output = _run([self._spead2_send, "--heap-size", str(load.heap), "--packet", str(load.packet),
                       "--heaps", str(heaps), *rate, f"127.0.0.1:{port}"])
        return Sending(heaps * load.heap, float(re.search(r"in ([0-9.]+) seconds", output)[1]))


def check_sent(stats):
    """Raises RunError unless the counters of a spead2sink add up."""
    parts = sum(stats[name] for name in ("heaps-sent", "heaps-failed", "heaps-dropped", "outstanding"))
    if stats["heaps-pushed"] != parts:
        raise RunError(f"the heaps of spead2sink do not add up: {stats['heaps-pushed']}, {parts}: {stats}")


def _chain(load, port, heaps, number):
    """The pipeline of a sender of several, each with heap counters of its own."""
    stream = load.stream
    buffer = load.heap * heaps_per_buffer(load.heap)
    rate = (load.rate or 0) / stream.senders
    # Bursts of 64 KiB up to 3 GB/s, and of 100 us above. Pauses between bursts are shorter than
    # the thread can sleep: without catching up, 3 GB/s would be 2.4.
    burst = 65536 if (load.rate or 0) <= 3000 else round(rate * 100)
    caps = "" if stream.sample_bits == 8 else \
        f"! application/octet-stream,sample-bits={stream.sample_bits}"
    return (f"reusedsrc num-buffers={heaps * load.heap // buffer} "
            f"samplesperbuffer={buffer * 8 // stream.sample_bits} {caps} "
            f"! spead2sink host={stream.host(number)} port={port} max-packet-size={load.packet} "
            f"heap-size={load.heap} zero-copy=off {stream.sink} "
            f"heap-cnt-start={number + 1} heap-cnt-step={stream.senders} "
            + (f"rate={rate}e6 burst-size={burst} burst-rate-ratio=2 " if load.rate else ""))


def _run(command):
    done = subprocess.run(["taskset", "-c", SENDER_CPU, *command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RunError(f"this failed: {' '.join(command)}\n{done.stderr[:2000]}")
    return done.stdout
