"""Closing a month of the journal: it is summed up, sealed by a digest, and posted to no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from libs.events.contracts.billing_ledger import MonthClosed
from libs.events.contracts.values import PracticeId, month_of
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from libs.service.refused import RefusedError
from services.billing.ledger.aging import DEBTORS
from services.billing.ledger.model import Account

LOCK_MONTHS = """
SELECT pg_advisory_xact_lock(hashtextextended('billing.months/' || $1, 0))
"""
IS_CLOSED = "SELECT EXISTS (SELECT FROM closed_month WHERE practice_id = $1 AND month = $2)"
LAST_CLOSED = """
SELECT month, sha256 FROM closed_month WHERE practice_id = $1 ORDER BY month DESC LIMIT 1
"""
FIRST_MONTH = """
SELECT date_trunc('month', min(posted_at) AT TIME ZONE 'UTC')::date FROM journal_entry
 WHERE practice_id = $1
"""
READ_ENTRIES = """
SELECT e.entry_id, e.kind, e.claim_id, e.service_month, e.payer_id, e.event_id, e.posted_at,
       array_agg(l.account ORDER BY l.account) AS accounts,
       array_agg(l.cents ORDER BY l.account) AS cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE e.practice_id = $1
   AND e.posted_at >= $2::date::timestamp AT TIME ZONE 'UTC'
   AND e.posted_at < ($2::date + interval '1 month') AT TIME ZONE 'UTC'
 GROUP BY e.practice_id, e.entry_id ORDER BY e.posted_at, e.entry_id
"""
READ_CLOSING = """
SELECT account, opening_cents + movement_cents AS cents FROM closed_account
 WHERE practice_id = $1 AND month = $2
"""
ADD_MONTH = "INSERT INTO closed_month VALUES ($1, $2, $3, $4, $5, $6)"
ADD_ACCOUNTS = """
INSERT INTO closed_account
SELECT $1, $2, account, opening, movement
  FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS new (account, opening, movement)
"""
LIST_MONTHS = """
SELECT month, entries, encode(sha256, 'hex') AS sha256, closed_by, closed_at,
       (SELECT jsonb_object_agg(account, jsonb_build_array(opening_cents, movement_cents))
          FROM closed_account a WHERE a.practice_id = m.practice_id AND a.month = m.month)
           AS accounts
  FROM closed_month m WHERE practice_id = $1 AND ($2::date IS NULL OR month <= $2)
 ORDER BY month DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class MonthSums:
    """A month of the journal: entries, cents by account before and in it, and its digest."""

    entries: int
    opening: dict[str, int]
    movement: dict[str, int]
    digest: bytes

    def cents(self, *accounts: Account) -> int:
        """What the accounts came to at the month's end."""
        return sum(self.opening.get(a, 0) + self.movement.get(a, 0) for a in accounts)


def check_next(month: date, now: datetime, last_closed: date | None, first: date | None) -> None:
    """Raises RefusedError where the month is not over, or not the next one to be closed.

    The first one to be closed is that of the first entry, or any before it: from then on nothing is
    posted earlier. A day is left for what is posted late by a clock that is behind.
    """
    due = month_after(last_closed) if last_closed else min(month, first or month)
    if month != due:
        raise RefusedError(f"{due:%Y-%m} is the next month to be closed")
    if now.date() <= month_after(month):
        raise RefusedError(f"{month:%Y-%m} can be closed from the second day after it")


def month_after(month: date) -> date:
    """The first day of the next month."""
    return month_of(month + timedelta(days=31))


async def close_month(uow: UnitOfWork, month: date, by: str) -> None:
    """Sum the month up and close it; one that is closed stays as it is. Raises RefusedError.

    Whoever posts at the same moment has committed before this looks, or finds the month closed.
    """
    practice_id = uow.practice_id
    await uow.db.execute(LOCK_MONTHS, str(practice_id))
    if await uow.db.fetchval(IS_CLOSED, practice_id, month):
        return
    last = await uow.db.fetchrow(LAST_CLOSED, practice_id)
    first = await uow.db.fetchval(FIRST_MONTH, practice_id)
    check_next(month, uow.now, last["month"] if last else None, first)
    opening = await _closing_cents(uow.db, practice_id, last["month"]) if last else {}
    sums = await sum_up(uow.db, practice_id, month, opening, last["sha256"] if last else b"")
    await _keep(uow, month, sums, by)
    await uow.publish(
        MonthClosed(
            practice_id=PracticeId(practice_id),
            month=month,
            entries=sums.entries,
            charged_cents=-sums.movement.get(Account.CHARGES, 0),
            received_cents=sums.movement.get(Account.CASH, 0),
            receivable_cents=sums.cents(*DEBTORS),
            entries_sha256=sums.digest.hex(),
        )
    )


async def sum_up(
    db: Db, practice_id: UUID, month: date, opening: dict[str, int], before: bytes
) -> MonthSums:
    """Read the month's entries in their order; `before` is the digest of the month before."""
    digest, count = sha256(before), 0
    movement: dict[str, int] = {}
    async for row in db.cursor(READ_ENTRIES, practice_id, month):
        count += 1
        digest.update(_line_of(row))
        for account, cents in zip(row["accounts"], row["cents"], strict=True):
            movement[account] = movement.get(account, 0) + cents
    return MonthSums(count, opening, movement, digest.digest())


async def list_months(
    db: Db, practice_id: UUID, until: date | None, limit: int
) -> list[dict[str, Any]]:
    """Closed months, the latest first."""
    return [dict(row) for row in await db.fetch(LIST_MONTHS, practice_id, until, limit)]


def _line_of(row: Any) -> bytes:
    parts = (row["entry_id"], row["kind"], row["claim_id"], row["service_month"], row["payer_id"],
             row["event_id"], row["posted_at"].isoformat(),
             *zip(row["accounts"], row["cents"], strict=True))  # fmt: skip
    return f"{parts}\n".encode()


async def _closing_cents(db: Db, practice_id: UUID, month: date) -> dict[str, int]:
    rows = await db.fetch(READ_CLOSING, practice_id, month)
    return {row["account"]: row["cents"] for row in rows}


async def _keep(uow: UnitOfWork, month: date, sums: MonthSums, by: str) -> None:
    await uow.db.execute(ADD_MONTH, uow.practice_id, month, sums.entries, sums.digest, by, uow.now)
    accounts = sorted({*sums.opening, *sums.movement})
    await uow.db.execute(
        ADD_ACCOUNTS, uow.practice_id, month, accounts,
        [sums.opening.get(account, 0) for account in accounts],
        [sums.movement.get(account, 0) for account in accounts],
    )  # fmt: skip
