# SPDX-License-Identifier: LGPL-2.1-or-later
"""spead2src in groups, on a machine with two interfaces, beside another receiver."""

import ipaddress
import subprocess
import sys

import pytest

import speadwire
from conftest import HERE, LIMIT, PYTHON, wait_until
from namespaces import Namespace
from network import Network, Process

PORT = 8888
# By family: a group, one for source-specific multicast, and what hosts of interface n have.
GROUP = {4: "239.1.2.3", 6: "ff15::1:2"}
SPECIFIC = {4: "232.1.2.3", 6: "ff35::1:2"}
HOST = {4: "10.77.{}.{}", 6: "fd77:{}::{}"}
PREFIX = {4: 24, 6: 64}
families = pytest.mark.parametrize("family", [4, 6])

# Sends the datagram to the group by an interface, from one of its addresses.
SEND = """
import socket, struct, sys
family, group, port, iface, source, data = sys.argv[1:]
if family == "4":
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
else:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                    struct.pack("=I", socket.if_nametoindex(iface)))
sock.bind((source, 0))
sock.sendto(bytes.fromhex(data), (group, int(port)))
"""

# Joins a group on an interface, at any address, and tells of each packet.
LISTEN = """
import json, socket, sys
sys.path.insert(0, sys.argv[1])
from udp import join_group
family, group, port, iface = sys.argv[2:]
sock = socket.socket(socket.AF_INET if family == "4" else socket.AF_INET6, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", int(port)))
join_group(sock, group, iface)
print(json.dumps({"ready": True}), flush=True)
while True:
    print(json.dumps({"heard": sock.recv(65536).hex()}), flush=True)
"""


class TwoInterfaces:
    """Senders at one end of the wires "one" and "two", spead2src at the other."""

    def __init__(self):
        self.senders = Namespace()
        self.receivers = Namespace(within=self.senders.prefix)
        self.processes = []
        self.run(self.receivers, "ip link set lo up")
        for number, wire in enumerate(("one", "two"), 1):
            self.run(self.senders, f"ip link add {wire} type veth peer name {wire} "
                                   f"netns {self.receivers.pid}")
            for namespace, hosts in ((self.senders, (1, 3)), (self.receivers, (2,))):
                for family in (4, 6):
                    for host in hosts:
                        self.run(namespace, f"ip address add {self.host(family, number, host)}/"
                                            f"{PREFIX[family]} dev {wire}"
                                            f"{' nodad' if family == 6 else ''}")
                # No address of its own, which IPv6 would try for seconds.
                self.run(namespace, f"ip link set {wire} addrgenmode none up")
        wait_until(self.is_ready)

    def is_ready(self):
        return all(self.run(namespace, "ip -6 route show table all").count("multicast ff00::/8") == 2
                   for namespace in (self.senders, self.receivers))

    @staticmethod
    def host(family, number, host):
        return HOST[family].format(number, host)

    @staticmethod
    def run(namespace, command):
        return Network.run(namespace.prefix, command)

    def start(self, *command):
        self.processes.append(Process([*self.receivers.prefix, *command]))
        return self.processes[-1]

    def receive(self, properties):
        receiver = self.start(
            PYTHON, str(HERE / "streamer.py"),
            f"spead2src name=receiver port={PORT} {properties} ! fakesink")
        receiver.read("port")
        return receiver

    def listen(self, family, group, iface):
        """Another program, which joins the group."""
        listener = self.start(sys.executable, "-c", LISTEN, str(HERE), str(family), group,
                              str(PORT), iface)
        listener.read("ready")
        return listener

    def send(self, family, group, number, cnt, host=1):
        """A heap by wire number `number`, from that host of its network."""
        (packet,) = speadwire.heap(40, cnt, [(0x3300, b"samples")], lambda _: 1000)
        subprocess.run([*self.senders.prefix, sys.executable, "-c", SEND, str(family), group,
                        str(PORT), ("one", "two")[number - 1], self.host(family, number, host),
                        packet.hex()], check=True, timeout=LIMIT)

    def stop(self):
        while self.processes:
            self.processes.pop().kill()

    def remove(self):
        for namespace in (self.receivers, self.senders):
            namespace.remove()


@pytest.fixture(scope="module")
def wires():
    two = TwoInterfaces()
    yield two
    two.remove()


@pytest.fixture
def machine(wires):
    yield wires
    wires.stop()


def datagrams(receiver):
    return receiver.ask("stats", "stats")["stats"]["datagrams"]


def heard(receiver, number, packets=1):
    """The counters of the heaps that it received, of which there are so many, of so many
    packets each; no datagram besides came."""
    counters = [receiver.read("buffer")["buffer"]["values"]["heap-cnt"] for _ in range(number)]
    assert datagrams(receiver) == number * packets
    return counters


def next_group(group, number):
    return str(ipaddress.ip_address(group) + number)


@families
@pytest.mark.parametrize("more", [False, True], ids=["bound to the group", "to any address"])
def test_a_group_that_another_program_joined_on_the_other_interface(machine, family, more):
    group = GROUP[family]
    address = f"{group},{next_group(group, 9)}" if more else group
    receiver = machine.receive(f"address={address} multicast-iface=one")
    other = machine.listen(family, group, "two")
    machine.send(family, group, 2, cnt=1)
    other.read("heard")
    machine.send(family, group, 1, cnt=2)
    assert heard(receiver, 1) == [2]


@families
def test_both_interfaces(machine, family):
    receiver = machine.receive(f"address={GROUP[family]} multicast-iface=one,two")
    machine.send(family, GROUP[family], 1, cnt=1)
    machine.send(family, GROUP[family], 2, cnt=2)
    assert sorted(heard(receiver, 2)) == [1, 2]


@families
@pytest.mark.parametrize("properties", ["", "gso=off", "send-threads=2 zero-copy=on rate=10e6"])
def test_a_sender_spreads_groups_over_interfaces(machine, launch, family, properties):
    """multicast-iface=one,two: the first group by one, the second by two, and so on."""
    group = GROUP[family]
    ifaces = f"{machine.host(family, 1, 1)},two"
    receivers = [machine.receive(f"address={group}+7 multicast-iface={iface} "
                                 "on-stop=ignore dtype=int8") for iface in ("one", "two")]
    bracketed = f"[{group}]" if family == 6 else group
    launch("adctestsrc num-buffers=16 samplesperbuffer=8192 ! spead2sink descriptors=none "
           f"send-stop-heap=false destinations={bracketed}+7:{PORT} multicast-iface={ifaces} "
           f"{properties}", prefix=machine.senders.prefix)
    for number, receiver in enumerate(receivers):
        assert sorted(heard(receiver, 8, packets=6)) == list(range(1 + number, 17, 2))


@families
def test_a_bound_sender_spreads_groups_from_its_address(machine, launch, family):
    """Not from the one that the list names for the interface."""
    group = SPECIFIC[family]
    source, ifaces = machine.host(family, 1, 3), f"{machine.host(family, 1, 1)},two"
    receiver = machine.receive(f"address={group} multicast-iface=one on-stop=ignore dtype=int8 "
                               f"multicast-source={source}")
    bracketed = f"[{group}]" if family == 6 else group
    launch("adctestsrc num-buffers=4 samplesperbuffer=1000 ! spead2sink descriptors=none "
           f"send-stop-heap=false destinations={bracketed}+1:{PORT} bind-address={source} "
           f"multicast-iface={ifaces}", prefix=machine.senders.prefix)
    assert heard(receiver, 2) == [1, 3]


@families
def test_one_sender_of_a_group(machine, family):
    """Not another one, which another program receives on the same interface."""
    group = SPECIFIC[family]
    receiver = machine.receive(f"address={group} multicast-iface=one "
                               f"multicast-source={machine.host(family, 1, 1)}")
    other = machine.listen(family, group, "one")
    machine.send(family, group, 1, cnt=1, host=3)
    other.read("heard")
    machine.send(family, group, 1, cnt=2, host=1)
    assert heard(receiver, 1) == [2]


@families
def test_a_list_of_groups(machine, family):
    """All of it, and none that is next to it."""
    group = GROUP[family]
    far = next_group(group, 100)
    receiver = machine.receive(f"address={group}+2,{far} multicast-iface=one")
    other = machine.listen(family, next_group(group, 3), "one")
    machine.send(family, next_group(group, 3), 1, cnt=9)
    other.read("heard")
    for cnt, number in enumerate((0, 1, 2, 100)):
        machine.send(family, next_group(group, number), 1, cnt)
    assert sorted(heard(receiver, 4)) == [0, 1, 2, 3]


@families
def test_without_auto_multicast_no_group_is_joined(machine, family):
    """Nor is one heard that another program joined."""
    group = GROUP[family]
    receiver = machine.receive(f"address={group} multicast-iface=one auto-multicast=false")
    other = machine.listen(family, group, "one")
    machine.send(family, group, 1, cnt=1)
    other.read("heard")
    assert datagrams(receiver) == 0


def test_an_interface_that_does_not_exist(machine):
    receiver = machine.start(PYTHON, str(HERE / "streamer.py"),
                             f"spead2src name=receiver port={PORT} address=239.1.2.3 "
                             "multicast-iface=three ! fakesink")
    assert "'three'" in receiver.read("error")["error"]


def test_no_route_to_a_group(machine):
    receiver = machine.start(PYTHON, str(HERE / "streamer.py"),
                             f"spead2src name=receiver port={PORT} address=239.1.2.3 ! fakesink")
    assert "set multicast-iface" in receiver.read("error")["error"]
