#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a pipeline with a spead2sink named "sender", and tells what it says, a JSON object a line.

What it prints: {"playing": true}, {"warning": text}, {"error": text}, {"stats": counters}.
What it reads: `stats` prints the counters; `set NAME VALUE` sets a property; `end` ends the
stream, prints the counters and exits. Tests talk to it while they change the network.
"""

import json
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def say(**fields):
    print(json.dumps(fields), flush=True)


def plain(structure):
    fields = {}
    for index in range(structure.n_fields()):
        name = structure.nth_field_name(index)
        try:
            fields[name] = structure.get_value(name)
        except TypeError:  # errors-by-errno, which cannot be read in GStreamer 1.22
            continue
    # It can be printed, though.
    text = structure.to_string().replace("\\", "")
    fields["errors-by-errno"] = {name: int(number) for name, number in
                                 re.findall(r"\b(E[A-Z0-9]+)=\(guint64\)(\d+)", text)}
    return fields


class Streamer:
    def __init__(self, description):
        self.pipeline = Gst.parse_launch(description)
        self.sink = self.pipeline.get_by_name("sender")
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
        elif message.type == Gst.MessageType.STATE_CHANGED and message.src == self.pipeline:
            if message.parse_state_changed()[1] == Gst.State.PLAYING:
                say(playing=True)

    def obey(self, line):
        words = line.split()
        if words == ["stats"]:
            self.say_stats()
        elif words == ["end"]:
            self.pipeline.send_event(Gst.Event.new_eos())
        elif words[:1] == ["set"]:
            Gst.util_set_object_arg(self.sink, words[1], words[2])
        return GLib.SOURCE_REMOVE

    def say_stats(self):
        say(stats=plain(self.sink.get_property("stats")))

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
    return Streamer(sys.argv[1]).run()


if __name__ == "__main__":
    sys.exit(main())
