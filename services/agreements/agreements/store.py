"""The SQL of agreements."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from libs.events.transport.database import Db
from services.agreements.agreements.model import Agreement

ADD_AGREEMENT = """
INSERT INTO agreement (practice_id, agreement_id, model, rate, effective_on, signed_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

LIST_AGREEMENTS = """
SELECT agreement_id, model, rate, effective_on FROM agreement
 WHERE practice_id = $1 ORDER BY effective_on
"""

FIND_IN_FORCE = """
SELECT agreement_id, model, rate, effective_on FROM agreement
 WHERE practice_id = $1 AND effective_on <= $2 ORDER BY effective_on DESC LIMIT 1
"""


async def add_agreement(db: Db, practice_id: UUID, agreement: Agreement, at: datetime) -> None:
    await db.execute(
        ADD_AGREEMENT,
        practice_id,
        agreement.agreement_id,
        agreement.model,
        agreement.rate,
        agreement.effective_on,
        at,
    )


async def list_agreements(db: Db, practice_id: UUID) -> list[Agreement]:
    """By effective day."""
    return [Agreement(**dict(row)) for row in await db.fetch(LIST_AGREEMENTS, practice_id)]


async def find_in_force(db: Db, practice_id: UUID, on: date) -> Agreement | None:
    row = await db.fetchrow(FIND_IN_FORCE, practice_id, on)
    return None if row is None else Agreement(**dict(row))
