"""The SQL of messages. The patient's row is locked before a message is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.engagement.consents.model import Channel
from services.engagement.outreach.model import Cancelled, Message, MessageState, Missing

ADD_MESSAGE = """
INSERT INTO message (practice_id, message_id, patient_id, appointment_id, channel, purpose,
                     starts_at, state, waits_for, origin)
VALUES ($1, $2, $3, $4, $5, 'appointment-reminder', $6, 'waiting', 'patient', $7)
"""

LATEST_OF_APPOINTMENT = """
SELECT message_id, patient_id, appointment_id, channel, starts_at, state, last_reply, origin
  FROM message
 WHERE practice_id = $1 AND appointment_id = $2 ORDER BY made DESC LIMIT 1
"""

LIST_UNSENT = """
SELECT message_id, patient_id, appointment_id, channel, starts_at, state, last_reply, origin
  FROM message
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND state = ANY ($3::text[])
 ORDER BY made
"""

# Two charts of one patient may hold the same appointment, each under an id of its own.
IS_TOLD_ALREADY = """
SELECT EXISTS (
    SELECT FROM message
     WHERE practice_id = $1 AND message_id <> $2 AND patient_id = ANY ($3::uuid[])
       AND starts_at = $4 AND channel = $5 AND state IN ('sending', 'sent'))
"""

LIST_WAITING_PATIENTS = """
SELECT DISTINCT patient_id FROM message
 WHERE practice_id = $1 AND state = 'waiting' ORDER BY patient_id
"""

FIND_MESSAGE = """
SELECT message_id, patient_id, appointment_id, channel, starts_at, state, last_reply, origin
  FROM message WHERE practice_id = $1 AND message_id = $2
"""

LOCK_MESSAGE = f"{FIND_MESSAGE} FOR UPDATE"

WAIT = """
UPDATE message SET state = 'waiting', waits_for = $3 WHERE practice_id = $1 AND message_id = $2
"""

PLAN = """
UPDATE message SET state = 'pending', waits_for = NULL, due_at = $3
 WHERE practice_id = $1 AND message_id = $2
"""

CANCEL = """
UPDATE message SET state = 'cancelled', waits_for = NULL, reason = $3, settled_at = $4
 WHERE practice_id = $1 AND message_id = $2
"""

CANCEL_OF_APPOINTMENT = """
UPDATE message SET state = 'cancelled', waits_for = NULL, reason = $3, settled_at = $4
 WHERE practice_id = $1 AND appointment_id = $2 AND state IN ('waiting', 'pending', 'sending')
"""

CANCEL_OF_PATIENT = """
UPDATE message SET state = 'cancelled', waits_for = NULL, reason = 'no-consent', settled_at = $4
 WHERE practice_id = $1 AND patient_id = $2 AND channel = $3
   AND state IN ('waiting', 'pending', 'sending')
"""

BEGIN_SENDING = """
UPDATE message SET state = 'sending' WHERE practice_id = $1 AND message_id = $2
"""

# Cancelled while it was being handed over: what happened is what is kept.
END_SENDING = """
UPDATE message SET state = $3, reason = $4, last_reply = $5, settled_at = $6
 WHERE practice_id = $1 AND message_id = $2 AND state IN ('sending', 'cancelled')
"""

NOTE_REPLY = "UPDATE message SET last_reply = $3 WHERE practice_id = $1 AND message_id = $2"

COUNT_BY_STATE = """
SELECT state, coalesce(waits_for, reason) AS detail, count(*) AS messages FROM message
 WHERE practice_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""

SHOW_MESSAGE = """
SELECT message_id, patient_id, appointment_id, channel, purpose, starts_at, state, waits_for,
       reason, last_reply, due_at, settled_at
  FROM message WHERE practice_id = $1 AND message_id = $2
"""


async def add_message(db: Db, practice_id: UUID, message: Message) -> None:
    """Add a message; it waits until it is planned, which the caller does next."""
    await db.execute(
        ADD_MESSAGE,
        practice_id,
        message.message_id,
        message.patient_id,
        message.appointment_id,
        message.channel,
        message.starts_at,
        message.origin,
    )


async def find_latest(db: Db, practice_id: UUID, appointment_id: UUID) -> Message | None:
    """The appointment's latest message, whatever became of it."""
    return _read(await db.fetchrow(LATEST_OF_APPOINTMENT, practice_id, appointment_id))


async def find_message(db: Db, practice_id: UUID, message_id: UUID) -> Message | None:
    return _read(await db.fetchrow(FIND_MESSAGE, practice_id, message_id))


async def lock_message(db: Db, practice_id: UUID, message_id: UUID) -> Message | None:
    return _read(await db.fetchrow(LOCK_MESSAGE, practice_id, message_id))


async def list_unsent(
    db: Db, practice_id: UUID, charts: Sequence[UUID], states: Sequence[MessageState]
) -> list[Message]:
    """The messages of a patient's charts that are in one of these states, the oldest first."""
    rows = await db.fetch(LIST_UNSENT, practice_id, list(charts), list(states))
    return [Message(**dict(row)) for row in rows]


async def is_told_already(
    db: Db, practice_id: UUID, message: Message, charts: Sequence[UUID]
) -> bool:
    """True where another message tells the patient of the same time, and was not begun before."""
    if message.state != "pending":
        return False
    of_time = message.starts_at, message.channel
    return await db.fetchval(
        IS_TOLD_ALREADY, practice_id, message.message_id, list(charts), *of_time
    )


async def list_waiting_patients(db: Db, practice_id: UUID) -> list[UUID]:
    """The patients for whom a message waits, in the order in which they are to be locked."""
    return [row["patient_id"] for row in await db.fetch(LIST_WAITING_PATIENTS, practice_id)]


async def find_recipient(
    db: Db, practice_id: UUID, message_id: UUID
) -> tuple[UUID, Channel] | None:
    """Whom a message was for, and on which channel."""
    message = await find_message(db, practice_id, message_id)
    return None if message is None else (message.patient_id, message.channel)


async def wait(db: Db, practice_id: UUID, message_id: UUID, waits_for: Missing) -> None:
    await db.execute(WAIT, practice_id, message_id, waits_for)


async def plan(db: Db, practice_id: UUID, message_id: UUID, due_at: datetime) -> None:
    await db.execute(PLAN, practice_id, message_id, due_at)


async def cancel(
    db: Db, practice_id: UUID, message_id: UUID, reason: Cancelled, at: datetime
) -> None:
    await db.execute(CANCEL, practice_id, message_id, reason, at)


async def cancel_of_appointment(
    db: Db, practice_id: UUID, appointment_id: UUID, reason: Cancelled, at: datetime
) -> None:
    await db.execute(CANCEL_OF_APPOINTMENT, practice_id, appointment_id, reason, at)


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
    done = await db.execute(END_SENDING, practice_id, message_id, state, failed, failed, at)
    return done == "UPDATE 1"


async def note_reply(db: Db, practice_id: UUID, message_id: UUID, code: str) -> None:
    await db.execute(NOTE_REPLY, practice_id, message_id, code)


async def count_by_state(db: Db, practice_id: UUID) -> list[Record]:
    """state, detail (what it waits for, or why it ended), messages."""
    return await db.fetch(COUNT_BY_STATE, practice_id)


async def show_message(db: Db, practice_id: UUID, message_id: UUID) -> Record | None:
    return await db.fetchrow(SHOW_MESSAGE, practice_id, message_id)


def _read(row: Record | None) -> Message | None:
    return None if row is None else Message(**dict(row))
