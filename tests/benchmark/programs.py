# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that are measured: how each is told what to send, and how long
it says that this took. All figures are MB/s of heaps' payload, headers not
included, from the first heap to the end of the last, as the program itself
measures it, so that its start is in no figure."""

import json
import os
import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import Optional

MEBI = 1 << 20
KIBI = 1 << 10
# SPEAD headers: of the first packet of a heap with two items, of the others.
FIRST_HEADER = 56
HEADER = 40

_gigabytes = 1e9
# Seconds after which a program is taken for hung.
RUN_LIMIT = 60


def list_size(heap):
    """Heaps of a buffer list: as many as tut_11 hands over at a time."""
    return max(512 * KIBI // heap, 1)


def buffer_size(heap):
    """Bytes of a buffer: heaps of less than 64 KiB are cut from it."""
    return heap if heap >= 64 * KIBI else 256 * KIBI // heap * heap


def outstanding(heap):
    """Heaps that may be outstanding, with every program: 4 MiB, and 4 heaps at least, which is
    the default of spead2sink's max-heaps."""
    return max(4 * MEBI // heap, 4)


def working_set(heap):
    """Bytes that go round: the heap that waits to be outstanding, too."""
    return (outstanding(heap) + 1) * heap


def items(n):
    """A property of spead2sink: the samples and n - 1 constants in front of them."""
    constants = "".join(f"item_{i},id={0x1000 + i},value={i}; " for i in range(n - 1))
    return f'items="{constants}adc_samples,id=0x3300,value=payload"'


# Heaps as a digitiser sends them: four items, all pointers in every packet.
DIGITISER = ('repeat-pointers=true items="timestamp,id=0x1600,value=sample-index; '
             'digitiser_id,id=0x3101,value=7; digitiser_status,id=0x3102,value=0; '
             'adc_samples,id=0x3300,value=payload"')


class RunError(Exception):
    """A program did not do what it was started for."""


@dataclass(frozen=True)
class Setup:
    """What is sent where. packet is None where samples are made, but not sent."""
    packet: Optional[int]
    heap: int
    destination: str

    def __str__(self):
        heap = f"{self.heap // MEBI} MiB" if self.heap >= MEBI else f"{self.heap // KIBI} KiB"
        return ", ".join([str(self.packet)] * bool(self.packet) + [heap, self.destination])


@dataclass
class Measurement:
    """One run of a program."""
    payload: int
    seconds: float
    cpu: float  # seconds, of all its threads
    details: dict

    @property
    def speed(self):
        return self.payload / self.seconds / 1e6

    @property
    def cpu_per_gb(self):
        return self.cpu / (self.payload / _gigabytes)


class Program:
    """One way to send heaps, to so many destinations in turn. guess: MB/s, by which the first
    run is sized; or always fixed_heaps heaps."""

    # Properties of spead2sink that it cannot do without.
    properties = ()
    # Whether it sends as many heaps as it is told.
    counted = True

    def __init__(self, name, path, guess=2000, fixed_heaps=None, destinations=1):
        self.name, self.path, self.guess, self.fixed_heaps = name, path, guess, fixed_heaps
        self.destinations = destinations

    def command(self, setup, hosts, port, heaps):
        raise NotImplementedError

    def parse(self, output, payload):
        """(payload, seconds, CPU seconds or None: those of the whole process, details)"""
        raise NotImplementedError

    def run(self, setup, destination, heaps):
        heaps -= heaps % list_size(setup.heap)
        command = destination.prefix + [
            self.path, *map(str, self.command(setup, destination.hosts(self.destinations),
                                              destination.port, heaps))]
        output, cpu = _run(command)
        payload = heaps * setup.heap
        try:
            payload, seconds, own_cpu, details = self.parse(output, payload)
        except (ValueError, KeyError, AttributeError) as error:
            raise RunError(f"{' '.join(command)}\nprinted: {output}") from error
        received = destination.received()
        if received:
            details = dict(details, received=received,
                           share=min(received["payload"] / payload, 1.0))
        return Measurement(payload, seconds, cpu if own_cpu is None else own_cpu, details)


def _run(command):
    """What a command printed, and the CPU seconds that it used."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=errors, text=True, env=dict(os.environ, LC_ALL="C"))
        timer = threading.Timer(RUN_LIMIT, process.kill)
        timer.start()
        try:
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            timer.cancel()
        if process.returncode != 0:
            errors.seek(0)
            raise RunError(f"this failed: {' '.join(command)}\n{output}{errors.read(2000)}")
    return output, usage.ru_utime + usage.ru_stime


class Pipeline(Program):
    """Elements of GStreamer, run by send.c. In the description {heaps}, {heap}, {packet},
    {host} and {port}, or {destinations}, are filled in, {outstanding} heaps, {buffers} of
    {buffer} bytes, cut into heaps of {cut} bytes (0: not cut), and {lists} of {list} heaps
    each; there are as many such pipelines in one process as chains says, which share the
    heaps."""

    def __init__(self, name, path, description, guess=2000, options=(), chains=1,
                 fixed_heaps=None, properties=(), destinations=1):
        super().__init__(name, path, guess, fixed_heaps, destinations)
        self.description, self.options, self.chains = description, options, chains
        self.properties = properties
        self.counted = not options

    def command(self, setup, hosts, port, heaps):
        heaps //= self.chains
        buffer = buffer_size(setup.heap)
        chain = self.description.format(heaps=heaps, heap=setup.heap, packet=setup.packet,
                                        host=hosts[0], port=port,
                                        destinations=",".join(f"{host}:{port}" for host in hosts),
                                        buffers=heaps * setup.heap // buffer, buffer=buffer,
                                        cut=setup.heap if buffer > setup.heap else 0,
                                        list=list_size(setup.heap),
                                        outstanding=outstanding(setup.heap),
                                        lists=heaps // list_size(setup.heap))
        return [*self.options, " ".join([chain] * self.chains)]

    def parse(self, output, payload):
        report = json.loads(output)
        return payload, report["seconds"], report["user"] + report["system"], report


class Samples(Program):
    """Samples of a wave into a buffer that stays in cache, by the fastest kernel that this
    processor runs: see adcwave.c, which prints that one first."""

    def __init__(self, name, path, wave):
        super().__init__(name, path, fixed_heaps=1)
        self.wave = wave

    def command(self, setup, hosts, port, heaps):
        return [11, self.wave, "S8"]

    def parse(self, output, payload):
        kernel, speed = re.search(r"S8 +(\S+) +(\S+)", output).groups()
        seconds = payload / 1e9 / float(speed)
        return payload, seconds, seconds, {"kernel": kernel}


class CacheLine(Program):
    """How long a cache line takes between two processors: see cacheline.c. It sends nothing."""

    counted = False

    def __init__(self, name, path):
        super().__init__(name, path, fixed_heaps=1)

    def command(self, setup, hosts, port, heaps):
        return []

    def parse(self, output, payload):
        time = int(output)
        return payload, time / 1e9, None, {"ns": time}


class Bare(Program):
    """Prepared packets in a loop: see bare.c."""

    def __init__(self, name, path, options=()):
        super().__init__(name, path, guess=4000)
        self.options = options

    def command(self, setup, hosts, port, heaps):
        # Packets of the size that most of the heap's have.
        packet, header = setup.packet & ~7, HEADER
        if setup.heap + FIRST_HEADER <= packet:
            packet, header = setup.heap + FIRST_HEADER, FIRST_HEADER
        return ["--packet-size", packet, "--header-size", header,
                "--working-set", working_set(setup.heap),
                "--bytes", heaps * setup.heap, *self.options, hosts[0], port]

    def parse(self, output, payload):
        report = json.loads(output)
        return report["payload"], report["seconds"], report["cpu"], report


class BareHeaps(Bare):
    """The same with a message for each heap of two packets, the first with n item pointers."""

    def __init__(self, name, path, n):
        super().__init__(name, path)
        self.n = n

    def command(self, setup, hosts, port, heaps):
        size = setup.heap + 2 * HEADER + 8 * self.n
        return ["--packet-size", setup.packet & ~7, "--header-size", HEADER,
                "--message-size", size, "--working-set", working_set(setup.heap),
                "--bytes", heaps * (size - 2 * HEADER), hosts[0], port]

    def parse(self, output, payload):
        report = json.loads(output)
        return payload, report["seconds"], report["cpu"], report


class Spead2Send(Program):
    """spead2's own tool: heaps that are never written, only sent again."""

    def command(self, setup, hosts, port, heaps):
        return ["--packet", setup.packet, "--heap-size", setup.heap, "--heaps", heaps,
                "--max-heaps", outstanding(setup.heap), *(f"{host}:{port}" for host in hosts)]

    def parse(self, output, payload):
        return payload, float(re.search(r" in (\S+) seconds", output)[1]), None, {}


class Tutorial(Program):
    """One of spead2's tutorials, which print MB/s. They fill each heap with a
    constant before they send it."""

    def __init__(self, name, path, options):
        super().__init__(name, path)
        self.options = options

    def command(self, setup, hosts, port, heaps):
        return [option.format(heaps=heaps, heap=setup.heap, packet=setup.packet)
                for option in self.options] + [hosts[0], port]

    def parse(self, output, payload):
        return payload, payload / 1e6 / float(re.search(r"(\S+) MB/s", output)[1]), None, {}


class RandomSender(Program):
    """spead2's tutorial with random samples: see randomsender.cpp."""

    def __init__(self, name, path, mode):
        super().__init__(name, path, guess=200)
        self.mode = mode

    def command(self, setup, hosts, port, heaps):
        return [self.mode, hosts[0], port, setup.heap, setup.packet, heaps]

    def parse(self, output, payload):
        return payload, float(output.split()[0]), None, {}
