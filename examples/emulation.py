# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the emulations of whole telescopes in this directory share: their options, and how a
pipeline is played."""

import argparse

import gst_spead2
from gi.repository import GLib, GObject, Gst


def parser(description, factor, heaps, port=None):
    """The options that all of them have. heaps: what --heaps counts; port: of unicast."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--factor", type=float, default=factor,
                         help="part of the telescope's own rate (default: %(default)s)")
    if port is None:
        options.add_argument("--iface", default="lo",
                             help="network interface of multicast (default: %(default)s)")
    else:
        options.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
        options.add_argument("--port", type=int, default=port, help="(default: %(default)s)")
    options.add_argument("--heaps", type=int, default=0, help=f"{heaps}; 0: until Ctrl-C (default)")
    return options


def rate_of(full, options):
    """The sample rate of caps, which is an int, in Hz."""
    rate = round(full * options.factor)
    if not 0 < rate < 2**31:
        raise SystemExit(f"Error: --factor {options.factor:g} makes a sample rate of {rate} Hz: "
                         "it must be from 1 to 2147483647")
    return rate


def add_epoch(options):
    options.add_argument("--epoch", type=int, metavar="NS",
                         help="when the sample index was 0, in ns since 1970; without it, now")


def by_the_clock(options):
    """Properties of adctestsrc: which sample is made when."""
    return "" if options.epoch is None else f"is-live=true sync-epoch={options.epoch}"


def buffers(heaps, of_a_buffer=1):
    """The property of a source that has it make at least so many heaps."""
    return f"num-buffers={-(-heaps // of_a_buffer) if heaps else -1}"


def play(text):
    """Plays a pipeline to its end or to Ctrl-C. Its clock counts the time since 1970."""
    pipeline = Gst.parse_launch(text)
    pipeline.use_clock(GObject.new(Gst.SystemClock, clock_type=Gst.ClockType.REALTIME))
    try:
        pipeline.set_state(Gst.State.PLAYING)
        try:
            gst_spead2.wait_eos(pipeline)
        except KeyboardInterrupt:
            # What is queued still goes out, and a stop heap where there is one.
            pipeline.send_event(Gst.Event.new_eos())
            gst_spead2.wait_eos(pipeline)
    except GLib.Error as error:
        raise SystemExit(f"Error: {error.message}") from None
    finally:
        pipeline.set_state(Gst.State.NULL)
