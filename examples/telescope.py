#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""telescope: antennas that begin together, on machines of their own, under one sky.

Each polarisation of each antenna is a sender in a network and a time namespace of its
own: its network is a virtual cable, and its clock began at another time. They have
nothing in common but a clock of the network (GStreamer's GstNetTimeProvider, or PTP), a
date to begin at, and the seed of the sky. What arrives shows at what time each sample
left, and a correlation where the sky was seen by two antennas.

    /usr/bin/python3 examples/telescope.py --antennas 4 --output telescope.svg

Namespaces need root, or a kernel that lets users make them, and PTP root from GStreamer
1.26 on.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

# In front of GStreamer, whose libraries some builds of matplotlib do not load after.
if find_spec("matplotlib") and "--output" in sys.argv and "--send" not in sys.argv:
    import matplotlib
    from matplotlib import pyplot

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstNet", "1.0")
from gi.repository import GObject, Gst, GstApp, GstNet  # noqa: E402,F401 (GstApp: try_pull_sample)

NETWORK = "10.213.0"
PORT = 7148
CLOCK_PORT = 7147  # of the GstNetTimeProvider
PTP_GROUP = "224.0.1.129"  # all of PTP's multicast
HEAP = 4096  # samples, and bytes
POLARISATIONS = "xy"
BEGIN_IN = 3.0  # seconds from when all senders have the clock: they start their pipelines
SYNCHRONISE_WITHIN = 60  # seconds; a clock of the network takes some to be sure
MOST_LAGS = 400
UNTIL_THIS_ENDS = ["setpriv", "--pdeathsig", "KILL"]  # in front of a command, however this program ends


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Antennas in namespaces of their own send one sky; see who sends what, when.")
    parser.add_argument("--antennas", type=int, default=4, metavar="N",
                        help="1 to 16, with two polarisations each (default: %(default)s)")
    parser.add_argument("--sample-rate", type=int, default=1000000, metavar="HZ",
                        help="of each polarisation (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2, help="(default: %(default)s)")
    parser.add_argument("--correlation", type=float, default=0.1, metavar="C",
                        help="the sky's part of the power (default: %(default)s)")
    parser.add_argument("--clock", choices=["net", "ptp"], default="net",
                        help="a GstNetTimeProvider, or a PTP master, which is ptp4l of linuxptp "
                             "(default: %(default)s)")
    parser.add_argument("--limit", type=float, default=5, metavar="MS",
                        help="how far a sender's clock may be from the one that it follows, and median "
                             "of how far apart the same sample may arrive from all (default: %(default)s)")
    parser.add_argument("--output", metavar="FILE",  # two words: see above
                        help="draw the cross-correlation; its ending says the format")
    parser.add_argument("--send", type=int, metavar="N", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.output and arguments.send is None and "matplotlib" not in sys.modules:
        parser.error("--output needs matplotlib, which this Python does not have")
    if not 1 <= arguments.antennas <= 16:
        parser.error("--antennas must be 1 to 16")
    if arguments.clock == "ptp" and not shutil.which("ptp4l"):
        parser.error("--clock ptp needs ptp4l, which is not in PATH: Debian's package linuxptp has it, "
                     "in /usr/sbin")
    return arguments


def delay_of(antenna):
    """In samples; within MOST_LAGS of each other."""
    return 37 * antenna * (antenna + 1) // 2 % MOST_LAGS


# --- a sender, alone in its namespaces -----------------------------------------------

def say(line):
    print(line, flush=True)


def run_to_end(pipeline):
    """Until EOS. Ends the program with an error's text."""
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(message.parse_error()[0].message)


def ptp_clock():
    """Of domain 0. GStreamer starts a process that has the sockets of PTP."""
    if not GstNet.ptp_init(GstNet.PTP_CLOCK_ID_NONE, None):
        sys.exit("GStreamer could not start its gst-ptp-helper, of Debian's package libgstreamer1.0-0: run "
                 "this as root; GST_DEBUG=ptp:4 gives the reason.")
    return GstNet.PtpClock.new("telescope", 0)


def send(arguments):
    """What each sender's process does, told line by line on its standard input."""
    number = arguments.send
    antenna, polarisation = divmod(number, len(POLARISATIONS))
    say("unshared")
    input()  # the network is there
    # The route is for gst-ptp-helper of GStreamer 1.22, which does not choose an interface.
    subprocess.run(f"ip address add {NETWORK}.{2 + number}/24 dev wire{number} && "
                   f"ip link set wire{number} up && "
                   f"ip route add {PTP_GROUP} dev wire{number}", shell=True, check=True)
    if arguments.clock == "ptp":
        clock = ptp_clock()
    else:
        clock = GstNet.NetClientClock.new("telescope", f"{NETWORK}.1", CLOCK_PORT, 0)
    if not clock.wait_for_sync(SYNCHRONISE_WITHIN * Gst.SECOND):
        sys.exit(f"Sender {number} has not synchronised its clock in {SYNCHRONISE_WITHIN} s.")
    # Before there is a date: to load the plugins takes time.
    pipeline = Gst.parse_launch(
        f"adctestsrc is-live=true wave=gaussian seed={1 + number} sky-seed={1 + polarisation} "
        f"correlation={arguments.correlation} delay={delay_of(antenna)} "
        f"samplesperbuffer={HEAP} name=adc ! "
        f"audio/x-raw,format=S8,channels=1,rate={arguments.sample_rate} ! "
        f"spead2sink host={NETWORK}.1 port={PORT + number} max-packet-size=8972 "
        f"heap-address-bits=48 heap-size={HEAP} sync=true name=sender")
    adc = pipeline.get_by_name("adc")
    say("synchronised")
    start, epoch = (int(word) for word in input().split())
    adc.set_property("sync-epoch", epoch)
    pipeline.get_by_name("sender").set_property("start-time", start)
    # What comes before the start is left out.
    early = int((start - time.time_ns()) / 1e9 * arguments.sample_rate) // HEAP
    buffers = int(arguments.seconds * arguments.sample_rate) // HEAP
    adc.set_property("num-buffers", max(early, 0) + buffers)
    pipeline.use_clock(clock)
    run_to_end(pipeline)
    # The provider, or ptp4l, counts the time of day, which is the same in all time
    # namespaces; what the clock goes by in between is monotonic, and differs by hours.
    say(f"ahead {clock.get_time() - time.time_ns()}")
    sys.stdin.read()  # until it is ended


# --- all of them, on wires ---------------------------------------------------------------

def ip(*words):
    subprocess.run(["ip", *words], check=True)


def add_wire(port, wire):
    """From a port of the bridge to an end that is still to be used."""
    ip("link", "add", port, "mtu", "9000", "type", "veth", "peer", "name", wire, "mtu", "9000")
    ip("link", "set", port, "master", "sky", "up")


def own_network():
    """Starts this program again in a network of its own, unless it is in one."""
    if "TELESCOPE_NETWORK" in os.environ:
        ip("link", "set", "lo", "up")
        ip("link", "add", "sky", "mtu", "9000", "type", "bridge")
        ip("link", "set", "sky", "arp", "off", "up")
        # This end has a wire, too: a bridge has no time stamps of what it sends, as PTP needs, and
        # its hardware address changes with each port, after which packets are lost for 5 s.
        add_wire("port", "wire")
        ip("address", "add", f"{NETWORK}.1/24", "dev", "wire")
        ip("link", "set", "wire", "up")
        return
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    tried = subprocess.run([*unshare, "unshare", "--net", "--time", "--fork", "true"],
                           capture_output=True, text=True, check=False)
    if tried.returncode:
        sys.exit("No network and time namespaces can be made here: run this as root, on Linux 5.6 "
                 f"or later. {tried.stderr.strip()}")
    os.environ["TELESCOPE_NETWORK"] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


class Sender:
    """A process in namespaces of its own: its monotonic clock is hours ahead."""

    def __init__(self, number):
        ahead = str(10000 * (1 + number))
        self.number = number
        self.process = subprocess.Popen(
            [*UNTIL_THIS_ENDS, "unshare", "--net", "--time", "--monotonic", ahead, "--boottime", ahead,
             "--fork", "--kill-child", sys.executable, *sys.argv, "--send", str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def hear(self, expected):
        """The rest of a line that begins with that word."""
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        if word != expected:
            sys.exit(f"Sender {self.number} ended instead of being {expected}.")
        return rest

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def plug_in(self):
        self.hear("unshared")
        add_wire(f"port{self.number}", f"wire{self.number}")
        ip("link", "set", f"wire{self.number}", "netns", str(self.process.pid))

    def end(self):
        """Together with gst-ptp-helper, which complains if its parent ends first."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def net_provider(clock):
    """A GstNetTimeProvider of the clock."""
    provider = GstNet.NetTimeProvider.new(clock, f"{NETWORK}.1", CLOCK_PORT)
    yield
    provider.props.active = False


def ptp4l_takes(option):
    return subprocess.run(["ptp4l", option, "-v"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def ptp_master():
    """ptp4l, which serves the machine's time of day as it is, and never sets it: with software time
    stamps that is UTC, as its announcements say."""
    # Eight messages a second instead of one: clocks are synchronised within a second.
    options = ["--logAnnounceInterval=-3", "--announceReceiptTimeout=2", "--logSyncInterval=-3",
               "--logMinDelayReqInterval=-3", "--free_running=1"]
    with tempfile.TemporaryDirectory() as directory:
        # Not the sockets of the machine's own ptp4l. linuxptp 3 has only the first.
        sockets = [f"--{name}={directory}/{name}" for name in ("uds_address", "uds_ro_address")]
        process = subprocess.Popen(
            [*UNTIL_THIS_ENDS, "ptp4l", "-S", "-i", "wire", "-q", "-m", "-l", "3", *options,
             *filter(ptp4l_takes, sockets)], stdout=sys.stderr)
        try:
            yield
        finally:
            process.kill()
            process.wait()


class Receiver:
    """All streams, as arrays, and when each heap came."""

    def __init__(self, n, clock):
        self.pipeline = Gst.parse_launch(" ".join(
            f"spead2src address={NETWORK}.1 port={PORT + i} buffer-size=4194304 ! "
            f"appsink name=sink{i} sync=false" for i in range(n)))
        self.pipeline.use_clock(clock)
        self.sinks = [self.pipeline.get_by_name(f"sink{i}") for i in range(n)]
        self.pipeline.set_state(Gst.State.PLAYING)

    def streams(self, seconds):
        """For each sender a table from the index of a heap to (arrival in ns, samples)."""
        end = time.monotonic() + seconds
        found = [{} for _ in self.sinks]
        for sink, heaps in zip(self.sinks, found):
            while not sink.props.eos:
                sample = sink.try_pull_sample(Gst.SECOND // 10)
                if sample:
                    buffer = sample.get_buffer()
                    data = buffer.extract_dup(0, buffer.get_size())
                    heaps[buffer.offset] = (buffer.pts, np.frombuffer(data, np.int8))
                elif time.monotonic() > end:
                    break
        self.pipeline.set_state(Gst.State.NULL)
        return found


def observe(arguments, clock):
    """The streams, the index that they had to begin with, and by how many ns each sender's
    clock was ahead of the one that it follows in the end."""
    n = arguments.antennas * len(POLARISATIONS)
    senders = []
    try:
        for i in range(n):
            senders.append(Sender(i))
        for sender in senders:
            sender.plug_in()
            sender.tell("plugged in")
        for sender in senders:
            sender.hear("synchronised")
        receiver = Receiver(n, clock)
        epoch = time.time_ns() - 10**9
        heap_ns = HEAP * 10**9 / arguments.sample_rate
        heaps = int((1 + BEGIN_IN) * 1e9 / heap_ns) + 1
        start = epoch + int(heaps * heap_ns)
        for sender in senders:
            sender.tell(f"{start} {epoch}")
        streams = receiver.streams(BEGIN_IN + arguments.seconds + 10)
        return streams, heaps * HEAP, [int(sender.hear("ahead")) for sender in senders]
    finally:
        for sender in senders:
            sender.end()


# --- what the sky shows --------------------------------------------------------------

def cross_correlation(x, y):
    """Coefficients at the lags from -MOST_LAGS to MOST_LAGS, by which y is later."""
    size = 1 << (len(x) + MOST_LAGS).bit_length()
    spectrum = np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size))
    products = np.roll(np.fft.irfft(spectrum, size), MOST_LAGS)[:2 * MOST_LAGS + 1]
    return products / np.sqrt(np.dot(x, x) * np.dot(y, y))


def check(fine, text):
    say(f"{'ok  ' if fine else 'BAD '} {text}")
    return fine


def check_clocks(ahead, limit):
    error = max(abs(ns) for ns in ahead) / 1e6
    return check(error < limit,
                 f"the clocks of all senders were within {error:.3f} ms of the one that they follow")


def check_times(streams, first, limit):
    common = sorted(set.intersection(*[set(heaps) for heaps in streams]))
    begins = {min(heaps, default=None) for heaps in streams}
    if not check(common and begins == {first}, f"{len(streams)} senders began with sample {first}"
                 + ("" if begins == {first} else f", all but those that began with {begins - {first}}")):
        return None
    apart = [np.ptp([heaps[index][0] for heaps in streams]) / 1e6 for index in common]
    check(True, f"{len(common)} heaps came from all senders")
    return common if check(
        np.median(apart) < limit, "the same sample of all senders came within "
        f"{np.median(apart):.3f} ms (median; 95 % within {np.percentile(apart, 95):.3f} ms)"
    ) else None


def check_sky(samples, arguments):
    """The correlations of all antennas with the first, and whether they are as asked for."""
    error = 5 / np.sqrt(len(samples[0]))
    curves, fine = [], True
    for number in range(len(POLARISATIONS), len(samples)):
        antenna, polarisation = divmod(number, len(POLARISATIONS))
        curve = cross_correlation(samples[polarisation], samples[number])
        lag = int(np.argmax(curve)) - MOST_LAGS
        expected = delay_of(antenna) - delay_of(0)
        found = curve[expected + MOST_LAGS] if abs(expected) <= MOST_LAGS else 0
        fine &= check(lag == expected and abs(found - arguments.correlation) < error,
                      f"antenna {antenna}{POLARISATIONS[polarisation]} correlates at a delay of "
                      f"{lag} samples ({found:.4f}; {expected} and {arguments.correlation} "
                      "were asked for)")
        curves.append((f"{antenna}{POLARISATIONS[polarisation]}", curve))
    cross = cross_correlation(samples[0], samples[1])
    fine &= check(np.abs(cross).max() < error, "polarisations do not correlate")
    return curves, fine


def draw(curves, path):
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "telescope"
    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    lags = np.arange(-MOST_LAGS, MOST_LAGS + 1)
    for name, curve in curves:
        if name.endswith(POLARISATIONS[0]):
            axes.plot(lags, curve, linewidth=0.8, label=f"antenna {name} with 0{name[-1]}")
    axes.set(xlabel="lag in samples", ylabel="correlation coefficient",
             title="Cross-correlation of senders that began together")
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if Path(path).suffix == ".svg" else None)


def main():
    arguments = parse_arguments()
    Gst.init(None)
    if arguments.send is not None:
        send(arguments)
        return
    own_network()
    # Processes and files of this program are removed then, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    clock = GObject.new(Gst.SystemClock, clock_type=Gst.ClockType.REALTIME)
    with ptp_master() if arguments.clock == "ptp" else net_provider(clock):
        streams, first, ahead = observe(arguments, clock)
    together = check_clocks(ahead, arguments.limit)
    common = check_times(streams, first, arguments.limit)
    if common is None:
        sys.exit(1)
    samples = [np.concatenate([heaps[index][1] for index in common]).astype(float)
               for heaps in streams]
    curves, fine = check_sky(samples, arguments)
    if arguments.output:
        draw(curves, arguments.output)
    sys.exit(not (together and fine))


if __name__ == "__main__":
    main()
