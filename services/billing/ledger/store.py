"""The journal: append-only, each source posted once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.ledger.aging import DEBTORS, OpenDay
from services.billing.ledger.model import Account, Entry

ADD_ENTRY = """
INSERT INTO journal_entry (practice_id, entry_id, kind, claim_id, service_month, posted_at,
                           payer_id, event_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
ADD_LINES = """
INSERT INTO journal_line (practice_id, entry_id, account, cents)
SELECT $1, $2, account, cents FROM unnest($3::text[], $4::bigint[]) AS new(account, cents)
"""
SUM_BY_ACCOUNT = """
SELECT e.service_month, l.account, sum(l.cents)::bigint AS cents
  FROM journal_line l JOIN journal_entry e USING (practice_id, entry_id)
 WHERE l.practice_id = $1
 GROUP BY e.service_month, l.account ORDER BY e.service_month, l.account
"""
OPEN_DAYS = """
SELECT l.account, CASE WHEN l.account = 'payer-receivable' THEN e.payer_id END AS payer_id,
       c.service_on, sum(l.cents)::bigint AS cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
  JOIN claim c USING (practice_id, claim_id)
 WHERE e.practice_id = $1 AND l.account = ANY ($2::text[])
   AND e.posted_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
 GROUP BY 1, 2, 3 HAVING sum(l.cents) <> 0
"""
LIST_OF_CLAIM = """
SELECT e.entry_id, e.kind, e.posted_at, e.event_id, l.account, l.cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE e.practice_id = $1 AND e.claim_id = $2 ORDER BY e.posted_at, e.entry_id, l.account
"""


async def post(db: Db, entry: Entry, at: datetime) -> None:
    """Post an entry; a second one of the same source violates the key, and that is meant."""
    lines = {account: cents for account, cents in entry.lines.items() if cents}
    if not lines:
        return  # a decision that moves no money, such as a denial
    await db.execute(
        ADD_ENTRY,
        entry.practice_id,
        entry.entry_id,
        entry.kind,
        entry.claim_id,
        entry.service_month,
        at,
        entry.payer_id,
        entry.event_id,
    )
    await db.execute(
        ADD_LINES, entry.practice_id, entry.entry_id, list(lines), list(lines.values())
    )


async def sum_by_account(db: Db, practice_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(SUM_BY_ACCOUNT, practice_id)]


async def open_days(db: Db, practice_id: UUID, on: date) -> list[OpenDay]:
    """What was owed at the end of a day (UTC), by debtor and day of service."""
    rows = await db.fetch(OPEN_DAYS, practice_id, list(DEBTORS), on)
    return [
        OpenDay(Account(r["account"]), r["payer_id"], r["service_on"], r["cents"]) for r in rows
    ]


async def list_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_OF_CLAIM, practice_id, claim_id)]
