"""What can go wrong in transport, and which of it passes by itself."""

from __future__ import annotations

import asyncpg
from aiokafka.errors import KafkaError

from libs.events.transport.keys import KeyUnavailableError

_PASSING = ("08", "28", "3D", "40", "53", "57", "58", "25006", "25P0", "55P03")
"""SQLSTATEs and classes of them that speak of the server's state, not of the statement: connection,
login, database missing, rollback, resources, operator, system, read-only standby, idle, lock.
(PostgreSQL documentation, appendix A)"""


class UnreadableEventError(Exception):
    """A record that can never be handled: no CloudEvent, an unknown type, or a broken body."""


class SealError(Exception):
    """What does not open: no encrypted value, an unknown key, or another place than its own."""


class FencedError(Exception):
    """Another owner moved this checkpoint: what was done here is rolled back."""


class TurnedBackError(Exception):
    """A record is of an earlier epoch than the checkpoint; `args`: topic, partition, offset."""


class PublishRefusedError(Exception):
    """An event that may not be published from here: wrong owner, practice or size."""


class EpochsUsedUpError(Exception):
    """A shard's next epoch would have more digits than a sequence has room for."""


_IN_OUR_WORDS = (UnreadableEventError, SealError, PublishRefusedError, KeyUnavailableError)
"""Their messages are ours, and repeat no value."""


def is_transient(error: BaseException) -> bool:
    """True for faults of the database or the broker that pass by themselves; they park nothing."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_transient(one) for one in error.exceptions)
    if isinstance(error, asyncpg.InternalClientError):
        return True  # asyncpg lost track of a connection, as after its server's end was cut off
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # "connection is closed", "pool is closing"
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_PASSING)
    return isinstance(error, OSError | TimeoutError | KafkaError)


def describe(error: BaseException) -> str:
    """Name an error without its message, which may hold a payload: class, SQLSTATE or fields."""
    from pydantic import ValidationError

    name = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(sorted({describe(one) for one in error.exceptions}))
    if isinstance(error, ValidationError):
        where: list[str] = []
        for e in error.errors(include_input=False, include_url=False, include_context=False):
            # The name of a field that no contract has is the sender's text.
            known = e["loc"][:-1] if e["type"] == "extra_forbidden" else e["loc"]
            where.append(".".join(map(str, known)) + ": " + e["type"])
        return f"{name}: {'; '.join(where[:10])}"
    if isinstance(error, asyncpg.PostgresError):
        constraint: str | None = getattr(error, "constraint_name", None)
        return f"{name} {error.sqlstate}" + (f" on {constraint}" if constraint else "")
    if isinstance(error, _IN_OUR_WORDS):
        return f"{name}: {error}"
    return name
