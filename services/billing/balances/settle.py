"""A claim of which the patient owes less than before gives back what it took too much.

Called in the transaction that lowers what is owed, with the claim locked, so that a receivable
never stands below zero: an agency gives the claim back, what was given up is owed no more, and what
was paid too much is the patient's credit.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import UnitOfWork
from services.billing.balances.dunning.collections import recall_claim
from services.billing.balances.dunning.store import placement_of_claim
from services.billing.balances.model import Balance, Part
from services.billing.balances.payments import book
from services.billing.balances.payments import store as payments
from services.billing.balances.store import find_balance
from services.billing.ledger.model import Account
from services.billing.writeoffs.decide import take_back
from services.billing.writeoffs.store import posted_of_patient


async def settle(uow: UnitOfWork, claim_id: UUID) -> None:
    """Charity and small balances are taken back whole, of payments only what is too much."""
    balance = await find_balance(uow.db, uow.practice_id, claim_id)
    if balance is None or balance.patient_cents >= 0:
        return
    excess = -balance.patient_cents
    excess -= await _recall(uow, balance)
    for made in await posted_of_patient(uow.db, uow.practice_id, claim_id):
        if excess <= 0:
            return
        await take_back(uow, made.write_off_id, "a change of what is owed")
        excess -= made.cents
    for application in await payments.applications_of_claim(
        uow.db, uow.practice_id, claim_id, Account.PATIENT_RECEIVABLE
    ):
        if excess <= 0:
            return
        await book.unapply(uow, application, "owed-less")
        excess -= application.cents
        if excess < 0:
            payment = await payments.lock_payment(uow.db, uow.practice_id, application.payment_id)
            assert payment is not None
            await book.apply(uow, payment, [Part(claim_id, balance.service_on, -excess)])


async def _recall(uow: UnitOfWork, balance: Balance) -> int:
    """Cents that come back from an agency, what it has collected included."""
    placed = await placement_of_claim(uow.db, uow.practice_id, balance.claim_id)
    if placed is None:
        return 0
    for application in await payments.applications_of_claim(
        uow.db, uow.practice_id, balance.claim_id, Account.AGENCY_RECEIVABLE
    ):
        await book.unapply(uow, application, "owed-less")
    placed = await placement_of_claim(uow.db, uow.practice_id, balance.claim_id)
    assert placed is not None
    await recall_claim(uow, balance.patient_id, placed)
    return placed.cents
