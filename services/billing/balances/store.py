"""The SQL of patients' accounts. Locks: the account's row, then its claims, then a payment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.balances.model import Balance
from services.billing.claims.model import State
from services.billing.patients.store import list_charts


class PatientAccount(NamedTuple):
    """An account goes by a chart of its patient, and has the claims of all their charts."""

    account_id: UUID
    charts: list[UUID]
    notices: int
    """The last notice of the series that runs; 0: none."""
    hold: str | None


class _OfAccount(Protocol):
    @property
    def account_id(self) -> UUID: ...


T = TypeVar("T", bound=_OfAccount)


class Share(NamedTuple):
    """Why a payer's decision left so much of a claim to the patient."""

    payment_id: UUID
    claim_id: UUID
    reason: str
    cents: int


LOCK_ACCOUNT = """
INSERT INTO patient_account (practice_id, account_id) VALUES ($1, $2)
ON CONFLICT (practice_id, account_id) DO UPDATE SET account_id = excluded.account_id
RETURNING notices, hold
"""
READ_ACCOUNTS = """
SELECT w.account_id, coalesce(p.notices, 0) AS notices, p.hold,
       w.account_id || ARRAY(SELECT a.patient_id FROM alias a
                              WHERE a.practice_id = $1 AND a.survivor_id = w.account_id) AS charts
  FROM unnest($2::uuid[]) AS w(account_id)
  LEFT JOIN patient_account p ON p.practice_id = $1 AND p.account_id = w.account_id
 ORDER BY w.account_id
"""
SET_NOTICES = """
UPDATE patient_account SET notices = $3 WHERE practice_id = $1 AND account_id = $2
"""
SET_HOLD = "UPDATE patient_account SET hold = $3 WHERE practice_id = $1 AND account_id = $2"
LOCK_CLAIMS = """
SELECT FROM claim WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[])
 ORDER BY claim_id FOR UPDATE
"""
BALANCES = """
SELECT c.claim_id, c.patient_id, c.payer_id, c.provider_npi, c.service_on, c.state, c.charge_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'cash'), 0)::bigint
           AS insurance_paid_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'contractual-adjustment'), 0)::bigint
           AS adjusted_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'payer-receivable'), 0)::bigint
           AS payer_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'patient-receivable'), 0)::bigint
           AS patient_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'agency-receivable'), 0)::bigint
           AS agency_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'patient-credit'), 0)::bigint
           AS patient_paid_cents,
       coalesce(sum(l.cents) FILTER (WHERE e.kind LIKE 'write-off%' AND e.payer_id IS NULL
                AND l.account <> 'patient-receivable'), 0)::bigint AS forgiven_cents,
       (min(e.posted_at) FILTER (WHERE l.account = 'patient-receivable'))::date AS owed_since
  FROM claim c
  LEFT JOIN journal_entry e USING (practice_id, claim_id)
  LEFT JOIN journal_line l USING (practice_id, entry_id)
 WHERE c.practice_id = $1 AND c.patient_id IS NOT NULL AND {which}
 GROUP BY c.practice_id, c.claim_id ORDER BY c.service_on, c.claim_id
"""
BALANCES_OF_CHARTS = BALANCES.format(which="c.patient_id = ANY ($2::uuid[])")
BALANCE_OF_CLAIM = BALANCES.format(which="c.claim_id = $2")
# What may have a balance: the chart of a claim with something open, and whose charts it is one of.
LIST_ACCOUNTS = """
SELECT DISTINCT coalesce(a.survivor_id, c.patient_id) AS account_id
  FROM claim c
  JOIN journal_entry e USING (practice_id, claim_id)
  JOIN journal_line l USING (practice_id, entry_id)
  LEFT JOIN alias a ON a.practice_id = c.practice_id AND a.patient_id = c.patient_id
 WHERE c.practice_id = $1 AND l.account = 'patient-receivable' AND c.patient_id IS NOT NULL
   AND ($2::uuid IS NULL OR coalesce(a.survivor_id, c.patient_id) > $2)
 GROUP BY c.practice_id, c.claim_id, a.survivor_id HAVING sum(l.cents) > 0
 ORDER BY account_id LIMIT $3
"""
COUNT_ENTRIES = """
SELECT count(*) FROM journal_entry WHERE practice_id = $1 AND claim_id = $2
"""
KEEP_SHARES = """
INSERT INTO patient_share (practice_id, payment_id, claim_id, reason, cents)
SELECT $1, payment_id, claim_id, reason, cents
  FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[])
       AS new(payment_id, claim_id, reason, cents)
"""
SHARES_IN_FORCE = """
SELECT s.claim_id, s.reason, sum(s.cents)::bigint AS cents
  FROM patient_share s JOIN posting p USING (practice_id, payment_id)
 WHERE s.practice_id = $1 AND s.claim_id = ANY ($2::uuid[]) AND p.reversed_by IS NULL
 GROUP BY s.claim_id, s.reason HAVING sum(s.cents) <> 0 ORDER BY s.claim_id, s.reason
"""


async def lock_account(db: Db, practice_id: UUID, patient_id: UUID) -> PatientAccount:
    """The account of one of a patient's charts: until the transaction ends nobody else acts on
    it."""
    charts = await list_charts(db, practice_id, patient_id)
    row = await db.fetchrow(LOCK_ACCOUNT, practice_id, charts[0])
    assert row is not None
    return PatientAccount(charts[0], charts, row["notices"], row["hold"])


async def lock_with_account(
    db: Db, practice_id: UUID, find: Callable[[], Awaitable[T | None]]
) -> tuple[PatientAccount, T] | None:
    """Whoever changes what `find` finds holds its account: that is locked, and it is read as it is
    then. What is found is never deleted."""
    found = await find()
    if found is None:
        return None
    account = await lock_account(db, practice_id, found.account_id)
    found = await find()
    assert found is not None, "nothing of an account is deleted"
    return account, found


async def read_accounts(db: Db, practice_id: UUID, account_ids: list[UUID]) -> list[PatientAccount]:
    """As they are just now, in the order of their ids."""
    rows = await db.fetch(READ_ACCOUNTS, practice_id, account_ids)
    return [PatientAccount(**dict(row)) for row in rows]


async def set_notices(db: Db, practice_id: UUID, account_id: UUID, notices: int) -> None:
    await db.execute(SET_NOTICES, practice_id, account_id, notices)


async def set_hold(db: Db, practice_id: UUID, account_id: UUID, hold: str | None) -> None:
    await db.execute(SET_HOLD, practice_id, account_id, hold)


async def lock_balances(db: Db, practice_id: UUID, charts: list[UUID]) -> list[Balance]:
    """The charts' claims, locked, with what is open of each; the oldest service first."""
    await db.execute(LOCK_CLAIMS, practice_id, charts)
    return await read_balances(db, practice_id, charts)


async def read_balances(db: Db, practice_id: UUID, charts: list[UUID]) -> list[Balance]:
    rows = await db.fetch(BALANCES_OF_CHARTS, practice_id, charts)
    return [_balance(dict(row)) for row in rows]


async def find_balance(db: Db, practice_id: UUID, claim_id: UUID) -> Balance | None:
    """None: a claim that was taken over, of which no patient is known."""
    row = await db.fetchrow(BALANCE_OF_CLAIM, practice_id, claim_id)
    return _balance(dict(row)) if row else None


async def list_accounts(
    db: Db, practice_id: UUID, limit: int, after: UUID | None = None
) -> list[UUID]:
    """Accounts of which a patient owes something, in the order of their ids."""
    rows = await db.fetch(LIST_ACCOUNTS, practice_id, after, limit)
    return [row["account_id"] for row in rows]


async def count_entries(db: Db, practice_id: UUID, claim_id: UUID) -> int:
    """How often the claim's money moved: names what is done about its state of now."""
    return await db.fetchval(COUNT_ENTRIES, practice_id, claim_id)


async def keep_shares(db: Db, practice_id: UUID, shares: Sequence[Share]) -> None:
    """Of as many decisions as are posted together."""
    if shares:
        columns = zip(*shares, strict=True)
        await db.execute(KEEP_SHARES, practice_id, *map(list, columns))


async def shares_in_force(
    db: Db, practice_id: UUID, claim_ids: list[UUID]
) -> dict[UUID, dict[str, int]]:
    """Cents by reason code of each claim, by the decisions that were not taken back."""
    found: dict[UUID, dict[str, int]] = {}
    for row in await db.fetch(SHARES_IN_FORCE, practice_id, claim_ids):
        found.setdefault(row["claim_id"], {})[row["reason"]] = row["cents"]
    return found


def _balance(row: dict[str, Any]) -> Balance:
    row["state"] = State(row["state"])
    return Balance(**row)
