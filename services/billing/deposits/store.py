"""Deposits, and the remittances that wait for theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.billing.deposits.model import Deposit, DepositState, Found, Remittance

# A deposit and its remittance may come at once; each must see the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('billing.deposits/' || $1, 0))"
DEPOSIT = "deposit_id, deposited_on, cents, trace_number, payer_trace_id"
REMITTANCE = "remittance_id, payer_id, trace_number, payer_trace_id, paid_on, payment_cents"
UNPAID = """NOT EXISTS (SELECT FROM deposit d
                    WHERE d.practice_id = r.practice_id AND d.remittance_id = r.remittance_id
                      AND d.state = 'matched')"""
ADD = f"""
INSERT INTO deposit (practice_id, {DEPOSIT}, state, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)
"""
FIND = f"""
SELECT {DEPOSIT}, state, remittance_id, difference_cents, recorded_by, recorded_at
  FROM deposit WHERE practice_id = $1 AND deposit_id = $2
"""
SETTLE = """
UPDATE deposit
   SET state = $3, remittance_id = $4, difference_cents = $5,
       matched_at = CASE WHEN $3 = 'matched' THEN $6::timestamptz END
 WHERE practice_id = $1 AND deposit_id = $2
"""
LIST_UNPAID = f"""
SELECT {REMITTANCE} FROM remittance r
 WHERE practice_id = $1 AND trace_number = $2 AND payment_cents > 0
   AND {UNPAID}
 ORDER BY remittance_id
"""
LIST_UNMATCHED = f"""
SELECT {DEPOSIT} FROM deposit
 WHERE practice_id = $1 AND trace_number = $2 AND state <> 'matched' ORDER BY deposit_id
"""
LIST = f"""
SELECT {DEPOSIT}, state, remittance_id, difference_cents, recorded_by, recorded_at FROM deposit
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::uuid IS NULL OR (deposited_on, deposit_id) >
        ((SELECT deposited_on FROM deposit WHERE practice_id = $1 AND deposit_id = $3), $3))
 ORDER BY deposited_on, deposit_id LIMIT $4
"""
TELL_MISSING = f"""
UPDATE remittance r SET missing_since = $3
 WHERE practice_id = $1 AND remittance_id = $2
   AND {UNPAID}
RETURNING {REMITTANCE}
"""
LIST_MISSING = f"""
SELECT {REMITTANCE} FROM remittance r
 WHERE practice_id = $1 AND missing_since IS NOT NULL
   AND {UNPAID}
   AND ($2::uuid IS NULL OR (paid_on, remittance_id) >
        ((SELECT paid_on FROM remittance WHERE practice_id = $1 AND remittance_id = $2), $2))
 ORDER BY paid_on, remittance_id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A deposit, what became of it, and who recorded it."""

    deposit: Deposit
    found: Found
    recorded_by: str
    recorded_at: datetime


async def lock_deposits(db: Db, practice_id: UUID) -> None:
    """Let the practice's deposits and payments pass one at a time, until the commit."""
    await db.execute(LOCK, str(practice_id))


async def add(db: Db, practice_id: UUID, deposit: Deposit, by: str, at: datetime) -> None:
    await db.execute(
        ADD, practice_id, deposit.deposit_id, deposit.deposited_on, deposit.cents,
        deposit.trace_number, deposit.payer_trace_id, by, at,
    )  # fmt: skip


async def find(db: Db, practice_id: UUID, deposit_id: UUID) -> Recorded | None:
    row = await db.fetchrow(FIND, practice_id, deposit_id)
    return _recorded(row) if row else None


async def settle(db: Db, practice_id: UUID, deposit_id: UUID, found: Found, at: datetime) -> None:
    await db.execute(
        SETTLE, practice_id, deposit_id, found.state, found.remittance_id,
        found.difference_cents, at,
    )  # fmt: skip


async def list_unpaid(db: Db, practice_id: UUID, trace_number: str) -> list[Remittance]:
    """The payments of this number with money that no deposit has brought yet."""
    rows = await db.fetch(LIST_UNPAID, practice_id, trace_number)
    return [Remittance(**dict(row)) for row in rows]


async def list_unmatched(db: Db, practice_id: UUID, trace_number: str) -> list[Deposit]:
    rows = await db.fetch(LIST_UNMATCHED, practice_id, trace_number)
    return [Deposit(**dict(row)) for row in rows]


async def list_deposits(
    db: Db, practice_id: UUID, state: DepositState | None, after: UUID | None, limit: int
) -> list[Recorded]:
    """Oldest first; `after` is the last one of the page before."""
    return [_recorded(row) for row in await db.fetch(LIST, practice_id, state, after, limit)]


async def tell_missing(
    db: Db, practice_id: UUID, remittance_id: UUID, at: datetime
) -> Remittance | None:
    """Note that no deposit has come; None: one has."""
    row = await db.fetchrow(TELL_MISSING, practice_id, remittance_id, at)
    return Remittance(**dict(row)) if row else None


async def list_missing(
    db: Db, practice_id: UUID, after: UUID | None, limit: int
) -> list[Remittance]:
    """Those that wait longest first; `after` is the last one of the page before."""
    rows = await db.fetch(LIST_MISSING, practice_id, after, limit)
    return [Remittance(**dict(row)) for row in rows]


def _recorded(row: Record) -> Recorded:
    found = dict(row)
    deposit = Deposit(
        *(found[name] for name in ("deposit_id", "deposited_on", "cents", "trace_number",
                                   "payer_trace_id"))
    )  # fmt: skip
    came = Found(found["state"], found["remittance_id"], found["difference_cents"])
    return Recorded(deposit, came, found["recorded_by"], found["recorded_at"])
