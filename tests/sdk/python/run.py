#!/usr/bin/env python3
"""Runs the tests of centrifuge-python's own source archive against Belfry.

Downloads the archive from PyPI, installs it into a virtual environment beside it, starts the server on
127.0.0.1:8000 (the archive's tests know no other address) with config/centrifuge-python.toml, and runs all
185 tests as the archive's Makefile does: `python -m unittest discover`. None is left out: what the archive
tests of features that Belfry does not offer (delta, channel compaction, tag filters, proxies, TLS) it tests
against a fake server of its own, or in a way that a server may decline.

BELFRY_BIN names the binary; the default is the debug build.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

VERSION = "0.7.0"
SHA256 = "11252b45c3f6b6104cfb07fb0fcfc9d2d62832d2af14715dd16fdc5e9c6e5964"
TESTS = 185
ADDRESS = ("127.0.0.1", 8000)
TIMEOUT_S = 300
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BINARY = Path(os.environ.get("BELFRY_BIN", ROOT / "target/debug/belfry")).resolve()
CACHE = ROOT / "target" / f"centrifuge-python-{VERSION}"


def fail(message: str) -> "NoReturn":
    print(f"tests/sdk/python: {message}", file=sys.stderr)
    sys.exit(1)


def prepared() -> tuple[Path, Path]:
    """The unpacked archive and the interpreter that has it installed, made once."""
    python = CACHE / "venv/bin/python"
    source = CACHE / f"centrifuge_python-{VERSION}"
    done = CACHE / "done"
    if not done.exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        venv.create(CACHE / "venv", with_pip=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        download = ["download", "--no-binary", ":all:", "--no-deps", "--dest", CACHE]
        subprocess.run([*pip, *download, f"centrifuge-python=={VERSION}"], check=True)
        archive = CACHE / f"centrifuge_python-{VERSION}.tar.gz"
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        if digest != SHA256:
            fail(f"{archive.name} has the digest {digest}, not the one these tests were written for")
        with tarfile.open(archive) as tar:
            tar.extractall(CACHE, filter="data")
        subprocess.run([*pip, "install", source], check=True)
        done.touch()
    return source, python


def require_free_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(ADDRESS)
        except OSError:
            fail("port 8000 is taken, and the archive's tests know no other; free it and try again")


def await_answer(server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if server.poll() is not None:
            fail(f"the server ended with status {server.returncode}")
        try:
            urllib.request.urlopen("http://127.0.0.1:8000/healthz", timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    fail("the server does not answer")


def run_tests(source: Path, python: Path) -> int:
    # The archive's own package folder would shadow the installed one, and is the same.
    command = [python, "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    try:
        done = subprocess.run(
            command, cwd=source, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired as late:
        print((late.stderr or b"").decode(errors="replace")[-20_000:], file=sys.stderr)
        fail(f"the tests did not end within {TIMEOUT_S} s: one of them waits for what never comes")
    ran = re.search(r"^Ran (\d+) tests? in ([\d.]+)s$", done.stderr, re.MULTILINE)
    if done.returncode != 0 or ran is None:
        print(done.stderr[-20_000:], file=sys.stderr)
        return done.returncode or 1
    skipped = re.search(r"skipped=(\d+)", done.stderr)
    if int(ran[1]) != TESTS or skipped:
        fail(f"{ran[1]} tests ran instead of {TESTS}, skipped: {skipped[1] if skipped else 0}")
    print(f"centrifuge-python {VERSION}: all {ran[1]} tests passed in {ran[2]} s")
    return 0


def main() -> int:
    if not BINARY.is_file():
        fail(f"{BINARY} is missing; build it first (cargo build), or set BELFRY_BIN")
    require_free_port()
    source, python = prepared()
    with tempfile.TemporaryDirectory(prefix="belfry-python-") as folder:
        config = ROOT / "config/centrifuge-python.toml"
        log = open(Path(folder) / "server.log", "w+")
        server = subprocess.Popen(
            [BINARY, "serve", "--config", config],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "BELFRY__LOG__FILTER": "info"},
        )
        try:
            await_answer(server)
            status = run_tests(source, python)
        finally:
            server.terminate()
            server.wait(timeout=30)
            log.seek(0)
            if sys.exc_info()[0] is not None:
                print(log.read()[-5_000:], file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
