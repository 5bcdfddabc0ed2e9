"""The SQL of messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from asyncpg import Record

from libs.events.contracts import Event
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.connections.model import Connection
from services.interop.messages.model import Fate, Inbound, Refusal

FIND_TAKEN = """
SELECT message_id, sha256, received_at FROM message
 WHERE practice_id = $1 AND connection_id = $2 AND control_id = $3
   AND fate IN ('accepted', 'waiting')
"""

KEEP_MESSAGE = """
INSERT INTO message (practice_id, message_id, connection_id, kind, type, control_id, sha256, raw,
                     fate, duplicate_of, received_at, bytes, trace_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

KEEP_NEW_MESSAGE = f"""{KEEP_MESSAGE}
ON CONFLICT (practice_id, connection_id, control_id) WHERE fate IN ('accepted', 'waiting')
DO NOTHING
"""

SETTLE_MESSAGE = """
UPDATE message SET fate = $3, refusals = '[]' WHERE practice_id = $1 AND message_id = $2
"""

REFUSE_MESSAGE = """
UPDATE message SET fate = 'refused', refusals = $3::text::jsonb, asked = $4
 WHERE practice_id = $1 AND message_id = $2
"""

ADD_MESSAGE_EVENTS = """
INSERT INTO message_event (practice_id, message_id, event_id, event_type, subject)
SELECT $1, $2, event_id, event_type, subject
  FROM unnest($3::uuid[], $4::text[], $5::text[])
       WITH ORDINALITY AS new(event_id, event_type, subject, nth)
 ORDER BY nth
"""

LOCK_MESSAGE = """
SELECT FROM message WHERE practice_id = $1 AND message_id = $2 FOR NO KEY UPDATE
"""

LIST_MESSAGES = """
SELECT message_id, connection_id, kind, type, control_id, encode(sha256, 'hex') AS sha256,
       coalesce(bytes, octet_length(raw)) AS bytes, fate, duplicate_of,
       refusals::text AS refusals, received_at, reprocessed_at, trace_id
  FROM message
 WHERE practice_id = $1 AND ($2::text IS NULL OR fate = $2)
   AND ($3::uuid IS NULL OR connection_id = $3)
   AND ($4::text IS NULL OR control_id = $4)
 ORDER BY received_at DESC, message_id LIMIT $5
"""

SHOW_MESSAGE = """
SELECT message_id, connection_id, kind, type, control_id, encode(sha256, 'hex') AS sha256,
       coalesce(bytes, octet_length(raw)) AS bytes, fate, duplicate_of,
       refusals::text AS refusals, received_at, reprocessed_at, trace_id
  FROM message WHERE practice_id = $1 AND message_id = $2
"""

LOCK_KEPT = """
SELECT message_id, connection_id, kind, type, control_id, raw, asked, fate,
       refusals::text AS refusals, received_at, reprocessed_at
  FROM message WHERE practice_id = $1 AND message_id = $2 FOR NO KEY UPDATE
"""

NOTE_REPROCESSED = """
UPDATE message SET fate = 'accepted', refusals = '[]', reprocessed_at = $3, trace_id = $4
 WHERE practice_id = $1 AND message_id = $2
"""

LIST_REFUSED = """
SELECT message_id FROM message
 WHERE practice_id = $1 AND connection_id = $2 AND fate = 'refused'
 ORDER BY received_at, message_id LIMIT $3
"""

FIND_RAW = "SELECT raw FROM message WHERE practice_id = $1 AND message_id = $2"

ADD_ACCESS = """
INSERT INTO message_access (practice_id, access_id, message_id, accessed_at, accessed_by, reason)
VALUES ($1, $2, $3, $4, $5, $6)
"""

LIST_ACCESSES = """
SELECT accessed_at, accessed_by, reason FROM message_access
 WHERE practice_id = $1 AND message_id = $2 ORDER BY accessed_at, access_id
"""

LIST_MESSAGE_EVENTS = """
SELECT event_id, event_type, subject FROM message_event
 WHERE practice_id = $1 AND message_id = $2 ORDER BY place
"""


async def find_taken(db: Db, connection: Connection, control_id: str) -> Record | None:
    """The message that this connection's control id was taken with before."""
    return await db.fetchrow(
        FIND_TAKEN, connection.practice_id, connection.connection_id, control_id
    )


async def keep_new_message(uow: UnitOfWork, connection: Connection, inbound: Inbound) -> bool:
    """Keep a message as accepted; False where one with its control id was taken before."""
    row = _row(uow, connection, inbound, "accepted", None)
    return await uow.db.execute(KEEP_NEW_MESSAGE, *row) == "INSERT 0 1"


async def keep_message(
    uow: UnitOfWork,
    connection: Connection,
    inbound: Inbound,
    *,
    fate: Fate,
    duplicate_of: UUID | None = None,
) -> None:
    """Keep a message as it came, sealed; of a duplicate, only that it came."""
    await uow.db.execute(KEEP_MESSAGE, *_row(uow, connection, inbound, fate, duplicate_of))


def _row(
    uow: UnitOfWork,
    connection: Connection,
    inbound: Inbound,
    fate: Fate,
    duplicate_of: UUID | None,
) -> tuple[object, ...]:
    raw = None if duplicate_of else inbound.raw
    return (
        connection.practice_id,
        inbound.message_id,
        connection.connection_id,
        connection.kind,
        inbound.type,
        inbound.control_id,
        inbound.sha256,
        None if raw is None else uow.seal(raw, place_of(inbound.message_id)),
        fate,
        duplicate_of,
        uow.now,
        None if raw is None else len(raw),
        _trace_of(uow),
    )


def _trace_of(uow: UnitOfWork) -> str | None:
    """The trace that the message's events will be in (W3C Trace Context §3.2.2.3)."""
    traceparent = uow.origin.traceparent
    return None if traceparent is None else traceparent.split("-")[1]


def place_of(message_id: UUID) -> str:
    """What a raw message is sealed for, and opens for."""
    return f"message/{message_id}"


def asked_of(message_id: UUID) -> str:
    """What how a message was asked for is sealed for."""
    return f"message/{message_id}/asked"


async def settle_message(db: Db, practice_id: UUID, message_id: UUID, fate: Fate) -> None:
    """Write what became of a kept message that was not refused."""
    await db.execute(SETTLE_MESSAGE, practice_id, message_id, fate)


async def refuse_message(uow: UnitOfWork, inbound: Inbound, refusals: Sequence[Refusal]) -> None:
    """Write why a kept message was refused, and what it takes to decide the same again."""
    found = json.dumps([asdict(r) for r in refusals])
    asked = None if inbound.asked is None else uow.seal(inbound.asked, asked_of(inbound.message_id))
    await uow.db.execute(REFUSE_MESSAGE, uow.practice_id, inbound.message_id, found, asked)


async def lock_message(db: Db, practice_id: UUID, message_id: UUID) -> None:
    await db.execute(LOCK_MESSAGE, practice_id, message_id)


async def add_message_events(
    db: Db, practice_id: UUID, message_id: UUID, events: Sequence[Event]
) -> None:
    """Remember which events came of a message, in their order."""
    await db.execute(
        ADD_MESSAGE_EVENTS,
        practice_id,
        message_id,
        [event.event_id for event in events],
        [event.type for event in events],
        [event.key_value for event in events],
    )


async def list_messages(
    db: Db,
    practice_id: UUID,
    *,
    fate: Fate | None,
    connection_id: UUID | None,
    control_id: str | None,
    limit: int,
) -> list[Record]:
    return await db.fetch(LIST_MESSAGES, practice_id, fate, connection_id, control_id, limit)


async def show_message(db: Db, practice_id: UUID, message_id: UUID) -> Record | None:
    return await db.fetchrow(SHOW_MESSAGE, practice_id, message_id)


async def list_message_events(db: Db, practice_id: UUID, message_id: UUID) -> list[Record]:
    return await db.fetch(LIST_MESSAGE_EVENTS, practice_id, message_id)


async def lock_kept(db: Db, practice_id: UUID, message_id: UUID) -> Record:
    """A message that is there, with what it says, sealed; locked until the transaction ends."""
    row = await db.fetchrow(LOCK_KEPT, practice_id, message_id)
    assert row is not None
    return row


async def note_reprocessed(uow: UnitOfWork, message_id: UUID) -> None:
    """Keep a refused message as accepted, for what it leads to to be worked out."""
    row = uow.practice_id, message_id, uow.now, _trace_of(uow)
    await uow.db.execute(NOTE_REPROCESSED, *row)


async def list_refused(db: Db, practice_id: UUID, connection_id: UUID, *, limit: int) -> list[UUID]:
    """A connection's refused messages, the first received first."""
    rows = await db.fetch(LIST_REFUSED, practice_id, connection_id, limit)
    return [row["message_id"] for row in rows]


async def open_raw(uow: UnitOfWork, message_id: UUID) -> bytes | None:
    """A message as it came; None of a duplicate. Raises KeyUnavailableError."""
    sealed: bytes | None = await uow.db.fetchval(FIND_RAW, uow.practice_id, message_id)
    return None if sealed is None else uow.unseal(sealed, place_of(message_id))


async def add_access(uow: UnitOfWork, message_id: UUID, *, by: str, reason: str) -> None:
    """Keep that somebody was shown what a message says."""
    await uow.db.execute(ADD_ACCESS, uow.practice_id, uuid4(), message_id, uow.now, by, reason)


async def list_accesses(db: Db, practice_id: UUID, message_id: UUID) -> list[Record]:
    return await db.fetch(LIST_ACCESSES, practice_id, message_id)
