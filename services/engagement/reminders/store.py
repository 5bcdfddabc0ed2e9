"""The SQL of reminders alone; the table is `message`, and what it shares is in outreach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.engagement.outreach.model import Cancelled
from services.engagement.reminders.model import Reminder

ADD_REMINDER = """
INSERT INTO message (practice_id, message_id, patient_id, appointment_id, channel, purpose,
                     starts_at, state, waits_for, origin)
VALUES ($1, $2, $3, $4, $5, 'appointment-reminder', $6, 'waiting', 'patient', $7)
"""

LATEST_OF_APPOINTMENT = """
SELECT message_id, patient_id, channel, state, last_reply, origin, appointment_id, starts_at
  FROM message
 WHERE practice_id = $1 AND appointment_id = $2 ORDER BY made DESC LIMIT 1
"""

# Two charts of one patient may hold the same appointment, each under an id of its own.
IS_TOLD_ALREADY = """
SELECT EXISTS (
    SELECT FROM message
     WHERE practice_id = $1 AND message_id <> $2 AND patient_id = ANY ($3::uuid[])
       AND starts_at = $4 AND channel = $5 AND state IN ('sending', 'sent'))
"""

CANCEL_OF_APPOINTMENT = """
UPDATE message SET state = 'cancelled', waits_for = NULL, reason = $3, settled_at = $4
 WHERE practice_id = $1 AND appointment_id = $2 AND state IN ('waiting', 'pending', 'sending')
"""

SHOW_MESSAGE = """
SELECT message_id, patient_id, appointment_id, channel, purpose, starts_at, state, waits_for,
       reason, last_reply, due_at, settled_at
  FROM message WHERE practice_id = $1 AND message_id = $2
"""


async def add_reminder(db: Db, practice_id: UUID, reminder: Reminder) -> None:
    """Add a reminder; it waits until it is planned, which the caller does next."""
    await db.execute(
        ADD_REMINDER,
        practice_id,
        reminder.message_id,
        reminder.patient_id,
        reminder.appointment_id,
        reminder.channel,
        reminder.starts_at,
        reminder.origin,
    )


async def find_latest(db: Db, practice_id: UUID, appointment_id: UUID) -> Reminder | None:
    """The appointment's latest reminder, whatever became of it."""
    row = await db.fetchrow(LATEST_OF_APPOINTMENT, practice_id, appointment_id)
    return None if row is None else Reminder(**dict(row))


async def is_told_already(
    db: Db, practice_id: UUID, reminder: Reminder, charts: Sequence[UUID]
) -> bool:
    """True where another reminder tells the patient of the same time."""
    of_time = reminder.starts_at, reminder.channel
    return await db.fetchval(
        IS_TOLD_ALREADY, practice_id, reminder.message_id, list(charts), *of_time
    )


async def cancel_of_appointment(
    db: Db, practice_id: UUID, appointment_id: UUID, reason: Cancelled, at: datetime
) -> None:
    await db.execute(CANCEL_OF_APPOINTMENT, practice_id, appointment_id, reason, at)


async def show_message(db: Db, practice_id: UUID, message_id: UUID) -> Record | None:
    return await db.fetchrow(SHOW_MESSAGE, practice_id, message_id)
