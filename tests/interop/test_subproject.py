# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application that has this project as a subproject, as docs/embedding.md says."""

import os
import re
import subprocess

import pytest

from conftest import LIMIT, ROOT


def run(*command, **variables):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
                          env=dict(os.environ, **variables))
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module", name="application")
def build_application(tmp_path_factory):
    """The program of tests/check/static, built by the files of the page."""
    directory = tmp_path_factory.mktemp("application")
    page = (ROOT / "docs/embedding.md").read_text()
    (wrap,) = re.findall(r"^```ini\n(.*?)^```$", page, re.S | re.M)
    (project,) = re.findall(r"^```meson\n(.*?)^```$", page, re.S | re.M)
    (directory / "subprojects").mkdir()
    (directory / "subprojects/gst-spead2.wrap").write_text(wrap)
    # In the place of what Meson would fetch.
    (directory / "subprojects/gst-spead2").symlink_to(ROOT)
    (directory / "meson.build").write_text(project)
    (directory / "application.c").symlink_to(ROOT / "tests/check/static/static.c")
    build = directory / "build"
    # What it exports shows only where a program exports at all.
    run("meson", "setup", str(build), str(directory), "-Dc_link_args=-rdynamic")
    run("ninja", "-C", str(build), "application")
    return build / "application"


@pytest.mark.parametrize("what", ["plugin", "elements"])
def test_it_contains_the_plugin(application, what, tmp_path):
    run(str(application), what, GST_PLUGIN_PATH="", GST_PLUGIN_PATH_1_0="",
        GST_REGISTRY=str(tmp_path / "registry.bin"))
    assert "gstspead2" not in run("ldd", str(application))


def test_symbols_are_hidden(application):
    symbols = run("nm", "-D", "--defined-only", str(application)).split()
    ours = {name for name in symbols if re.search("spead2|adc", name)}
    assert "gst_plugin_spead2_register" in ours
    assert not [name for name in ours
                if not re.match(r"gst_(plugin_spead2|element_register)_", name)], ours
