"""Appeals that were sent, and their letters, kept sealed as they were sent."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.contracts.billing_denials import AppealOutcome
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.denials.work import Appeal

ADD = """
INSERT INTO appeal (practice_id, denial_id, level, sent_at, letter) VALUES ($1, $2, $3, $4, $5)
"""
LIST = """
SELECT level, sent_at, outcome, decided_on FROM appeal
 WHERE practice_id = $1 AND denial_id = $2 ORDER BY level
"""
READ_LETTER = """
SELECT letter FROM appeal WHERE practice_id = $1 AND denial_id = $2 AND level = $3
"""
DECIDE = """
UPDATE appeal SET outcome = $4, decided_on = $5
 WHERE practice_id = $1 AND denial_id = $2 AND level = $3
"""


async def add(uow: UnitOfWork, denial_id: UUID, level: int, letter: bytes) -> None:
    sealed = uow.seal(letter, _place(denial_id, level))
    await uow.db.execute(ADD, uow.practice_id, denial_id, level, uow.now, sealed)


async def list_of(db: Db, practice_id: UUID, denial_id: UUID) -> list[Appeal]:
    """The lowest level first; there is no gap."""
    rows = await db.fetch(LIST, practice_id, denial_id)
    return [
        Appeal(row["level"], row["sent_at"].date(), row["outcome"], row["decided_on"])
        for row in rows
    ]


async def read_letter(uow: UnitOfWork, denial_id: UUID, level: int) -> bytes | None:
    """The PDF, to the byte as it was sent."""
    sealed = await uow.db.fetchval(READ_LETTER, uow.practice_id, denial_id, level)
    return uow.unseal(sealed, _place(denial_id, level)) if sealed else None


async def decide(
    uow: UnitOfWork, denial_id: UUID, level: int, outcome: AppealOutcome, on: date
) -> None:
    await uow.db.execute(DECIDE, uow.practice_id, denial_id, level, outcome, on)


def _place(denial_id: UUID, level: int) -> str:
    return f"appeal/{denial_id}/{level}"
