# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example programs send to the real spead2 or receive from it, and docs/embedding.md says
what they do."""

import argparse
import contextlib
import importlib.util
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

# In front of GStreamer, as in test_python.py.
import spead2.send
import gi
import numpy as np
import pytest

# In front of every test: an appsink that was made without it never has its methods.
gi.require_version("GstApp", "1.0")
from gi.repository import GstApp  # noqa: E402,F401

from conftest import BUILD, LIMIT, PYTHON, ROOT, safe_rate, shell_environment, wait_until
from namespaces import AS_ROOT, alone_on_the_network
from test_receive import described, open_stream
from test_spead2 import SAMPLES, TIMESTAMP, check_ended, check_samples, item


def load_example(name):
    """Its module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAMS = {
    "c": [str(BUILD / "examples/appsrc-sender")],
    "python": [PYTHON, str(ROOT / "examples/appsrc_sender.py")],
}
EMBEDDING = ROOT / "docs/embedding.md"
# The ADC's first sample that is sent has this index.
FIRST = 10000
SNIPPETS_FROM = ("examples/appsrc-sender.c", "examples/appsrc_sender.py",
                 "examples/appsink-receiver.c", "examples/appsink_receiver.py", "examples/telescope.py",
                 "tests/check/static/static.c", "tests/check/spead2sink/zerocopy.c")


@pytest.fixture(params=PROGRAMS)
def start(request):
    """start(option...) starts one of the two programs; env=... adds to its environment."""
    processes = []

    def run(*options, env=()):
        processes.append(subprocess.Popen(
            [*PROGRAMS[request.param], *(str(option) for option in options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, LC_ALL="C", **dict(env))))
        return processes[-1]

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process, status=0):
    output, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == status, output + errors
    assert "CRITICAL" not in errors and "Traceback" not in errors, errors
    return output, errors


def made_up_adc(count):
    """What the ADC of both examples measures: a sine and noise."""
    sine = [round(1000 * math.sin(2 * math.pi * i / 64)) for i in range(64)]
    samples = np.tile(np.array(sine, "<i2"), count // 64 + 2)[FIRST % 64:][:count]
    noise = 1
    for index in range(count):
        noise = (noise * 1664525 + 1013904223) & 0xffffffff
        samples[index] += (noise >> 24) - 128
    return samples


def check_heaps(received, heaps, samples):
    """Exactly so many heaps of so many samples, from the ADC's first one on."""
    check_ended(received)
    assert received.column("cnt") == list(range(1, heaps + 1))
    assert received.column("timestamp") == [FIRST + index * samples for index in range(heaps)]
    for heap in received.heaps:
        assert TIMESTAMP.items() <= item(heap, TIMESTAMP).items()
        assert SAMPLES.items() <= item(heap, SAMPLES).items()
        assert item(heap, SAMPLES)["type"] == "<i2"
        assert item(heap, SAMPLES)["shape"] == [samples]
    check_samples(received.samples, made_up_adc(heaps * samples))


def test_an_example_sends_every_sample(receive, start):
    # More heaps than the C program has blocks: each block is used again.
    receiver = receive()
    output, errors = finish(start("--port", receiver.port, "--heaps", 20, "--heap-size", 100000,
                                  "--rate", safe_rate(receiver.buffer)))
    check_heaps(receiver.finish(), heaps=20, samples=50000)
    assert output == "stats: 20 heaps sent, 0 failed; heap-done: 20 whole, 0 not\n"
    assert errors == ""


def test_ctrl_c_sends_what_is_queued_and_the_stop_heap(receive, start):
    receiver = receive()
    process = start("--port", receiver.port, "--heaps", 0, "--heap-size", 20000,
                    "--rate", safe_rate(receiver.buffer))
    wait_until(lambda: receiver.n_heaps() >= 5, process)
    process.send_signal(signal.SIGINT)
    output, _ = finish(process)
    received = receiver.finish()
    sent = len(received.heaps)
    check_heaps(received, heaps=sent, samples=10000)
    assert output == f"stats: {sent} heaps sent, 0 failed; heap-done: {sent} whole, 0 not\n"


def test_a_host_that_does_not_exist_is_told(start):
    _, errors = finish(start("--host", "no.such.host.invalid"), status=1)
    assert errors.startswith("Error: Host 'no.such.host.invalid' could not be resolved")
    # The debug text: who says so.
    assert re.search(r"\n  \(.*GstSpead2Sink:sink.*\)\n$", errors, re.S), errors


def test_a_heap_that_fails_is_told(start):
    faults = {"LD_PRELOAD": str(BUILD / "tests/preload/libspead2faults.so"),
              "SPEAD2_FAULTS": "all=EPERM"}
    output, errors = finish(start("--heaps", 3, env=faults), status=1)
    assert output == "stats: 0 heaps sent, 3 failed; heap-done: 0 whole, 3 not\n"
    assert errors.startswith("Warning: Could not send to 127.0.0.1")


# -- receivers -------------------------------------------------------------------------------

RECEIVERS = {
    "c": [str(BUILD / "examples/appsink-receiver")],
    "python": [PYTHON, str(ROOT / "examples/appsink_receiver.py")],
}


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Receiver:
    """One of the two programs, once it receives."""

    def __init__(self, program, *options):
        self.port = free_port()
        self.process = subprocess.Popen(
            [*RECEIVERS[program], "--port", str(self.port), *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, LC_ALL="C"))
        assert self.read_line() == f"Receiving at port {self.port}.\n", self.kill()

    def read_line(self):
        """The next one; none if it does not come."""
        limit = threading.Timer(LIMIT, self.process.kill)
        limit.start()
        try:
            return self.process.stdout.readline()
        finally:
            limit.cancel()

    def kill(self):
        self.process.kill()
        return self.process.communicate()


@pytest.fixture
def start_receiver():
    receivers = []

    def start(program, *options):
        receivers.append(Receiver(program, *options))
        return receivers[-1]

    yield start
    for receiver in receivers:
        if receiver.process.poll() is None:
            receiver.kill()


def send_numbered(port, numbers, samples, **kind):
    """Heaps of a stream of blocks, of which some are not sent, each with its samples' index."""
    stream = open_stream(port)
    group, generator = described(samples.shape, **kind)
    group.add_item(0x4101, "feng_id", "An immediate", shape=(), format=[("u", 40)], value=7)
    group.add_item(0x4103, "phase", "Signed", shape=(), format=[("i", 16)], value=-3)
    group.add_item(0x4102, "gains", "Addressed", shape=(9,), dtype=np.uint8)
    group["gains"].value = np.arange(9, dtype=np.uint8)
    for number in numbers:
        group["timestamp"].value = number * len(samples)
        group["adc_samples"].value = samples + number
        stream.send_heap(generator.get_heap(data="all"))
    return stream, generator


def expected_heap(number, samples):
    power = "".join(f" {channel:.1f}" for channel in np.mean(np.square((samples + number).astype(float)), axis=0))
    return (f"{len(samples)} samples from {number * len(samples)}: power{power}; values heap-cnt=HEAP "
            f"timestamp={number * len(samples)} feng_id=7 VALUES")


@pytest.mark.parametrize("program", RECEIVERS)
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "|i1", "<f4"])
def test_an_example_receives_samples_values_and_losses(start_receiver, program, dtype):
    receiver = start_receiver(program, "--sample-rate", "1000000")
    samples = np.arange(200).astype(np.dtype(dtype)).reshape(100, 2) // 2
    stream, generator = send_numbered(receiver.port, [0, 1, 4], samples, dtype=np.dtype(dtype))
    stream.send_heap(generator.get_end())
    output, errors = finish(receiver.process)
    output = re.sub(r"heap-cnt=\d+", "heap-cnt=HEAP", output)
    lines = re.sub(r"(phase=-3 gains=9 bytes|gains=9 bytes phase=-3)$", "VALUES", output, flags=re.M).splitlines()
    assert lines == [expected_heap(0, samples), expected_heap(1, samples), "200 samples are missing.",
                     expected_heap(4, samples),
                     "3 heaps; 1 gaps, 200 samples missing, 0 heaps incomplete, 0 messages dropped"], output
    assert errors == ""


@pytest.mark.parametrize("program", RECEIVERS)
def test_a_stream_without_an_index_has_heaps_from_nowhere(start_receiver, program):
    receiver = start_receiver(program)
    stream = open_stream(receiver.port)
    group = spead2.send.ItemGroup()
    group.add_item(0x3300, "adc_samples", "ADC converter output", shape=(100,), dtype=np.int8,
                   value=np.ones(100, np.int8))
    generator = spead2.send.HeapGenerator(group)
    stream.send_heap(generator.get_heap())
    stream.send_heap(generator.get_end())
    output, _ = finish(receiver.process)
    assert output.startswith("100 samples: power 1.0; values heap-cnt="), output


def test_an_error_while_the_last_heap_is_handled_is_a_failure(capsys):
    """Of the class, of which the pipeline is made here."""
    module = load_example("appsink_receiver")

    class Receiver(module.Receiver):
        def print_messages(self):
            super().print_messages()
            if self.heaps and not self.failed:
                wait_until(self.sink.is_eos)
                error = module.GLib.Error.new_literal(module.Gst.StreamError.quark(), "No more heaps.", 1)
                self.pipeline.get_bus().post(module.Gst.Message.new_error(self.sink, error, ""))
                self.heaps = 0

        def handle_heap(self, sample):
            self.heaps += 1

    module.PIPELINE = "spead2src name=source fakesrc num-buffers=1 ! appsink name=sink sync=false"
    receiver = Receiver(argparse.Namespace(address="127.0.0.1", port=0, sample_rate=0))
    receiver.pipeline.remove(receiver.source)  # it receives nothing
    assert receiver.run() == 1 and "Error: No more heaps." in capsys.readouterr().err


@pytest.mark.parametrize("program", RECEIVERS)
def test_ctrl_c_ends_a_receiver_after_what_has_come(start_receiver, program):
    receiver = start_receiver(program, "--sample-rate", "1000000")
    samples = np.zeros((100, 2), np.int8)
    stream, _ = send_numbered(receiver.port, [0], samples, dtype=np.int8)
    assert receiver.read_line().startswith("100 samples from 0:")
    receiver.process.send_signal(signal.SIGINT)
    output, _ = finish(receiver.process)
    assert output == "1 heaps; 0 gaps, 0 samples missing, 0 heaps incomplete, 0 messages dropped\n"
    del stream


# -- several senders ------------------------------------------------------------------------


PTP_PATH = f"{os.environ['PATH']}:/usr/sbin"


def run_telescope(*options, path=PTP_PATH):
    """path: where ptp4l is looked for. Users do not have /usr/sbin in theirs."""
    done = subprocess.run(
        [PYTHON, str(ROOT / "examples/telescope.py"), "--antennas", "2", "--seconds", "1", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * LIMIT, check=False,
        env=dict(os.environ, PATH=path))
    if "No network and time namespaces" in done.stderr or (
            not AS_ROOT and "could not start its gst-ptp-helper" in done.stderr):
        pytest.skip(done.stderr)
    return done


def test_four_antennas_are_drawn(tmp_path):
    """The one of the documentation."""
    drawn = tmp_path / "telescope.svg"
    done = run_telescope("--antennas", "4", "--limit", "200", "--output", str(drawn))
    if "--output needs matplotlib" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok   8 senders began with sample" in done.stdout
    assert re.findall(r"ok   antenna (..) correlates at a delay of (\d+) samples", done.stdout) == [
        (f"{antenna}{polarisation}", delay) for antenna, delay in ((1, "37"), (2, "111"), (3, "222"))
        for polarisation in "xy"]
    assert "ok   polarisations do not correlate" in done.stdout
    text = drawn.read_text()
    assert all(f"antenna {antenna}x with 0x" in text for antenna in (1, 2, 3))


@pytest.mark.parametrize("clock", ["net", "ptp"])
def test_antennas_begin_together_and_see_one_sky(clock):
    done = run_telescope("--clock", clock, "--limit", "200")
    if "--clock ptp needs ptp4l" in done.stderr:
        pytest.skip("no ptp4l to be had: Debian's package linuxptp has it")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok   the clocks of all senders were within" in done.stdout
    assert "ok   4 senders began with sample" in done.stdout
    assert done.stdout.count("correlates at a delay of 37 samples") == 2
    assert not done.stderr  # also of gst-ptp-helper and ptp4l


@pytest.mark.parametrize("clock, late, status", [(4, 4, 0), (6, 4, 1), (4, 6, 1)])
def test_antennas_that_are_not_together_are_found(monkeypatch, capsys, clock, late, status):
    """The clock of the last of four senders, or its samples, are late by so many ms, of the 5 that are allowed."""
    telescope, first = load_example("telescope"), 4096
    streams = [{first * (1 + heap): (1000 + (number == 3) * late * 10**6, np.zeros(4096, np.int8))
                for heap in range(3)} for number in range(4)]
    monkeypatch.setattr(telescope, "observe", lambda *_: (streams, first, [0, 0, 0, -clock * 10**6]))
    monkeypatch.setattr(telescope, "check_sky", lambda *_: ([], True))
    monkeypatch.setattr(telescope, "net_provider", contextlib.nullcontext)
    monkeypatch.setattr(telescope, "own_network", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(telescope.sys, "argv", ["telescope.py", "--antennas", "2"])
    with pytest.raises(SystemExit) as ended:
        telescope.main()
    printed = capsys.readouterr().out
    assert ended.value.code == status, printed
    assert f"{'ok  ' if clock < 5 else 'BAD '} the clocks of all senders were within {clock}.000 ms" in printed
    assert f"{'ok  ' if late < 5 else 'BAD '} the same sample of all senders came within {late}.000 ms" in printed


def test_nothing_is_left_of_telescope_when_it_is_terminated(tmp_path):
    """Its processes have its output: communicate() waits for the last of them."""
    if not (AS_ROOT and shutil.which("ptp4l", path=PTP_PATH)):
        pytest.skip("needs root, and ptp4l of Debian's package linuxptp")
    process = subprocess.Popen(
        [PYTHON, str(ROOT / "examples/telescope.py"), "--clock", "ptp", "--seconds", "1000"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, PATH=PTP_PATH, TMPDIR=str(tmp_path)))
    try:
        wait_until(lambda: list(tmp_path.glob("*/uds_address")), process)
        process.terminate()
        output, _ = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM, output
    assert not list(tmp_path.iterdir())


def test_a_program_that_ptp_lacks_is_named_with_its_package(tmp_path):
    done = run_telescope("--clock", "ptp", path=str(tmp_path))
    assert done.returncode == 2
    assert "--clock ptp needs ptp4l, which is not in PATH: Debian's package linuxptp has it" in done.stderr


# -- the page ----------------------------------------------------------------------------------


def blocks(language):
    """The code blocks of that language in docs/embedding.md."""
    return re.findall(rf"^```{language}\n(.*?)^```$", EMBEDDING.read_text(), re.S | re.M)


def without_indentation(text):
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


@pytest.mark.parametrize("language", ["c", "python"])
def test_a_snippet_stands_in_a_program(language):
    programs = [without_indentation((ROOT / name).read_text()) for name in SNIPPETS_FROM]
    assert blocks(language)
    for block in blocks(language):
        snippet = without_indentation(block)
        assert any(f"\n{snippet}" in program for program in programs), "in no program:\n" + block


def test_the_shell_lines_of_the_page_run(tmp_path):
    # As in ./dev shell, from a directory that looks like the top of the source tree.
    for name in ("examples", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "build").mkdir()
    within_tree = re.sub(r"^\$ (\./dev shell\n)?", "", "".join(blocks("console")), flags=re.M)
    script = "set -ex\n" + "".join(blocks("sh")) + within_tree
    done = subprocess.run([*alone_on_the_network(), "sh", "-c", script], stdin=subprocess.DEVNULL, cwd=tmp_path,
                          env=shell_environment(), capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    linked = subprocess.run(["ldd", str(tmp_path / "build/static-sender")], capture_output=True, text=True,
                            timeout=LIMIT, check=True).stdout
    assert "libgstreamer-1.0" in linked and "gstspead2" not in linked, linked
