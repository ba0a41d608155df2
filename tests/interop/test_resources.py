# SPDX-License-Identifier: LGPL-2.1-or-later
"""Little memory: a clear error at the start, or a stream that needs no more than it said."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from conftest import LIMIT

MEMORY = Path("/sys/fs/cgroup/memory")
MIB = 1 << 20


def run(prefix, pipeline):
    command = [*prefix, "gst-launch-1.0", *shlex.split(pipeline)]
    print(shlex.join(command))
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
                          env=dict(os.environ, LC_ALL="C"))


def test_buffers_that_there_is_no_memory_for_are_an_error():
    done = run(["timeout", "20", "prlimit", f"--as={1000 * MIB}"],
               "adctestsrc num-buffers=3 samplesperbuffer=1000000000 ! spead2sink")
    # gst-launch-1.0 says so and ends: no signal. It may also go on to wait for PAUSED, since it
    # drops what is posted while it reads an error (with any sink): 124 then.
    assert done.returncode in (1, 124), done.stdout
    assert "There is no memory for 2 buffers of 1000000000 bytes" in done.stdout
    assert "set fewer samplesperbuffer" in done.stdout


@pytest.fixture
def small_group():
    """What to put before a command that gets 96 MiB of memory and no more."""
    group = MEMORY / f"spead2-test-{os.getpid()}"
    try:
        if MEMORY.is_dir():
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text(str(96 * MIB))
        else:
            group = Path("/sys/fs/cgroup") / group.name
            group.mkdir()
            (group / "memory.max").write_text(str(96 * MIB))
            (group / "memory.swap.max").write_text("0")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"no memory cgroup to be had: {error}")
    yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    group.rmdir()


@pytest.mark.parametrize("heap", [1, 4], ids=lambda heap: f"{heap} MiB")
def test_a_long_stream_fits_little_memory(small_group, heap):
    """1 GiB of heaps within 96 MiB: what is outstanding is bounded, and nothing is kept."""
    done = run(small_group, f"adctestsrc wave=silence num-buffers={1024 // heap} "
                            f"samplesperbuffer={heap * MIB} ! spead2sink port=9 max-packet-size=8972")
    assert done.returncode == 0, done.stdout
