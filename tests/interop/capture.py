#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps every datagram that comes to a UDP port while a command runs.

    capture.py --port 7148 --group 239.1.2.3 --output file.bin -- COMMAND...

The file has each datagram with its length (4 bytes, big endian) in front. The
status is the command's.
"""

import argparse
import socket
import struct
import subprocess
import sys
import threading

from udp import allow_buffer, join_group

BUFFER = 32 << 20


def open_socket(port, group):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    allow_buffer(sock, BUFFER)
    sock.bind((group or "127.0.0.1", port))
    if group:
        join_group(sock, group, "lo")
    return sock


def keep(sock, file):
    while True:
        datagram = sock.recv(65536)
        # Nobody sends an empty one: it is how this ends.
        if not datagram:
            return
        file.write(struct.pack(">I", len(datagram)) + datagram)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--group")
    parser.add_argument("--output", required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    sock = open_socket(arguments.port, arguments.group)
    with open(arguments.output, "wb") as file:
        thread = threading.Thread(target=keep, args=(sock, file))
        thread.start()
        done = subprocess.run(arguments.command, stdin=subprocess.DEVNULL, check=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            if arguments.group:
                end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                               struct.pack("=4s4si", bytes(4), bytes(4), socket.if_nametoindex("lo")))
            end.sendto(b"", (arguments.group or "127.0.0.1", arguments.port))
        thread.join()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
