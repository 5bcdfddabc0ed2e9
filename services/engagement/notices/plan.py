"""An issued statement is told to its patient as soon as all that this needs is known.

As with reminders: the practice, the patient or the consent may be heard after the statement, and
the fact's own handler resumes the notice. Locks: practice (shared), patient, notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from libs.events.contracts.billing_balances import StatementIssued
from libs.events.transport import UnitOfWork
from services.engagement.consents import store as consents
from services.engagement.notices import store
from services.engagement.notices.model import (
    SEND_NOTICE,
    TELL_WITHIN,
    Notice,
    NoticeSettings,
    decide,
)
from services.engagement.outreach.model import MessageState, NotSent, Pending, Waiting
from services.engagement.patients import store as patients
from services.engagement.patients.model import Patient
from services.engagement.practices import store as practices
from services.engagement.practices.model import Practice


async def tell_of_statement(issued: StatementIssued, uow: UnitOfWork) -> None:
    """Plan a notice in the hours in which patients are told of bills."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, issued.account_id)
    notice = Notice(
        message_id=uuid5(issued.statement_id, "statement-notice"),
        patient_id=issued.account_id,
        statement_id=issued.statement_id,
        channel="email",
        portal_url=issued.portal_url,
        until=uow.now + TELL_WITHIN,
        state="waiting",
        last_reply=None,
        origin=uow.origin.dump(),
    )
    await store.add_notice(uow.db, uow.practice_id, notice)
    await _settle(uow, notice, practice, patient)


async def settle_notices(
    uow: UnitOfWork,
    charts: Sequence[UUID],
    states: Sequence[MessageState],
    practice: Practice | None,
    patient: Patient,
) -> None:
    """Look again at notices for these charts; the patient is locked already."""
    for notice in await store.list_unsent(uow.db, uow.practice_id, charts, states):
        await _settle(uow, notice, practice, patient)


async def _settle(
    uow: UnitOfWork, notice: Notice, practice: Practice | None, patient: Patient
) -> None:
    consent = await consents.find_consent(
        uow.db, uow.practice_id, patient.patient_id, notice.channel
    )
    decided = decide(
        notice,
        practice=practice,
        patient=patient,
        consent=consent[0] if consent else None,
        now=uow.now,
        hours=NoticeSettings(),
    )
    of_notice = uow.db, uow.practice_id, notice.message_id
    match decided:
        case Pending(due_at):
            await store.plan(*of_notice, due_at)
            about = (str(notice.patient_id),)
            await uow.set_timer(SEND_NOTICE, str(notice.message_id), due_at, about=about)
        case Waiting(waits_for):
            await store.wait(*of_notice, waits_for)
        case NotSent(reason):
            await store.cancel(*of_notice, reason, uow.now)
