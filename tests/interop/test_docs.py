# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/ and README.md say of the elements, compared with the elements."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import LIMIT, PYTHON, ROOT, shell_environment
from namespaces import alone_on_the_network

TROUBLESHOOTING = ROOT / "docs/troubleshooting.md"
PERFORMANCE = ROOT / "docs/performance.md"
PAGES = sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md"]
# All that is written in Markdown.
LINKING = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "tests").rglob("*.md"))]
# Lines that run at a time.
AT_ONCE = 4
# What a message takes over from GLib or the kernel.
FOREIGN = [re.escape(os.strerror(number)) for number in range(1, 134)] + [
    "Temporary failure in name resolution", "Name or service not known"]


def formats():
    """The texts in the C sources as regular expressions, each % being a group."""
    literal = r'"((?:[^"\\\n]|\\.)*)"'
    expressions = []
    for folder in ("plugin", "gst/spead2"):
        for source in (ROOT / folder).rglob("*.c"):
            text = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.S)
            for joined in re.findall(rf"{literal}((?:\s*(?:G\w+\s*)?{literal})*)", text):
                whole = joined[0] + "".join(
                    ("u" if macro.endswith("FORMAT") else "") + more
                    for macro, more in re.findall(rf"(\w*)\s*{literal}", joined[1]))
                # The last macro has no text behind it.
                whole = re.sub(r"%$", "%u", whole)
                fixed = re.split(r"%[-0-9.*]*[lzhj]*[a-zA-Z]", whole)
                if len("".join(fixed)) >= 8:
                    expressions.append(re.compile("(.*?)".join(map(re.escape, fixed)), re.S))
    return expressions


def is_printed(message, known):
    """Whether a format makes this message; what stands for a %s must be printed, too."""
    if re.fullmatch("|".join(FOREIGN), message) or len(message) < 25:
        return True
    for format_ in known:
        match = format_.fullmatch(message)
        if match and all(is_printed(group, known) for group in match.groups()):
            return True
    # An address with an advice behind it: "%s%s".
    address, _, advice = message.partition(": ")
    if re.fullmatch(r"[\d.]+:\d+", address) and is_printed(f": {advice}", known):
        return True
    # spead2_set_errno() adds what the kernel answered.
    head, _, reason = message.rpartition(": ")
    return re.fullmatch("|".join(FOREIGN), reason) is not None and is_printed(head, known)


def messages():
    return [message for page in (TROUBLESHOOTING, PERFORMANCE)
            for message in re.findall(r"^> (.*)$", page.read_text(), re.M)]


@pytest.mark.parametrize("message", messages())
def test_a_quoted_message_stands_in_the_sources(message):
    assert is_printed(message, formats())


def test_other_messages_do_not():
    known = formats()
    for message in ("Somebody listens at 127.0.0.1:8888, perhaps. The stream goes on.",
                    "Did not send to 127.0.0.1:8888: No route to host. Heap 1 is incomplete; "
                    "the stream goes on."):
        assert not is_printed(message, known)


def provocations():
    """A quoted message and the commands right under it that provoke it."""
    return re.findall(r"^> (.*)\n\n```sh\n((?:(?!```)[^\n]*\n)*?[^\n]*gst-launch-1\.0 .*\n)```$",
                      TROUBLESHOOTING.read_text(), re.M)


# gst-launch-1.0 of GStreamer 1.22 may not end after an error while it prerolls. What is started
# stays in the process group of the shell.
LIMITED = 'gst-launch-1.0() { timeout --foreground 30 "$(type -P gst-launch-1.0)" "$@"; }\n'


def start_shell(script, directory):
    """As in ./dev shell, from a directory that looks like the top of the source tree."""
    for name in ("examples", "tests"):
        (directory / name).symlink_to(ROOT / name)
    return subprocess.Popen(
        [*alone_on_the_network(), "bash", "-euc", LIMITED + script], cwd=directory, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(shell_environment(), LC_ALL="C.UTF-8"))


def in_shell(script, directory):
    """Runs it to its end."""
    with start_shell(script, directory) as shell:
        try:
            printed, _ = shell.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(shell.args, shell.returncode, printed)


def without_sizes(text):
    """What the machine allows differs."""
    return re.sub(r"(?<=send buffer of )\d+", "NUMBER", text)


@pytest.mark.parametrize("message, commands", provocations())
def test_a_message_is_provoked(message, commands, tmp_path):
    """What prints it may go on for long, or for ever: it is ended there."""
    printed = []
    with start_shell(commands, tmp_path) as shell:
        for line in shell.stdout:
            printed.append(line)
            if without_sizes(message) in without_sizes(line):
                os.killpg(shell.pid, signal.SIGKILL)
                return
    raise AssertionError("".join(printed))


def other_lines():
    """The pipelines of the page that are the way out, and not the fault."""
    provoking = [commands for _, commands in provocations()]
    blocks = re.findall(r"^```sh\n(.*?)^```$", TROUBLESHOOTING.read_text(), re.S | re.M)
    return [block for block in blocks if "gst-launch-1.0" in block and block not in provoking]


@pytest.mark.parametrize("commands", other_lines())
def test_a_way_out_plays(commands, tmp_path):
    done = in_shell(commands, tmp_path)
    assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout
    assert re.search(r"^Sent [1-9]\d* heaps,.*; 0 heaps failed, 0 were dropped\.$",
                     done.stdout, re.M), done.stdout


def test_the_page_provokes_messages():
    assert len(provocations()) >= 15


def test_the_other_commands_of_the_page_exist(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```$", TROUBLESHOOTING.read_text(), re.S | re.M)
    commands = [line for block in blocks for line in block.splitlines()
                if "gst-launch" not in line and "sudo" not in line]
    assert len(commands) >= 10
    script = "".join(f"{line} || echo 'FAILED: '{line.split()[0]}\n" for line in commands
                     if not line.startswith(("ping", "getent")))
    printed = in_shell(script, tmp_path).stdout
    assert "FAILED" not in printed and "not found" not in printed, printed


@pytest.mark.parametrize("name", ["README.md", "docs/gst-spead2.md", "docs/gstreamer-for-spead-people.md",
                                  "docs/reference.md", "docs/spead-for-gstreamer-people.md"])
def test_the_lines_to_paste_work(name, tmp_path):
    """Each paragraph of them in a network and a directory of its own: most of its time is waiting."""
    blocks = [block for block in re.findall(r"^```sh\n(.*?)^```$", (ROOT / name).read_text(), re.S | re.M)
              if "gst-launch-1.0" in block]
    paragraphs = [paragraph for block in blocks for paragraph in block.split("\n\n")]
    directories = [tmp_path / str(number) for number in range(len(paragraphs))]
    for directory in directories:
        directory.mkdir()
    assert paragraphs
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done in threads.map(in_shell, paragraphs, directories):
            assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_to_paste_need_no_source_tree(page):
    """Of its files they name programs that are installed, which the installed pages name where they are."""
    for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.S | re.M):
        assert not re.search(r"\./dev\b|\bbuild/", block), block
        for name in re.findall(r"(?<![\w/.-])(?:examples|tests|docs|python|plugin)/[\w/.-]+", block):
            assert (ROOT / name).exists() and re.match(r"examples/|tests/interop/receiver\.py", name), block


COMMAND = re.compile(r"^(\$ |\./dev |build/|sudo |gst-[a-z]+-1\.0 |meson |cc |(/usr/bin/)?python3? )", re.M)


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_box_of_lines_that_needs_the_source_tree_says_so(page):
    """All others are sh boxes, which are pasted where there is none."""
    parts = re.split(r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.S | re.M)
    for above, language, block in zip(parts[::3], parts[1::3], parts[2::3]):
        if language != "sh" and COMMAND.search(block):
            paragraph = re.split(r"^#+ ", above, flags=re.M)[-1]
            assert re.search("source tree|clone of the repository", paragraph), block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_clock_is_not_advised_instead_of_a_rate(page):
    """sync=true paces whole buffers, and adctestsrc's at 1712 MHz unless caps say less."""
    text = page.read_text()
    assert not re.search(r"rate`,? (or|nor) `sync=true`", text)
    for line in re.findall(r"^gst-launch-1.0.*(?:\\\n.*)*", text, re.M):
        source, _, sink = line.partition("spead2sink")
        if "adctestsrc" in source and ("sync=true" in sink or "is-live=true" in source):
            assert re.search(r",rate=\d", source), line


def test_the_design_has_every_module_in_its_folder():
    folders = {folder: set(re.findall(r"^\| `(\w+)` \|", text, re.M)) for folder, text in
               re.findall(r"^### `([^`]*)/`\n(.*?)(?=^##)", (ROOT / "docs/design.md").read_text(), re.S | re.M)}
    sources = {}
    for source in [*ROOT.glob("gst/spead2/**/*.[ch]"), *ROOT.glob("plugin/**/*.[ch]")]:
        folder = source.parent.relative_to(ROOT).as_posix()
        sources.setdefault(folder, set()).add(source.stem.removesuffix("private"))
    assert folders == sources


def test_the_files_that_the_design_names_exist():
    names = re.findall(r"`([\w/]+\.[ch])`", (ROOT / "docs/design.md").read_text())
    found = {path.name for folder in ("gst", "plugin") for path in (ROOT / folder).rglob("*.[ch]")}
    assert names and not [name for name in names
                          if not (ROOT / name).exists() and ("/" in name or name not in found)]


def test_the_rows_for_users_are_rows_of_the_whole_table():
    users = re.search(r"(^\|.*\|\n)+", PERFORMANCE.read_text(), re.M).group().splitlines()[2:]
    rows = (ROOT / "tests/benchmark/README.md").read_text().splitlines()
    assert len(users) == 8 and not [row for row in users if not any(line.startswith(row) for line in rows)]


def test_the_reference_is_current():
    done = subprocess.run([PYTHON, str(ROOT / "docs/make-reference.py"), "--check"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    assert done.returncode == 0, (
        "./dev shell /usr/bin/python3 docs/make-reference.py  writes it anew:\n"
        + done.stdout + done.stderr)


def anchors(page):
    """The places in a page that a link may name, as GitHub makes them of headings."""
    text = page.read_text()
    named = re.findall(r'<a id="([^"]+)">', text)
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M), re.M)
    return set(named) | {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
                         for heading in headings}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith(("http:", "https:")):
            continue
        name, _, place = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if place:
            assert place in anchors(target), link


@pytest.mark.parametrize("name", ["reliability.md", "security.md"])
def test_every_row_names_a_test_that_exists(name):
    text = (ROOT / "docs" / name).read_text()
    rows = [row for row in re.findall(r"^\| (.*) \|$", text, re.M)]
    rows = [row.split(" | ") for row in rows if not row.startswith("---")]
    # The first row of each table is its heading.
    proven = [row for row in rows if row[-1] != "test"]
    assert len(proven) >= 9 and {len(row) for row in rows} == {4}
    for row in proven:
        test, path = re.fullmatch(r"\[`(\w+)`\]\((\.\./tests/[\w/.]+)\)", row[-1]).groups()
        source = (ROOT / "docs" / path).read_text()
        assert re.search(rf"(GST_START_TEST \(|^def ){test}\b", source, re.M), row
        # And it is run.
        assert path.endswith(".py") or re.search(rf"tcase_add_\w+ \([^;]*\b{test}\b", source), row
