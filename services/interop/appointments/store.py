"""The SQL of appointments."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport.database import Db
from services.interop.appointments.model import Appointment

ADD_APPOINTMENT = """
INSERT INTO appointment (practice_id, appointment_id, source_system, patient_id, provider_npi,
                         starts_at, starts_on, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (practice_id, appointment_id) DO NOTHING
"""

LOCK_APPOINTMENT = """
SELECT practice_id, appointment_id, patient_id, provider_npi, starts_at, starts_on, state,
       source_system
  FROM appointment WHERE practice_id = $1 AND appointment_id = $2 FOR NO KEY UPDATE
"""

MARK_MISSED = """
UPDATE appointment SET state = 'missed' WHERE practice_id = $1 AND appointment_id = $2
"""


async def add_appointment(db: Db, appointment: Appointment, source_system: str) -> bool:
    """True where the appointment was new."""
    done = await db.execute(
        ADD_APPOINTMENT,
        appointment.practice_id,
        appointment.appointment_id,
        source_system,
        appointment.patient_id,
        appointment.provider_npi,
        appointment.starts_at,
        appointment.starts_on,
        appointment.state,
    )
    return done == "INSERT 0 1"


async def lock_appointment(
    db: Db, practice_id: UUID, appointment_id: UUID
) -> tuple[Appointment, str] | None:
    """The appointment, locked until the transaction ends, and the source system that keeps it."""
    row = await db.fetchrow(LOCK_APPOINTMENT, practice_id, appointment_id)
    if row is None:
        return None
    found = dict(row)
    source_system = found.pop("source_system")
    return Appointment(**found), source_system


async def mark_missed(db: Db, appointment: Appointment) -> None:
    await db.execute(MARK_MISSED, appointment.practice_id, appointment.appointment_id)
