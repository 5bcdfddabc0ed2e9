"""Questions about claims, and which of them were answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.claims.model import Claim

ADD = """
INSERT INTO claim_question (practice_id, trace_number, claim_id, payer_id, times_asked, due_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
COUNT = "SELECT count(*) FROM claim_question WHERE practice_id = $1 AND claim_id = $2"
LOCK_UNSENT = """
SELECT trace_number, claim_id, times_asked FROM claim_question
 WHERE practice_id = $1 AND payer_id = $2 AND interchange_number IS NULL
 ORDER BY due_at, trace_number LIMIT $3 FOR UPDATE
"""
DROP = "DELETE FROM claim_question WHERE practice_id = $1 AND trace_number = ANY($2::text[])"
NOTE_ASKED = """
UPDATE claim_question SET interchange_number = $3, asked_at = $4
 WHERE practice_id = $1 AND trace_number = ANY($2::text[])
"""
NOTE_ANSWERED = """
UPDATE claim_question SET answered_at = coalesce(answered_at, $3)
 WHERE practice_id = $1 AND trace_number = $2 AND asked_at IS NOT NULL
RETURNING claim_id, interchange_number
"""
NOTE_SENT_AGAIN = "INSERT INTO claim_sent_again VALUES ($1, $2, $3, $4)"
FIND_SENT_AGAIN = """
SELECT lost_interchange, told_at FROM claim_sent_again WHERE practice_id = $1 AND claim_id = $2
"""
LIST_OF_CLAIM = """
SELECT times_asked, due_at, interchange_number, asked_at, answered_at FROM claim_question
 WHERE practice_id = $1 AND claim_id = $2 ORDER BY times_asked
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A claim that is to be asked after."""

    trace_number: str
    claim_id: UUID
    times_asked: int


async def add(uow: UnitOfWork, claim: Claim) -> None:
    """One more question about the claim, to go out with the payer's next file."""
    times = 1 + await uow.db.fetchval(COUNT, claim.practice_id, claim.claim_id)
    trace = f"{claim.control_number}Q{times}"
    row = claim.practice_id, trace, claim.claim_id, claim.payer_id, times, uow.now
    await uow.db.execute(ADD, *row)


async def lock_unsent(uow: UnitOfWork, payer_id: str, most: int) -> list[Question]:
    rows = await uow.db.fetch(LOCK_UNSENT, uow.practice_id, payer_id, most)
    return [Question(**dict(row)) for row in rows]


async def drop(uow: UnitOfWork, questions: list[Question]) -> None:
    """They need not be asked any more, or cannot be."""
    await uow.db.execute(DROP, uow.practice_id, [q.trace_number for q in questions])


async def note_asked(uow: UnitOfWork, questions: list[Question], number: int) -> None:
    traces = [question.trace_number for question in questions]
    await uow.db.execute(NOTE_ASKED, uow.practice_id, traces, number, uow.now)


async def note_answered(uow: UnitOfWork, trace_number: str) -> tuple[UUID, int] | None:
    """The claim that the question was about, and its interchange; None: we never asked so."""
    row = await uow.db.fetchrow(NOTE_ANSWERED, uow.practice_id, trace_number, uow.now)
    return (row["claim_id"], row["interchange_number"]) if row else None


async def list_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_OF_CLAIM, practice_id, claim_id)]


async def note_sent_again(uow: UnitOfWork, claim: Claim) -> None:
    """It goes to its payer again by itself; a second time the key refuses."""
    row = claim.practice_id, claim.claim_id, claim.interchange_number, uow.now
    await uow.db.execute(NOTE_SENT_AGAIN, *row)


async def find_sent_again(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """Where it went again by itself: once at most."""
    return [dict(row) for row in await db.fetch(FIND_SENT_AGAIN, practice_id, claim_id)]
