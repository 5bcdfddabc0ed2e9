"""The SQL of statements and of what they are made from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.balances.statements.model import Before, Content

ADD_STATEMENT = """
INSERT INTO statement (practice_id, statement_id, account_id, notice, issued_at, issued_on, due_on,
                       balance_cents, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
COUNT_STATEMENTS = "SELECT count(*) FROM statement WHERE practice_id = $1 AND account_id = $2"
FIND_STATEMENT = """
SELECT issued_at, content FROM statement WHERE practice_id = $1 AND statement_id = $2
"""
LAST_STATEMENT = """
SELECT statement_id FROM statement WHERE practice_id = $1 AND account_id = ANY ($2::uuid[])
 ORDER BY made DESC LIMIT 1
"""
STATEMENTS = """
SELECT statement_id, content FROM statement
 WHERE practice_id = $1 AND account_id = ANY ($2::uuid[]) ORDER BY made
"""
LIST_STATEMENTS = """
SELECT statement_id, account_id, notice, issued_on, due_on, balance_cents FROM statement
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR account_id = ANY ($2))
   AND ($3::uuid IS NULL OR made > (SELECT made FROM statement
                                     WHERE practice_id = $1 AND statement_id = $3))
 ORDER BY made LIMIT $4
"""
ADD_ESTIMATE = """
INSERT INTO good_faith_estimate (practice_id, estimate_id, account_id, service_on, given_on,
                                 expected_cents)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
FIND_ESTIMATE = """
SELECT account_id, service_on, given_on, expected_cents FROM good_faith_estimate
 WHERE practice_id = $1 AND estimate_id = $2
"""
ESTIMATES = """
SELECT DISTINCT ON (service_on) service_on, expected_cents FROM good_faith_estimate
 WHERE practice_id = $1 AND account_id = ANY ($2::uuid[])
 ORDER BY service_on, given_on DESC, estimate_id
"""


async def add_statement(
    uow: UnitOfWork, statement_id: UUID, account_id: UUID, content: Content
) -> None:
    sealed = uow.seal(content.model_dump_json().encode(), _place(statement_id))
    await uow.db.execute(
        ADD_STATEMENT, uow.practice_id, statement_id, account_id, content.notice, uow.now,
        content.issued_on, content.due_on, content.balance_cents, sealed,
    )  # fmt: skip


async def count_statements(db: Db, practice_id: UUID, account_id: UUID) -> int:
    return await db.fetchval(COUNT_STATEMENTS, practice_id, account_id)


async def read_statement(uow: UnitOfWork, statement_id: UUID) -> tuple[datetime, Content] | None:
    row = await uow.db.fetchrow(FIND_STATEMENT, uow.practice_id, statement_id)
    if row is None:
        return None
    return row["issued_at"], _open(uow, statement_id, row["content"])


async def find_before(uow: UnitOfWork, charts: Sequence[UUID]) -> Before | None:
    """What the account's last statement said, under whichever chart it went."""
    last = await uow.db.fetchval(LAST_STATEMENT, uow.practice_id, list(charts))
    found = await read_statement(uow, last) if last else None
    if found is None:
        return None
    _, content = found
    claims = frozenset(visit.claim_id for visit in content.visits)
    return Before(content.balance_cents, claims, content.issued_on)


async def first_billed(uow: UnitOfWork, charts: Sequence[UUID]) -> dict[UUID, date]:
    """The day of the first statement that asked for something of a claim."""
    first: dict[UUID, date] = {}
    for row in await uow.db.fetch(STATEMENTS, uow.practice_id, list(charts)):
        content = _open(uow, row["statement_id"], row["content"])
        for visit in content.visits:
            first.setdefault(visit.claim_id, content.issued_on)
    return first


async def list_statements(
    db: Db, practice_id: UUID, charts: Sequence[UUID] | None, limit: int, after: UUID | None
) -> list[dict[str, Any]]:
    given = list(charts) if charts is not None else None
    rows = await db.fetch(LIST_STATEMENTS, practice_id, given, after, limit)
    return [dict(row) for row in rows]


async def add_estimate(
    db: Db,
    practice_id: UUID,
    estimate_id: UUID,
    account_id: UUID,
    service_on: date,
    given_on: date,
    expected_cents: int,
) -> bool:
    """False where another estimate has this id."""
    given = (account_id, service_on, given_on, expected_cents)
    await db.execute(ADD_ESTIMATE, practice_id, estimate_id, *given)
    row = await db.fetchrow(FIND_ESTIMATE, practice_id, estimate_id)
    return row is not None and tuple(row) == given


async def read_estimates(db: Db, practice_id: UUID, charts: Sequence[UUID]) -> dict[date, int]:
    """What the patient was told to expect for a day of service: the last word of each."""
    rows = await db.fetch(ESTIMATES, practice_id, list(charts))
    return {row["service_on"]: row["expected_cents"] for row in rows}


def _open(uow: UnitOfWork, statement_id: UUID, sealed: bytes) -> Content:
    return Content.model_validate_json(uow.unseal(sealed, _place(statement_id)))


def _place(statement_id: UUID) -> str:
    return f"statement/{statement_id}"
