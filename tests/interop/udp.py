# SPDX-License-Identifier: LGPL-2.1-or-later
"""UDP sockets of the receivers here. Only what Python itself has is used."""

import os
import socket
import struct
import subprocess
import sys

SO_RCVBUFFORCE = 33
BUFFER = 32 << 20


def allow_buffer(sock, size):
    """As large a receive buffer as this user may have, up to size."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def join_group(sock, group, iface):
    """Makes the socket a member of a multicast group of its family on an interface."""
    member = socket.inet_pton(sock.family, group)
    index = socket.if_nametoindex(iface)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member + struct.pack("=I", index))
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        member + struct.pack("=4si", bytes(4), index))


def kernel_drops(sock):
    """Packets that the kernel dropped at this socket, or None where it does not say."""
    inode = str(os.fstat(sock.fileno()).st_ino)
    name = "udp6" if sock.family == socket.AF_INET6 else "udp"
    try:
        with open(f"/proc/net/{name}", encoding="ascii") as table:
            for line in table:
                fields = line.split()
                if fields[9] == inode:
                    return int(fields[-1])
    except OSError:
        pass
    return None


def open_elsewhere(prefix, iface, addresses):
    """Sockets of this process in the network of another one, which prefix enters, bound to the
    addresses (address, port); groups are joined on iface."""
    here, there = socket.socketpair()
    with here, there:
        subprocess.run([*prefix, sys.executable, __file__, iface,
                        *(f"{address}:{port}" for address, port in addresses)], stdin=there, check=True)
        _, descriptors, _, _ = socket.recv_fds(here, 1, len(addresses))
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def main():
    """Opens them there, and hands them over on standard input."""
    iface, sockets = sys.argv[1], []
    for text in sys.argv[2:]:
        address, port = text.split(":")
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        allow_buffer(sock, BUFFER)
        sock.bind((address, int(port)))
        if socket.inet_aton(address)[0] >= 224:
            join_group(sock, address, iface)
        sockets.append(sock)
    with socket.socket(fileno=0) as other:
        socket.send_fds(other, [b"x"], [sock.fileno() for sock in sockets])


if __name__ == "__main__":
    main()
