# SPDX-License-Identifier: LGPL-2.1-or-later
"""How busy other programs keep the processors while this one measures, which falsifies its
figures."""

import os
import time

KTHREADD = 2


def _stat(pid):
    """(parent, CPU seconds of a process and of its children that have ended)"""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _seconds():
    """CPU seconds of all programs but this one and those that it has started. The kernel's
    threads do the network's work, and do not count."""
    own, total = os.getpid(), 0
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == own:
            continue
        try:
            parent, seconds = _stat(name)
        except OSError:
            continue  # it has ended: its parent has its time
        if parent not in (own, KTHREADD):
            total += seconds
    return total


class OtherPrograms:
    def __init__(self):
        self._begin, self._seconds = time.monotonic(), _seconds()

    def share(self):
        """Of one processor, since the object was made."""
        return max(_seconds() - self._seconds, 0) / (time.monotonic() - self._begin)


def wait_until_idle(share, seconds):
    """Waits until other programs use less than that share of a processor, at most so many
    seconds. Returns how long it has waited."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        others = OtherPrograms()
        time.sleep(0.2)
        if others.share() < share:
            break
    return time.monotonic() - begin
