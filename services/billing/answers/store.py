"""What answers said, claim by claim."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.answers.model import Source, Verdict
from services.billing.claims.model import Claim

_FIELDS = """source, verdict, interchange_number, effective_on, category, code, entity,
       amount_cents, paid_cents, received_at"""
ADD_ANSWER = f"""
INSERT INTO claim_answer (practice_id, claim_id, answer_id, {_FIELDS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
"""
ADD_FOR_INTERCHANGE = f"""
INSERT INTO claim_answer (practice_id, claim_id, answer_id, {_FIELDS})
SELECT practice_id, claim_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
  FROM claim WHERE practice_id = $1 AND interchange_number = $2 ON CONFLICT DO NOTHING
"""
LIST_VERDICTS = """
SELECT verdict, effective_on FROM claim_answer
 WHERE practice_id = $1 AND claim_id = $2 AND interchange_number = $3
   AND (verdict = 'rejected' OR verdict = 'accepted' AND source = '277CA')
"""
LIST_ANSWERS = f"""
SELECT {_FIELDS} FROM claim_answer
 WHERE practice_id = $1 AND claim_id = $2 ORDER BY received_at, effective_on, answer_id
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer said of one claim, or of all claims of an interchange; as `_FIELDS`."""

    source: Source
    verdict: str
    interchange_number: int | None
    effective_on: date
    category: str | None = None
    code: str | None = None
    entity: str | None = None
    amount_cents: int | None = None
    paid_cents: int | None = None

    def named(self, practice_id: UUID) -> UUID:
        """The same said again has the same name."""
        return uuid5(practice_id, repr(astuple(self)))


async def add_answer(uow: UnitOfWork, claim: Claim, said: Answer) -> None:
    """Keep what was said of a claim; the same again changes nothing."""
    row = *astuple(said), uow.now
    name = said.named(uow.practice_id)
    await uow.db.execute(ADD_ANSWER, claim.practice_id, claim.claim_id, name, *row)


async def add_for_interchange(uow: UnitOfWork, number: int, said: Answer) -> None:
    """Keep what was said of every claim that is at its payer with an interchange."""
    row = *astuple(said), uow.now
    name = said.named(uow.practice_id)
    await uow.db.execute(ADD_FOR_INTERCHANGE, uow.practice_id, number, name, *row)


async def list_verdicts(db: Db, claim: Claim) -> list[Verdict]:
    """Whether the claim as it was last sent was taken in, answer by answer."""
    rows = await db.fetch(
        LIST_VERDICTS, claim.practice_id, claim.claim_id, claim.interchange_number
    )
    return [Verdict(row["verdict"] == "rejected", row["effective_on"]) for row in rows]


async def list_answers(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_ANSWERS, practice_id, claim_id)]


def received_on(at: datetime) -> date:
    """The day of an answer that has none of its own (TA1, 999)."""
    return at.date()
