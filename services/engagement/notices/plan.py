"""An issued statement is told to its patient as soon as all that this needs is known."""

from __future__ import annotations

from uuid import uuid5

from libs.events.contracts.billing_balances import StatementIssued
from libs.events.transport import UnitOfWork
from services.engagement.notices import store
from services.engagement.notices.model import TELL_WITHIN, Notice
from services.engagement.outreach.plan import settle
from services.engagement.patients import store as patients
from services.engagement.practices import store as practices


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
    await settle(uow, notice, practice, patient)
