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
import sys
import threading
import time
from pathlib import Path

import gst_spead2
import numpy as np
from gi.repository import GLib, Gst

# The appsink drops all buffers but the last: no Python runs for the others.
PIPELINE = """spead2src name=source quiet=true wait-descriptor=true descriptor-timeout=6000000000 !
    appsink name=sink sync=false drop=true max-buffers=1 wait-on-eos=false"""
BINS = 1024  # of the spectrum; half as many are shown
MAX_SAMPLES = 1 << 17  # of a heap
# Counters of stats that are no losses, of those whose names begin as below.
HARMLESS = {"packets-accepted", "packets-duplicate", "heaps-dropped-not-accepted"}
LOSSES = ("refused-", "packets-", "heaps-evicted", "heaps-timeout", "heaps-stop", "heaps-flush", "heaps-dropped-",
          "gaps", "missing-samples", "restarts", "kernel-drops", "bad-descriptors", "receive-errors")
BLOCKS = " ▁▂▃▄▅▆▇█"


# -- what is looked at -------------------------------------------------------------------


def first_channel(samples):
    """The samples of the first channel, real or complex: of fields re and im, or of the first field."""
    if samples.dtype.names:
        real = samples[samples.dtype.names[0]].astype(float)
        pair = samples.dtype.names == ("re", "im")
        samples = real + 1j * samples["im"] if pair else real
    samples = samples.reshape(len(samples), -1)[:MAX_SAMPLES, 0] if samples.size else samples.reshape(-1)
    return np.nan_to_num(samples) if samples.dtype.kind in "fc" else samples


def full_scale(samples, fields):
    """The highest amplitude of a sine."""
    if samples.dtype.kind not in "iu":
        return 1.0
    return 2.0 ** (fields.get("sample-bits", 8 * samples.dtype.itemsize) - 1)


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
    edges = 64
    if real.dtype.kind in "iu":  # each bin has as many whole numbers
        low, high = int(real.min()), int(real.max())
        step = (high - low) // 64 + 1
        edges = np.arange(low, high + step + 1, step) - 0.5
    counts, edges = np.histogram(real, edges)
    return {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()}


def look(sample):
    """What a report says of a heap's samples and items."""
    buffer, caps = sample.get_buffer(), sample.get_caps()
    samples = gst_spead2.to_array(buffer, caps)
    fields = gst_spead2.fields_of(caps.get_structure(0))
    values = {name: value.hex() if isinstance(value, bytes) else value
              for name, value in gst_spead2.values_of(buffer).items()}
    rate = float(fields.get("rate", 0))
    seen = {"type": str(samples.dtype), "shape": list(samples.shape), "index": buffer.offset, "values": values,
            "unit": "Hz" if rate else "of the sample rate"}
    signal = first_channel(samples)
    if len(signal) and signal.dtype.kind in "iufc":
        seen["spectrum"] = spectrum_of(signal, full_scale(samples, fields), rate or 1.0)
        seen["histogram"] = histogram_of(signal)
        seen["mean"], seen["deviation"] = float(signal.real.mean()), float(signal.real.std())
    return seen


def losses_of(stats):
    return {name: count for name, count in stats.items()
            if name.startswith(LOSSES) and name not in HARMLESS and isinstance(count, int) and count > 0}


class Reports:
    """Makes a report of the counters of a message, with rates since the last one."""

    def __init__(self):
        self.time, self.bytes, self.heaps = time.monotonic(), 0, 0
        self.seen = None  # of the last heap that was looked at

    def make(self, stats, sample):
        now = time.monotonic()
        passed = max(now - self.time, 1e-3)
        if sample is not None:
            self.seen = look(sample)
        report = {"time": time.strftime("%H:%M:%S"), "rate": (stats["bytes"] - self.bytes) / passed,
                  "heap_rate": (stats["heaps-delivered"] - self.heaps) / passed,
                  "heaps": stats["heaps-delivered"], "packets": stats["packets"],
                  "undescribed": stats["heaps-dropped-no-descriptor"], "losses": losses_of(stats), "seen": self.seen}
        self.time, self.bytes, self.heaps = now, stats["bytes"], stats["heaps-delivered"]
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
    return (f"{seen['type']} of ({', '.join(map(str, seen['shape']))}) from {seen['index']}: "
            f"mean {seen['mean']:.4g}, deviation {seen['deviation']:.4g}" if "mean" in seen else
            f"{seen['type']} of ({', '.join(map(str, seen['shape']))}), which are not drawn")


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
        self.report = {}
        web, page = self, Path(__file__).with_name("monitor.html").read_bytes()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                # Another name for this address would be another site's: it must not read the stream.
                if self.headers.get("Host") not in (f"127.0.0.1:{web.port}", f"localhost:{web.port}"):
                    self.send_error(403)
                elif self.path == "/":
                    self.answer("text/html; charset=utf-8", page)
                elif self.path == "/report":
                    self.answer("application/json", json.dumps(web.report).encode())
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
        self.report = report

    def close(self):
        self.server.shutdown()


class Plain:
    show = staticmethod(print_plain)

    def close(self):
        pass


def make_view(arguments):
    if arguments.web is not None:
        return Web(arguments.web)
    if sys.stdout.isatty() and not arguments.plain:
        try:
            return Terminal()
        except ImportError:
            print("Without python3-rich there are plain lines.", file=sys.stderr)
    return Plain()


# -- running -------------------------------------------------------------------------------


def make_pipeline(arguments):
    pipeline = Gst.parse_launch(PIPELINE)
    source = pipeline.get_by_name("source")
    source.set_property("uri", arguments.uri)
    source.set_property("stats-interval", int(arguments.interval * Gst.SECOND))
    for text in arguments.properties:
        name, equals, value = text.partition("=")
        if not equals or source.find_property(name) is None:
            sys.exit(f"Error: {text} is no property of spead2src: write NAME=VALUE, as sample-rate=1712000000")
        Gst.util_set_object_arg(source, name, value)
    return pipeline


def run(pipeline, view):
    """Shows a report for each message with counters, up to the end of the stream."""
    sink, bus, reports = pipeline.get_by_name("sink"), pipeline.get_bus(), Reports()
    if pipeline.set_state(Gst.State.PLAYING) != Gst.StateChangeReturn.FAILURE:
        # What arrives before the source is in PLAYING is discarded.
        source = pipeline.get_by_name("source")
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
            view.show(reports.make(stats, sink.emit("try-pull-sample", 0)))


def parse_arguments():
    parser = argparse.ArgumentParser(description="Watch a SPEAD stream.")
    parser.add_argument("uri", help="spead://ADDRESS:PORT, a group or an address of this machine")
    parser.add_argument("properties", nargs="*", metavar="NAME=VALUE",
                        help="of spead2src, as dtype=int8, sample-rate=1712000000, multicast-iface=eth0")
    parser.add_argument("--interval", type=float, default=1, metavar="SECONDS", help="(default: %(default)s)")
    parser.add_argument("--plain", action="store_true", help="lines, also in a terminal")
    parser.add_argument("--web", type=int, nargs="?", const=8000, metavar="PORT",
                        help="a page on this machine instead (default port: %(const)s; 0: any)")
    return parser.parse_intermixed_args()


def main():
    arguments = parse_arguments()
    pipeline, view = make_pipeline(arguments), make_view(arguments)
    try:
        run(pipeline, view)
    except GLib.Error as error:
        sys.exit(f"Error: {error.message}")
    except ValueError as error:  # samples that numpy does not have
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        view.close()
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
