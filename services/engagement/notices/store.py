"""The SQL of notices. The patient's row is locked before a notice is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.engagement.consents.model import Channel
from services.engagement.notices.model import Notice
from services.engagement.outreach.model import MessageState, Missing

COLUMNS = """message_id, patient_id, statement_id, channel, portal_url, until, state, last_reply,
       origin"""
ADD_NOTICE = """
INSERT INTO notice (practice_id, message_id, patient_id, statement_id, channel, portal_url, until,
                    state, waits_for, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 'patient', $8)
"""
FIND_NOTICE = f"SELECT {COLUMNS} FROM notice WHERE practice_id = $1 AND message_id = $2"
LOCK_NOTICE = f"{FIND_NOTICE} FOR UPDATE"
LIST_UNSENT = f"""
SELECT {COLUMNS} FROM notice
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND state = ANY ($3::text[])
 ORDER BY made
"""
LIST_WAITING_PATIENTS = """
SELECT DISTINCT patient_id FROM notice
 WHERE practice_id = $1 AND state = 'waiting' ORDER BY patient_id
"""
WAIT = """
UPDATE notice SET state = 'waiting', waits_for = $3 WHERE practice_id = $1 AND message_id = $2
"""
PLAN = """
UPDATE notice SET state = 'pending', waits_for = NULL, due_at = $3
 WHERE practice_id = $1 AND message_id = $2
"""
CANCEL = """
UPDATE notice SET state = 'cancelled', waits_for = NULL, reason = $3, settled_at = $4
 WHERE practice_id = $1 AND message_id = $2
"""
CANCEL_OF_PATIENT = """
UPDATE notice SET state = 'cancelled', waits_for = NULL, reason = 'no-consent', settled_at = $4
 WHERE practice_id = $1 AND patient_id = $2 AND channel = $3
   AND state IN ('waiting', 'pending', 'sending')
"""
BEGIN_SENDING = "UPDATE notice SET state = 'sending' WHERE practice_id = $1 AND message_id = $2"
# Cancelled while it was being handed over: what happened is what is kept.
END_SENDING = """
UPDATE notice SET state = $3, reason = $4, last_reply = $4, settled_at = $5
 WHERE practice_id = $1 AND message_id = $2 AND state IN ('sending', 'cancelled')
"""
NOTE_REPLY = "UPDATE notice SET last_reply = $3 WHERE practice_id = $1 AND message_id = $2"
COUNT_BY_STATE = """
SELECT state, coalesce(waits_for, reason) AS detail, count(*) AS notices FROM notice
 WHERE practice_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""


async def add_notice(db: Db, practice_id: UUID, notice: Notice) -> None:
    """Add a notice; it waits until it is planned, which the caller does next."""
    await db.execute(
        ADD_NOTICE, practice_id, notice.message_id, notice.patient_id, notice.statement_id,
        notice.channel, notice.portal_url, notice.until, notice.origin,
    )  # fmt: skip


async def find_notice(db: Db, practice_id: UUID, message_id: UUID) -> Notice | None:
    return _read(await db.fetchrow(FIND_NOTICE, practice_id, message_id))


async def lock_notice(db: Db, practice_id: UUID, message_id: UUID) -> Notice | None:
    return _read(await db.fetchrow(LOCK_NOTICE, practice_id, message_id))


async def list_unsent(
    db: Db, practice_id: UUID, charts: Sequence[UUID], states: Sequence[MessageState]
) -> list[Notice]:
    """The notices for a patient's charts that are in one of these states, the oldest first."""
    rows = await db.fetch(LIST_UNSENT, practice_id, list(charts), list(states))
    return [Notice(**dict(row)) for row in rows]


async def list_waiting_patients(db: Db, practice_id: UUID) -> list[UUID]:
    """The patients for whom a notice waits, in the order in which they are to be locked."""
    return [row["patient_id"] for row in await db.fetch(LIST_WAITING_PATIENTS, practice_id)]


async def find_recipient(
    db: Db, practice_id: UUID, message_id: UUID
) -> tuple[UUID, Channel] | None:
    """Whom a notice was for, and on which channel."""
    notice = await find_notice(db, practice_id, message_id)
    return None if notice is None else (notice.patient_id, notice.channel)


async def wait(db: Db, practice_id: UUID, message_id: UUID, waits_for: Missing) -> None:
    await db.execute(WAIT, practice_id, message_id, waits_for)


async def plan(db: Db, practice_id: UUID, message_id: UUID, due_at: datetime) -> None:
    await db.execute(PLAN, practice_id, message_id, due_at)


async def cancel(db: Db, practice_id: UUID, message_id: UUID, reason: str, at: datetime) -> None:
    await db.execute(CANCEL, practice_id, message_id, reason, at)


async def cancel_of_patient(
    db: Db, practice_id: UUID, patient_id: UUID, channel: Channel, at: datetime
) -> None:
    """The patient withdrew consent: whatever has not left does not leave."""
    await db.execute(CANCEL_OF_PATIENT, practice_id, patient_id, channel, at)


async def begin_sending(db: Db, practice_id: UUID, message_id: UUID) -> None:
    await db.execute(BEGIN_SENDING, practice_id, message_id)


async def end_sending(
    db: Db, practice_id: UUID, message_id: UUID, *, failed: str | None, at: datetime
) -> bool:
    """Sent, or failed with a reply code; False where that was noted before."""
    state = "sent" if failed is None else "failed"
    done = await db.execute(END_SENDING, practice_id, message_id, state, failed, at)
    return done == "UPDATE 1"


async def note_reply(db: Db, practice_id: UUID, message_id: UUID, code: str) -> None:
    await db.execute(NOTE_REPLY, practice_id, message_id, code)


async def count_by_state(db: Db, practice_id: UUID) -> list[Record]:
    """state, detail (what they wait for, or why they ended), notices."""
    return await db.fetch(COUNT_BY_STATE, practice_id)


def _read(row: Record | None) -> Notice | None:
    return None if row is None else Notice(**dict(row))
