#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a pipeline with a spead2sink named "sender", or with a spead2src named "receiver", and
tells what they say, a JSON object a line.

What it prints: {"playing": true}, {"warning": text}, {"error": text}, {"stats": counters}: the
sender's, or the receiver's if there is no sender. Of a receiver also {"port": number} once it
listens, {"caps": text, "fields": {...}}, and {"buffer": {...}} for each buffer: its offset,
offset-end, size, the names of its flags, and the values of items that are on it; with a second
argument `data` its bytes, too, in hexadecimal.
What it reads: `stats` prints the counters; `set NAME VALUE` sets a property; `remove HOST PORT`
removes a destination; `end` ends the stream, prints the counters and exits. Tests talk to it while they change the network.
"""

import json
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


# Buffers are reported by the streaming thread: lines must not mix with the main thread's.
speaking = threading.Lock()


def say(**fields):
    with speaking:
        print(json.dumps(fields), flush=True)


def plain(structure):
    """The fields of counters, or of values of items."""
    fields = {}
    for index in range(structure.n_fields()):
        name = structure.nth_field_name(index)
        try:
            fields[name] = structure.get_value(name)
        except TypeError:  # errors-by-errno, which cannot be read in GStreamer 1.22
            continue
        if isinstance(fields[name], GLib.Bytes):
            fields[name] = fields[name].get_data().hex()
        elif isinstance(fields[name], Gst.ValueArray):
            fields[name] = [plain(value) if isinstance(value, Gst.Structure) else value
                            for value in fields[name]]
        elif isinstance(fields[name], (Gst.Bitmask, Gst.Fraction)):
            fields[name] = str(fields[name])
    return fields


def errors_of(stats):
    """errors-by-errno, which can be printed."""
    text = stats.to_string().replace("\\", "")
    return {name: int(number) for name, number in
            re.findall(r"\b(E[A-Z0-9]+)=\(guint64\)(\d+)", text)}


def say_buffer(buffer):
    values = plain(buffer.get_custom_meta("GstSpead2Items").get_structure())
    fields = {"offset": buffer.offset, "offset-end": buffer.offset_end,
              "size": buffer.get_size(), "flags": buffer.get_flags().value_nicks,
              "values": values}
    if sys.argv[2:] == ["data"]:
        fields["data"] = buffer.extract_dup(0, buffer.get_size()).hex()
    say(buffer=fields)


def say_caps(caps):
    structure = caps.get_structure(0)
    if hasattr(structure, "__enter__"):  # with newer bindings it is a context manager
        structure = structure.__enter__()
    say(caps=caps.to_string(), fields={"name": structure.get_name(), **plain(structure)})


def on_pushed(_pad, info):
    if info.type & Gst.PadProbeType.BUFFER:
        say_buffer(info.get_buffer())
    elif info.type & Gst.PadProbeType.BUFFER_LIST:
        buffers = info.get_buffer_list()
        for index in range(buffers.length()):
            say_buffer(buffers.get(index))
    elif info.get_event().type == Gst.EventType.CAPS:
        say_caps(info.get_event().parse_caps())
    return Gst.PadProbeReturn.OK


class Streamer:
    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.receiver = self.pipeline.get_by_name("receiver")
        self.element = self.pipeline.get_by_name("sender") or self.receiver
        if self.receiver:
            self.receiver.get_static_pad("src").add_probe(
                Gst.PadProbeType.DATA_DOWNSTREAM, on_pushed)
        self.loop = GLib.MainLoop()
        self.failed = False
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)

    def on_message(self, _bus, message):
        if message.type == Gst.MessageType.WARNING:
            say(warning=message.parse_warning()[0].message)
        elif message.type == Gst.MessageType.ERROR:
            say(error=message.parse_error()[0].message)
            self.failed = True
            self.loop.quit()
        elif message.type == Gst.MessageType.EOS:
            self.loop.quit()
        elif message.type == Gst.MessageType.STATE_CHANGED:
            if message.parse_state_changed()[1] == Gst.State.PLAYING:
                self.on_playing(message.src)

    def obey(self, line):
        words = line.split()
        if words == ["stats"]:
            self.say_stats()
        elif words == ["end"]:
            self.pipeline.send_event(Gst.Event.new_eos())
        elif words[:1] == ["set"]:
            Gst.util_set_object_arg(self.element, words[1], words[2])
        elif words[:1] == ["remove"]:
            self.element.emit("remove", words[1], int(words[2]))
        return GLib.SOURCE_REMOVE

    def on_playing(self, element):
        """A receiver plays before its pipeline does, which waits for the first buffer."""
        if element == self.pipeline:
            say(playing=True)
        elif element == self.receiver:
            say(port=element.get_property("port"))

    def say_stats(self):
        stats = self.element.get_property("stats")
        say(stats={**plain(stats), "errors-by-errno": errors_of(stats)})

    def run(self):
        def listen():
            for line in sys.stdin:
                GLib.idle_add(self.obey, line)

        threading.Thread(target=listen, daemon=True).start()
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.say_stats()
        self.pipeline.set_state(Gst.State.NULL)
        return 1 if self.failed else 0


def main():
    Gst.init(None)
    if sys.argv[1] == "--":  # its words, as gst-launch-1.0 has them
        return Streamer(Gst.parse_launchv(sys.argv[2:])).run()
    return Streamer(Gst.parse_launch(sys.argv[1])).run()


if __name__ == "__main__":
    sys.exit(main())
