"""Books a patient's money: it comes in, claims take it, and it may have to be given back.

The account is locked by whoever calls, and its claims with `lock_balances`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.billing_balances import (
    PatientPaymentApplied,
    PatientPaymentReceived,
    PatientPaymentReturned,
    PatientPaymentUnapplied,
    ReturnReason,
    UnapplyReason,
)
from libs.events.contracts.values import ClaimId, PatientId, PaymentId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.balances import entries
from services.billing.balances.model import (
    Balance,
    Part,
    allocate,
    allocate_as_told,
    allocate_from_agency,
)
from services.billing.balances.payments import store
from services.billing.balances.payments.model import Application, Payment, PaymentState
from services.billing.balances.store import set_notices
from services.billing.ledger.model import Account
from services.billing.ledger.store import post


async def receive(
    uow: UnitOfWork, payment: Payment, owed: list[Balance], charge: str | None = None
) -> None:
    """The money is here: post it, and give it to what is owed."""
    received = PatientPaymentReceived(
        practice_id=PracticeId(uow.practice_id),
        payment_id=PaymentId(payment.payment_id),
        account_id=PatientId(payment.account_id),
        method=payment.method,
        received_on=payment.received_on,
        cents=payment.cents,
        fee_cents=payment.fee_cents,
    )
    await store.set_state(uow.db, payment, PaymentState.POSTED, charge=charge)
    entry = entries.received(
        uow.practice_id, payment.payment_id, payment.cents, payment.fee_cents, received.event_id
    )
    await post(uow.db, entry, uow.now)
    origin = await uow.publish(received, origin=Origin.load(payment.origin))
    if payment.method == "agency":
        parts = allocate_from_agency(owed, payment.cents)
    elif payment.told:
        parts = allocate_as_told(owed, payment.cents, payment.told)
    else:
        parts = allocate(owed, payment.cents)
    await apply(uow, replace(payment, state=PaymentState.POSTED), parts, origin)
    if sum(part.cents for part in parts) == sum(claim.patient_cents for claim in owed):
        await set_notices(uow.db, uow.practice_id, payment.account_id, 0)  # all is paid


async def apply(
    uow: UnitOfWork, payment: Payment, parts: list[Part], origin: Origin | None = None
) -> None:
    """Claims take these parts of a payment's credit."""
    number = await store.count_applications(uow.db, uow.practice_id, payment.payment_id)
    for place, part in enumerate(parts, number + 1):
        application = Application(
            application_id=uuid5(payment.payment_id, f"application/{place}"),
            payment_id=payment.payment_id,
            account_id=payment.account_id,
            claim_id=part.claim_id,
            service_month=month_of(part.service_on),
            receivable=part.receivable,
            cents=part.cents,
        )
        applied = PatientPaymentApplied(**_said(uow, application), applied_on=uow.now.date())
        await store.add_application(uow.db, uow.practice_id, application, uow.now.date())
        await post(uow.db, _entry(uow, application, applied.event_id), uow.now)
        await uow.publish(applied, origin=origin)


async def unapply(uow: UnitOfWork, application: Application, reason: UnapplyReason) -> None:
    """A claim gives back what it took; it is the patient's credit again."""
    undone = PatientPaymentUnapplied(
        **_said(uow, application), unapplied_on=uow.now.date(), reason=reason
    )
    await store.take_back(uow.db, uow.practice_id, application)
    await post(uow.db, _entry(uow, application, undone.event_id, undo=True), uow.now)
    await uow.publish(undone)


async def give_back(uow: UnitOfWork, payment: Payment, reason: ReturnReason) -> None:
    """The payment did not hold: claims give back what they took, and it is no money any more."""
    for application in await store.applications_of_payment(
        uow.db, uow.practice_id, payment.payment_id
    ):
        await unapply(uow, application, "payment-returned")
    returned = PatientPaymentReturned(
        practice_id=PracticeId(uow.practice_id),
        payment_id=PaymentId(payment.payment_id),
        account_id=PatientId(payment.account_id),
        cents=payment.cents,
        reason=reason,
    )
    await store.set_state(uow.db, payment, PaymentState.RETURNED, reason=reason)
    entry = entries.returned(
        uow.practice_id, payment.payment_id, payment.cents, payment.fee_cents, returned.event_id
    )
    await post(uow.db, entry, uow.now)
    await uow.publish(returned)


async def apply_credits(uow: UnitOfWork, charts: list[UUID], owed: list[Balance]) -> bool:
    """What was paid before it was owed goes to what is owed now; True where anything did."""
    open_claims = list(owed)
    moved = False
    for payment in await store.list_credits(uow.db, uow.practice_id, charts):
        parts = allocate(open_claims, payment.credit_cents)
        await apply(uow, payment, parts, Origin.load(payment.origin))
        moved = moved or bool(parts)
        taken = {part.claim_id: part.cents for part in parts}
        open_claims = [
            replace(claim, patient_cents=claim.patient_cents - taken.get(claim.claim_id, 0))
            for claim in open_claims
        ]
    return moved


def _said(uow: UnitOfWork, application: Application) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(uow.practice_id),
        "application_id": PaymentId(application.application_id),
        "payment_id": PaymentId(application.payment_id),
        "account_id": PatientId(application.account_id),
        "claim_id": ClaimId(application.claim_id),
        "service_month": application.service_month,
        "cents": application.cents,
    }


def _entry(
    uow: UnitOfWork, application: Application, event_id: UUID, *, undo: bool = False
) -> entries.Entry:
    return entries.applied(
        uow.practice_id, application.application_id, application.claim_id,
        application.service_month, application.cents, event_id,
        receivable=Account(application.receivable), undo=undo,
    )  # fmt: skip
