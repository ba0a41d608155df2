#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""monitor: watches a SPEAD stream: rate, losses, items, spectrum and histogram, once a second.

    /usr/bin/python3 examples/monitor.py spead://239.1.2.3:7148 sample-rate=1712000000
    /usr/bin/python3 examples/monitor.py spead://0.0.0.0:8888 --web

All heaps are counted, by spead2src; the samples of one heap in each interval are looked at.
docs/monitoring.md explains it.
"""

import argparse
import http.server
import json
import math
import re
import sys
import threading
import time
import warnings
from pathlib import Path

import gst_spead2
import numpy as np
from gi.repository import GLib, GObject, Gst

# The appsink drops all buffers but the last: no Python runs for the others.
PIPELINE = """spead2src quiet=true wait-descriptor=true descriptor-timeout=6000000000 {properties} name=spead2src !
    appsink name=sink sync=false drop=true max-buffers=1 wait-on-eos=false"""
BINS = 1024  # of the spectrum; half as many are shown
MAX_SAMPLES = 1 << 17  # of a heap
# Counters of stats that are no losses, of those whose names begin as below.
HARMLESS = {"packets-accepted", "packets-duplicate", "heaps-dropped-not-accepted"}
LOSSES = ("refused-", "packets-", "heaps-evicted", "heaps-timeout", "heaps-stop", "heaps-flush", "heaps-dropped-",
          "gaps", "missing-samples", "restarts", "kernel-drops", "bad-descriptors", "receive-errors")
BLOCKS = " ▁▂▃▄▅▆▇█"


# -- what is looked at -------------------------------------------------------------------


def first_field(dtype):
    """The type of single numbers: of the first field, of structures."""
    return dtype[0].base if dtype.names else dtype.base


def first_channel(samples):
    """The samples of the first channel: of fields re and im, or of the first field. None are left where
    these are no numbers."""
    names = samples.dtype.names
    if first_field(samples.dtype).kind not in "iufc":
        return np.empty(0)
    if names == ("re", "im"):
        pairs, samples = samples, np.atleast_1d(samples["re"]).astype(complex)
        samples.imag = pairs["im"]
    elif names:
        samples = samples[names[0]]
    samples = np.atleast_1d(samples)
    samples = samples.reshape(len(samples), -1)[:MAX_SAMPLES, 0] if samples.size else samples.reshape(-1)
    return finite(samples) if samples.dtype.kind in "fc" else samples


def finite(samples):
    """As float64 or complex128, all of which have a square: NaN is 0, infinity 1e30."""
    samples = samples.astype(complex if samples.dtype.kind == "c" else float)
    parts = samples.view(float)
    np.clip(np.nan_to_num(parts), -1e30, 1e30, out=parts)
    return samples


def full_scale(dtype, fields):
    """The highest amplitude of a sine. Integers may have been unpacked from fewer bits."""
    number = first_field(dtype)
    if number.kind not in "iu":
        return 1.0
    digits = re.search("[0-9]+", fields.get("format", ""))  # as S24BE, of audio, or i10
    bits = fields.get("sample-bits", int(digits.group()) if digits else 64)
    return 2.0 ** (min(bits, 8 * number.itemsize) - 1)


def spectrum_of(signal, scale, rate):
    """dB of a full-scale sine, in bins from the lowest frequency to the highest."""
    size = min(2 * BINS, 1 << int(math.log2(max(len(signal), 1))))
    if size < 16:
        return None
    blocks = signal[:len(signal) // size * size].reshape(-1, size)
    window = np.hanning(size)
    blocks = (blocks - blocks.mean()) * window
    two_sided = np.iscomplexobj(blocks)
    # A real sine has half of its amplitude at the negative frequency.
    amplitude = scale * window.sum() / (1 if two_sided else 2)
    transformed = np.fft.fftshift(np.fft.fft(blocks), axes=1) if two_sided else np.fft.rfft(blocks)[:, 1:]
    power = (np.abs(transformed) ** 2).mean(axis=0) / amplitude ** 2
    step, peak = rate / size, int(power.argmax())
    low = -size // 2 * step if two_sided else step
    return {"low": low, "high": low + (len(power) - 1) * step, "peak": low + peak * step,
            "peak_db": decibels(power[peak]),
            "db": [decibels(part.max()) for part in np.array_split(power, min(len(power), BINS // 2))]}


def decibels(power):
    return round(10 * math.log10(power + 1e-20), 1)


def histogram_of(signal):
    real = signal.real
    if real.dtype.kind in "iu":  # each bin has as many whole numbers
        low, high = int(real.min()), int(real.max())
        step = (high - low) // 64 + 1
        edges = np.arange(low, high + step + 1, step) - 0.5
    else:
        low, high = real.min(), real.max()
        margin = 1e-9 * max(abs(low), abs(high), 1)  # bins of no width are an error
        edges = np.linspace(low - margin, high + margin, 65)
    counts, edges = np.histogram(real, edges)
    return {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()}


def text_of(value):
    """JavaScript has no integers of 64 bits."""
    if isinstance(value, np.ndarray):  # of several heaps
        return f"{value[0]} to {value[-1]}"
    return value.hex() if isinstance(value, bytes) else str(value)


def draw(samples, fields):
    """Spectrum and histogram of samples that are numbers."""
    signal = first_channel(samples)
    if not len(signal):
        return {"not_drawn": "no numbers"}
    rate = float(fields.get("rate", 0))
    return {"unit": "Hz" if rate else "of the sample rate",
            "spectrum": spectrum_of(signal, full_scale(samples.dtype, fields), rate or 1.0),
            "histogram": histogram_of(signal), "mean": float(signal.real.mean()),
            "deviation": float(signal.real.std())}


def look(sample):
    """What a report says of a heap's samples and items. Whatever a heap has, it is no error."""
    buffer, caps = sample.get_buffer(), sample.get_caps()
    values = {name: text_of(value) for name, value in gst_spead2.values_of(buffer).items()}
    seen = {"samples": "samples", "values": values}
    try:
        samples = gst_spead2.to_array(buffer, caps)
        seen["samples"] = f"{samples.dtype} of ({', '.join(map(str, samples.shape))})"
        if buffer.offset != Gst.BUFFER_OFFSET_NONE:
            seen["samples"] += f" from {buffer.offset}"
        seen.update(draw(samples, gst_spead2.fields_of(caps.get_structure(0))))
    except (ValueError, TypeError, OverflowError) as error:
        seen["not_drawn"] = str(error)
    return seen


def losses_of(stats):
    return {name: count for name, count in stats.items()
            if name.startswith(LOSSES) and name not in HARMLESS and isinstance(count, int) and count > 0}


class Reports:
    """Makes a report of the counters of a message, with rates since the last one."""

    def __init__(self):
        self.time, self.bytes, self.heaps = Gst.util_get_timestamp(), 0, 0
        self.seen = None  # of the last heap that was looked at

    def make(self, stats, timestamp, sample):
        """timestamp: of the message, in ns. That is not when it is read: a terminal can stop that."""
        passed = max(timestamp - self.time, Gst.MSECOND) / Gst.SECOND
        if sample is not None:
            self.seen = look(sample)
        report = {"time": time.strftime("%H:%M:%S"), "rate": (stats["bytes"] - self.bytes) / passed,
                  "heap_rate": (stats["heaps-delivered"] - self.heaps) / passed,
                  "heaps": stats["heaps-delivered"], "packets": stats["packets"],
                  "undescribed": stats["heaps-dropped-no-descriptor"], "losses": losses_of(stats), "seen": self.seen}
        self.time, self.bytes, self.heaps = timestamp, stats["bytes"], stats["heaps-delivered"]
        return report


# -- as text ------------------------------------------------------------------------------


def metric(number, unit):
    """12345678, "Hz" is 12.35 MHz."""
    if unit.startswith("of"):
        return f"{number:.4f} {unit}"
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= factor:
            return f"{number / factor:.4g} {prefix}{unit}"
    return f"{number:.4g} {unit}"


def counts_line(report):
    return (f"{metric(report['rate'], 'B/s')}, {report['heap_rate']:.4g} heaps/s, {report['heaps']} heaps, "
            f"{report['packets']} packets")


def losses_line(report):
    return ", ".join(f"{name} {count}" for name, count in report["losses"].items()) or "nothing"


def samples_line(seen):
    if "not_drawn" in seen:
        return f"{seen['samples']}, not drawn: {seen['not_drawn']}"
    return f"{seen['samples']}: mean {seen['mean']:.4g}, deviation {seen['deviation']:.4g}"


def peak_line(seen):
    spectrum = seen.get("spectrum")
    return f"{metric(spectrum['peak'], seen['unit'])}, {spectrum['peak_db']} dB of a full-scale sine" if spectrum else "-"


def print_plain(report):
    seen = report["seen"]
    print(f"{report['time']}  {counts_line(report)}; lost: {losses_line(report)}")
    if seen is None:
        print("  no heap yet" + (": there is no descriptor yet" if report["undescribed"] else ""), flush=True)
        return
    print("  items:", ", ".join(f"{name}={value}" for name, value in seen["values"].items()))
    print(f"  samples: {samples_line(seen)}")
    print(f"  peak: {peak_line(seen)}", flush=True)


def bars(values, low, high, width, height):
    """Columns of block characters, as lines from the top."""
    columns = [max(part) for part in np.array_split(np.array(values, float), min(width, len(values)))]
    levels = [(min(max(value, low), high) - low) / ((high - low) or 1) * height * 8 for value in columns]
    return ["".join(BLOCKS[int(min(max(level - 8 * row, 0), 8))] for level in levels)
            for row in range(height - 1, -1, -1)]


class Terminal:
    """A view that stays in place, by rich."""

    def __init__(self):
        from rich.console import Group
        from rich.live import Live
        from rich.panel import Panel
        from rich.text import Text
        self.group, self.panel, self.text = Group, Panel, Text
        self.live = Live(auto_refresh=False)

    def show(self, report):
        self.live.start()  # once; from here on it prints what goes to stderr, above the view
        seen = report["seen"] or {}
        # Text: what a stream calls its items is no markup.
        panels = [self.panel(self.text(f"{counts_line(report)}\nlost: {losses_line(report)}"), title=report["time"])]
        if seen:
            values = "\n".join(f"{name} = {value}" for name, value in seen["values"].items())
            panels.append(self.panel(self.text(f"{samples_line(seen)}\n{values}"), title="Items"))
        width = max(self.live.console.width - 4, 16)
        if seen.get("spectrum"):
            spectrum, unit = seen["spectrum"], seen["unit"]
            lines = bars(spectrum["db"], -100, 0, width, 8)
            lines.append(f"{metric(spectrum['low'], unit)} to {metric(spectrum['high'], unit)}, -100 to 0 dB, "
                         f"peak {peak_line(seen)}")
            panels.append(self.panel(self.text("\n".join(lines)), title="Spectrum"))
        if seen.get("histogram"):
            histogram = seen["histogram"]
            lines = bars(histogram["counts"], 0, max(histogram["counts"]), width, 4)
            lines.append(f"{histogram['low']:.4g} to {histogram['high']:.4g}")
            panels.append(self.panel(self.text("\n".join(lines)), title="Histogram"))
        self.live.update(self.group(*panels), refresh=True)

    def close(self):
        self.live.stop()


# -- as a page -----------------------------------------------------------------------------


class Web:
    """Serves the page and the last report, to this machine alone."""

    def __init__(self, port):
        self.report = b"{}"
        web, page = self, Path(__file__).with_name("monitor.html").read_bytes()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                # Another name for this address would be another site's: it must not read the stream.
                if self.headers.get("Host") not in (f"127.0.0.1:{web.port}", f"localhost:{web.port}"):
                    self.send_error(403)
                elif self.path == "/":
                    self.answer("text/html; charset=utf-8", page)
                elif self.path == "/report":
                    self.answer("application/json", web.report)
                else:
                    self.send_error(404)

            def answer(self, kind, body):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        print(f"The stream is shown at http://127.0.0.1:{self.port}/", flush=True)

    def show(self, report):
        self.report = json.dumps(report, allow_nan=False).encode()

    def close(self):
        self.server.shutdown()


class Plain:
    show = staticmethod(print_plain)

    def close(self):
        pass


def make_view(arguments):
    if arguments.web is not None:
        try:
            return Web(arguments.web)
        except OSError as error:
            sys.exit(f"Error: --web {arguments.web}: {error.strerror}: write another port, as --web 8001, or 0 for any")
    if sys.stdout.isatty() and not arguments.plain:
        try:
            return Terminal()
        except ImportError:
            print("Without python3-rich there are plain lines.", file=sys.stderr)
    return Plain()


# -- running -------------------------------------------------------------------------------


def in_quotes(text):
    """NAME=VALUE as a word of a pipeline. Within quotes, quotes and backslashes are escaped."""
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", name):
        sys.exit(f"Error: {text} is no property of spead2src: write NAME=VALUE, as sample-rate=1712000000")
    return name + '="' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def make_pipeline(arguments):
    properties = " ".join(map(in_quotes, arguments.properties))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GObject.Warning)  # of a number that is out of range
        pipeline = Gst.parse_launch(PIPELINE.format(properties=properties))
    if caught:
        sys.exit(f"Error: {caught[0].message}")
    source = pipeline.get_by_name("spead2src")
    source.set_property("uri", arguments.uri)
    source.set_property("stats-interval", int(arguments.interval * Gst.SECOND))
    return pipeline


def run(pipeline, view):
    """Shows a report for each message with counters, up to the end of the stream."""
    sink, bus, reports = pipeline.get_by_name("sink"), pipeline.get_bus(), Reports()
    if pipeline.set_state(Gst.State.PLAYING) != Gst.StateChangeReturn.FAILURE:
        # What arrives before the source is in PLAYING is discarded.
        source = pipeline.get_by_name("spead2src")
        source.get_state(Gst.CLOCK_TIME_NONE)
        print(f"Receiving at port {source.get_property('port')}.", file=sys.stderr, flush=True)
    kinds = Gst.MessageType.ERROR | Gst.MessageType.WARNING | Gst.MessageType.ELEMENT | Gst.MessageType.EOS
    while True:
        message = bus.timed_pop_filtered(100 * Gst.MSECOND, kinds)  # Ctrl-C is handled in between
        if message is None:
            continue
        if message.type == Gst.MessageType.ERROR:
            raise message.parse_error()[0]
        if message.type == Gst.MessageType.EOS:
            return
        if message.type == Gst.MessageType.WARNING:
            print(f"Warning: {message.parse_warning()[0].message}", file=sys.stderr)
        elif message.has_name("spead2-stats"):
            stats = gst_spead2.fields_of(message.get_structure())
            view.show(reports.make(stats, message.timestamp, sink.emit("try-pull-sample", 0)))


def seconds(text):
    number = float(text)
    if not 0.001 <= number <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not from 0.001 to 86400 s")
    return number


def web_port(text):
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: write --web behind the other words, or --web PORT")
    return int(text)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Watch a SPEAD stream.")
    parser.add_argument("uri", help="spead://ADDRESS:PORT, a group or an address of this machine")
    parser.add_argument("properties", nargs="*", metavar="NAME=VALUE",
                        help="of spead2src, as dtype=int8, sample-rate=1712000000, multicast-iface=eth0")
    parser.add_argument("--interval", type=seconds, default=1, metavar="SECONDS", help="(default: %(default)s)")
    parser.add_argument("--plain", action="store_true", help="lines, also in a terminal")
    parser.add_argument("--web", type=web_port, nargs="?", const=8000, metavar="PORT",
                        help="a page on this machine instead (default port: %(const)s; 0: any)")
    return parser.parse_intermixed_args()


def main():
    arguments = parse_arguments()
    try:
        pipeline = make_pipeline(arguments)
    except GLib.Error as error:
        sys.exit(f"Error: {error.message}")
    view = make_view(arguments)
    try:
        run(pipeline, view)
    except GLib.Error as error:
        sys.exit(f"Error: {error.message}")
    except KeyboardInterrupt:
        pass
    finally:
        view.close()
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
