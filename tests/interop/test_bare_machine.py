# SPDX-License-Identifier: LGPL-2.1-or-later
"""On a bare Debian, `./dev shell` installs what the lines of README.md and docs/ use.

Everything is looked up: which programs, Python modules and GStreamer elements
the lines name, which Debian package each is of, and which packages those that
`dev` asks for bring with them. What a bare system has is Debian's priority
"required".
"""

import ast
import functools
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import BUILD, ROOT
from test_docs import PAGES

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="not Debian")

DEV = (ROOT / "dev").read_text()
RESERVED = {"until", "while", "if", "do", "then", "done", "fi"}
SEPARATORS = {"|", "||", "&&", ";", "&", "(", ")"}


def output(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False).stdout


# --- what the pages use ------------------------------------------------------------


def commands(script):
    """The commands of a shell script, each a list of words."""
    script = script.replace("\\\n", " ")
    # A substituted command counts, too.
    script = "\n".join([re.sub(r"\$\([^)]*\)", "", script), *re.findall(r"\$\(([^)]*)\)", script)])
    words = shlex.shlex(script.replace("\n", " ;\n"), posix=True, punctuation_chars=True)
    command = []
    for word in [*words, ";"]:
        if word not in SEPARATORS:
            command.append(word)
            continue
        while command and (command[0] in RESERVED or re.match(r"\w+=", command[0])):
            del command[0]
        if command and command[0] == "sudo":  # root needs none
            del command[0]
        if command:
            yield command
        if command[:1] == ["timeout"]:
            yield from commands(shlex.join(command[2:]))
        if command[:2] == ["sh", "-c"]:
            yield from commands(command[2])
        command = []


def blocks():
    for page in PAGES:
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```$", page.read_text(), re.S | re.M):
            yield re.sub(r"^\$ ", "", block, flags=re.M)


def all_commands():
    for block in blocks():
        yield from commands(block)


def programs():
    """Of all lines; shell builtins and what the source tree has left out."""
    names = {command[0] for command in all_commands()} | {"python"}
    builtins = set(output("bash", "-c", "compgen -b").split())
    return sorted(name for name in names - builtins if "/" not in name or name.startswith("/usr"))


def scripts(interpreter):
    """The Python programs that the lines run with this interpreter."""
    return sorted({ROOT / command[1] for command in all_commands()
                   if command[0] == interpreter and command[1].endswith(".py")})


def modules(script):
    """What a program imports from outside and from elsewhere; of gi.repository each name."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "gi.repository":
            found |= {f"gi.repository.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {path.stem for path in script.parent.glob("*.py")}


def elements():
    """Those of the lines and of the examples, and the file that each is in."""
    texts = [shlex.join(command) for command in all_commands()]
    texts += [path.read_text() for path in (ROOT / "examples").glob("*.*")]
    words = {word for text in texts if "spead2sink" in text for word in re.findall(r"\w+", text)}
    listed = re.findall(r"^(\S+):  (\S+): ", output("gst-inspect-1.0"), re.M)
    plugins = {element: plugin for plugin, element in listed if element in words}
    files = {plugin: re.search(r"^ *Filename +(\S+)$", output("gst-inspect-1.0", plugin), re.M)
             for plugin in plugins.values()}
    # What GStreamer itself contains has no file.
    return {element: files[plugin].group(1) for element, plugin in plugins.items()
            if Path(files[plugin].group(1)).exists()}


# --- what is installed -----------------------------------------------------------------


@functools.cache
def packages():
    """Of each installed package: whether every system has it, and what it depends on."""
    fields = "${db:Status-Status}\t${Package}\t${Priority}\t${Pre-Depends}, ${Depends}\t${Provides}\n"
    found, provided = {}, {}
    for line in output("dpkg-query", "-W", "-f", fields).splitlines():
        status, name, priority, depends, provides = line.split("\t")
        if status == "installed":
            names = [[re.sub(r"[ (:].*", "", one.strip()) for one in choice.split("|")]
                     for choice in depends.split(",") if choice.strip()]
            found[name] = (priority == "required", names)
            for one in provides.split(","):
                provided.setdefault(one.strip().partition(" ")[0], name)
    return found, provided


def installed_with(names):
    """These packages, all that they bring along, and all that a bare system has."""
    found, provided = packages()
    wanted = [*names, *(name for name, (required, _) in found.items() if required)]
    brought = set()
    while wanted:
        name = wanted.pop()
        name = name if name in found else provided.get(name)
        if name and name not in brought:
            brought.add(name)
            # The first that is there: apt takes the first that it can have.
            wanted += [next((one for one in choice if one in found or one in provided), choice[0])
                       for choice in found[name][1]]
    return brought


def owners(paths):
    """Of each name of a file its package, however /bin and /usr/bin are one."""
    reals = {name: str(Path(path).resolve()) for name, path in paths.items()}
    # All at once: dpkg reads the lists of all packages.
    listed = output("dpkg-query", "-S", *reals.values(), *(real.removeprefix("/usr") for real in reals.values()))
    packages = {path: package for package, path in re.findall(r"^(?!diversion by)([^:,\s]+).*: (/.*)$", listed, re.M)}
    return {name: packages.get(real) or packages.get(real.removeprefix("/usr")) for name, real in reals.items()}


def asked_for(verb):
    """The Debian packages of a verb of `dev`."""
    body = re.search(rf"^verb_{verb}\(\) {{\n(.*?)^}}$", DEV, re.S | re.M).group(1)
    arrays = re.findall(r'"\${(\w+)\[@\]}"', re.search(r"^ *need (.*(?:\\\n.*)*)$", body, re.M).group(1))
    return {name for array in arrays
            for name in re.search(rf"^{array}=\((.*?)\)$", DEV, re.S | re.M).group(1).split()}


@pytest.fixture(scope="module")
def installed():
    # python is the one of the environment that pip fills.
    return installed_with(asked_for("shell") | {"python3-venv"})


def check(installed, needed):
    missing = {what: package for what, package in needed.items() if package not in installed}
    assert needed and not missing, f"./dev shell does not install {missing}"


def test_the_programs_of_the_pages(installed):
    # apt is there before any package, though not every release calls it required.
    check(installed, owners({name: shutil.which(name) or name
                             for name in programs() if name not in ("apt", "python")}))


def test_the_elements_of_the_pages(installed):
    found = {name: path for name, path in elements().items() if not Path(path).is_relative_to(BUILD)}
    assert {"audiotestsrc", "audiomixer", "filesrc"} <= set(found)
    check(installed, owners(found))


def test_the_modules_of_debians_python(installed):
    libraries = Path("/usr/lib").glob("*-linux-gnu/girepository-1.0/*.typelib")
    needed = owners({path.name.partition("-")[0]: path for path in libraries})
    own = ROOT / "python/gst_spead2/__init__.py"
    names = {name for script in [*scripts("/usr/bin/python3"), own] for name in modules(script)}
    names = {name.rpartition(".")[2] for name in names} - {"GObject", own.parent.name}
    needed |= {"gi": "python3-gi", "numpy": "python3-numpy", "rich": "python3-rich",
               "prometheus_client": "python3-prometheus-client"}
    # Without these Gst is what C has: no iteration, no Gst.Structure that is a mapping.
    assert "Gst" in names
    check(installed, {name: needed.get(name) for name in names} | {"Gst's overrides": "python3-gst-1.0"})


def test_the_modules_of_python():
    """`python` is an environment of the build directory, which the shell must make."""
    assert "need_docs_venv" in re.search(r"^verb_shell\(\) {\n(.*?)^}$", DEV, re.S | re.M).group(1)
    pinned = set(re.findall(r"^([\w-]+)==", (ROOT / "docs/requirements.txt").read_text(), re.M))
    names = {name for script in scripts("python") for name in modules(script)}
    assert {"spead2", "matplotlib"} <= names <= pinned


def test_no_line_waits_for_ever():
    """What never comes true, also because a program is missing, ends after some time."""
    assert not [block for block in blocks() if re.search(r"^ *(until|while) ", block, re.M)]
