"""The SQL of messages of each kind. The patient's row is locked before a message is changed.

`{table}` and `{columns}` are the kind's own (`Message.table`, the fields of its class).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.engagement.consents.model import Channel
from services.engagement.outreach.model import Cancelled, Message, MessageState, Missing

M = TypeVar("M", bound=Message)

FIND_MESSAGE = "SELECT {columns} FROM {table} WHERE practice_id = $1 AND message_id = $2"

LOCK_MESSAGE = f"{FIND_MESSAGE} FOR UPDATE"

LIST_UNSENT = """
SELECT {columns} FROM {table}
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND state = ANY ($3::text[])
 ORDER BY made
"""

LIST_WAITING_PATIENTS = """
SELECT DISTINCT patient_id FROM {table}
 WHERE practice_id = $1 AND state = 'waiting' ORDER BY patient_id
"""

WAIT = """
UPDATE {table} SET state = 'waiting', waits_for = $3 WHERE practice_id = $1 AND message_id = $2
"""

PLAN = """
UPDATE {table} SET state = 'pending', waits_for = NULL, due_at = $3
 WHERE practice_id = $1 AND message_id = $2
"""

CANCEL = """
UPDATE {table} SET state = 'cancelled', waits_for = NULL, reason = $3, settled_at = $4
 WHERE practice_id = $1 AND message_id = $2
"""

CANCEL_OF_PATIENT = """
UPDATE {table} SET state = 'cancelled', waits_for = NULL, reason = 'no-consent', settled_at = $4
 WHERE practice_id = $1 AND patient_id = $2 AND channel = $3
   AND state IN ('waiting', 'pending', 'sending')
"""

BEGIN_SENDING = """
UPDATE {table} SET state = 'sending' WHERE practice_id = $1 AND message_id = $2
"""

# Cancelled while it was being handed over: what happened is what is kept.
END_SENDING = """
UPDATE {table} SET state = $3, reason = $4, last_reply = $4, settled_at = $5
 WHERE practice_id = $1 AND message_id = $2 AND state IN ('sending', 'cancelled')
"""

NOTE_REPLY = "UPDATE {table} SET last_reply = $3 WHERE practice_id = $1 AND message_id = $2"

COUNT_BY_STATE = """
SELECT state, coalesce(waits_for, reason) AS detail, count(*) AS number FROM {table}
 WHERE practice_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""


async def find_message(db: Db, practice_id: UUID, of: type[M], message_id: UUID) -> M | None:
    return _read(of, await db.fetchrow(_of(FIND_MESSAGE, of), practice_id, message_id))


async def lock_message(db: Db, practice_id: UUID, of: type[M], message_id: UUID) -> M | None:
    return _read(of, await db.fetchrow(_of(LOCK_MESSAGE, of), practice_id, message_id))


async def list_unsent(
    db: Db, practice_id: UUID, of: type[M], charts: Sequence[UUID], states: Sequence[MessageState]
) -> list[M]:
    """The messages for a patient's charts that are in one of these states, the oldest first."""
    rows = await db.fetch(_of(LIST_UNSENT, of), practice_id, list(charts), list(states))
    return [of(**dict(row)) for row in rows]


async def list_waiting_patients(db: Db, practice_id: UUID, of: type[Message]) -> list[UUID]:
    """The patients for whom a message waits, in the order in which they are to be locked."""
    rows = await db.fetch(_of(LIST_WAITING_PATIENTS, of), practice_id)
    return [row["patient_id"] for row in rows]


async def wait(db: Db, practice_id: UUID, message: Message, waits_for: Missing) -> None:
    await db.execute(_of(WAIT, message), practice_id, message.message_id, waits_for)


async def plan(db: Db, practice_id: UUID, message: Message, due_at: datetime) -> None:
    await db.execute(_of(PLAN, message), practice_id, message.message_id, due_at)


async def cancel(
    db: Db, practice_id: UUID, message: Message, reason: Cancelled, at: datetime
) -> None:
    await db.execute(_of(CANCEL, message), practice_id, message.message_id, reason, at)


async def cancel_of_patient(
    db: Db, practice_id: UUID, of: type[Message], patient_id: UUID, channel: Channel, at: datetime
) -> None:
    """The patient withdrew consent: whatever has not left does not leave."""
    await db.execute(_of(CANCEL_OF_PATIENT, of), practice_id, patient_id, channel, at)


async def begin_sending(db: Db, practice_id: UUID, message: Message) -> None:
    await db.execute(_of(BEGIN_SENDING, message), practice_id, message.message_id)


async def end_sending(
    db: Db, practice_id: UUID, message: Message, *, failed: str | None, at: datetime
) -> bool:
    """Sent, or failed with a reply code; False where that was noted before."""
    state = "sent" if failed is None else "failed"
    row = practice_id, message.message_id, state, failed, at
    return await db.execute(_of(END_SENDING, message), *row) == "UPDATE 1"


async def note_reply(
    db: Db, practice_id: UUID, of: type[Message], message_id: UUID, code: str
) -> None:
    await db.execute(_of(NOTE_REPLY, of), practice_id, message_id, code)


async def count_by_state(db: Db, practice_id: UUID, of: type[Message]) -> list[Record]:
    """state, detail (what they wait for, or why they ended), number."""
    return await db.fetch(_of(COUNT_BY_STATE, of), practice_id)


def _of(statement: str, kind: type[Message] | Message) -> str:
    columns = ", ".join(column.name for column in fields(kind))
    return statement.format(table=kind.table, columns=columns)


def _read(of: type[M], row: Record | None) -> M | None:
    return None if row is None else of(**dict(row))
