# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where packets go: to a port nobody has bound, to a reader that drains its
socket, or into a black hole, a device that drops them behind a network stack of
its own, so that only the way out is measured."""

import ipaddress
import json
import os
import socket
import subprocess


class Destination:
    """A host and port, and the command that a program is started with there. first: of so
    many consecutive addresses as are asked for, which lead there, too."""

    def __init__(self, name, host, port, prefix=(), first=None):
        self.name, self.host, self.port, self.prefix = name, host, port, list(prefix)
        self._first = first

    def hosts(self, n):
        """So many addresses."""
        if n == 1:
            return [self.host]
        return [str(ipaddress.ip_address(self._first) + i) for i in range(n)]

    def received(self):
        """What arrived since the last call, or None where nobody counts."""
        return None

    def close(self):
        """Removes what was made."""


def nowhere():
    """For what sends nothing."""
    return Destination("nowhere", "", 0)


def unbound():
    """A loopback port that nobody has bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return Destination("none", "127.0.0.1", probe.getsockname()[1], first="127.1.0.1")


class Drained(Destination):
    """A reader with UDP_GRO and a large buffer: see drain.c."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        port, self.buffer = map(int, self._process.stdout.readline().split())
        super().__init__("gro", "127.0.0.1", port)

    def received(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class BlackHole(Destination):
    """An ifb device in a network namespace: what is sent into it is dropped.
    Raises OSError with the reason where one may not be made."""

    NEIGHBOUR = "192.0.2.2"
    BEHIND = "198.18.0.0"  # addresses behind that one, a /16

    def __init__(self):
        self._namespace = f"spead2bench{os.getpid()}"
        super().__init__("wire", self.NEIGHBOUR, 8888,
                         ["ip", "netns", "exec", self._namespace], self.BEHIND)
        self._ip("netns", "add", self._namespace)
        try:
            for command in ("link add sink0 type ifb",
                            "address add 192.0.2.1/24 dev sink0",
                            "link set sink0 mtu 65535 up",
                            f"neighbour add {self.NEIGHBOUR} lladdr 02:00:00:00:00:02 "
                            "dev sink0 nud permanent",
                            f"route add {self.BEHIND}/16 via {self.NEIGHBOUR}"):
                self._ip("-n", self._namespace, *command.split())
        except OSError:
            self.close()
            raise

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

    def close(self):
        # The device goes with its namespace.
        self._ip("netns", "delete", self._namespace)
