#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps every datagram that comes to a UDP port while a command runs.

    capture.py --port 7148 --group 239.1.2.3+7 --output file.bin -- COMMAND...

The file has each datagram with its length (4 bytes, big endian) and its group's
number in the range (1 byte) in front. The status is the command's.
"""

import argparse
import ipaddress
import socket
import struct
import subprocess
import sys
import threading

from udp import allow_buffer, join_group

BUFFER = 32 << 20
IP_PKTINFO = 8


def expand(group):
    """The groups of a range such as 239.1.2.3+7."""
    first, _, more = group.partition("+")
    return [str(ipaddress.ip_address(first) + number) for number in range(int(more or 0) + 1)]


def open_socket(port, groups):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    allow_buffer(sock, BUFFER)
    sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    sock.bind(("" if groups else "127.0.0.1", port))
    for group in groups:
        join_group(sock, group, "lo")
    return sock


def keep(sock, groups, file):
    while True:
        datagram, ancillary, _, _ = sock.recvmsg(65536, 128)
        # Nobody sends an empty one: it is how this ends.
        if not datagram:
            return
        # struct in_pktinfo: an index, a local address, and where the packet was sent to.
        address = socket.inet_ntoa(ancillary[0][2][8:12])
        number = groups.index(address) if groups else 0
        file.write(struct.pack(">IB", len(datagram), number) + datagram)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--group")
    parser.add_argument("--output", required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    groups = expand(arguments.group) if arguments.group else []
    sock = open_socket(arguments.port, groups)
    with open(arguments.output, "wb") as file:
        thread = threading.Thread(target=keep, args=(sock, groups, file))
        thread.start()
        done = subprocess.run(arguments.command, stdin=subprocess.DEVNULL, check=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            if groups:
                end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                               struct.pack("=4s4si", bytes(4), bytes(4), socket.if_nametoindex("lo")))
            end.sendto(b"", ((groups or ["127.0.0.1"])[0], arguments.port))
        thread.join()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
