# SPDX-License-Identifier: LGPL-2.1-or-later
"""The peer: spead2 of a pinned version, built from its source distribution.

The wheel on PyPI is built without segmentation offload, and a comparison with
it would be void. What is built is kept until the version, the options or a
source of ours change; nothing of it is part of this project.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile

VERSION = "4.5.1"
OPTIONS = ["--buildtype=release", "-Doptimization=3", "-Dgso=enabled", "-Dsendmmsg=enabled",
           "-Dtools=enabled", "-Dunit_test=disabled", "-Dcuda=disabled", "-Dgdrapi=disabled",
           "-Dibv=disabled", "-Dmlx5dv=disabled", "-Dpcap=disabled", "-Dcap=disabled"]
PYTHON_OPTIONS = ["-Dgso=enabled", "-Dgro=enabled"]
PROGRAMS = {
    "spead2_send": "src/spead2_send",
    "spead2_recv": "src/spead2_recv",
    "tut_5_send_pipeline": "examples/tutorial/tut_5_send_pipeline",
    "tut_11_send_batch_heaps": "examples/tutorial/tut_11_send_batch_heaps",
}
HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM_SENDER = os.path.join(HERE, "randomsender.cpp")
CHUNK_RECEIVER = os.path.join(HERE, "chunkreceiver.cpp")
PYTHON_RECEIVER = os.path.join(HERE, "spead2receiver.py")

# Asked for a source distribution, pip also asks the build backend for its
# metadata, and spead2's would compile the whole library to answer. This one
# stands in for it: only the archive is wanted.
BACKEND = f'''\
import os

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name = "spead2-{VERSION}.dist-info"
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as metadata:
        metadata.write("Metadata-Version: 2.1\\nName: spead2\\nVersion: {VERSION}\\n")
    return name
'''


class PeerError(Exception):
    """The peer cannot be built, or is not what it must be."""


def _key(*of):
    return hashlib.sha256(repr(of).encode()).hexdigest()


def _built(stamp, key):
    try:
        with open(stamp, encoding="utf-8") as file:
            return file.read() == key
    except OSError:
        return False


def _note_built(stamp, key):
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(key)


def _quietly(directory, command, **kwargs):
    with open(os.path.join(directory, "log.txt"), "a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT, check=False, **kwargs)
        except OSError as error:
            raise PeerError(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise PeerError(f"this failed: {' '.join(command)}  (all of it: {log.name})")


def _fetch(directory, venv):
    backend = os.path.join(directory, "backend")
    os.makedirs(backend, exist_ok=True)
    with open(os.path.join(backend, "mesonpy.py"), "w", encoding="utf-8") as module:
        module.write(BACKEND)
    _quietly(directory, [os.path.join(venv, "bin", "pip"), "--disable-pip-version-check",
                         "download", "--no-input", "--no-deps", "--no-build-isolation",
                         "--no-binary", "spead2", "--dest", directory, f"spead2=={VERSION}"],
             env=dict(os.environ, PYTHONPATH=backend))
    with tarfile.open(os.path.join(directory, f"spead2-{VERSION}.tar.gz")) as archive:
        archive.extractall(directory)


def _compile(directory, venv):
    tree = os.path.join(directory, f"spead2-{VERSION}")
    built = os.path.join(directory, "build")
    path = os.path.join(venv, "bin") + os.pathsep + os.environ["PATH"]
    environment = dict(os.environ, PATH=path)
    _quietly(directory, [os.path.join(venv, "bin", "meson"), "setup", built, tree, *OPTIONS],
             env=environment)
    _quietly(directory, ["ninja", "-C", built, *PROGRAMS.values()], env=environment)


def _compile_program(directory, source, program):
    """A program of ours on spead2's library."""
    environment = dict(os.environ,
                       PKG_CONFIG_PATH=os.path.join(directory, "build", "meson-uninstalled"))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "spead2-uninstalled"],
                           env=environment, capture_output=True, text=True, check=False)
    if flags.returncode != 0:
        raise PeerError(f"pkg-config: {flags.stderr.strip()}")
    _quietly(directory, ["g++", "-std=c++17", "-O3", "-DNDEBUG", "-Wall", "-Wextra",
                         source, "-o", program, *flags.stdout.split(), "-pthread"])


def _build_program(directory, source):
    """Compiles it, unless neither it nor spead2 has changed. Returns its path."""
    program = os.path.join(directory, os.path.splitext(os.path.basename(source))[0])
    stamp = program + ".stamp"
    with open(source, "rb") as file:
        key = _key(VERSION, OPTIONS, file.read())
    if not _built(stamp, key):
        _compile_program(directory, source, program)
        _note_built(stamp, key)
    return program


def build(directory, venv):
    """Builds the peer below directory, once. Returns {name: path of the program}."""
    programs = {name: os.path.join(directory, "build", path) for name, path in PROGRAMS.items()}
    stamp, key = os.path.join(directory, "stamp"), _key(VERSION, OPTIONS, sorted(PROGRAMS))
    if not _built(stamp, key):
        print(f"== Building spead2 {VERSION} from its source distribution, this once", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        _fetch(directory, venv)
        _compile(directory, venv)
        _note_built(stamp, key)

    programs["randomsender"] = _build_program(directory, RANDOM_SENDER)
    return programs


# Commands of receivers, of a peer that has been built. Each may raise PeerError.

def receiving_tool(directory, venv):
    return [os.path.join(directory, "build", PROGRAMS["spead2_recv"])]


def chunk_receiver(directory, venv):
    return [_build_program(directory, CHUNK_RECEIVER)]


def python_receiver(directory, venv):
    """spead2's Python package in the virtual environment, from the source distribution as well:
    the wheel is without UDP_GRO."""
    python, stamp = os.path.join(venv, "bin", "python"), os.path.join(venv, "spead2.stamp")
    if not _built(stamp, _key(VERSION, PYTHON_OPTIONS)):
        print(f"== Building spead2 {VERSION} for Python, this once", flush=True)
        path = os.path.dirname(python) + os.pathsep + os.environ["PATH"]
        _quietly(directory, [python, "-m", "pip", "--disable-pip-version-check", "install",
                             "--no-input", "--no-deps", "--no-build-isolation",
                             *(f"--config-settings=setup-args={option}" for option in PYTHON_OPTIONS),
                             os.path.join(directory, f"spead2-{VERSION}")],
                 env=dict(os.environ, PATH=path))
        _note_built(stamp, _key(VERSION, PYTHON_OPTIONS))
    return [python, PYTHON_RECEIVER]


def check_segmentation(programs, port):
    """Raises PeerError unless each program asks the kernel for segmentation offload."""
    runs = {
        "spead2_send": ["--heaps", "4", "--heap-size", "1048576", f"127.0.0.1:{port}"],
        "tut_5_send_pipeline": ["-n", "4", "127.0.0.1", str(port)],
        "tut_11_send_batch_heaps": ["-n", "4", "127.0.0.1", str(port)],
        "randomsender": ["sequential", "127.0.0.1", str(port), "1048576", "1472", "2"],
    }
    for name, arguments in runs.items():
        command = ["strace", "-f", "-e", "trace=setsockopt", programs[name], *arguments]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerError(f"strace cannot tell whether {name} sets UDP_SEGMENT: {error}") from error
        if not re.search(r"SOL_UDP, (UDP_SEGMENT|0x67), \[[1-9]\d*\], 4\) += 0", done.stderr):
            raise PeerError(f"{name} does not set UDP_SEGMENT: {' '.join(command)}\n{done.stderr.strip()}")


def check_offload(command, port):
    """Raises PeerError unless a receiver of spead2 uses UDP_GRO."""
    where = [f"127.0.0.1:{port}"] if command[0].endswith("spead2_recv") else [str(port), "65536", "8192"]
    traced = ["strace", "-f", "-e", "trace=setsockopt",
              "timeout", "--signal=INT", "--kill-after=3", "3", *command, *where]
    try:
        done = subprocess.run(traced, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(f"strace cannot tell whether {command[0]} sets UDP_GRO: {error}") from error
    if not re.search(r"SOL_UDP, (UDP_GRO|0x68), \[1\], 4\) += 0", done.stderr):
        raise PeerError(f"it does not set UDP_GRO: {' '.join(traced)}\n{done.stderr.strip()}")


if __name__ == "__main__":
    try:
        print(build(sys.argv[1], sys.argv[2]))
    except PeerError as problem:
        sys.exit(f"bench: {problem}")
