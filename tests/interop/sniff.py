#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures what goes over lo while a command runs, as tcpdump does, into a pcap file.

    sniff.py --output file.pcap -- COMMAND...

The status is the command's.
"""

import argparse
import select
import socket
import struct
import subprocess
import sys

from udp import allow_buffer

BUFFER = 64 << 20
ETH_P_ALL = 3
MAX_FRAME = 1 << 18
# Of each frame: when (not said), how long it is, and how much of it is here.
FILE_HEADER = struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, MAX_FRAME, 1)
FRAME_HEADER = struct.Struct("=IIII")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock, \
            open(arguments.output, "wb") as file:
        allow_buffer(sock, BUFFER)
        sock.bind(("lo", 0))
        file.write(FILE_HEADER)
        command = subprocess.Popen(arguments.command, stdin=subprocess.DEVNULL)
        while True:
            ended = command.poll() is not None
            if select.select([sock], [], [], 0 if ended else 0.1)[0]:
                frame, (_, _, kind, _, _) = sock.recvfrom(MAX_FRAME)
                # lo shows each frame as it goes and as it comes.
                if kind != socket.PACKET_OUTGOING:
                    file.write(FRAME_HEADER.pack(0, 0, len(frame), len(frame)) + frame)
            elif ended:
                return command.returncode


if __name__ == "__main__":
    sys.exit(main())
