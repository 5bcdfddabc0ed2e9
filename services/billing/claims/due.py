"""Claims that a payer has as they were: a replacement or a void is due (837P CLM05-3, 7 or 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from libs.events.transport.payload import write_kept
from services.billing.claims.model import Claim

PUT = """
INSERT INTO correction_due (practice_id, claim_id, kind, event_id, encounter, since)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (practice_id, claim_id) DO UPDATE
   SET kind = excluded.kind, event_id = excluded.event_id, encounter = excluded.encounter
"""
DROP = "DELETE FROM correction_due WHERE practice_id = $1 AND claim_id = $2"
LIST = """
SELECT claim_id, encounter_id, control_number, payer_id, service_on, charge_cents, state,
       payer_claim_number, kind, event_id, since
  FROM correction_due JOIN claim USING (practice_id, claim_id)
 WHERE practice_id = $1 ORDER BY since, claim_id LIMIT $2 OFFSET $3
"""


async def replacement_due(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """The visit is otherwise than the payer has it; the last correction counts."""
    sealed = uow.seal(write_kept(encounter), f"claim/{claim.claim_id}/correction")
    await _put(uow.db, claim, "replace", encounter.event_id, sealed, uow.now)


async def void_due(uow: UnitOfWork, claim: Claim, event_id: UUID) -> None:
    """The visit is void, and the payer does not know it."""
    await _put(uow.db, claim, "void", event_id, None, uow.now)


async def nothing_due(db: Db, claim: Claim) -> None:
    await db.execute(DROP, claim.practice_id, claim.claim_id)


async def list_due(db: Db, practice_id: UUID, limit: int, offset: int) -> list[dict[str, Any]]:
    """Those that wait longest first."""
    return [dict(row) for row in await db.fetch(LIST, practice_id, limit, offset)]


async def _put(
    db: Db,
    claim: Claim,
    kind: Literal["replace", "void"],
    event_id: UUID,
    sealed: bytes | None,
    at: datetime,
) -> None:
    row = claim.practice_id, claim.claim_id, kind, event_id, sealed, at
    await db.execute(PUT, *row)
