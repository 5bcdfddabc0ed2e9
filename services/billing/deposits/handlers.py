"""The bank's money meets the payer's words, whichever comes first."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.billing_remittances import DepositMatched, DepositMissing
from libs.events.contracts.values import DepositId, PracticeId, RemittanceId
from libs.events.transport import Timer, UnitOfWork
from libs.service.refused import RefusedError
from services.billing.deposits import store
from services.billing.deposits.model import Deposit, Found, match, missing_at
from services.billing.deposits.store import Recorded
from services.billing.x12 import RemittanceHeader

DEPOSIT_TIMER = "await-deposit"


class OtherDepositError(RefusedError):
    """Another deposit has this id."""


async def record_deposit(uow: UnitOfWork, deposit: Deposit, by: str) -> Recorded:
    """Keep a deposit and match it; the same again changes nothing."""
    await store.lock_deposits(uow.db, uow.practice_id)
    known = await store.find(uow.db, uow.practice_id, deposit.deposit_id)
    if known is not None:
        if known.deposit != deposit:
            raise OtherDepositError("another deposit has this deposit_id")
        return known
    await store.add(uow.db, uow.practice_id, deposit, by, uow.now)
    return Recorded(deposit, await _match(uow, deposit), by, uow.now)


async def expect_deposit(uow: UnitOfWork, remittance_id: UUID, header: RemittanceHeader) -> None:
    """A payment told of money: match the deposit that came before it, or wait for one."""
    if header.payment_cents <= 0:
        return
    await store.lock_deposits(uow.db, uow.practice_id)
    await uow.set_timer(DEPOSIT_TIMER, str(remittance_id), missing_at(header.paid_on))
    for deposit in await store.list_unmatched(uow.db, uow.practice_id, header.trace_number):
        await _match(uow, deposit)


async def tell_missing_deposit(timer: Timer, uow: UnitOfWork) -> None:
    """The days that the rule allows are over."""
    await store.lock_deposits(uow.db, uow.practice_id)
    missing = await store.tell_missing(uow.db, uow.practice_id, UUID(timer.key), uow.now)
    if missing is None:
        return
    await uow.publish(
        DepositMissing(
            practice_id=PracticeId(uow.practice_id),
            remittance_id=RemittanceId(missing.remittance_id),
            payer_id=missing.payer_id,
            trace_number=missing.trace_number,
            paid_on=missing.paid_on,
            cents=missing.payment_cents,
        )
    )


async def _match(uow: UnitOfWork, deposit: Deposit) -> Found:
    db, practice_id = uow.db, uow.practice_id
    unpaid = await store.list_unpaid(db, practice_id, deposit.trace_number)
    found = match(deposit, unpaid)
    await store.settle(db, practice_id, deposit.deposit_id, found, uow.now)
    if found.state != "matched":
        return found
    [paid] = [one for one in unpaid if one.remittance_id == found.remittance_id]
    await uow.cancel_timer(DEPOSIT_TIMER, str(paid.remittance_id))
    await uow.publish(
        DepositMatched(
            practice_id=PracticeId(practice_id),
            remittance_id=RemittanceId(paid.remittance_id),
            deposit_id=DepositId(deposit.deposit_id),
            payer_id=paid.payer_id,
            deposited_on=deposit.deposited_on,
            cents=deposit.cents,
        )
    )
    return found
