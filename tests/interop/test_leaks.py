# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer's leaks tracer: every GStreamer object is gone when a program ends.

LeakSanitizer sees memory that nobody points to; the tracer sees objects that
somebody still holds.
"""

import os
import re
import signal
import subprocess

import pytest

from conftest import LIMIT, wait_until


def traced():
    return {**os.environ, "GST_TRACERS": "leaks", "GST_DEBUG": "GST_TRACER:7,leaks:7",
            "GST_DEBUG_NO_COLOR": "1"}


def count_left(log):
    """What the tracer found at the end of the program."""
    found = re.search(r"listed (\d+) alive objects", log)
    assert found, "the tracer said nothing"
    return int(found.group(1))


@pytest.mark.parametrize("pipeline", [
    "adctestsrc num-buffers=20 ! spead2sink",
    "adctestsrc num-buffers=20 ! spead2sink rate=1e8 max-packet-size=9000",
    "adctestsrc num-buffers=20 ! tee name=t ! queue ! spead2sink t. ! queue ! spead2sink port=8889",
    "audiotestsrc num-buffers=20 ! audio/x-raw,format=S16LE,channels=2 ! spead2sink sync=true",
    "videotestsrc num-buffers=20 ! spead2sink",
    "fakesrc num-buffers=3 sizetype=fixed sizemax=100 ! spead2sink uri=spead://127.0.0.1:8888?ttl=3",
    "fakesrc num-buffers=3 sizetype=fixed sizemax=0 ! spead2sink",
    # Errors. (None between PAUSED and the first buffer: gst-launch-1.0 of 1.22 may
    # wait for ever then, whatever the sink is.)
    "adctestsrc num-buffers=20 ! spead2sink port=0",
    "adctestsrc num-buffers=20 ! spead2sink host=no-such-host.invalid",
    "adctestsrc num-buffers=20 ! spead2sink uri=nonsense",
    "adctestsrc num-buffers=20 ! identity error-after=5 ! spead2sink",
    "adctestsrc minimum=3 maximum=2 ! spead2sink",
])
def test_no_object_is_left(pipeline):
    ended = subprocess.run(["gst-launch-1.0", "-q", *pipeline.split()], env=traced(),
                           timeout=LIMIT, capture_output=True, text=True)
    assert count_left(ended.stderr) == 0, ended.stderr[-4000:]


def test_no_object_is_left_after_ctrl_c(receive):
    receiver = receive()
    process = subprocess.Popen(["gst-launch-1.0", "adctestsrc", "!", "spead2sink", "rate=1e7",
                                f"port={receiver.port}"],
                               env=traced(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    wait_until(receiver.n_heaps, process)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=LIMIT)
    assert count_left(log) == 0, log[-4000:]
