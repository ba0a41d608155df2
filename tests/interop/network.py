# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two machines and a wire between them, in network namespaces that end with their test."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading

import pytest

from conftest import HERE, LIMIT, PYTHON, wait_until
from namespaces import Namespace

LEFT, RIGHT, NOBODY = "10.77.0.1", "10.77.0.2", "10.77.0.9"
PORT = 8888
MTU = 9000
RETRANS = 100  # ms until a neighbour is asked again, three times in all
HEADERS = 28  # of IPv4 and UDP
# Properties of every sender, to try them on a bad network.
EXTRA = os.environ.get("NETWORK_PROPERTIES", "")


class Process:
    """A program that answers in lines of JSON."""

    def __init__(self, command):
        print(shlex.join(command))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.said = []

    def read(self, key):
        """The next line with that key; those before it are kept."""
        timer = threading.Timer(LIMIT, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.said.append(json.loads(line))
                if key in self.said[-1]:
                    return self.said[-1]
        finally:
            timer.cancel()
        raise AssertionError(f"no {key} came: {self.said[-5:]}")

    def ask(self, text, key):
        self.process.stdin.write(text + "\n")
        return self.read(key)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Sender(Process):
    """streamer.py with the samples of adctestsrc."""

    def __init__(self, prefix, properties):
        super().__init__([*prefix, PYTHON, str(HERE / "streamer.py"),
                          "adctestsrc samplesperbuffer=65536 ! "
                          f"spead2sink name=sender {properties}"])
        self.read("playing")

    def stats(self):
        return self.ask("stats", "stats")["stats"]

    def set(self, name, value):
        self.process.stdin.write(f"set {name} {value}\n")

    def remove(self, host):
        self.process.stdin.write(f"remove {host} {PORT}\n")

    def until(self, condition):
        """Waits until the counters are so."""
        found = {}
        wait_until(lambda: condition(found.update(self.stats()) or found), self.process)
        return found

    def flow(self, heaps=20):
        """So many heaps more have ended, as sent."""
        before = self.stats()["heaps-sent"]
        return self.until(lambda stats: stats["heaps-sent"] >= before + heaps)

    def end(self):
        """The counters at the end, which add up."""
        stats = self.ask("end", "stats")["stats"]
        assert self.process.wait(LIMIT) == 0
        assert stats["outstanding"] == 0
        assert stats["heaps-pushed"] == (
            stats["heaps-sent"] + stats["heaps-failed"] + stats["heaps-dropped"])
        return stats

    def warnings(self):
        return [line["warning"] for line in self.said if "warning" in line]


class Counter(Process):
    """counter.py at a port."""

    def __init__(self, prefix, *options):
        super().__init__([*prefix, sys.executable, str(HERE / "counter.py"),
                          *(str(option) for option in options)])
        self.port = self.read("ready")["ready"]

    def count(self, packets=""):
        """What has come, when so many packets have, or when nothing comes any more."""
        return self.ask(str(packets), "packets")


class Network:
    """left and right are what to put before a command to run it there."""

    def __init__(self):
        near = Namespace()
        self.processes = []
        self.namespaces = [near, Namespace(within=near.prefix)]
        self.left, self.right = (namespace.prefix for namespace in self.namespaces)
        self.at_left(f"ip link add wire mtu {MTU} type veth peer name wire mtu {MTU} "
                     f"netns {self.namespaces[1].pid}")
        for run, address in ((self.at_left, LEFT), (self.at_right, RIGHT)):
            run("ip link set lo up")
            run(f"ip address add {address}/24 dev wire")
            run("ip link set wire up")

    def give_up_early(self):
        """A neighbour that does not respond is given up after 0.3 s, not after 3: too early for
        one whose link has just come up."""
        for table in ("arp_cache", "ndisc_cache"):
            self.at_left(f"ip ntable change name {table} dev wire retrans {RETRANS}")

    def remove(self):
        for process in self.processes:
            process.kill()
        for namespace in self.namespaces:
            namespace.remove()

    @staticmethod
    def run(prefix, command):
        done = subprocess.run([*prefix, *shlex.split(command)], capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        assert done.returncode == 0, command + ": " + done.stderr
        return done.stdout

    def at_left(self, command):
        return self.run(self.left, command)

    def at_right(self, command):
        return self.run(self.right, command)

    def start(self, process, *arguments):
        self.processes.append(process(*arguments))
        return self.processes[-1]

    def sender(self, properties="", host=RIGHT):
        return self.start(Sender, self.left,
                          f"host={host} port={PORT} rate=8e6 max-heaps=8 {EXTRA} {properties}")

    def receiver(self, *options):
        return self.start(Counter, self.right, "--bind", "0.0.0.0", "--port", PORT, *options)

    def filter(self, run, hook, verdict):
        """Packets to the port meet that verdict; `nft flush ruleset` ends it."""
        if shutil.which("nft") is None:
            pytest.skip("there is no nft")
        run("nft add table ip test")
        run(f"nft 'add chain ip test packets {{ type filter hook {hook} priority 0; }}'")
        run(f"nft add rule ip test packets udp dport {PORT} counter {verdict}")

    @staticmethod
    def filtered(run):
        """Packets that met the verdict, as the kernel counts them, and bytes of UDP payload."""
        packets, size = map(int, re.search(r"counter packets (\d+) bytes (\d+)",
                                           run("nft list ruleset")).groups())
        return packets, size - HEADERS * packets
