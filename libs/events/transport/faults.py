"""What can go wrong in transport, and which of it passes by itself."""

from __future__ import annotations

import asyncpg
from aiokafka.errors import KafkaError
from asyncpg.exceptions import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    DeadlockDetectedError,
    LockNotAvailableError,
    PostgresConnectionError,
    SerializationError,
    TooManyConnectionsError,
)

_TRANSIENT = (
    OSError,
    TimeoutError,
    KafkaError,
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    DeadlockDetectedError,
    LockNotAvailableError,
    PostgresConnectionError,
    SerializationError,
    TooManyConnectionsError,
)


class UnreadableEventError(Exception):
    """A record that can never be handled: no CloudEvent, an unknown type, or a broken body."""


class FencedError(Exception):
    """Another owner moved this checkpoint: what was done here is rolled back."""


class PublishRefusedError(Exception):
    """An event that may not be published from here: wrong owner, practice or size."""


def is_transient(error: BaseException) -> bool:
    """True for faults of the database or the broker that pass by themselves; they park nothing."""
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # "connection is closed", "pool is closing"
    return isinstance(error, _TRANSIENT)


def describe(error: BaseException) -> str:
    """Name an error without its message, which may hold a payload: class, SQLSTATE or fields."""
    from pydantic import ValidationError

    name = type(error).__name__
    if isinstance(error, ValidationError):
        where = [
            ".".join(map(str, e["loc"])) + ": " + e["type"]
            for e in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        return f"{name}: {'; '.join(where[:10])}"
    if isinstance(error, asyncpg.PostgresError):
        constraint: str | None = getattr(error, "constraint_name", None)
        return f"{name} {error.sqlstate}" + (f" on {constraint}" if constraint else "")
    if isinstance(error, UnreadableEventError | PublishRefusedError):
        return f"{name}: {error}"
    return name
