# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/tutorial.md is pasted, block by block, into one shell, as a reader would."""

import os
import re
import subprocess

import pytest

from conftest import BUILD, LIMIT, ROOT
from namespaces import alone_on_the_network

TUTORIAL = ROOT / "docs/tutorial.md"
# Tells one block's output from the next one's.
MARK = "=== block"


def blocks():
    """The shell blocks, in the order of the page; in front, those of the source tree alone."""
    text = TUTORIAL.read_text()
    within_tree = re.findall(r"^```console\n(.*?)^```$", text, re.S | re.M)
    return [re.sub(r"^\$ ", "", block, flags=re.M) for block in within_tree] + re.findall(
        r"^```sh\n(.*?)^```$", text, re.S | re.M)


@pytest.fixture(scope="module")
def pasted(tmp_path_factory):
    """What each block printed, and the directory where it was pasted."""
    if BUILD != ROOT / "build":
        pytest.skip("./dev builds in ./build")
    directory = tmp_path_factory.mktemp("tutorial")
    # As the top of the source tree, but nothing is written there.
    for name in ("dev", "docs", "examples", "tests"):
        (directory / name).symlink_to(ROOT / name)
    script = "\n".join(f"echo '{MARK}'\n{block}" for block in blocks())
    done = subprocess.run(
        [*alone_on_the_network(), "./dev", "shell", "bash", "-euxo", "pipefail", "-c", script],
        cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=dict(os.environ, LC_ALL="C"), timeout=LIMIT, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    return re.split(rf"^{MARK}$", done.stdout, flags=re.M)[1:], directory


def test_every_block_works(pasted):
    outputs, _ = pasted
    assert len(outputs) == len(blocks())
    for block, output in zip(blocks(), outputs):
        assert "Traceback" not in output and "CRITICAL" not in output, output
        # Only the block without a rate may lose something, or warn.
        if "spead2sink" in block and "rate=" not in block and "sync=" not in block:
            continue
        # How large a socket's buffer may be is the machine's.
        output = re.sub(r"^Warning: The kernel gives a receive buffer .*\n", "", output, flags=re.M)
        assert "WARNING" not in output and "Warning" not in output, output
        if "receiver.py" in block and "too slow" not in output:
            assert "0 heaps incomplete" in output and "timestamp continues" in output, output


def test_it_says_what_the_receiver_prints(pasted):
    outputs, _ = pasted
    printed = "".join(outputs)
    first = re.findall(r"^```text\n(.*?)^```$", TUTORIAL.read_text(), re.S | re.M)[0]
    for line in first.splitlines():
        # The samples are others each time.
        assert re.sub(r"mean power .*", "mean power", line) in printed
    assert "in 2361 packets" in printed  # with larger packets


def test_it_says_what_the_sender_prints(pasted):
    outputs, _ = pasted
    (sentence,) = re.findall(r"^Sent 20 heaps.*$", TUTORIAL.read_text(), re.M)
    # The time differs.
    pattern = r"\d+\.\d+ s \(\d+\.\d+ MB/s\)"
    assert any(re.sub(pattern, "", sentence) in re.sub(pattern, "", output) for output in outputs)


def test_the_strong_tone_is_in_its_band(pasted):
    outputs, _ = pasted
    spectra = re.findall(r"^magnitude=\(float\)\{ (.*) \}$", "".join(outputs), re.M)
    assert spectra
    for spectrum in spectra:
        bands = [float(band) for band in spectrum.split(",")]
        assert len(bands) == 10 and bands.index(max(bands)) == 3


def test_spead2src_counts_what_spead2_counts(pasted):
    outputs, _ = pasted
    counted = dict(re.findall(r"^([\w-]+) +(\d+)$", outputs[-1], re.M))
    assert (counted["heaps-delivered"], counted["payload-bytes"]) == ("20", "20971520")
    assert counted["kernel-drops"] == counted["gaps"] == "0"


def test_the_pictures_are_drawn(pasted):
    _, directory = pasted
    for name in ("build/stream.svg", "two-tones.svg"):
        picture = (directory / name).read_text()
        assert picture.rstrip().endswith("</svg>")
        # Same stream, same versions: what differs is the processor's last digit.
        assert len(picture) == pytest.approx((ROOT / "docs/stream.svg").stat().st_size, rel=0.02)
    assert (directory / "noise.png").read_bytes().startswith(b"\x89PNG")
