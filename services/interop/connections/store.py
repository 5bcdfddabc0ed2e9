"""The SQL of connections."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.interop.connections.model import Connection, Profile

ADD_CONNECTION = """
INSERT INTO connection (practice_id, connection_id, kind, source_system, sending_application,
                        sending_facility, time_zone, profile, key_sha256, opened_at, key_changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11)
ON CONFLICT (practice_id, connection_id) DO NOTHING
"""

FIND_CONNECTION = "SELECT * FROM connection WHERE practice_id = $1 AND connection_id = $2"

LIST_CONNECTIONS = """
SELECT * FROM connection WHERE practice_id = $1 ORDER BY source_system, kind, connection_id
"""

CHANGE_KEY = """
UPDATE connection SET key_sha256 = $3, key_changed_at = $4
 WHERE practice_id = $1 AND connection_id = $2
"""

COUNT_RECEIVED = """
UPDATE connection SET received = received + 1, last_seen_at = $3
 WHERE practice_id = $1 AND connection_id = $2
"""

COUNT_REFUSED = """
UPDATE connection SET refused = refused + 1 WHERE practice_id = $1 AND connection_id = $2
"""


async def add_connection(db: Db, connection: Connection) -> None:
    """Add a connection; one that is there stays as it is."""
    await db.execute(
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
    )


async def find_connection(db: Db, practice_id: UUID, connection_id: UUID) -> Connection | None:
    row = await db.fetchrow(FIND_CONNECTION, practice_id, connection_id)
    return None if row is None else _read(row)


async def list_connections(db: Db, practice_id: UUID) -> list[Connection]:
    return [_read(row) for row in await db.fetch(LIST_CONNECTIONS, practice_id)]


async def change_key(db: Db, connection: Connection, key_sha256: bytes, at: datetime) -> None:
    await db.execute(CHANGE_KEY, connection.practice_id, connection.connection_id, key_sha256, at)


async def count_received(db: Db, connection: Connection, at: datetime) -> None:
    """Count a message; the row's lock also puts this connection's messages one after the other."""
    await db.execute(COUNT_RECEIVED, connection.practice_id, connection.connection_id, at)


async def count_refused(db: Db, connection: Connection) -> None:
    await db.execute(COUNT_REFUSED, connection.practice_id, connection.connection_id)


def _read(row: Record) -> Connection:
    columns: dict[str, Any] = dict(row)
    columns["profile"] = Profile.model_validate_json(columns["profile"])
    return Connection(**columns)
