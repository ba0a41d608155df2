# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/monitoring.md shows: counters as messages, the monitor, Prometheus."""

import importlib.util
import json
import os
import pty
import re
import subprocess
import sys
import urllib.error
import urllib.request

# In front of GStreamer, as in test_python.py.
import spead2  # noqa: F401
import numpy as np
import pytest

from conftest import LIMIT, PYTHON, ROOT, wait_until
from test_docs import in_shell
from test_examples import free_port

PAGE = (ROOT / "docs/monitoring.md").read_text()
MONITOR = ROOT / "examples/monitor.py"
SINE = ("wave=sine freq=3000000 samplesperbuffer=65536 ! audio/x-raw,format=S8,rate=20000000 ! "
        "spead2sink rate=4e6 burst-size=16384 ")


def block(words):
    found, = [text for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.S | re.M) if words in text]
    return found


def test_the_line_with_messages_prints_them(tmp_path):
    printed = in_shell(block("-m adctestsrc"), tmp_path).stdout
    counts = [int(number) for number in re.findall(r"spead2-stats,.*heaps-sent=\(guint64\)(\d+)", printed)]
    assert len(counts) >= 2 and counts == sorted(counts) and counts[-1] == 20, printed


# -- the monitor ---------------------------------------------------------------------------


@pytest.fixture
def start():
    """start(word...): the monitor, once it receives; ended with the test."""
    processes = []

    def run(port, *words, program=MONITOR, **options):
        options = {"stdout": subprocess.PIPE, **options}
        processes.append(subprocess.Popen([PYTHON, str(program), *map(str, words)], stdin=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True, **options))
        if program == MONITOR:
            assert processes[-1].stderr.readline() == f"Receiving at port {port}.\n"
        return processes[-1]

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def send(port, heaps, line=SINE):
    subprocess.run(["gst-launch-1.0", "-q", "adctestsrc", f"num-buffers={heaps}", *line.split(), f"port={port}"],
                   stdin=subprocess.DEVNULL, check=True, timeout=LIMIT)


def test_the_monitor_prints_rate_items_and_the_peak(start):
    port = free_port()
    monitor = start(port, f"spead://127.0.0.1:{port}", "--interval", "0.2", "sample-rate=20000000")
    send(port, 64)
    output, errors = monitor.communicate(timeout=LIMIT)
    assert monitor.returncode == 0 and errors == "", errors
    assert re.search(r", 64 heaps, \d+ packets; lost: nothing\n"
                     r"  items: heap-cnt=64, timestamp=4128768\n"
                     r"  samples: int8 of \(65536\) from 4128768: mean \S+, deviation \d.*\n"
                     r"  peak: .*\n$", output), output
    peaks = {float(number) for number in re.findall(r"peak: (\S+) MHz", output)}
    assert peaks and all(abs(peak - 3) < 0.011 for peak in peaks), output
    # One heap in an interval is looked at.
    assert 1 < output.count("items:") < 32


def test_losses_have_their_reasons(start):
    port = free_port()
    monitor = start(port, f"spead://127.0.0.1:{port}", "--interval", "0.2", "item=0x1234")
    send(port, 3)
    output, _ = monitor.communicate(timeout=LIMIT)
    assert monitor.returncode == 0 and "; lost: heaps-dropped-no-item 3\n" in output, output


def test_a_stream_without_descriptors_needs_a_type(start):
    port = free_port()
    words = (f"spead://127.0.0.1:{port}", "--interval", "0.1", "descriptor-timeout=500000000")
    monitor = start(port, *words)
    send(port, 200, SINE + "descriptors=none")
    output, errors = monitor.communicate(timeout=LIMIT)
    assert monitor.returncode == 1 and "no heap yet: there is no descriptor yet" in output, output
    assert re.search(r"^Error: No descriptor of the item came .*dtype=", errors, re.M), errors
    monitor = start(port, *words, "dtype=int8")
    send(port, 5, SINE + "descriptors=none")
    output, errors = monitor.communicate(timeout=LIMIT)
    assert (monitor.returncode, errors) == (0, "") and "int8 of (65536)" in output and "item-0x1600=" in output


@pytest.mark.parametrize("words, error", [
    (["spead://127.0.0.1:1?nonsense=1"], "nonsense"),
    (["spead://127.0.0.1:18888", "nonsense=1"], "nonsense=1 is no property of spead2src"),
    (["spead://127.0.0.1:18888", "dtype=nonsense"], "dtype")])
def test_a_mistake_is_an_error_in_words(words, error):
    done = subprocess.run([PYTHON, str(MONITOR), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    assert done.returncode == 1 and re.search(f"^Error: .*{error}", done.stderr, re.M), done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_has_a_view(start):
    pytest.importorskip("rich")
    port = free_port()
    ours, theirs = pty.openpty()
    monitor = start(port, f"spead://127.0.0.1:{port}", "--interval", "0.2", stdout=theirs,
                    env=dict(os.environ, TERM="xterm", COLUMNS="100", LINES="50"))
    os.close(theirs)
    send(port, 5)
    shown = b""
    while chunk := read_terminal(ours):
        shown += chunk
    os.close(ours)
    assert monitor.wait(LIMIT) == 0
    for words in ("heaps/s", "Spectrum", "Histogram", "timestamp = 262144", "█"):
        assert words in shown.decode(), shown.decode()


def read_terminal(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody has it open any more
        return b""


def fetch(port, path="/", host=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        return answer.read().decode()


def test_the_page_has_the_report(start):
    port = free_port()
    monitor = start(port, f"spead://127.0.0.1:{port}", "--interval", "0.1", "--web", "0", "on-stop=ignore")
    web = int(re.search(r":(\d+)/$", monitor.stdout.readline()).group(1))
    page = fetch(web)
    assert "<canvas" in page and "innerHTML" not in page and not re.search(r"(src|href)=", page)
    send(port, 5)
    wait_until(lambda: json.loads(fetch(web, "/report")).get("heaps") == 5, monitor)
    wait_until(lambda: json.loads(fetch(web, "/report"))["seen"] is not None, monitor)
    seen = json.loads(fetch(web, "/report"))["seen"]
    assert abs(seen["spectrum"]["peak"] - 0.15) < 0.0006 and seen["unit"] == "of the sample rate"
    assert sum(seen["histogram"]["counts"]) == 65536
    # A name that leads here from another site.
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(web, "/report", host="stream.example")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(web, "/../monitor.py")


@pytest.fixture(scope="module")
def monitor_module():
    spec = importlib.util.spec_from_file_location("monitor", MONITOR)
    module = importlib.util.module_from_spec(spec)
    sys.modules["monitor"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("frequency", [-0.25, -0.1, 0.1, 0.3])
def test_complex_samples_have_frequencies_of_both_signs(monitor_module, frequency):
    signal = np.exp(2j * np.pi * frequency * np.arange(8192))
    samples = np.zeros(8192, [("re", "f4"), ("im", "f4")])
    samples["re"], samples["im"] = signal.real, signal.imag
    spectrum = monitor_module.spectrum_of(monitor_module.first_channel(samples), 1.0, 1.0)
    assert spectrum["peak"] == pytest.approx(frequency, abs=1 / 2048) and spectrum["peak_db"] == pytest.approx(0, abs=1.5)
    assert (spectrum["low"], spectrum["high"]) == (-0.5, pytest.approx(0.5, abs=1 / 2048))


def test_a_full_scale_sine_has_0_db(monitor_module):
    signal = 127 * np.sin(2 * np.pi * np.arange(65536) / 8)
    spectrum = monitor_module.spectrum_of(signal, 128.0, 8.0)
    assert spectrum["peak"] == pytest.approx(1) and spectrum["peak_db"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i4", "<u4"])
def test_a_histogram_has_bins_of_one_width(monitor_module, dtype):
    info = np.iinfo(dtype)
    values = np.linspace(info.min, info.max, 256).astype(dtype)
    histogram = monitor_module.histogram_of(values)
    assert sum(histogram["counts"]) == 256 and len(histogram["counts"]) <= 64
    if info.bits == 8:
        assert set(histogram["counts"]) == {4}


# -- Prometheus ----------------------------------------------------------------------------


def test_prometheus_gets_the_counters(start):
    port, web = free_port(), free_port()
    program = start(port, "--port", web, "spead2src", f"port={port}", "on-stop=ignore", "name=in", "!", "fakesink",
                    program=ROOT / "examples/prometheus_stats.py")

    def has(line):
        try:
            return line in fetch(web, "/metrics").splitlines()
        except urllib.error.URLError:  # it does not serve yet
            return False

    wait_until(lambda: has('spead2src_threads{element="in"} 1.0'), program)  # it receives
    send(port, 5)
    wait_until(lambda: has('spead2src_heaps_delivered_total{element="in"} 5.0'), program)
    assert has("# TYPE spead2src_heaps_delivered_total counter") and has("# TYPE spead2src_socket_size gauge")


def test_the_line_for_prometheus_runs(tmp_path):
    done = in_shell(block("prometheus_stats.py"), tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout


def test_the_lines_for_the_monitor_run(tmp_path):
    done = in_shell(block("monitor.py"), tmp_path)
    assert done.returncode == 0 and re.search(r"peak: 3\.\d+ MHz", done.stdout), done.stdout
