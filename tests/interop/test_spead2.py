# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real spead2 receives what gst-launch-1.0 sends with spead2sink."""

import signal
import subprocess
import time

import numpy as np
import pytest

import adcnoise
from conftest import LIMIT, safe_sending, wait_until

TIMESTAMP = {"id": 0x1600, "name": "timestamp", "description": "Index of the first sample"}
SAMPLES = {"id": 0x3300, "name": "adc_samples", "description": "ADC converter output"}


def item(heap, wanted):
    """The item of that id, or None."""
    return next((item for item in heap["items"] if item["id"] == wanted["id"]), None)


def check_ended(received):
    """Nothing was lost, and the stop heap ended it.

    spead2 may count one heap as flushed: packets of 56 bytes carry one item
    pointer, the stop heap then takes two of them, and spead2 stops at the first.
    """
    assert received.end["drops"] == 0
    assert received.end["stopped_by"] == "stop heap"
    assert received.end["stats"]["incomplete_heaps_evicted"] == 0


def check_samples(raw, expected):
    got = np.frombuffer(raw, expected.dtype)
    assert got.size == expected.size
    if not np.array_equal(got, expected):
        at = int(np.argmax(got != expected))
        raise AssertionError(f"sample {at} is {got[at]} instead of {expected[at]}")


def check_noise(received, heaps, samples, seed, minimum=-100, maximum=100, address_bits=40):
    """Exactly `heaps` heaps of `samples` samples each, as adctestsrc makes them."""
    check_ended(received)
    assert received.column("cnt") == list(range(1, heaps + 1))
    assert received.column("timestamp") == [index * samples for index in range(heaps)]
    assert sorted(received.heaps[0]["described"]) == [TIMESTAMP["id"], SAMPLES["id"]]
    assert all(heap["described"] == [] for heap in received.heaps[1:])
    for heap in received.heaps:
        timestamp, adc = item(heap, TIMESTAMP), item(heap, SAMPLES)
        assert TIMESTAMP.items() <= timestamp.items()
        assert (timestamp["type"], timestamp["shape"]) == (f"u{address_bits}", [])
        assert SAMPLES.items() <= adc.items()
        assert (adc["type"], adc["shape"]) == ("|i1", [samples])
    check_samples(received.samples,
                  adcnoise.samples(seed, 0, heaps * samples, minimum, maximum))


def noise(receiver, heaps, samples, seed, packet_size=1472, more=""):
    """A pipeline whose every packet a receiver on this machine can take."""
    return (f"adctestsrc num-buffers={heaps} samplesperbuffer={samples} seed={seed} {more} ! "
            f"spead2sink port={receiver.port} max-packet-size={packet_size} "
            f"{safe_sending(receiver.buffer, packet_size)}")


def test_the_default_stream_arrives_whole(receive, launch):
    receiver = receive()
    launch(f"adctestsrc num-buffers=4 seed=1 ! "
           f"spead2sink port={receiver.port} {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    check_noise(received, heaps=4, samples=1048576, seed=1)
    # A full packet, descriptors included, and the stop heap's one.
    assert received.end["stats"]["packets"] == 4 * 733 + 1


@pytest.mark.parametrize("packet_size, samples", [
    (56, 4096), (64, 4096), (100, 8192), (1000, 300007), (1456, 1048576), (1472, 1048577),
    (8972, 1048576), (9000, 1048576), (65507, 1048576)])
def test_every_sample_arrives_with_packets_of(receive, launch, packet_size, samples):
    receiver = receive("--max-packet", 65536, "--ring-heaps", 64)
    launch(noise(receiver, 3, samples, seed=packet_size, packet_size=packet_size))
    check_noise(receiver.finish(), heaps=3, samples=samples, seed=packet_size)


@pytest.mark.parametrize("bits", [32, 40, 48])
def test_heap_address_bits(receive, launch, bits):
    receiver = receive()
    launch(noise(receiver, 3, 100000, seed=bits) + f" heap-address-bits={bits}")
    check_noise(receiver.finish(), heaps=3, samples=100000, seed=bits, address_bits=bits)


@pytest.mark.parametrize("minimum, maximum", [(-128, 127), (0, 1), (7, 7)])
def test_the_limits_of_the_samples(receive, launch, minimum, maximum):
    receiver = receive()
    launch(noise(receiver, 2, 65536, seed=3, more=f"minimum={minimum} maximum={maximum}"))
    check_noise(receiver.finish(), heaps=2, samples=65536, seed=3,
                minimum=minimum, maximum=maximum)


def test_a_thousand_small_heaps_arrive_in_order(receive, launch):
    receiver = receive("--heap-size", 8192, "--ring-heaps", 1024)
    launch(noise(receiver, 1000, 8192, seed=2))
    check_noise(receiver.finish(), heaps=1000, samples=8192, seed=2)


def test_ipv6(ipv6, receive, launch):
    receiver = receive("--bind", "::1")
    launch(noise(receiver, 3, 500000, seed=6) + " host=::1")
    check_noise(receiver.finish(), heaps=3, samples=500000, seed=6)


def test_ipv4_multicast(receive, launch):
    group = "239.255.83.80"
    receiver = receive("--multicast", group, "--iface", "lo")
    launch(noise(receiver, 3, 500000, seed=4) + f" host={group} multicast-iface=lo")
    check_noise(receiver.finish(), heaps=3, samples=500000, seed=4)


def test_ipv6_multicast(ipv6_multicast, receive, launch):
    group = "ff14::5350"
    receiver = receive("--multicast", group, "--iface", "lo", prefix=ipv6_multicast)
    launch(noise(receiver, 3, 500000, seed=5) + f" host={group} multicast-iface=lo",
           prefix=ipv6_multicast)
    check_noise(receiver.finish(), heaps=3, samples=500000, seed=5)


def test_a_shorter_last_heap_is_described_again(receive, launch, tmp_path):
    content = np.random.default_rng(8).integers(0, 256, 250001, dtype=np.uint8)
    file = tmp_path / "some.bytes"
    file.write_bytes(content.tobytes())
    receiver = receive()
    launch(f'filesrc location="{file}" blocksize=100000 ! '
           f"spead2sink port={receiver.port} {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    check_ended(received)
    assert received.column("cnt") == [1, 2, 3]
    assert received.column("timestamp") == [0, 100000, 200000]
    adc = [item(heap, SAMPLES) for heap in received.heaps]
    assert [each["shape"] for each in adc] == [[100000], [100000], [50001]]
    assert {each["type"] for each in adc} == {"|u1"}
    described = received.column("described")
    assert SAMPLES["id"] in described[0]
    assert described[1] == []
    assert SAMPLES["id"] in described[2]
    check_samples(received.samples, content)


@pytest.mark.parametrize("packet_size", [1472, 8972])
def test_heaps_cut_from_buffers_arrive_whole(receive, launch, packet_size):
    receiver = receive("--heap-size", 8192, "--ring-heaps", 1024)
    launch(noise(receiver, 4, 1048576, seed=10, packet_size=packet_size) + " heap-size=8192")
    check_noise(receiver.finish(), heaps=512, samples=8192, seed=10)


def test_buffers_are_joined_and_what_is_left_arrives_as_a_shorter_heap(receive, launch, tmp_path):
    content = np.random.default_rng(9).integers(0, 256, 250001, dtype=np.uint8)
    file = tmp_path / "some.bytes"
    file.write_bytes(content.tobytes())
    receiver = receive()
    launch(f'filesrc location="{file}" blocksize=100000 ! '
           f"spead2sink port={receiver.port} heap-size=40000 {safe_sending(receiver.buffer)}")
    received = receiver.finish()
    check_ended(received)
    assert received.column("cnt") == list(range(1, 8))
    assert received.column("timestamp") == list(range(0, 250000, 40000))
    assert [item(heap, SAMPLES)["shape"] for heap in received.heaps] == [[40000]] * 6 + [[10001]]
    check_samples(received.samples, content)


def test_without_a_rate_every_packet_is_accounted_for(receive, adc_sender):
    # A small buffer, so that packets are lost for sure.
    receiver = receive("--buffer", 65536, "--idle", 3)
    sent = adc_sender("--port", receiver.port, "--heaps", 300)
    received = receiver.finish()
    assert sent["heaps-failed"] == 0
    assert sent["heaps-dropped"] == 0
    assert sent["payload-bytes"] >= 300 * 1048576
    assert sent["packets"] == 300 * 733 + 1
    assert received.end["stats"]["packets"] + received.end["drops"] == sent["packets"]


def test_without_a_stop_heap_the_receiver_sees_none(receive, launch):
    receiver = receive("--idle", 2)
    launch(noise(receiver, 2, 100000, seed=9) + " send-stop-heap=false")
    received = receiver.finish()
    assert received.column("cnt") == [1, 2]
    assert received.end["stopped_by"] == "silence"
    assert received.end["drops"] == 0


def interrupt(process):
    """Ctrl-C, and how long it took to end."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, output
    return time.monotonic() - began


def test_ctrl_c_sends_the_stop_heap_though_a_heap_takes_long_to_fill(receive, start_launch):
    receiver = receive("--wait", LIMIT)
    process = start_launch("-e", "adctestsrc", "is-live=true", "!", "audio/x-raw,rate=48000", "!",
                           "spead2sink", f"port={receiver.port}")
    time.sleep(0.3)  # of the 22 s that a heap takes: none has gone, none is waited for
    assert interrupt(process) < 12
    received = receiver.finish()
    assert received.end["stopped_by"] == "stop heap"
    assert len(received.heaps) <= 1


def test_ctrl_c_without_eos_sends_the_stop_heap_too(receive, start_launch):
    receiver = receive()
    # So slow that the stop heap is not lost behind a full buffer.
    process = start_launch("adctestsrc", "samplesperbuffer=65536", "!", "spead2sink",
                           f"port={receiver.port}", "rate=2e6", "burst-size=65536")
    wait_until(receiver.n_heaps, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT)
    received = receiver.finish()
    assert received.heaps
    assert received.end["stopped_by"] == "stop heap"


def test_a_port_that_nobody_reads_is_no_error(launch, receive):
    receiver = receive()
    port = receiver.port
    receiver.kill()
    launch(f"adctestsrc num-buffers=20 ! spead2sink port={port}")


def test_the_receiver_says_when_nothing_comes(receive):
    received = receive("--wait", 0.5).finish()
    assert received.heaps == []
    assert received.end["stopped_by"] == "silence"
    assert received.end["stats"]["packets"] == 0


def test_gst_inspect_shows_the_sink():
    done = subprocess.run(["gst-inspect-1.0", "spead2sink"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("max-packet-size", "rate", "stats", "heap-done"):
        assert name in done.stdout
