"""The SQL of queries to clinicians."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.interop.encounters.model import Question

ADD_QUERY = """
INSERT INTO query (practice_id, query_id, encounter_id, connection_id, reason, code_system, code,
                   service_on, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

FIND_QUERY = "SELECT * FROM query WHERE practice_id = $1 AND query_id = $2"

LIST_QUERIES = """
SELECT * FROM query
 WHERE practice_id = $1 AND ($2::boolean IS NULL OR (answer IS NULL) = $2)
 ORDER BY opened_at, query_id LIMIT $3
"""

ANSWER_QUERY = """
UPDATE query SET answer = $3, answered_for_npi = $4, answered_at = $5
 WHERE practice_id = $1 AND query_id = $2
"""

LIST_ANSWERS = """
SELECT reason, code_system, code, answer FROM query
 WHERE practice_id = $1 AND encounter_id = $2 AND answer IS NOT NULL
"""


async def add_query(
    db: Db,
    *,
    practice_id: UUID,
    query_id: UUID,
    encounter_id: UUID,
    connection_id: UUID,
    question: Question,
    service_on: date,
    at: datetime,
) -> None:
    await db.execute(
        ADD_QUERY,
        practice_id,
        query_id,
        encounter_id,
        connection_id,
        question.reason,
        question.system,
        question.code,
        service_on,
        at,
    )


async def find_query(db: Db, practice_id: UUID, query_id: UUID) -> Record | None:
    return await db.fetchrow(FIND_QUERY, practice_id, query_id)


async def list_queries(
    db: Db, practice_id: UUID, *, is_open: bool | None, limit: int
) -> list[Record]:
    """The oldest first; `is_open` None: all of them."""
    return await db.fetch(LIST_QUERIES, practice_id, is_open, limit)


async def answer_query(
    db: Db, practice_id: UUID, query_id: UUID, *, answer: str, npi: str, at: datetime
) -> None:
    await db.execute(ANSWER_QUERY, practice_id, query_id, answer, npi, at)


async def answers_of(db: Db, practice_id: UUID, encounter_id: UUID) -> dict[Question, str]:
    """What the clinician has answered about a visit so far."""
    rows = await db.fetch(LIST_ANSWERS, practice_id, encounter_id)
    return {Question(r["reason"], r["code_system"], r["code"]): r["answer"] for r in rows}
