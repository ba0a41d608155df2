# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two ends of every test: the real spead2 here, gst-launch-1.0 there.

Both are processes of their own, as they are for a user. Whatever a test
starts has ended when the test has.
"""

import functools
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from namespaces import Namespace

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Where the plugin and the examples were built.
BUILD = Path(os.environ.get("BUILD_DIR", ROOT / "build"))
# Debian's, which has GStreamer's bindings.
PYTHON = "/usr/bin/python3"
# Where tests and examples find gst_spead2.
sys.path.append(str(ROOT / "python"))
os.environ["PYTHONPATH"] = str(ROOT / "python")
# Generous, for a loaded machine: what takes so long has hung.
LIMIT = 120


def wait_until(condition, process=None):
    """Asks again and again until it is true; a process that ends before is a failure."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert process is None or process.poll() is None, f"{process.args} has ended"
        assert time.monotonic() < deadline, f"{condition} has not come true"
        time.sleep(0.02)


@functools.cache
def shell_environment():
    """The variables of ./dev shell, with the Python of the tests in front of the others."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    printed = subprocess.run(["meson", "devenv", "-C", str(BUILD), "env", "-0"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True, env=dict(os.environ, PATH=path), timeout=LIMIT,
                             check=True).stdout
    return dict(variable.split("=", 1) for variable in printed.split("\0") if variable)


def room_for_packets(buffer, packet_size):
    """How many packets a socket's buffer holds.

    The kernel charges a packet at more than its size, and a socket's buffer
    holds twice what was asked for.
    """
    return 2 * buffer // (2 * packet_size + 800)


def safe_rate(buffer, packet_size=1472):
    """Bytes a second at which the buffer lasts while its reader waits 16 ms for a CPU."""
    return min(50e6, room_for_packets(buffer, packet_size) * packet_size / 0.016)


def safe_sending(buffer, packet_size=1472):
    """Properties with which a receiver on a busy machine loses nothing.

    A burst may fill a quarter of the receiver's buffer.
    """
    burst = min(65536, max(room_for_packets(buffer, packet_size) // 4, 1) * packet_size)
    return f"rate={safe_rate(buffer, packet_size):.0f} burst-size={burst}"


class Received:
    """What the receiver said: one dictionary a heap, and its last words."""

    def __init__(self, heaps, end, samples):
        self.heaps = heaps
        self.end = end
        self.samples = samples

    def column(self, name):
        return [heap[name] for heap in self.heaps]


class Receiver:
    """A receiver.py process on a free port."""

    def __init__(self, directory, *options, prefix=()):
        self.output = directory / "receiver.jsonl"
        self.save = directory / "samples.bin"
        self.errors = directory / "receiver.err"
        ready = directory / "receiver.ready"
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, str(HERE / "receiver.py"), "--port", "0", "--json",
                 "--save", str(self.save), "--ready-file", str(ready),
                 *(str(option) for option in options)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        wait_until(ready.exists, self.process)
        port, buffer = ready.read_text().split()
        self.port = int(port)
        self.buffer = int(buffer)

    def n_heaps(self):
        """How many heaps have come up to now."""
        return self.output.read_text().count('"cnt"')

    def finish(self):
        """Waits until the receiver has ended by itself."""
        status = self.process.wait(LIMIT)
        errors = self.errors.read_text()
        assert status == 0, errors
        lines = [json.loads(line) for line in self.output.read_text().splitlines()]
        received = Received([line for line in lines if "cnt" in line],
                            lines[-1]["end"], self.save.read_bytes())
        print(received.end, errors)
        return received

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def receive(tmp_path):
    """receive(option...) starts a receiver."""
    receivers = []

    def start(*options, prefix=()):
        directory = tmp_path / f"receiver{len(receivers)}"
        directory.mkdir()
        receivers.append(Receiver(directory, *options, prefix=prefix))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.kill()


@pytest.fixture
def launch():
    """launch(pipeline) runs gst-launch-1.0 to its end."""

    def run(pipeline, prefix=()):
        command = [*prefix, "gst-launch-1.0", *shlex.split(pipeline)]
        print(shlex.join(command))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "CRITICAL" not in done.stderr, done.stderr

    return run


@pytest.fixture
def start_launch():
    """start_launch(option...) starts gst-launch-1.0 and returns once it plays."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(["gst-launch-1.0", *arguments], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   bufsize=1, env=dict(os.environ, LC_ALL="C"))
        processes.append(process)
        for line in process.stdout:
            if "PLAYING" in line:
                return process
        raise AssertionError("gst-launch-1.0 ended before it played")

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def adc_sender():
    """adc_sender(option...) runs the example program and returns its counters."""
    program = BUILD / "examples/adc-sender"

    def run(*options):
        done = subprocess.run([str(program), "--json", *(str(option) for option in options)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def ipv6():
    """Skips where the machine has no IPv6."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")


@pytest.fixture
def ipv6_multicast(ipv6):
    """What to put before a command so that IPv6 multicast goes over lo.

    The kernel has no such route, and the machine's own are not ours to change:
    the commands run in a network namespace that ends with the test.
    """
    own = Namespace("ip link set lo up && ip -6 route add local ff00::/8 dev lo table local")
    yield own.prefix
    own.remove()
