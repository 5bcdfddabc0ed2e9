"""The locked files of the native backends and the cache that holds them.

The cache is `.local/artifacts/` of the checkout, or `MAINSTAY_ARTIFACTS`. A file is in it under
its own name only after its SHA-256 matched the lock, so a reader never sees half a file; two
processes that fetch at once wait for one another.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.local.backends.errors import BackendError

LOCK_FILE = Path(__file__).with_name("artifacts.lock.toml")
CHECKOUT = Path(__file__).resolve().parents[3]
POSTGRES_GROUP = "io.zonky.test.postgres"
PLATFORMS = {
    ("linux", "x86_64"): "linux-amd64",
    ("linux", "aarch64"): "linux-arm64v8",
    ("darwin", "x86_64"): "darwin-amd64",
    ("darwin", "arm64"): "darwin-arm64v8",
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository and what it must hash to."""

    coordinate: str
    """`group:name:version`; always a jar without classifier."""
    sha256: str
    size_bytes: int

    @property
    def filename(self) -> str:
        _, name, version = self.coordinate.split(":")
        return f"{name}-{version}.jar"


def locked() -> list[Artifact]:
    """Everything in the lock, for all platforms."""
    entries = tomllib.loads(LOCK_FILE.read_text())["artifact"]
    return [Artifact(**entry) for entry in entries]


def kafka_jars() -> list[Artifact]:
    return [a for a in locked() if not a.coordinate.startswith(POSTGRES_GROUP)]


def postgres_build() -> Artifact:
    """The PostgreSQL of this operating system and processor.

    Raises:
        BackendError: there is no build for this machine.
    """
    here = (sys.platform, platform.machine())
    if here not in PLATFORMS:
        raise BackendError(
            f"there is no native PostgreSQL build for {here[0]} on {here[1]}; "
            "use BACKEND=docker, or BACKEND=external with MAINSTAY_KAFKA and MAINSTAY_POSTGRES."
        )
    wanted = f"{POSTGRES_GROUP}:embedded-postgres-binaries-{PLATFORMS[here]}:"
    return next(a for a in locked() if a.coordinate.startswith(wanted))


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("MAINSTAY_ARTIFACTS") or CHECKOUT / ".local" / "artifacts").resolve()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(artifact: Artifact, path: Path) -> None:
    """Refuse a file that is not, byte for byte, the locked one.

    Raises:
        BackendError: it is not; the file is deleted first.
    """
    actual = sha256_of(path)
    if actual == artifact.sha256:
        return
    path.unlink()
    raise BackendError(
        f"checksum mismatch: {artifact.coordinate} should have SHA-256 {artifact.sha256} but the "
        f"downloaded file has {actual}. It was deleted. Try again; if it stays so, the "
        "repository mirror in use serves another file than the one that was locked."
    )


@contextmanager
def exclusively(directory: Path) -> Iterator[None]:
    """One process at a time works in `directory` (others wait); freed by the kernel on any exit."""
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(wanted: Sequence[Artifact], cache: Path, *, progress: bool) -> list[Path]:
    """The wanted files, fetched where the cache lacks them, in the order asked for.

    Raises:
        BackendError: no network, wrong checksum, no room, or the cache cannot be written.
    """
    cache.mkdir(parents=True, exist_ok=True)
    paths = [cache / artifact.filename for artifact in wanted]
    if all(path.exists() for path in paths):
        return paths
    with exclusively(cache):
        missing = [a for a in wanted if not (cache / a.filename).exists()]
        if not missing:  # somebody else fetched them while we waited
            return paths
        scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=cache))
        try:
            _fetch_into(cache, scratch, missing, progress=progress)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return paths


def _fetch_into(cache: Path, scratch: Path, missing: list[Artifact], *, progress: bool) -> None:
    # Imported late: a warm start has nothing to fetch and need not pay for the client.
    from libs.local.backends.fetching import fetch

    fetch(missing, scratch, progress=progress)
    for artifact in missing:
        verify(artifact, scratch / artifact.filename)
    for artifact in missing:
        (scratch / artifact.filename).chmod(0o644)
        (scratch / artifact.filename).replace(cache / artifact.filename)
