"""The SQL of appointments."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.transport.database import Db
from services.interop.appointments.model import Appointment

ADD_APPOINTMENT = """
INSERT INTO appointment (practice_id, appointment_id, source_system, patient_id, provider_npi,
                         starts_at, starts_on, state, visit_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (practice_id, appointment_id) DO NOTHING
"""

LOCK_APPOINTMENT = """
SELECT practice_id, appointment_id, survivor_of(practice_id, patient_id) AS patient_id,
       provider_npi, starts_at, starts_on, state, visit_id, source_system
  FROM appointment WHERE practice_id = $1 AND appointment_id = $2 FOR NO KEY UPDATE
"""

LOCK_OF_VISIT = """
SELECT practice_id, appointment_id, survivor_of(practice_id, patient_id) AS patient_id,
       provider_npi, starts_at, starts_on, state, visit_id
  FROM appointment
 WHERE practice_id = $1 AND visit_id = $2 AND survivor_of(practice_id, patient_id) = $3
   AND starts_on = $4
   AND state IN ('booked', 'missed')
 ORDER BY appointment_id FOR NO KEY UPDATE
"""

# It stays under the chart that it came under while that chart is the patient's.
CHANGE_APPOINTMENT = """
UPDATE appointment
   SET patient_id = CASE WHEN survivor_of(practice_id, patient_id) = $3 THEN patient_id
                         ELSE $3 END,
       provider_npi = $4, starts_at = $5, starts_on = $6, state = $7, visit_id = $8
 WHERE practice_id = $1 AND appointment_id = $2
"""

TOOK_PLACE = """
SELECT EXISTS (SELECT FROM encounter
                WHERE practice_id = $1 AND encounter_id = $2 AND state <> 'voided'
                  AND survivor_of(practice_id, patient_id) = $3 AND service_on = $4)
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
        appointment.visit_id,
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


async def lock_of_visit(
    db: Db, practice_id: UUID, visit_id: UUID, patient_id: UUID, on: date
) -> list[Appointment]:
    """The patient's appointments of the day that are booked for this visit, locked."""
    rows = await db.fetch(LOCK_OF_VISIT, practice_id, visit_id, patient_id, on)
    return [Appointment(**dict(row)) for row in rows]


async def change_appointment(db: Db, appointment: Appointment) -> None:
    await db.execute(
        CHANGE_APPOINTMENT,
        appointment.practice_id,
        appointment.appointment_id,
        appointment.patient_id,
        appointment.provider_npi,
        appointment.starts_at,
        appointment.starts_on,
        appointment.state,
        appointment.visit_id,
    )


async def took_place(db: Db, appointment: Appointment) -> bool:
    """True where the visit that it is booked for was told already, on its day."""
    return await db.fetchval(
        TOOK_PLACE,
        appointment.practice_id,
        appointment.visit_id,
        appointment.patient_id,
        appointment.starts_on,
    )
