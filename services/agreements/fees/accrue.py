"""What payments make of the fee: it accrues, waits for an agreement, or is taken back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.contracts.agreements import ManagementFeeAccrued, ManagementFeeReversed
from libs.events.contracts.billing import PaymentPosted, PaymentReversed
from libs.events.contracts.billing_balances import (
    PatientPaymentApplied,
    PatientPaymentUnapplied,
)
from libs.events.contracts.values import AgreementId, FeeEntryId, PracticeId
from libs.events.transport import Origin, UnitOfWork
from services.agreements.agreements import store as agreements
from services.agreements.agreements.model import Agreement, agreement_in_force
from services.agreements.fees import store
from services.agreements.fees.model import (
    FeeEntry,
    Payment,
    PaymentUnknownError,
    ReversedTwiceError,
    accrue_fee,
    take_back,
)


async def accrue_management_fee(posted: PaymentPosted, uow: UnitOfWork) -> None:
    payment = Payment(
        payment_id=posted.payment_id,
        event_id=posted.event_id,
        posted_on=posted.posted_on,
        service_month=posted.service_month,
        paid_cents=posted.paid_cents,
        origin=uow.origin.dump(),
    )
    await _take(uow, payment)


async def accrue_on_patient_payment(applied: PatientPaymentApplied, uow: UnitOfWork) -> None:
    """A patient's money is collected when a claim takes it, not while it is a credit."""
    payment = Payment(
        payment_id=applied.application_id,
        event_id=applied.event_id,
        posted_on=applied.applied_on,
        service_month=applied.service_month,
        paid_cents=applied.cents,
        origin=uow.origin.dump(),
    )
    await _take(uow, payment)


async def _take(uow: UnitOfWork, payment: Payment) -> None:
    """The fee accrues at the rate in force on the posting day, or waits for an agreement."""
    await store.lock_account(uow.db, uow.practice_id)
    if payment.paid_cents == 0:
        await store.add_payment(uow.db, uow.practice_id, payment, "no-fee")
        return
    agreement = await agreements.find_in_force(uow.db, uow.practice_id, payment.posted_on)
    if agreement is None:
        await store.add_payment(uow.db, uow.practice_id, payment, "waiting")
        return
    await store.add_payment(uow.db, uow.practice_id, payment, "accrued")
    await _accrue(uow, [(payment, agreement)])


async def accrue_waiting_fees(uow: UnitOfWork) -> None:
    """An agreement was signed: what waited for one accrues. The account is locked already."""
    signed = await agreements.list_agreements(uow.db, uow.practice_id)
    since = min(agreement.effective_on for agreement in signed)
    due: list[tuple[Payment, Agreement]] = []
    for payment in await store.list_waiting(uow.db, uow.practice_id, since):
        agreement = agreement_in_force(signed, payment.posted_on)
        assert agreement is not None
        due.append((payment, agreement))
    ids = [payment.payment_id for payment, _ in due]
    await store.change_states(uow.db, uow.practice_id, ids, "accrued")
    await _accrue(uow, due)


async def reverse_management_fee(reversed_: PaymentReversed, uow: UnitOfWork) -> None:
    await _undo(uow, reversed_.payment_id, reversed_.posted_on)


async def reverse_on_patient_payment(undone: PatientPaymentUnapplied, uow: UnitOfWork) -> None:
    await _undo(uow, undone.application_id, undone.unapplied_on)


async def _undo(uow: UnitOfWork, payment_id: UUID, on: date) -> None:
    """Take back exactly what had accrued for the payment; nothing where nothing had.

    Posting and reversal travel under one key, in order, so a reversal of a payment never heard is
    an error of its publisher: raises PaymentUnknownError, or ReversedTwiceError.
    """
    await store.lock_account(uow.db, uow.practice_id)
    state = await store.find_state(uow.db, uow.practice_id, payment_id)
    if state is None:
        raise PaymentUnknownError
    if state in ("reversed", "withdrawn"):
        raise ReversedTwiceError
    accrued = await store.find_accrued(uow.db, uow.practice_id, payment_id)
    if accrued is None:
        await store.change_states(uow.db, uow.practice_id, [payment_id], "withdrawn")
        return
    await store.change_states(uow.db, uow.practice_id, [payment_id], "reversed")
    await _reverse(uow, accrued, on)


async def _accrue(uow: UnitOfWork, due: list[tuple[Payment, Agreement]]) -> None:
    entries = [accrue_fee(payment, agreement) for payment, agreement in due]
    await store.add_entries(uow.db, uow.practice_id, entries)
    for entry, (payment, _) in zip(entries, due, strict=True):
        accrued = ManagementFeeAccrued(
            practice_id=PracticeId(uow.practice_id),
            fee_entry_id=FeeEntryId(entry.fee_entry_id),
            agreement_id=AgreementId(entry.agreement_id),
            payment_event_id=entry.payment_event_id,
            service_month=entry.service_month,
            collected_cents=entry.collected_cents,
            fee_cents=entry.fee_cents,
        )
        await uow.publish(accrued, origin=Origin.load(payment.origin))


async def _reverse(uow: UnitOfWork, accrued: FeeEntry, on: date) -> None:
    entry = take_back(accrued, on)
    await store.add_entries(uow.db, uow.practice_id, [entry])
    await uow.publish(
        ManagementFeeReversed(
            practice_id=PracticeId(uow.practice_id),
            fee_entry_id=FeeEntryId(entry.fee_entry_id),
            agreement_id=AgreementId(entry.agreement_id),
            payment_event_id=entry.payment_event_id,
            service_month=entry.service_month,
            collected_cents=accrued.collected_cents,
            fee_cents=accrued.fee_cents,
        )
    )
