# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/monitoring.md shows: counters as messages, the monitor, Prometheus."""

import importlib.util
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

# In front of GStreamer, as in test_python.py.
import spead2.send
import gst_spead2
import numpy as np
import pytest
from gi.repository import Gst

from conftest import LIMIT, PYTHON, ROOT, wait_until
from test_docs import in_shell
from test_examples import free_port
from test_receive import open_stream

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
    send(port, 64, SINE + "descriptors=none")
    output, errors = monitor.communicate(timeout=LIMIT)
    assert monitor.returncode == 1 and "no heap yet: there is no descriptor yet" in output, output
    assert re.search(r"^Error: No descriptor of the item came .*dtype=", errors, re.M), errors
    monitor = start(port, *words, "dtype=int8")
    send(port, 5, SINE + "descriptors=none")
    output, errors = monitor.communicate(timeout=LIMIT)
    assert (monitor.returncode, errors) == (0, "") and "int8 of (65536)" in output and "item-0x1600=" in output


@pytest.mark.parametrize("words, error", [
    (["spead://127.0.0.1:1?nonsense=1"], "nonsense"),
    (["spead://127.0.0.1:18888", "nonsense=1"], 'no property "nonsense"'),
    (["spead://127.0.0.1:18888", "nonsense"], "nonsense is no property of spead2src"),
    (["spead://127.0.0.1:18888", "missing=foo"], 'could not set property "missing" .* to "foo"'),
    (["spead://127.0.0.1:18888", "sample-bits=99"], '"99" .* out of range .*sample-bits'),
    (["spead://127.0.0.1:18888", "dtype=nonsense"], "dtype")])
def test_a_mistake_is_an_error_in_words(words, error):
    done = subprocess.run([PYTHON, str(MONITOR), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    assert done.returncode == 1 and re.search(f"^Error: .*{error}", done.stderr, re.M), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words, error", [
    (["--interval", "0", "spead://127.0.0.1:18888"], "--interval: 0 is not from 0.001 to 86400 s"),
    (["--web", "spead://127.0.0.1:18888"], "--web: spead://127.0.0.1:18888 is no port: .*behind"),
    (["spead://127.0.0.1:18888", "--web", "65536"], "--web: 65536 is no port")])
def test_a_wrong_option_is_explained(words, error):
    done = subprocess.run([PYTHON, str(MONITOR), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    assert done.returncode == 2 and re.search(error, done.stderr), done.stderr


def test_a_port_in_use_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run([PYTHON, str(MONITOR), "spead://127.0.0.1:18888", "--web", str(port)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 1 and done.stderr.startswith(f"Error: --web {port}: Address already in use"), done.stderr


def test_a_number_alone_and_no_index_are_shown(start):
    """A described item without dimensions, as anybody may send it."""
    port = free_port()
    monitor = start(port, f"spead://127.0.0.1:{port}", "--interval", "0.1")
    stream, group = open_stream(port), spead2.send.ItemGroup()
    group.add_item(0x3300, "number", "One", shape=(), dtype=np.float64, value=np.float64("nan"))
    generator = spead2.send.HeapGenerator(group)
    stream.send_heap(generator.get_heap())
    stream.send_heap(generator.get_end())
    output, errors = monitor.communicate(timeout=LIMIT)
    assert (monitor.returncode, errors) == (0, ""), errors
    assert "  samples: float64 of (): mean 0, deviation 0\n" in output, output


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


STATS = {"bytes": 0, "heaps-delivered": 0, "packets": 0, "heaps-dropped-no-descriptor": 0}


def sample_of(array, caps=None):
    """A received heap."""
    caps = caps or gst_spead2.caps_of(array)
    return Gst.Sample.new(gst_spead2.to_buffer(array, caps, index=0), caps, None, None)


def strictly(text):
    """As a browser reads it, which has no NaN."""
    def refuse(word):
        raise ValueError(word)
    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("array, words", [
    (np.array(["ab", "cd"], "S2"), "|S2 of (2)"),
    (np.zeros(4, [("name", "S4"), ("x", "f4")]), "no numbers"),
    (np.zeros(4, [("name", "<U4"), ("x", "f4")]), "no numbers"),
    (np.zeros(4, [("re", "S4"), ("im", "f4")]), "no numbers"),
    (np.zeros(4, [("re", "f4"), ("im", "S4")]), "not drawn: "),
    (np.zeros(4, [("pad", "V4"), ("x", "f4")]), "no numbers"),
    (np.zeros(4, [("pair", [("a", "i2"), ("b", "i2")])]), "no numbers"),
    (np.zeros(4, [("three", "<i2", 3)]), "mean 0"),
    (np.array([True, False]), "no numbers"),
    (np.zeros((0, 3), "f4"), "no numbers"),
])
def test_whatever_a_heap_has_the_monitor_goes_on(monitor_module, capsys, array, words):
    monitor_module.print_plain(monitor_module.Reports().make(STATS, 1, sample_of(array)))
    printed = capsys.readouterr().out
    assert words in printed and ("not drawn: " in printed or "mean 0" in printed), printed


def test_samples_without_a_numpy_type_are_not_drawn(monitor_module, capsys):
    sample = Gst.Sample.new(Gst.Buffer.new_wrapped(b"123"), Gst.Caps.from_string("audio/x-raw,format=S24LE,channels=1"))
    monitor_module.print_plain(monitor_module.Reports().make(STATS, 1, sample))
    assert "not drawn: numpy has no type for S24LE" in capsys.readouterr().out


@pytest.fixture(scope="module")
def web(monitor_module):
    web = monitor_module.Web(0)
    yield web
    web.close()


@pytest.mark.parametrize("samples", [
    np.full(64, np.inf), np.full(64, -np.inf, "f4"), np.array([np.nan, np.inf, 3.4e38, 1] * 16, "f4"),
    np.array([1.7e308, -1.7e308] * 32), np.array([65504, 1] * 32, "f2"), np.full(64, complex(np.inf, np.nan), "c8"),
    np.array([(np.nan, np.inf)] * 64, [("re", "f4"), ("im", "f4")])])
def test_the_page_has_numbers_alone(monitor_module, web, monkeypatch, samples):
    monkeypatch.setattr(gst_spead2, "values_of", lambda _: {"large": 2**64 - 1, "ratio": float("nan")})
    web.show(monitor_module.Reports().make(STATS, 1, sample_of(samples)))
    seen = strictly(fetch(web.port, "/report"))["seen"]
    assert seen["values"] == {"large": "18446744073709551615", "ratio": "nan"}
    assert "not_drawn" not in seen and sum(seen["histogram"]["counts"]) == 64


NODE = """
const elements = {};
const make = () => ({clientWidth: 100, clientHeight: 100, drawn: 0, children: [],
  set width(value) { this.drawn = 0 }, get width() { return 100 },
  getContext() { return {fillRect: () => { this.drawn++ }, fillText() {}} },
  replaceChildren(...rows) { this.children = rows }, insertCell: make});
globalThis.window = {};
globalThis.document = {getElementById: id => elements[id] ??= make(), createElement: make};
globalThis.setInterval = () => {};
globalThis.fetch = async () => ({json: async () => ({})});
const [script, reports] = JSON.parse(require("fs").readFileSync(0));
(0, eval)(script + ";globalThis.show = show");
for (const report of reports) {
  show(report);
  console.log(JSON.stringify(["peak", "samples"].map(id => elements[id].textContent)
    .concat(["spectrum", "histogram"].map(id => elements[id].drawn > 0))));
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_the_page_clears_what_a_heap_does_not_have(monitor_module):
    reports = monitor_module.Reports()
    script, = re.findall("<script>(.*?)</script>", MONITOR.with_suffix(".html").read_text(), re.S)
    shown = [reports.make(STATS, 1, sample_of(array)) for array in
             (np.arange(64, dtype="f4"), np.arange(8, dtype="f4"), np.zeros(4, "S4"))]
    done = subprocess.run(["node", "-e", NODE], input=json.dumps([script, shown]), capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    whole, short, text = map(json.loads, done.stdout.splitlines())
    assert whole[0].startswith("Spectrum: peak") and whole[1].startswith("Histogram: float32 of (64)")
    assert whole[2:] == [True, True] and "not drawn" not in whole[0] + whole[1]
    assert short[0] == "Spectrum: not drawn" and short[2:] == [False, True]
    assert text[:2] == ["Spectrum: not drawn", "Histogram: |S4 of (4) from 0, not drawn: no numbers"]
    assert text[2:] == [False, False]


def test_rates_are_those_of_the_messages_times(monitor_module):
    """Also where both are read at once, after a stop of the terminal."""
    reports = monitor_module.Reports()
    reports.make(STATS, first := Gst.util_get_timestamp(), None)
    report = reports.make({**STATS, "bytes": 6000, "heaps-delivered": 6}, first + 2 * Gst.SECOND, None)
    assert (report["rate"], report["heap_rate"]) == (3000, 3)


@pytest.mark.parametrize("caps, dtype, bits", [
    ("audio/x-raw,format=S8,channels=1,rate=8", "i1", 8), ("audio/x-raw,format=S16BE,channels=1,rate=8", ">i2", 16),
    ("audio/x-raw,format=S24BE,channels=1,rate=8", "i8", 24), ("audio/x-raw,format=U24BE,channels=1,rate=8", "u8", 24),
    ("application/x-spead-item,format=i12,shape=<8192>,rate=8", "i8", 12),
    ("application/x-spead-item,format=u10,shape=<8192>,rate=8", "u8", 10),
    ("application/octet-stream,sample-bits=10,rate=8", "i8", 10),
    ("application/x-spead-item,dtype=\"[('a','<i2'),('b','u1')]\",shape=<-1>,rate=8", [("a", "<i2"), ("b", "u1")], 16),
    ("application/x-spead-item,dtype=\"[('re','i1'),('im','i1')]\",shape=<-1>,rate=8", [("re", "i1"), ("im", "i1")], 8),
])
def test_every_type_has_its_full_scale(monitor_module, caps, dtype, bits):
    array, phase = np.zeros(8192, dtype), 2 * np.pi * np.arange(8192) / 8
    peak = 2 ** (bits - 1) - 1
    sines = [np.round(peak * wave) + (2 ** (bits - 1) if array.dtype.kind == "u" else 0)
             for wave in (np.cos(phase), np.sin(phase))]
    if array.dtype.names:
        for name, sine in zip(array.dtype.names, sines):
            array[name] = sine if name != "b" else 0
    else:
        array[:] = sines[1]
    spectrum = monitor_module.look(sample_of(array, Gst.Caps.from_string(caps)))["spectrum"]
    assert spectrum["peak"] == pytest.approx(1) and spectrum["peak_db"] == pytest.approx(0, abs=0.2)


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
    program = start(port, "--port", web, "(", "spead2src", f"port={port}", "on-stop=ignore", "name=in", ")", "!",
                    "fakesink",  # in a bin of its own
                    program=ROOT / "examples/prometheus_stats.py")

    def count(name):
        try:
            (number,) = re.findall(rf'^spead2src_{name}{{element="in"}} (\S+)$', fetch(web, "/metrics"), re.M)
            return float(number)
        except (ValueError, urllib.error.URLError):  # it does not serve yet
            return 0

    # In PLAYING: what came before is discarded.
    wait_until(lambda: count("calls_total") > 0, program)
    send(port, 5)
    wait_until(lambda: count("heaps_delivered_total") == 5, program)
    assert count("threads") == 1
    types = fetch(web, "/metrics")
    assert "# TYPE spead2src_heaps_delivered_total counter" in types
    assert "# TYPE spead2src_socket_size gauge" in types


def test_the_line_for_prometheus_runs(tmp_path):
    done = in_shell(block("prometheus_stats.py"), tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout


def test_the_lines_for_the_monitor_run(tmp_path):
    done = in_shell(block("monitor.py"), tmp_path)
    assert done.returncode == 0 and re.search(r"peak: 3\.\d+ MHz", done.stdout), done.stdout
