# SPDX-License-Identifier: LGPL-2.1-or-later
"""What real networks do to a stream, and that what spead2sink counts is what became of it.

Each test makes two machines and a wire between them, breaks something while heaps are being
sent, and mends it. The sender must go on meanwhile, say what happened, find back by itself,
and in the end have counted what the receiver has, and what the kernel says it dropped.

NETWORK_PROPERTIES: of all these senders, for example send-threads=4.
"""

import re
import subprocess
import sys
import time

import pytest

from network import LEFT, NOBODY, PORT, RIGHT, Counter, Network


@pytest.fixture
def network():
    made = Network()
    yield made
    made.remove()


@pytest.fixture
def early(network):
    """Absent neighbours are given up early."""
    network.give_up_early()


def check_all_arrived(stats, receiver):
    """Every byte that the kernel accepted is at the receiver."""
    received = receiver.count(stats["packets"])
    assert received["drops"] == 0
    assert (received["packets"], received["bytes"]) == (stats["packets"], stats["bytes"])
    assert received["whole"] >= stats["heaps-sent"]
    assert received["stops"] == 1


def check_said(sender, *words):
    assert any(all(word in text for word in words) for text in sender.warnings()), sender.warnings()


def test_nothing_is_lost_where_nothing_is_wrong(network):
    receiver, sender = network.receiver(), network.sender()
    sender.flow(50)
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert stats["errors"] == 0 and stats["gso"] and sender.warnings() == []
    assert stats["mtu"] == 9000


def test_a_link_that_goes_down_and_up(network):
    receiver, sender = network.receiver(), network.sender()
    sender.flow()
    network.at_left("ip link set wire down")
    sender.until(lambda stats: stats["heaps-failed"] > 10)
    network.at_left("ip link set wire up")
    sender.flow()
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert set(stats["errors-by-errno"]) == {"ENETUNREACH"} and stats["gso"]
    check_said(sender, "Could not send to", "Network is unreachable", "the stream goes on")


def test_a_receiver_whose_link_goes_down_and_up(network):
    """Nobody tells the sender. What it sent meanwhile, no kernel counts."""
    receiver, sender = network.receiver(), network.sender()
    sender.flow()
    network.at_right("ip link set wire down")
    sender.flow()
    network.at_right("ip link set wire up")
    before = receiver.count(1)["whole"]
    sender.until(lambda stats: receiver.count(1)["whole"] > before)
    stats, received = sender.end(), receiver.count()
    assert stats["heaps-failed"] == 0
    assert before < received["whole"] < stats["heaps-sent"]
    assert received["packets"] < stats["packets"]


@pytest.mark.parametrize("bound", [False, True], ids=["unbound", "bound"])
def test_an_address_that_is_removed(network, bound):
    receiver = network.receiver()
    sender = network.sender(f"bind-address={LEFT}" if bound else "")
    sender.flow()
    network.at_left(f"ip address del {LEFT}/24 dev wire")
    if bound:  # a way there is left, for who has another address
        network.at_left("ip route add 10.77.0.0/24 dev wire")
    sender.until(lambda stats: stats["heaps-failed"] > 10)
    network.at_left(f"ip address add {LEFT}/24 dev wire")
    sender.flow()
    stats = sender.end()
    assert set(stats["errors-by-errno"]) <= {"ENETUNREACH", "EINVAL"}
    assert stats["gso"], "GSO is not at fault"
    check_all_arrived(stats, receiver)


def test_an_mtu_that_is_lowered_and_raised(network):
    """Packets that no longer fit are sent in fragments; GSO comes back by itself."""
    receiver, sender = network.receiver(), network.sender("max-packet-size=8972 rate=40e6")
    assert sender.flow()["gso"]
    network.at_left("ip link set wire mtu 1500")
    stats = sender.until(lambda stats: not stats["gso"])
    assert stats["gso-reason"] == "Message too long"
    sender.flow()
    network.at_left("ip link set wire mtu 9000")
    sender.until(lambda stats: stats["gso"])
    sender.flow()
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert stats["heaps-failed"] == 0 and stats["errors-by-errno"]["EMSGSIZE"] >= 1


@pytest.mark.usefixtures("early")
def test_a_neighbour_that_does_not_respond_at_first(network):
    """Nothing is sent, which the network says later; no heap waits for it."""
    receiver, sender = network.receiver(), network.sender(host=NOBODY)
    sender.until(lambda stats: "EHOSTUNREACH" in stats["errors-by-errno"])
    sender.flow()
    network.at_right(f"ip address add {NOBODY}/24 dev wire")
    sender.until(lambda stats: receiver.count(1)["packets"] > 0)
    before = receiver.count(1)["whole"]
    sender.flow()
    stats, received = sender.end(), receiver.count()
    assert received["whole"] > before and received["packets"] < stats["packets"]
    check_said(sender, f"{NOBODY}:8888 cannot be reached: No route to host")


# Three neighbours that there are not, and what they are the way to.
ABSENT = {
    "ipv4": ("10.77.0.2:8888,10.77.0.51+2:8888", "0.0.0.0", []),
    "ipv6": ("[fd77::2]:8888,[fd77::51]+2:8888", "::", []),
    "routers": ("10.77.0.2:8888,10.78.1.1:8888,10.78.2.1:8888,10.78.3.1:8888", "0.0.0.0",
                [f"ip route add 10.78.{n}.0/24 via 10.77.0.{50 + n}" for n in (1, 2, 3)]),
}


# Other programs delay a stream, too; a neighbour that is waited for delays it by 0.3 s each time.
GAP_TRIES = 10


def gap_beside_absent_neighbours(network, destinations, bind, properties):
    """The longest time between packets to the first destination, the others being absent."""
    network.at_left("ip neighbour flush dev wire")
    receiver = network.start(Counter, network.right, "--bind", bind, "--port", PORT)
    sender = network.sender(f"destinations={destinations} rate=64e6 {properties}")
    # The kernel has given up, and has been asked again.
    sender.until(lambda stats: stats["destinations"][0]["packets-sent"] > 20000)
    stats, received = sender.end(), receiver.count()
    receiver.kill()

    good, *absent = stats["destinations"]
    assert good["errors"] == 0
    # The stop heap failed at the others, and is not sent again to this one.
    assert good["packets-sent"] == received["packets"] and received["stops"] == 1
    assert stats["heaps-failed"] > stats["heaps-sent"]
    for one in absent:
        assert one["errors"] > good["packets-sent"] // 100
        check_said(sender, "No response on the network from", one["address"], "'ip neighbour'")
    assert len(sender.warnings()) < 15
    return received["gap"]


@pytest.mark.parametrize("way, properties", [
    ("ipv4", ""), ("ipv6", "send-threads=2"), ("routers", "bind-port=7777"), ("ipv4", "gso=off")])
@pytest.mark.usefixtures("early")
def test_absent_neighbours_do_not_starve_the_others(network, way, properties):
    """Packets to them would fill the socket's buffer until the kernel gives up."""
    destinations, bind, routes = ABSENT[way]
    for run, address in ((network.at_left, 1), (network.at_right, 2)):
        run(f"ip address add fd77::{address}/64 dev wire nodad")
    for route in routes:
        network.at_left(route)
    assert any(gap < 0.05 for gap in (
        gap_beside_absent_neighbours(network, destinations, bind, properties)
        for _ in range(GAP_TRIES)))


@pytest.mark.usefixtures("early")
def test_an_absent_neighbour_that_comes_is_served(network):
    receiver = network.receiver()
    sender = network.sender(f"destinations={RIGHT}:{PORT},{NOBODY}+2:{PORT} rate=64e6")
    sender.until(lambda stats: stats["destinations"][1]["errors"] > 100)
    network.at_right(f"ip address add {NOBODY}/24 dev wire")
    before = sender.stats()["destinations"][1]["packets-sent"]
    sender.until(lambda stats: stats["destinations"][1]["packets-sent"] > before + 10000)
    errors = sender.stats()["destinations"][1]["errors"]
    sender.flow(500)
    stats = sender.end()
    assert stats["destinations"][1]["errors"] == errors, "it was absent again"
    received = receiver.count()
    assert received["stops"] == 2
    assert received["described"] >= 2, "it has no descriptors"


@pytest.mark.usefixtures("early")
def test_descriptors_are_not_repeated_for_an_absent_neighbour(network):
    receiver, begin = network.receiver(), time.monotonic()
    sender = network.sender(f"destinations={RIGHT}:{PORT},{NOBODY}+2:{PORT} rate=64e6 "
                            "descriptor-interval=500000000")
    sender.until(lambda stats: stats["destinations"][1]["errors"] > 1000)
    intervals = (time.monotonic() - begin) / 0.5
    sender.end()
    assert 2 <= receiver.count()["described"] <= intervals + 2


@pytest.mark.parametrize("properties", ["", "bind-port=7777 send-threads=2"])
@pytest.mark.usefixtures("early")
def test_an_absent_neighbour_that_was_given_up_is_served_when_it_comes(network, properties):
    """The kernel asks for its hardware address only when a packet is sent to it."""
    network.receiver()
    sender = network.sender(
        f"destinations={RIGHT}:{PORT},{NOBODY}+2:{PORT} rate=64e6 {properties}")
    sender.until(lambda _: "FAILED" in network.at_left(f"ip neighbour show {NOBODY}"))
    network.at_right(f"ip address add {NOBODY}/24 dev wire")
    before = sender.stats()["destinations"][1]["packets-sent"]
    sender.until(lambda stats: stats["destinations"][1]["packets-sent"] > before + 10000)
    sender.end()


@pytest.mark.usefixtures("early")
def test_an_absent_destination_that_is_removed_is_forgotten(network):
    """The one that is left is alone: it is not taken off the socket, absent or not."""
    network.receiver()
    sender = network.sender(f"destinations={NOBODY}+1:{PORT},{RIGHT}:{PORT} rate=64e6")
    sender.until(lambda stats: stats["destinations"][1]["errors"] > 100)
    sender.remove(RIGHT)
    sender.remove("10.77.0.10")
    # Heaps that were pushed before fail.
    sender.until(lambda stats: len(stats["destinations"]) == 1)
    failed = sender.flow()["heaps-failed"]
    sender.flow()
    assert sender.end()["heaps-failed"] == failed


@pytest.mark.usefixtures("early")
def test_an_absent_neighbour_ends_the_stream_where_errors_do(network):
    network.receiver()
    sender = network.sender(
        f"destinations={RIGHT}:{PORT},{NOBODY}+2:{PORT} rate=64e6 on-error=fail")
    assert re.search(r"10\.77\.0\.(9|10|11):8888: No route to host.* on-error=fail stops",
                     sender.read("error")["error"])
    assert sender.warnings() == []


@pytest.mark.parametrize("kind, errno, words", [
    ("unreachable", "EHOSTUNREACH", "No route to host"),
    ("prohibit", "EACCES", "Permission denied"),
    ("blackhole", "EINVAL", "Invalid argument")])
def test_a_route_that_refuses(network, kind, errno, words):
    receiver, sender = network.receiver(), network.sender()
    sender.flow()
    network.at_left(f"ip route add {kind} {RIGHT}/32")
    sender.until(lambda stats: stats["heaps-failed"] > 10)
    network.at_left(f"ip route del {kind} {RIGHT}/32")
    sender.flow()
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert set(stats["errors-by-errno"]) == {errno}
    assert stats["gso"], "GSO is not at fault"
    check_said(sender, "Could not send to", words)


@pytest.mark.parametrize("verdict, errnos", [
    ("drop", {"EPERM"}), ("reject", {"EPERM", "ECONNREFUSED"})])
def test_a_firewall_before_the_wire(network, verdict, errnos):
    receiver, sender = network.receiver(), network.sender()
    sender.flow()
    network.filter(network.at_left, "output", verdict)
    sender.until(lambda stats: stats["heaps-failed"] > 10)
    filtered = network.filtered(network.at_left)
    network.at_left("nft flush ruleset")
    sender.flow()
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert set(stats["errors-by-errno"]) == errnos
    # Each message that was refused is one that the firewall has seen.
    assert stats["errors-by-errno"]["EPERM"] >= filtered[0] > 0
    check_said(sender, "Operation not permitted")


@pytest.mark.parametrize("verdict", ["drop", "reject"])
def test_a_firewall_behind_the_wire(network, verdict):
    """The sender cannot see it; it is told of a rejection."""
    receiver, sender = network.receiver(), network.sender()
    network.filter(network.at_right, "input", "accept")
    sender.flow()
    network.at_right("nft flush ruleset")
    network.filter(network.at_right, "input", verdict)
    sender.flow()
    # The rule stays and lets packets pass: its counter is read when none is dropped any more.
    network.at_right("nft insert rule ip test packets udp dport 8888 accept")
    sender.flow()
    _, dropped = network.filtered(network.at_right)
    stats, received = sender.end(), receiver.count()
    assert dropped > 0 and stats["heaps-failed"] == 0
    assert received["bytes"] + dropped == stats["bytes"]
    assert set(stats["errors-by-errno"]) == ({"ECONNREFUSED"} if verdict == "reject" else set())
    if verdict == "reject":
        check_said(sender, "Nobody listens")


def qdisc_drops(network):
    words = network.at_left("tc -s qdisc show dev wire").split()
    return int(words[words.index("(dropped") + 1].rstrip(","))


TBF = "tc qdisc add dev wire root tbf rate 16mbit burst 16kb limit 30kb"


def test_a_queue_that_overflows(network):
    """It says so, and what it dropped goes again: nothing is lost."""
    # Not in mid-stream: packets vanish while a queue is put in its place.
    network.at_left(TBF)
    # A packet a message: with more, the kernel may drop some and not say so.
    receiver, sender = network.receiver(), network.sender("burst-size=1")
    sender.flow(25)
    stats = sender.end()
    check_all_arrived(stats, receiver)
    assert stats["heaps-failed"] == 0 and set(stats["errors-by-errno"]) == {"ENOBUFS"}
    assert stats["errors-by-errno"]["ENOBUFS"] == qdisc_drops(network) > 0
    assert stats["waits"] >= stats["errors"]


def test_a_queue_that_drops_part_of_a_message(network):
    """The kernel says nothing then; what was lost stands in the queue's counter."""
    network.at_left(TBF)
    receiver, sender = network.receiver(), network.sender()
    sender.flow(25)
    sender.set("rate", "1e6")  # which the queue can take
    sender.flow(10)
    stats, received, drops = sender.end(), receiver.count(), qdisc_drops(network)
    assert stats["heaps-failed"] == 0 and received["stops"] == 1
    # A message of which nothing went in was sent again, and was counted once more there.
    assert 0 <= stats["packets"] - received["packets"] <= drops


def test_a_receiver_that_does_not_read(network):
    """The sender cannot see it: the receiver's kernel counts what it drops."""
    receiver = network.receiver("--buffer", 65536, "--deaf", 0.5)
    sender = network.sender()
    sender.flow(60)
    sender.set("rate", "4e6")
    receiver.count(1)  # once it reads again
    sender.flow(30)
    stats, received = sender.end(), receiver.count()
    assert received["drops"] > 0 and stats["errors"] == 0
    assert received["packets"] + received["drops"] == stats["packets"]
    assert received["whole"] < stats["heaps-sent"] == stats["heaps-pushed"]


@pytest.mark.parametrize("options", [
    ("--lose", 0.1), ("--double", 0.1), ("--lose", 0.01, "--double", 0.1)],
    ids=["10% lost", "10% doubled", "1% lost, 10% doubled"])
def test_a_way_that_loses_and_doubles(network, receive, options):
    """The sender cannot see it. spead2 gives the heaps of which nothing is missing."""
    receiver = receive("--idle", 2, prefix=network.right)
    forwarder = network.receiver("--forward", f"127.0.0.1:{receiver.port}", *options)
    sender = network.sender()
    sender.flow(50)
    stats, way, received = sender.end(), forwarder.count(), receiver.finish()
    assert way["drops"] == 0 and received.end["drops"] == 0
    assert (way["packets"], way["bytes"]) == (stats["packets"], stats["bytes"])
    assert stats["heaps-sent"] == stats["heaps-pushed"] and stats["errors"] == 0
    assert way["lost"] + way["twice"] > 0
    assert received.end["stats"]["packets"] == way["packets"] - way["lost"] + way["twice"]
    assert received.end["heaps"] == stats["heaps-sent"] - way["heaps_hit"]


def test_a_way_that_reorders(network):
    """Every packet says where its payload belongs: what comes late comes right."""
    receiver = network.start(Counter, network.right)
    forwarder = network.receiver("--forward", f"127.0.0.1:{receiver.port}",
                                 "--delay", 0.1, "--double", 0.05)
    sender = network.sender()
    sender.flow(50)
    stats, way, received = sender.end(), forwarder.count(), receiver.count()
    assert way["drops"] == 0 and received["drops"] == 0 and way["late"] > 0
    assert received["packets"] == way["packets"] + way["twice"] == stats["packets"] + way["twice"]
    assert received["whole"] == stats["heaps-sent"] == stats["heaps-pushed"]


# Joins a group on the wire, and prints where its next packet comes from.
LISTENER = """
import socket, struct
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("239.1.2.3", 8888))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack(
    "=4s4si", socket.inet_aton("239.1.2.3"), bytes(4), socket.if_nametoindex("wire")))
print("ready", flush=True)
print(sock.recvfrom(65536)[1][0], flush=True)
"""


def test_multicast_by_one_of_an_interface_s_addresses(network):
    """Packets leave by that interface, and come from that address."""
    network.at_left("ip address add 10.77.0.3/24 dev wire")
    with subprocess.Popen([*network.right, sys.executable, "-c", LISTENER], text=True,
                          stdout=subprocess.PIPE) as listener:
        assert listener.stdout.readline() == "ready\n"
        sender = network.sender("multicast-iface=10.77.0.3", host="239.1.2.3")
        sender.flow()
        assert listener.stdout.readline() == "10.77.0.3\n"
        assert sender.end()["errors"] == 0 and sender.warnings() == []


def test_multicast_without_a_route(network):
    sender = network.sender(host="239.1.2.3")
    sender.until(lambda stats: stats["heaps-failed"] > 0)
    sender.end()
    check_said(sender, "no route to the multicast group 239.1.2.3:8888: set multicast-iface")


def test_ipv6_multicast_on_the_loopback(network):
    """It has no route there; the warning has the command that makes one."""
    sender = network.sender("multicast-iface=::1", host="ff15::77")
    sender.until(lambda stats: stats["heaps-failed"] > 0)
    sender.end()
    warning = next(text for text in sender.warnings() if "IPv6 multicast by lo" in text)
    network.at_left(re.search("'sudo (ip .*)'", warning).group(1))
    sender = network.sender("multicast-iface=lo", host="ff15::77")
    sender.flow()
    assert sender.end()["errors"] == 0 and sender.warnings() == []
