"""The SQL of queries to clinicians."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.interop.encounters.model import Question

# A question that was withdrawn may be asked again, under its id.
OPEN_QUERY = """
INSERT INTO query (practice_id, query_id, encounter_id, connection_id, reason, code_system, code,
                   service_on, opened_at, due_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (practice_id, query_id) DO UPDATE
   SET connection_id = excluded.connection_id, service_on = excluded.service_on,
       opened_at = excluded.opened_at, due_on = excluded.due_on,
       withdrawn_at = NULL, overdue_at = NULL
"""

WITHDRAW_QUERY = "UPDATE query SET withdrawn_at = $3 WHERE practice_id = $1 AND query_id = $2"

MARK_OVERDUE = """
UPDATE query SET overdue_at = $3
 WHERE practice_id = $1 AND query_id = $2
   AND answer IS NULL AND withdrawn_at IS NULL AND overdue_at IS NULL
RETURNING encounter_id, due_on
"""

FIND_QUERY = "SELECT * FROM query WHERE practice_id = $1 AND query_id = $2"

LIST_QUERIES = """
SELECT * FROM query
 WHERE practice_id = $1
   AND ($2::text IS NULL
        OR $2 = CASE WHEN answer IS NOT NULL THEN 'answered'
                     WHEN withdrawn_at IS NOT NULL THEN 'withdrawn' ELSE 'open' END)
 ORDER BY opened_at, query_id LIMIT $3
"""

ANSWER_QUERY = """
UPDATE query SET answer = $3, answered_for_npi = $4, answered_at = $5
 WHERE practice_id = $1 AND query_id = $2
"""

LIST_OF_ENCOUNTER = """
SELECT reason, code_system, code, answer, withdrawn_at FROM query
 WHERE practice_id = $1 AND encounter_id = $2 ORDER BY opened_at, query_id
"""


async def open_query(
    db: Db,
    *,
    practice_id: UUID,
    query_id: UUID,
    encounter_id: UUID,
    connection_id: UUID,
    question: Question,
    service_on: date,
    at: datetime,
    due_on: date,
) -> None:
    await db.execute(
        OPEN_QUERY,
        practice_id,
        query_id,
        encounter_id,
        connection_id,
        question.reason,
        question.system,
        question.code,
        service_on,
        at,
        due_on,
    )


async def find_query(db: Db, practice_id: UUID, query_id: UUID) -> Record | None:
    return await db.fetchrow(FIND_QUERY, practice_id, query_id)


async def list_queries(db: Db, practice_id: UUID, *, state: str | None, limit: int) -> list[Record]:
    """The oldest first; `state` None: all of them."""
    return await db.fetch(LIST_QUERIES, practice_id, state, limit)


async def withdraw_query(db: Db, practice_id: UUID, query_id: UUID, at: datetime) -> None:
    await db.execute(WITHDRAW_QUERY, practice_id, query_id, at)


async def mark_overdue(db: Db, practice_id: UUID, query_id: UUID, at: datetime) -> Record | None:
    """encounter_id, due_on; None where the query is not open, or was overdue already."""
    return await db.fetchrow(MARK_OVERDUE, practice_id, query_id, at)


async def answer_query(
    db: Db, practice_id: UUID, query_id: UUID, *, answer: str, npi: str | None, at: datetime
) -> None:
    await db.execute(ANSWER_QUERY, practice_id, query_id, answer, npi, at)


async def queries_of(
    db: Db, practice_id: UUID, encounter_id: UUID
) -> tuple[tuple[Question, ...], dict[Question, str]]:
    """What is asked about a visit, and what was answered so far."""
    rows = await db.fetch(LIST_OF_ENCOUNTER, practice_id, encounter_id)
    asked = {Question(r["reason"], r["code_system"], r["code"]): r for r in rows}
    answers = {q: r["answer"] for q, r in asked.items() if r["answer"] is not None}
    waiting = (q for q, r in asked.items() if q not in answers and r["withdrawn_at"] is None)
    return tuple(waiting), answers
