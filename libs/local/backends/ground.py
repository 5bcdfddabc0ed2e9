"""Where the servers' files are and which user runs them.

An ordinary user simply runs the servers. PostgreSQL refuses to run as root, and a broker should
not, so root drops them to `nobody`. That user must be able to reach the files: where a directory
above them is private (a checkout under /root, a test's private directory), they are kept in a
directory of their own under /var/tmp, named after the path they stand for, and this is said.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from libs.local.backends.errors import BackendError

ORIGIN = "stands-for"
"""File in a directory under /var/tmp that names the path it stands for."""
NEEDED_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class User:
    """Whom the servers run as."""

    uid: int
    gid: int


def server_user() -> User | None:
    """None: whoever runs us. For root: the unprivileged user of the system."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return User(65534, 65534)
    return User(nobody.pw_uid, nobody.pw_gid)


def reaches(user: User | None, path: Path) -> bool:
    """Whether the user may enter every directory above `path` and `path` itself."""
    if user is None:
        return True
    for directory in [path, *path.parents]:
        found = directory.stat()
        if found.st_uid == user.uid:
            bit = stat.S_IXUSR
        else:
            bit = stat.S_IXGRP if found.st_gid == user.gid else stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def within_reach(path: Path, user: User | None) -> Path:
    """`path`, created, or the directory that stands for it where the user cannot enter `path`.

    Raises:
        BackendError: the directory cannot be created or written, or the disk is full.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if user is not None:
            path.chmod(path.stat().st_mode | 0o111)
        home = path if reaches(user, path) else _stand_in(path)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as failure:
        raise BackendError(
            f"cannot write in {path}: {failure.strerror}. Choose another directory or make it "
            "writable for you."
        ) from failure
    free = shutil.disk_usage(home).free
    if free < NEEDED_FREE_BYTES:
        raise BackendError(
            f"the disk of {home} has {free / 1e6:.0f} MB free; Kafka and PostgreSQL need "
            f"{NEEDED_FREE_BYTES / 1e6:.0f} MB. Make room, or choose a directory elsewhere."
        )
    return home


def stand_in_path(path: Path) -> Path:
    base = Path("/var/tmp")
    base = base if base.is_dir() else Path(tempfile.gettempdir())
    return base / f"mainstay-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"


def existing(path: Path) -> Path:
    """Where the files of `path` are, without creating anything."""
    moved = stand_in_path(path)
    return moved if _is_ours(moved) else path


def _stand_in(path: Path) -> Path:
    home = stand_in_path(path)
    home.mkdir(mode=0o755, exist_ok=True)
    if not _is_ours(home):
        raise BackendError(f"{home} belongs to somebody else; remove it and try again.")
    home.chmod(0o755)
    if not (home / ORIGIN).exists():
        (home / ORIGIN).write_text(str(path))
        print(
            f"The servers run as an unprivileged user, who cannot enter {path}; "
            f"their files are in {home}.",
            file=sys.stderr,
        )
    return home


def _is_ours(home: Path) -> bool:
    try:
        found = home.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def sweep() -> None:
    """Remove directories under /var/tmp whose origin is gone, such as that of an old test."""
    for home in stand_in_path(Path()).parent.glob("mainstay-*"):
        origin = home / ORIGIN
        if not _is_ours(home) or not origin.exists() or Path(origin.read_text()).exists():
            continue
        with contextlib.suppress(OSError), (home / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(home)


def give(user: User | None, *paths: Path) -> None:
    """Make the paths, and all that is in them, the user's."""
    if user is None:
        return
    for path in paths:
        for found in [path, *path.rglob("*")]:
            os.chown(found, user.uid, user.gid, follow_symlinks=False)
