"""`python -m libs.local.doctor`: what this machine has, what it lacks, and the fix for each."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.local.backends import BackendError, docker
from libs.local.backends.artifacts import CHECKOUT, cache_directory, kafka_jars, postgres_build
from libs.local.backends.ground import (
    NEEDED_FREE_BYTES,
    existing,
    reaches,
    server_user,
    stand_in_path,
)
from libs.local.backends.java import find_java

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table; `missing` alone makes the doctor fail."""

    subject: str
    state: Literal["ok", "optional", "missing"]
    detail: str
    fix: str = ""


def findings(environ: Mapping[str, str], data: Path) -> Iterator[Finding]:
    """Every check, most basic first; none takes more than about two seconds."""
    yield _python()
    yield _java(environ)
    yield _fetcher(environ)
    yield _files(environ)
    yield _directory("data directory", data)
    yield _directory("downloads", cache_directory(environ))
    yield _user(data.resolve())
    yield _loopback()
    yield _docker(environ)
    yield _browser(environ)


def _python() -> Finding:
    here = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("Python", "ok", here)
    return Finding("Python", "missing", here, "Use Python 3.11, 3.12 or 3.13.")


def _java(environ: Mapping[str, str]) -> Finding:
    try:
        java = find_java(environ)
    except BackendError as failure:
        return Finding("Java", "missing", "none that Kafka can use", str(failure))
    return Finding("Java", "ok", f"{java.version} ({java.program})")


def _fetcher(environ: Mapping[str, str]) -> Finding:
    if maven := shutil.which("mvn", path=environ.get("PATH")):
        return Finding("Fetcher", "ok", f"Maven ({maven})")
    try:
        import jgo
    except ImportError:
        fix = "`uv sync --group local` installs jgo; or install Maven."
        return Finding("Fetcher", "missing", "neither Maven nor jgo", fix)
    return Finding("Fetcher", "ok", f"jgo {jgo.__version__}")


def _files(environ: Mapping[str, str]) -> Finding:
    subject = "Kafka, PostgreSQL"
    try:
        wanted = [*kafka_jars(), postgres_build()]
    except BackendError as failure:
        return Finding(subject, "missing", "no build for this machine", str(failure))
    cache = existing(cache_directory(environ))
    missing = [artifact for artifact in wanted if not (cache / artifact.filename).exists()]
    if not missing:
        return Finding(subject, "ok", f"{len(wanted)} files in {cache}")
    megabytes = sum(artifact.size_bytes for artifact in missing) / 1e6
    return Finding(subject, "ok", f"{megabytes:.0f} MB to fetch at the first run")


def _directory(subject: str, path: Path) -> Finding:
    """Looks only: the directory itself is made by the first run."""
    standing = _nearest_existing(path)
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        fix = f"Make {standing} a directory that you may write in, or use a checkout elsewhere."
        return Finding(subject, "missing", f"{path} cannot be written", fix)
    free = shutil.disk_usage(standing).free
    if free < NEEDED_FREE_BYTES:
        fix = f"Make room: {NEEDED_FREE_BYTES / 1e6:.0f} MB are needed."
        return Finding(subject, "missing", f"{path}, {free / 1e6:.0f} MB free", fix)
    return Finding(subject, "ok", f"{path}, {free / 1e9:.0f} GB free")


def _nearest_existing(path: Path) -> Path:
    return next(p for p in [path.resolve(), *path.resolve().parents] if p.exists())


def _user(data: Path) -> Finding:
    user = server_user()
    if user is None:
        return Finding("Servers' user", "ok", "you")
    try:
        subprocess.run(["/bin/sh", "-c", ":"], user=user.uid, group=user.gid, check=True)
    except (OSError, subprocess.SubprocessError):
        fix = "Run as an ordinary user: root may not change user here, and servers refuse root."
        return Finding("Servers' user", "missing", f"cannot become uid {user.uid}", fix)
    home = existing(data.resolve())
    reached = reaches(user, _nearest_existing(home))
    where = "" if reached else f"; their files go to {stand_in_path(data)}"
    return Finding("Servers' user", "ok", f"uid {user.uid}, because you are root{where}")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()[:2], timeout=2).close()
    except OSError as failure:
        fix = "Allow connections to 127.0.0.1 (a firewall or sandbox forbids them)."
        return Finding("Loopback", "missing", str(failure), fix)
    return Finding("Loopback", "ok", "ports are chosen among the free ones of 127.0.0.1")


def _docker(environ: Mapping[str, str]) -> Finding:
    missing = docker.why_not(environ, pull=False)
    if missing is None:
        return Finding("Docker", "ok", "answers and has the images")
    return Finding("Docker", "optional", missing, "Not needed; only for BACKEND=docker.")


def _browser(environ: Mapping[str, str]) -> Finding:
    system = (shutil.which(name, path=environ.get("PATH")) for name in BROWSERS)
    own = Path.home() / ".cache" / "ms-playwright"
    if sys.platform == "darwin":
        own = Path.home() / "Library" / "Caches" / "ms-playwright"
    found = [path for path in system if path] + [str(path) for path in own.glob("chromium-*")]
    if MAC_BROWSER.exists():
        found.append(str(MAC_BROWSER))
    if found:
        return Finding("Chromium", "ok", found[0])
    fix = "`.venv/bin/playwright install chromium`; only `make test` needs one."
    return Finding("Chromium", "optional", "none found", fix)


def main() -> int:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "", "found", "fix"):
        table.add_column(heading, overflow="fold")
    failed = False
    for finding in findings(os.environ, CHECKOUT / ".local" / "home" / "backends"):
        colour = {"ok": "green", "optional": "yellow", "missing": "red"}[finding.state]
        state = f"[{colour}]{finding.state}[/{colour}]"
        table.add_row(finding.subject, state, escape(finding.detail), escape(finding.fix))
        failed = failed or finding.state == "missing"
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
