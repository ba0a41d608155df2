#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pastes the lines of the installed pages into shells, as a user does who has the packages and
nothing else: no source tree, no variable, an empty directory.

    check-lines.py <directory of packages>

In a bare system with the packages, as root, which installs what the pages say. All other lines
are a user's, in networks of their own. Of lines about a machine the programs must be installed.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path

SITE = Path("/usr/share/doc/gstreamer1.0-spead2/html")
# These pages install, in this order.
INSTALLING = [SITE / "docs/packaging.html", SITE / "docs/index.html"]
HOME = Path("/home/reader")
USER = 1000
ENVIRONMENT = {"HOME": str(HOME), "LANG": "C.UTF-8"}
# What a user has on Debian, and root.
PATHS = {False: "/usr/local/bin:/usr/bin:/bin", True: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# gst-launch-1.0 of GStreamer 1.22 may not end after an error while it prerolls.
LIMITED = 'gst-launch-1.0() { timeout 15 "$(type -P gst-launch-1.0)" "$@"; }\n'
# Lines that change the machine, or are about its network card or its own network. Installing is root's,
# who needs no sudo.
OF_A_MACHINE = re.compile(r"\bsudo |\beth0\b|/proc/irq/|net\.core\.busy_")
PROGRAM = re.compile(r"(?:^|\| )(?:sudo )?([\w./-]+)")
# What starts a machine, and a bare system does not have.
BOOTING = {"systemctl"}
AS_ROOT = "sudo() { DEBIAN_FRONTEND=noninteractive \"$@\"; }\n"
# What sends; a receiver without it waits, until Ctrl-C.
SENDING = re.compile(r"adctestsrc|audiotestsrc|filesrc|two-tones|numpy_sender")
BAD = re.compile(r"ERROR|CRITICAL|Traceback|not found|No such file")
LIMIT = 300


class Page(HTMLParser):
    """The blocks of shell lines, each with the message that is quoted right above it, or None."""

    def __init__(self, path):
        super().__init__()
        self.blocks, self.message = [], None
        self.text, self.end, self.depth = None, None, 0
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        if self.text is None:
            if tag == "blockquote" or (tag == "div" and "highlight-sh" in (dict(attributes).get("class") or "")):
                self.text, self.end, self.depth = "", tag, 1
            elif tag in ("p", "ul", "table", "section"):
                self.message = None
        elif tag == self.end:
            self.depth += 1

    def handle_endtag(self, tag):
        if self.text is None or tag != self.end:
            return
        self.depth -= 1
        if self.depth == 0:
            if tag == "blockquote":
                self.message = self.text.strip()
            else:
                self.blocks.append((self.message, self.text))
            self.text = None

    def handle_data(self, data):
        if self.text is not None:
            self.text += data


def run(script, directory, as_root=False, until=None):
    """What bash prints, and its status. Ctrl-C comes when it prints until. What runs in the background
    ends with it."""
    command = ["bash", "-euc", script]
    if not as_root:
        # On a running Debian anybody may ping, by a setting that a new network does not have.
        command = ["unshare", "--net", "sh", "-c", f"""ip link set lo up &&
                   exec setpriv --reuid={USER} --regid={USER} --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw \
                   env PATH="$0" "$@" """, PATHS[False], *command]
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env=dict(ENVIRONMENT, PATH=PATHS[True]), start_new_session=True)
        end = time.monotonic() + LIMIT
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
            if until is not None and until in text_of(output):
                os.killpg(process.pid, signal.SIGINT)
                until = None
        status = process.returncode  # None: it did not end
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return text_of(output), status


def text_of(file):
    """By a descriptor of its own: the place in the file is the writer's."""
    return Path(file.name).read_text(errors="replace")


def without_numbers(text):
    """What the machine allows differs."""
    return re.sub(r"(?<=send buffer of )\d+", "NUMBER", text)


def is_right(message, block, printed, status):
    if message is not None and "gst-launch-1.0" in block:  # which the block provokes
        return without_numbers(message) in without_numbers(printed)
    return status == 0 and not BAD.search(printed)


def missing_programs(block):
    """Those of its lines about a machine that nothing has installed."""
    programs = {name for line in block.splitlines() if OF_A_MACHINE.search(line) for name in PROGRAM.findall(line)}
    return sorted(name for name in programs - BOOTING if shutil.which(name, path=PATHS[True]) is None)


def paste(message, block, directory, prelude):
    """Whether the block does what the page says, and what it printed; None where nothing is left of it."""
    if missing := missing_programs(block):
        return False, f"not installed: {', '.join(missing)}"
    block = "".join(f"{line}\n" for line in block.splitlines() if not OF_A_MACHINE.search(line))
    if not block.strip():
        return None, ""
    if message is None and "spead2src" in block and not SENDING.search(block):
        printed, status = run(prelude + block, directory, until="PLAYING")
        return status is not None and "PLAYING" in printed and not BAD.search(printed), printed
    printed, status = run(prelude + LIMITED + block, directory)
    return is_right(message, block, printed, status), printed


def install(packages):
    """Does what the pages say; the lines that each new shell begins with."""
    prelude = ""
    for path in INSTALLING:
        for _, block in Page(path).blocks:
            printed, status = run(AS_ROOT + block, packages, as_root=True)
            if status != 0:
                sys.exit(f"{path.name}: this failed:\n{block}\n{printed}")
            prelude += "".join(f"{line}\n" for line in block.splitlines() if line.startswith(". "))
    return prelude


def main():
    subprocess.run(["useradd", "--create-home", f"--uid={USER}", f"--home-dir={HOME}", HOME.name], check=True)
    prelude = install(Path(sys.argv[1]))
    pasted, wrong = 0, 0
    for path in sorted({*SITE.glob("*.html"), *SITE.glob("docs/*.html")} - set(INSTALLING)):
        blocks = Page(path).blocks
        directory = HOME / path.stem
        directory.mkdir()
        os.chown(directory, USER, USER)
        for message, block in blocks:
            right, printed = paste(message, block, directory, prelude)
            pasted += right is not None
            if right is False:
                wrong += 1
                print(f"check-lines: {path.name}: this does not work:\n{block}\nIt printed:\n{printed}", flush=True)
    print(f"check-lines: {pasted} blocks of lines were pasted, {wrong} do not work")
    return 0 if pasted > 100 and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
