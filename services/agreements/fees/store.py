"""The SQL of payments heard and of the fee ledger. The account's row is locked before any of it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.agreements.fees.model import FeeEntry, Payment, PaymentState

LOCK_ACCOUNT = """
INSERT INTO fee_account (practice_id) VALUES ($1)
ON CONFLICT (practice_id) DO UPDATE SET practice_id = excluded.practice_id
"""

ADD_PAYMENT = """
INSERT INTO payment (practice_id, payment_id, event_id, posted_on, service_month, paid_cents,
                     state, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

FIND_STATE = "SELECT state FROM payment WHERE practice_id = $1 AND payment_id = $2"

CHANGE_STATES = """
UPDATE payment SET state = $3 WHERE practice_id = $1 AND payment_id = ANY ($2::uuid[])
"""

LIST_WAITING = """
SELECT payment_id, event_id, posted_on, service_month, paid_cents, origin FROM payment
 WHERE practice_id = $1 AND state = 'waiting' AND posted_on >= $2 ORDER BY heard
"""

ADD_ENTRIES = """
WITH added AS (
    INSERT INTO fee_entry (practice_id, number, fee_entry_id, kind, payment_id, payment_event_id,
                           agreement_id, posted_on, service_month, collected_cents, fee_cents)
    SELECT $1, account.entries + place, fee_entry_id, kind, payment_id, payment_event_id,
           agreement_id, posted_on, service_month, collected_cents, new.fee_cents
      FROM fee_account AS account,
           unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::date[],
                  $8::date[], $9::bigint[], $10::bigint[])
           WITH ORDINALITY AS new(fee_entry_id, kind, payment_id, payment_event_id, agreement_id,
                                  posted_on, service_month, collected_cents, fee_cents, place)
     WHERE account.practice_id = $1
    RETURNING fee_cents
)
UPDATE fee_account AS account
   SET entries = entries + (SELECT count(*) FROM added),
       fee_cents = account.fee_cents + (SELECT coalesce(sum(fee_cents), 0) FROM added)
 WHERE practice_id = $1
"""

FIND_ACCRUED = """
SELECT fee_entry_id, kind, payment_id, payment_event_id, agreement_id, posted_on, service_month,
       collected_cents, fee_cents
  FROM fee_entry WHERE practice_id = $1 AND payment_id = $2 AND kind = 'accrued'
"""

HAS_ACCRUED_UNDER_OLDER = """
SELECT EXISTS (
    SELECT FROM fee_entry JOIN agreement USING (practice_id, agreement_id)
     WHERE practice_id = $1 AND kind = 'accrued' AND posted_on >= $2 AND effective_on < $2)
"""

SUM_FEES = """
SELECT count(*) AS entries,
       coalesce(sum(collected_cents), 0)::bigint AS collected_cents,
       coalesce(sum(fee_cents) FILTER (WHERE kind = 'accrued'), 0)::bigint AS accrued_cents,
       coalesce(-sum(fee_cents) FILTER (WHERE kind = 'reversed'), 0)::bigint AS reversed_cents,
       coalesce(sum(fee_cents), 0)::bigint AS fee_cents
  FROM fee_entry WHERE practice_id = $1 AND service_month = $2
"""

SUM_WAITING = """
SELECT count(*) AS waiting, coalesce(sum(paid_cents), 0)::bigint AS waiting_cents
  FROM payment WHERE practice_id = $1 AND service_month = $2 AND state = 'waiting'
"""


async def lock_account(db: Db, practice_id: UUID) -> None:
    """Until the transaction ends, nobody else touches this practice's fees or agreements."""
    await db.execute(LOCK_ACCOUNT, practice_id)


async def add_payment(db: Db, practice_id: UUID, payment: Payment, state: PaymentState) -> None:
    await db.execute(
        ADD_PAYMENT,
        practice_id,
        payment.payment_id,
        payment.event_id,
        payment.posted_on,
        payment.service_month,
        payment.paid_cents,
        state,
        payment.origin,
    )


async def find_state(db: Db, practice_id: UUID, payment_id: UUID) -> PaymentState | None:
    return await db.fetchval(FIND_STATE, practice_id, payment_id)


async def change_states(
    db: Db, practice_id: UUID, payment_ids: list[UUID], state: PaymentState
) -> None:
    await db.execute(CHANGE_STATES, practice_id, payment_ids, state)


async def list_waiting(db: Db, practice_id: UUID, since: date) -> list[Payment]:
    """Payments posted on `since` or later that wait for an agreement, as they were heard."""
    return [Payment(**dict(row)) for row in await db.fetch(LIST_WAITING, practice_id, since)]


async def add_entries(db: Db, practice_id: UUID, entries: list[FeeEntry]) -> None:
    """Append to the ledger, numbered without a gap, and carry the account's sum along."""
    await db.execute(
        ADD_ENTRIES,
        practice_id,
        [entry.fee_entry_id for entry in entries],
        [entry.kind for entry in entries],
        [entry.payment_id for entry in entries],
        [entry.payment_event_id for entry in entries],
        [entry.agreement_id for entry in entries],
        [entry.posted_on for entry in entries],
        [entry.service_month for entry in entries],
        [entry.collected_cents for entry in entries],
        [entry.fee_cents for entry in entries],
    )


async def find_accrued(db: Db, practice_id: UUID, payment_id: UUID) -> FeeEntry | None:
    row = await db.fetchrow(FIND_ACCRUED, practice_id, payment_id)
    return None if row is None else FeeEntry(**dict(row))


async def has_accrued_under_older(db: Db, practice_id: UUID, effective_on: date) -> bool:
    """True where an agreement from this day on would have changed a fee that has accrued."""
    return await db.fetchval(HAS_ACCRUED_UNDER_OLDER, practice_id, effective_on)


async def sum_fees(db: Db, practice_id: UUID, month: date) -> Record:
    """entries, collected_cents, accrued_cents, reversed_cents, fee_cents of a service month."""
    row = await db.fetchrow(SUM_FEES, practice_id, month)
    assert row is not None
    return row


async def sum_waiting(db: Db, practice_id: UUID, month: date) -> Record:
    """waiting, waiting_cents of a service month."""
    row = await db.fetchrow(SUM_WAITING, practice_id, month)
    assert row is not None
    return row
