"""Kafka and PostgreSQL in containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def why_not(environ: Mapping[str, str]) -> str | None:
    return "wip"


@contextmanager
def running(*, durable: bool) -> Iterator[tuple[str, str]]:
    raise NotImplementedError
    yield
