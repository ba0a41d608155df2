# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/monitoring.md shows: counters as messages."""

import re

from conftest import ROOT
from test_docs import in_shell

PAGE = (ROOT / "docs/monitoring.md").read_text()


def test_the_line_with_messages_prints_them(tmp_path):
    line, = [block for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.S | re.M) if "-m adctestsrc" in block]
    printed = in_shell(line, tmp_path).stdout
    counts = [int(number) for number in re.findall(r"spead2-stats,.*heaps-sent=\(guint64\)(\d+)", printed)]
    assert len(counts) >= 2 and counts == sorted(counts) and counts[-1] == 20, printed
