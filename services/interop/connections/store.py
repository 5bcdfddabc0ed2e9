"""The SQL of connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from asyncpg import BitString, Record

from libs.events.transport.database import Db
from services.interop.connections.model import (
    Connection,
    Expected,
    Kind,
    Profile,
    WriteBack,
)

ADD_CONNECTION = """
INSERT INTO connection (practice_id, connection_id, kind, source_system, sending_application,
                        sending_facility, time_zone, profile, key_sha256, opened_at, key_changed_at,
                        state, expected)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $13::text::jsonb)
ON CONFLICT (practice_id, connection_id) DO NOTHING
"""

FIND_CONNECTION = "SELECT * FROM connection WHERE practice_id = $1 AND connection_id = $2"

LOCK_CONNECTION = FIND_CONNECTION + " FOR NO KEY UPDATE"

LIST_CONNECTIONS = """
SELECT * FROM connection WHERE practice_id = $1 ORDER BY source_system, kind, connection_id
"""

CHANGE_KEY = """
UPDATE connection SET key_sha256 = $3, key_changed_at = $4
 WHERE practice_id = $1 AND connection_id = $2
"""

CHANGE_STATE = """
UPDATE connection SET state = $3, state_changed_at = $4, recent = repeat('0', 100)::bit(100),
                      recent_count = 0, down_reason = NULL, down_at = NULL
 WHERE practice_id = $1 AND connection_id = $2
"""

CHANGE_EXPECTED = """
UPDATE connection SET expected = $3::text::jsonb WHERE practice_id = $1 AND connection_id = $2
"""

CHANGE_WRITE_BACK = """
UPDATE connection SET write_back = $3::text::jsonb WHERE practice_id = $1 AND connection_id = $2
"""

CHANGE_HEALTH = """
UPDATE connection SET down_reason = $3, down_at = $4 WHERE practice_id = $1 AND connection_id = $2
"""

_COUNT = """
UPDATE connection SET received = received + 1, last_seen_at = $3, recent = recent << 1,
                      recent_count = least(recent_count + 1, 100)
 WHERE practice_id = $1 AND connection_id = $2 AND state IN ('testing', 'live')
"""

COUNT_RECEIVED = f"""{_COUNT}
RETURNING state, last_seen_at, received, refused, recent, recent_count, down_reason, down_at
"""

HEAR = f"""{_COUNT} AND key_sha256 = $4 AND kind = $5
RETURNING *
"""

COUNT_REFUSED = """
UPDATE connection SET refused = refused + 1, recent = set_bit(recent, 99, 1)
 WHERE practice_id = $1 AND connection_id = $2
RETURNING refused, recent
"""


async def add_connection(db: Db, connection: Connection) -> bool:
    """True where it was new; one that is there stays as it is."""
    done = await db.execute(
        ADD_CONNECTION,
        connection.practice_id,
        connection.connection_id,
        connection.kind,
        connection.source_system,
        connection.sending_application,
        connection.sending_facility,
        connection.time_zone,
        connection.profile.model_dump_json(),
        connection.key_sha256,
        connection.opened_at,
        connection.key_changed_at,
        connection.state,
        _written(connection.expected),
    )
    return done == "INSERT 0 1"


async def find_connection(db: Db, practice_id: UUID, connection_id: UUID) -> Connection | None:
    row = await db.fetchrow(FIND_CONNECTION, practice_id, connection_id)
    return None if row is None else _read(row)


async def list_connections(db: Db, practice_id: UUID) -> list[Connection]:
    return [_read(row) for row in await db.fetch(LIST_CONNECTIONS, practice_id)]


async def change_key(db: Db, connection: Connection, key_sha256: bytes, at: datetime) -> None:
    await db.execute(CHANGE_KEY, connection.practice_id, connection.connection_id, key_sha256, at)


async def lock_connection(db: Db, practice_id: UUID, connection_id: UUID) -> Connection | None:
    """The connection, locked until the transaction ends: no message of it comes in between."""
    row = await db.fetchrow(LOCK_CONNECTION, practice_id, connection_id)
    return None if row is None else _read(row)


async def change_state(db: Db, connection: Connection) -> None:
    """Write the state; what came before it is not looked at any more."""
    await db.execute(
        CHANGE_STATE,
        connection.practice_id,
        connection.connection_id,
        connection.state,
        connection.state_changed_at,
    )


async def change_expected(db: Db, connection: Connection) -> None:
    expected = _written(connection.expected)
    await db.execute(CHANGE_EXPECTED, connection.practice_id, connection.connection_id, expected)


async def change_write_back(
    db: Db, connection: Connection, write_back: WriteBack | None
) -> Connection:
    written = None if write_back is None else write_back.model_dump_json()
    await db.execute(CHANGE_WRITE_BACK, connection.practice_id, connection.connection_id, written)
    return replace(connection, write_back=write_back)


async def change_health(db: Db, connection: Connection) -> None:
    await db.execute(
        CHANGE_HEALTH,
        connection.practice_id,
        connection.connection_id,
        connection.down_reason,
        connection.down_at,
    )


async def count_received(db: Db, connection: Connection, at: datetime) -> Connection | None:
    """The connection with a message more; None, and nothing is counted, where it takes none.

    The row's lock also puts this connection's messages one after the other.
    """
    row = await db.fetchrow(COUNT_RECEIVED, connection.practice_id, connection.connection_id, at)
    return None if row is None else replace(connection, **_columns(row))


async def hear(
    db: Db, practice_id: UUID, connection_id: UUID, at: datetime, key_sha256: bytes, kind: Kind
) -> Connection | None:
    """As `count_received`, of a connection that was not read before: None also for another key."""
    row = await db.fetchrow(HEAR, practice_id, connection_id, at, key_sha256, kind)
    return None if row is None else _read(row)


async def count_refused(db: Db, connection: Connection) -> Connection:
    """The connection whose newest message was refused."""
    row = await db.fetchrow(COUNT_REFUSED, connection.practice_id, connection.connection_id)
    assert row is not None
    return replace(connection, **_columns(row))


def _read(row: Record) -> Connection:
    return Connection(**_columns(row))


def _columns(row: Record) -> dict[str, Any]:
    columns: dict[str, Any] = dict(row)
    if "profile" in columns:
        columns["profile"] = _profile(columns["profile"])
    if columns.get("expected") is not None:
        columns["expected"] = Expected.model_validate_json(columns["expected"])
    if columns.get("write_back") is not None:
        columns["write_back"] = WriteBack.model_validate_json(columns["write_back"])
    recent: BitString = columns["recent"]
    columns["recent"] = recent.to_int(bitorder="big", signed=False)
    return columns


def _written(expected: Expected | None) -> str | None:
    return None if expected is None else expected.model_dump_json()


@lru_cache(maxsize=256)
def _profile(written: str) -> Profile:
    """Each message reads its connection's; a large one takes milliseconds to validate."""
    return Profile.model_validate_json(written)
