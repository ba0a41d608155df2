# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks of a test's own, which end with it: the machine's stays as it is."""

import functools
import os
import subprocess

import pytest

AS_ROOT = os.geteuid() == 0
UNSHARE = ["unshare", "--net", *([] if AS_ROOT else ["--user", "--map-root-user"])]
ENTER = ["nsenter", "--net", *([] if AS_ROOT else ["--user", "--preserve-credentials"])]


class Namespace:
    """A network, and in `prefix` what to put before a command to run it there.

    within: the prefix of another one, whose user it belongs to. Skips the test where there
    is none to be had.
    """

    def __init__(self, setup="true", within=()):
        unshare = [*within, "unshare", "--net"] if within else UNSHARE
        self.holder = subprocess.Popen(
            [*unshare, "sh", "-c", f"{setup} && echo up && exec sleep 600"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self.holder.pid
        self.prefix = [*ENTER, "--target", str(self.pid)]
        if self.holder.stdout.readline() != "up\n":
            self.holder.kill()
            pytest.skip(f"no network namespace to be had: {self.holder.communicate()[1].strip()}")

    def remove(self):
        self.holder.kill()
        self.holder.communicate()


@functools.cache
def alone_on_the_network():
    """What to put before a command so that port 8888 and the groups are its own."""
    up = [*UNSHARE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*up, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace to be had")
    return up
