"""The journal: append-only, each source posted once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.ledger.aging import DEBTORS, OpenDay
from services.billing.ledger.model import Account, Entry

ADD_ENTRIES = """
INSERT INTO journal_entry (practice_id, entry_id, kind, claim_id, service_month, posted_at,
                           payer_id, event_id)
SELECT $1, entry_id, kind, claim_id, service_month, $2, payer_id, event_id
  FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::date[], $7::text[], $8::uuid[])
       AS new(entry_id, kind, claim_id, service_month, payer_id, event_id)
"""
ADD_LINES = """
INSERT INTO journal_line (practice_id, entry_id, account, cents)
SELECT $1, entry_id, account, cents
  FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS new(entry_id, account, cents)
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
READ_OPEN_BY_PAYER = """
SELECT e.claim_id, e.payer_id, sum(l.cents)::bigint AS cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE e.practice_id = $1 AND e.claim_id = ANY ($2::uuid[]) AND l.account = 'payer-receivable'
 GROUP BY e.claim_id, e.payer_id
"""
READ_OPEN = """
SELECT e.claim_id,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'payer-receivable'), 0)::bigint
           AS payer_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'patient-receivable'), 0)::bigint
           AS patient_cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE e.practice_id = $1 AND e.claim_id = ANY ($2::uuid[])
 GROUP BY e.claim_id
"""
LIST_OF_CLAIM = """
SELECT e.entry_id, e.kind, e.posted_at, e.event_id, l.account, l.cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE e.practice_id = $1 AND e.claim_id = $2 ORDER BY e.posted_at, e.entry_id, l.account
"""


class Open(NamedTuple):
    """What payers and the patient owe of a claim."""

    payer_cents: int
    patient_cents: int


NOTHING_OPEN = Open(0, 0)


async def post(db: Db, entry: Entry, at: datetime) -> None:
    """Post an entry; a second one of the same source violates the key, and that is meant."""
    await post_all(db, [entry], at)


async def post_all(db: Db, entries: Sequence[Entry], at: datetime) -> None:
    """Post entries of one practice; one that moves no money, such as a denial's, is left out."""
    moving = [entry for entry in entries if any(entry.lines.values())]
    if not moving:
        return
    practice_id = moving[0].practice_id
    ids = [entry.entry_id for entry in moving]
    await db.execute(
        ADD_ENTRIES, practice_id, at, ids, [e.kind for e in moving], [e.claim_id for e in moving],
        [e.service_month for e in moving], [e.payer_id for e in moving],
        [e.event_id for e in moving],
    )  # fmt: skip
    lines = [
        (entry_id, account, cents)
        for entry_id, entry in zip(ids, moving, strict=True)
        for account, cents in entry.lines.items()
        if cents
    ]
    await db.execute(ADD_LINES, practice_id, *map(list, zip(*lines, strict=True)))


async def sum_by_account(db: Db, practice_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(SUM_BY_ACCOUNT, practice_id)]


async def open_days(db: Db, practice_id: UUID, on: date) -> list[OpenDay]:
    """What was owed at the end of a day (UTC), by debtor and day of service."""
    rows = await db.fetch(OPEN_DAYS, practice_id, list(DEBTORS), on)
    return [
        OpenDay(Account(r["account"]), r["payer_id"], r["service_on"], r["cents"]) for r in rows
    ]


async def read_open_by_payer(
    db: Db, practice_id: UUID, claims: Sequence[UUID]
) -> dict[tuple[UUID, str], int]:
    """What each payer owes of each claim."""
    rows = await db.fetch(READ_OPEN_BY_PAYER, practice_id, list(claims))
    return {(row["claim_id"], row["payer_id"]): row["cents"] for row in rows}


async def read_open(db: Db, practice_id: UUID, claims: Sequence[UUID]) -> dict[UUID, Open]:
    """What is open of each claim that the journal knows."""
    rows = await db.fetch(READ_OPEN, practice_id, list(claims))
    return {row["claim_id"]: Open(row["payer_cents"], row["patient_cents"]) for row in rows}


async def list_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_OF_CLAIM, practice_id, claim_id)]
