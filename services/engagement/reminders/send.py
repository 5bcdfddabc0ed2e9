"""Hand a reminder over, unless another one has told the patient of the same time."""

from __future__ import annotations

from libs.events.transport import Timer, UnitOfWork, Work
from services.engagement.outreach.send import send
from services.engagement.patients import store as patients
from services.engagement.patients.model import Patient
from services.engagement.reminders import store
from services.engagement.reminders.model import Reminder


async def send_reminder(timer: Timer, work: Work) -> None:
    await send(Reminder, timer, work, is_told_already=_is_told_already)


async def _is_told_already(reminder: Reminder, patient: Patient, uow: UnitOfWork) -> bool:
    if reminder.state != "pending":
        return False  # it was begun before
    charts = await patients.list_charts(uow.db, uow.practice_id, patient.patient_id)
    return await store.is_told_already(uow.db, uow.practice_id, reminder, charts)
