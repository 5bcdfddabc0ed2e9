"""The SQL of patients' payments and of what claims took of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.balances.payments.model import Application, Payment, PaymentState
from services.billing.ledger.model import Account

COLUMNS = """practice_id, payment_id, account_id, method, cents, fee_cents, received_on, state,
       reason, applied_cents, refunded_cents, charge, told, plan_id, origin"""
ADD_PAYMENT = """
INSERT INTO patient_payment (practice_id, payment_id, account_id, method, cents, fee_cents,
                             received_on, state, told, plan_id, origin, card, command_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
FIND_COMMAND = """
SELECT command_sha256 FROM patient_payment WHERE practice_id = $1 AND payment_id = $2
"""
FIND_PAYMENT = f"""
SELECT {COLUMNS} FROM patient_payment WHERE practice_id = $1 AND payment_id = $2
"""
LOCK_PAYMENT = f"{FIND_PAYMENT} FOR UPDATE"
READ_CARD = "SELECT card FROM patient_payment WHERE practice_id = $1 AND payment_id = $2"
LIST_PAYMENTS = f"""
SELECT {COLUMNS} FROM patient_payment
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR account_id = ANY ($2))
   AND ($3::uuid IS NULL OR made > (SELECT made FROM patient_payment
                                     WHERE practice_id = $1 AND payment_id = $3))
 ORDER BY made LIMIT $4
"""
LIST_CREDITS = f"""
SELECT {COLUMNS} FROM patient_payment
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR account_id = ANY ($2))
   AND state = 'posted' AND applied_cents + refunded_cents < cents
   AND ($3::uuid IS NULL OR made > (SELECT made FROM patient_payment
                                     WHERE practice_id = $1 AND payment_id = $3))
 ORDER BY made LIMIT $4
"""
SET_STATE = """
UPDATE patient_payment SET state = $3, reason = $4, charge = coalesce($5, charge)
 WHERE practice_id = $1 AND payment_id = $2
"""
ADD_APPLIED = """
UPDATE patient_payment SET applied_cents = applied_cents + $3
 WHERE practice_id = $1 AND payment_id = $2
"""
ADD_REFUNDED = """
UPDATE patient_payment SET refunded_cents = refunded_cents + $3
 WHERE practice_id = $1 AND payment_id = $2
"""
COUNT_APPLICATIONS = """
SELECT count(*) FROM payment_application WHERE practice_id = $1 AND payment_id = $2
"""
ADD_APPLICATION = """
INSERT INTO payment_application (practice_id, application_id, payment_id, claim_id, service_month,
                                 receivable, cents, applied_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
TAKE_BACK = """
UPDATE payment_application SET taken_back = true WHERE practice_id = $1 AND application_id = $2
"""
APPLICATIONS = """
SELECT a.application_id, a.payment_id, p.account_id, a.claim_id, a.service_month, a.receivable,
       a.cents
  FROM payment_application a JOIN patient_payment p USING (practice_id, payment_id)
 WHERE a.practice_id = $1 AND NOT a.taken_back AND {which} ORDER BY a.made DESC
"""
APPLICATIONS_OF_CLAIM = APPLICATIONS.format(which="a.claim_id = $2")
APPLICATIONS_OF_PAYMENT = APPLICATIONS.format(which="a.payment_id = $2")
LIST_APPLIED_SINCE = """
SELECT p.received_on, p.method, sum(a.cents)::bigint AS cents
  FROM payment_application a JOIN patient_payment p USING (practice_id, payment_id)
 WHERE a.practice_id = $1 AND p.account_id = ANY ($2::uuid[]) AND NOT a.taken_back
   AND ($3::date IS NULL OR a.applied_on >= $3)
 GROUP BY p.payment_id, p.received_on, p.method ORDER BY p.received_on, p.payment_id
"""


async def add_payment(
    uow: UnitOfWork, payment: Payment, command_sha256: bytes, token: str | None
) -> None:
    """A new payment; the card's token is kept sealed until it was charged, and for a refund."""
    card = uow.seal(token.encode(), _place(payment.payment_id)) if token else None
    told = json.dumps({str(claim): cents for claim, cents in payment.told.items()})
    await uow.db.execute(
        ADD_PAYMENT, payment.practice_id, payment.payment_id, payment.account_id, payment.method,
        payment.cents, payment.fee_cents, payment.received_on, payment.state, told,
        payment.plan_id, payment.origin, card, command_sha256,
    )  # fmt: skip


async def find_command(db: Db, practice_id: UUID, payment_id: UUID) -> bytes | None:
    """A digest of the command that made the payment; None: there is none of this id."""
    return await db.fetchval(FIND_COMMAND, practice_id, payment_id)


async def find_payment(db: Db, practice_id: UUID, payment_id: UUID) -> Payment | None:
    row = await db.fetchrow(FIND_PAYMENT, practice_id, payment_id)
    return _payment(dict(row)) if row else None


async def lock_payment(db: Db, practice_id: UUID, payment_id: UUID) -> Payment | None:
    row = await db.fetchrow(LOCK_PAYMENT, practice_id, payment_id)
    return _payment(dict(row)) if row else None


async def read_card(uow: UnitOfWork, payment_id: UUID) -> str:
    """The processor's token of the card."""
    sealed = await uow.db.fetchval(READ_CARD, uow.practice_id, payment_id)
    return uow.unseal(sealed, _place(payment_id)).decode()


async def list_payments(
    db: Db, practice_id: UUID, charts: Sequence[UUID] | None, limit: int, after: UUID | None
) -> list[Payment]:
    """In the order in which they were heard of."""
    given = list(charts) if charts is not None else None
    rows = await db.fetch(LIST_PAYMENTS, practice_id, given, after, limit)
    return [_payment(dict(row)) for row in rows]


async def list_credits(
    db: Db,
    practice_id: UUID,
    charts: Sequence[UUID] | None = None,
    limit: int = 1_000,
    after: UUID | None = None,
) -> list[Payment]:
    """Payments of which something is left, the oldest first."""
    given = list(charts) if charts is not None else None
    rows = await db.fetch(LIST_CREDITS, practice_id, given, after, limit)
    return [_payment(dict(row)) for row in rows]


async def set_state(
    db: Db,
    payment: Payment,
    state: PaymentState,
    *,
    reason: str | None = None,
    charge: str | None = None,
) -> None:
    await db.execute(SET_STATE, payment.practice_id, payment.payment_id, state, reason, charge)


async def add_application(db: Db, practice_id: UUID, application: Application, on: date) -> None:
    await db.execute(
        ADD_APPLICATION, practice_id, application.application_id, application.payment_id,
        application.claim_id, application.service_month, application.receivable,
        application.cents, on,
    )  # fmt: skip
    await db.execute(ADD_APPLIED, practice_id, application.payment_id, application.cents)


async def take_back(db: Db, practice_id: UUID, application: Application) -> None:
    await db.execute(TAKE_BACK, practice_id, application.application_id)
    await db.execute(ADD_APPLIED, practice_id, application.payment_id, -application.cents)


async def add_refunded(db: Db, payment: Payment, cents: int) -> None:
    """Negative cents: the refund did not go through."""
    await db.execute(ADD_REFUNDED, payment.practice_id, payment.payment_id, cents)


async def count_applications(db: Db, practice_id: UUID, payment_id: UUID) -> int:
    """Those that were taken back included: the next one's number."""
    return await db.fetchval(COUNT_APPLICATIONS, practice_id, payment_id)


async def applications_of_claim(
    db: Db, practice_id: UUID, claim_id: UUID, receivable: Account
) -> list[Application]:
    """In force, the latest first."""
    rows = await db.fetch(APPLICATIONS_OF_CLAIM, practice_id, claim_id)
    return [Application(**dict(row)) for row in rows if row["receivable"] == receivable]


async def applications_of_payment(db: Db, practice_id: UUID, payment_id: UUID) -> list[Application]:
    rows = await db.fetch(APPLICATIONS_OF_PAYMENT, practice_id, payment_id)
    return [Application(**dict(row)) for row in rows]


async def list_applied_since(
    db: Db, practice_id: UUID, charts: Sequence[UUID], since: date | None
) -> list[dict[str, Any]]:
    """received_on, method, cents of each payment that something of was applied since a day."""
    rows = await db.fetch(LIST_APPLIED_SINCE, practice_id, list(charts), since)
    return [dict(row) for row in rows]


def _place(payment_id: UUID) -> str:
    return f"card/{payment_id}"


def _payment(row: dict[str, Any]) -> Payment:
    row["told"] = {UUID(claim): cents for claim, cents in json.loads(row["told"]).items()}
    row["state"] = PaymentState(row["state"])
    return Payment(**row)
