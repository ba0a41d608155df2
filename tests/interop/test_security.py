# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the plugin can reach at all, and that no variable of the environment moves its data."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, LIMIT, ROOT

PLUGIN = BUILD / "plugin/libgstspead2.so"
# Functions by which a program reads its environment, opens files by name, runs
# programs, or loads code.
FORBIDDEN = re.compile(
    r"(secure_)?getenv|environ|g_(get)?env.*|g_getenv|g_environ_.*|g_listenv"
    r"|open(at)?2?(64)?|creat(64)?|f(d)?re?open(64)?|fopen(64)?|g_f?open|g_fopen|opendir|g_dir_.*"
    r"|system|popen|exec.*|fork|vfork|posix_spawn.*|g_spawn.*|g_subprocess.*"
    r"|dlopen|dlsym|g_module_.*|g_file_.*|g_mapped_file_.*|g_key_file_.*|gst_parse_.*"
    r"|gst_plugin_load.*|gst_uri_.*_from_.*|mkstemp.*|unlink|rename|chmod|setuid|mprotect")


def test_the_plugin_opens_no_file_reads_no_environment_and_runs_nothing():
    imported = subprocess.run(["nm", "-D", "--undefined-only", str(PLUGIN)], capture_output=True,
                              text=True, timeout=LIMIT, check=True).stdout
    names = [line.split()[-1].split("@")[0] for line in imported.splitlines()]
    assert "sendmmsg" in names and "g_malloc" in names
    sanitizer = [name for name in names if name.startswith(("__asan", "__tsan"))]
    if sanitizer:
        pytest.skip("a sanitizer's plugin imports more")
    assert [name for name in names if FORBIDDEN.fullmatch(name)] == []


def test_the_sources_name_no_variable_of_the_environment():
    for folder in ("plugin", "gst/spead2"):
        for source in (ROOT / folder).rglob("*.[ch]"):
            assert not re.search(r"getenv|environ\b", source.read_text()), source


def traced(tmp_path, environment):
    """What a pipeline opened, connected and sent to, by its system calls."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace")
    trace = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), "-e",
         "trace=connect,bind,sendto,sendmsg,sendmmsg,execve,openat", "-e", "signal=none",
         "gst-launch-1.0", "-q", "adctestsrc", "num-buffers=3", "samplesperbuffer=3000", "!",
         "spead2sink", "host=127.0.0.1", "port=9", "zero-copy=off"],
        env=dict(os.environ, **environment), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=LIMIT, check=False)
    if "Operation not permitted" in done.stderr and not trace.exists():
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    return trace.read_text()


# As somebody might guess them.
NAMES = ["SPEAD2_HOST", "SPEAD2_PORT", "SPEAD2_URI", "GST_SPEAD2_URI", "SPEAD2SINK_HOST", "HOST",
         "PORT", "UDP_HOST", "SPEAD_HOST", "GST_SPEAD2_HOST", "SPEAD2_IBV_INTERFACE",
         "SPEAD2_FAULTS", "SPEAD2_BIND_ADDRESS", "http_proxy", "all_proxy", "SOCKS_SERVER"]


@pytest.mark.parametrize("environment", [{}, {name: "192.0.2.7:7" for name in NAMES}],
                         ids=["empty", "full"])
def test_data_goes_where_the_properties_say(tmp_path, environment):
    calls = traced(tmp_path, environment).splitlines()
    internet = [call for call in calls if "sin_addr" in call or "sin6_addr" in call]
    assert internet
    for call in internet:
        assert 'sin_port=htons(9), sin_addr=inet_addr("127.0.0.1")' in call, call
        assert "192.0.2.7" not in call, call
    # GStreamer's own scanner may be run; nothing behind the first packet is.
    first = next(index for index, call in enumerate(calls) if "sendmmsg" in call)
    last = max(index for index, call in enumerate(calls) if "sendmmsg" in call)
    assert [call for call in calls[first:last] if "execve" in call or "openat" in call] == []
