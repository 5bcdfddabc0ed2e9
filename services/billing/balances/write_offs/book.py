"""Books what a patient is let off, and takes it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from libs.events.contracts.billing_balances import (
    PatientBalanceWrittenOff,
    PatientWriteOffReversed,
)
from libs.events.contracts.values import ClaimId, PatientId, PracticeId, month_of
from libs.events.transport import UnitOfWork
from services.billing.balances import entries
from services.billing.balances.model import Balance
from services.billing.balances.write_offs import store
from services.billing.balances.write_offs.store import Reason, WriteOff
from services.billing.ledger.store import post


async def write_off(
    uow: UnitOfWork,
    write_off_id: UUID,
    account_id: UUID,
    claim: Balance,
    cents: int,
    reason: Reason,
) -> None:
    """The claim is locked, and its patient owes as much."""
    made = WriteOff(
        write_off_id=write_off_id,
        account_id=account_id,
        claim_id=claim.claim_id,
        service_month=month_of(claim.service_on),
        cents=cents,
        reason=reason,
        written_off_on=uow.now.date(),
        reversed=False,
    )
    event = PatientBalanceWrittenOff(**_said(uow, made))
    await store.add_write_off(uow.db, uow.practice_id, made)
    await post(uow.db, _entry(uow, made, event.event_id), uow.now)
    await uow.publish(event)


async def reverse(uow: UnitOfWork, made: WriteOff) -> None:
    """The patient owes it again."""
    event = PatientWriteOffReversed(**_said(uow, made))
    await store.mark_reversed(uow.db, uow.practice_id, made.write_off_id)
    await post(uow.db, _entry(uow, made, event.event_id, undo=True), uow.now)
    await uow.publish(event)


def _said(uow: UnitOfWork, made: WriteOff) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(uow.practice_id),
        "write_off_id": made.write_off_id,
        "account_id": PatientId(made.account_id),
        "claim_id": ClaimId(made.claim_id),
        "service_month": made.service_month,
        "cents": made.cents,
        "reason": made.reason,
    }


def _entry(uow: UnitOfWork, made: WriteOff, event_id: UUID, *, undo: bool = False) -> entries.Entry:
    return entries.written_off(
        uow.practice_id, made.write_off_id, made.claim_id, made.service_month, made.cents,
        made.reason, event_id, undo=undo,
    )  # fmt: skip
