"""What a data directory remembers: who uses it now, and which servers were started for it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import monotonic, sleep

from libs.local.backends.errors import BackendError
from libs.local.backends.ground import existing
from libs.local.backends.identity import Identity

LOCK = "lock"
USER_OF_LOCK = "launcher.json"
SERVERS = "servers.json"
DOCKER_PASSWORD = "docker.password"
GUARDIAN_SECONDS = 30.0
"""How long guardians of a killed launcher may take to end their servers in good order."""


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Keep every other run away from `home`; the kernel frees it however this process ends.

    Raises:
        BackendError: another run holds it.
    """
    with (home / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            other = _read(home / USER_OF_LOCK)
            who = f"process {other[0].pid}" if other else "another process"
            raise BackendError(
                f"{home} is in use by {who}. Stop that run first (Ctrl-C there, or `make down`), "
                "or choose another data directory."
            ) from failure
        _write(home / USER_OF_LOCK, [_myself()])
        try:
            yield
        finally:
            (home / USER_OF_LOCK).unlink(missing_ok=True)


def remember_servers(home: Path, identities: list[Identity]) -> None:
    _write(home / SERVERS, identities)


def stop_leftovers(home: Path) -> None:
    """End servers of a run that is over; its guardians are given time to do so themselves.

    Call with the lock held. A process that only has the pid of a recorded one is left alone.
    """
    recorded = _read(home / SERVERS)
    deadline = monotonic() + GUARDIAN_SECONDS
    while any(identity.living() for identity in recorded) and monotonic() < deadline:
        if not any(_is_guardian(identity) and identity.living() for identity in recorded):
            break
        sleep(0.05)
    for identity in recorded:
        identity.end(patience_seconds=15)
    (home / SERVERS).unlink(missing_ok=True)


def down(data: Path, *, wipe: bool, patience_seconds: float = 60.0) -> bool:
    """End the run that uses `data`, if any, and what is left of earlier ones.

    Returns:
        Whether anything was running.

    Raises:
        BackendError: the run does not end in time.
    """
    home = existing(data.resolve())
    if not (home / LOCK).exists():
        if wipe:
            _remove(data, home)
        return False
    launchers = [found for i in _read(home / USER_OF_LOCK) if (found := i.living())]
    servers = [found for i in _read(home / SERVERS) if (found := i.living())]
    for launcher in launchers:
        launcher.terminate()
    deadline = monotonic() + patience_seconds
    while True:
        try:
            with held(home):
                stop_leftovers(home)
                if wipe:
                    _remove(data, home)
            return bool(launchers or servers)
        except BackendError:
            if monotonic() > deadline:
                raise
            sleep(0.1)


def uses_docker(data: Path) -> bool:
    """Whether a run here was in containers, whose volumes then hold its data."""
    return (data / DOCKER_PASSWORD).exists()


def _remove(data: Path, home: Path) -> None:
    for directory in {data, home}:
        if not directory.exists():
            continue
        for found in directory.iterdir():
            if found.name in OURS:
                shutil.rmtree(found) if found.is_dir() else found.unlink()
        with contextlib.suppress(OSError):
            directory.rmdir()


OURS = {
    *(LOCK, USER_OF_LOCK, SERVERS, "stands-for", "postgres.password"),
    *("kafka", "postgres", "logs", "scratch", "kafka.properties", "kafka.log4j2.properties"),
    DOCKER_PASSWORD,
}
"""What may be removed of a data directory: never a file that somebody else put there."""


def _is_guardian(identity: Identity) -> bool:
    return identity.command_has == "guardian.py"


def _myself() -> Identity:
    me = Identity.of(os.getpid())
    assert me is not None
    return me


def _write(path: Path, identities: list[Identity]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(identity) for identity in identities]))
    fresh.replace(path)


def _read(path: Path) -> list[Identity]:
    try:
        return [Identity(**entry) for entry in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError):
        return []
