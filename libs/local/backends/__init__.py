"""Kafka and PostgreSQL for one machine: `running` yields both, however they are had.

`choose` decides between servers that exist already (external), plain processes (native) and
containers (docker); all three give the same addresses to whoever uses them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never

from libs.local.backends import docker, external, native, records
from libs.local.backends.choosing import Choice, choose
from libs.local.backends.errors import BackendError

__all__ = ["BackendError", "Backends", "Choice", "choose", "down", "running"]


@dataclass(frozen=True, slots=True)
class Backends:
    """Where the two servers are."""

    name: Literal["external", "native", "docker"]
    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    postgres: str
    """DSN of a role that may create roles and databases, ending in `/postgres`."""


@contextmanager
def running(
    data: Path, choice: Choice, *, durable: bool = True, progress: bool = True
) -> Iterator[Backends]:
    """Kafka and PostgreSQL, ready for use; what was started here is stopped at the end.

    Args:
        data: directory that keeps the servers' files from one run to the next (native).
        durable: False for tests: no fsync, and the end is abrupt.
        progress: say on stderr what is fetched.

    Raises:
        BackendError: they cannot be had; the message says what to do. Nothing is left behind.
    """
    match choice:
        case Choice.external:
            yield Backends("external", *external.reached())
        case Choice.native:
            with native.running(data, durable=durable, progress=progress) as addresses:
                yield Backends("native", *addresses)
        case Choice.docker:
            with docker.running(data, durable=durable) as addresses:
                yield Backends("docker", *addresses)
        case _:
            assert_never(choice)


def down(data: Path, *, wipe: bool) -> bool:
    """Stop the run that uses `data` and what is left of earlier ones; with `wipe`, remove it.

    Returns:
        Whether there was anything.

    Raises:
        BackendError: the run does not end.
    """
    composed = records.uses_docker(data)
    # The run first, because it holds the containers; the files last, because they name them.
    used = records.down(data, wipe=wipe and not composed)
    if composed:
        docker.down(data.resolve(), wipe=wipe)
        records.down(data, wipe=wipe)
    return used
