"""Claims that a payer has as they were: a replacement or a void is due (837P CLM05-3, 7 or 8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from libs.events.transport.payload import read_kept, write_kept
from services.billing.claims import store
from services.billing.claims.correcting import Due
from services.billing.claims.model import Claim
from services.billing.scrub.store import drop_overrides

CORRECT_TIMER = "correct-claim"
"""Looks at a claim whose correction may go on; keyed by the claim."""

PUT = """
INSERT INTO correction_due (practice_id, claim_id, kind, event_id, encounter, since, asked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (practice_id, claim_id) DO UPDATE
   SET kind = excluded.kind, event_id = excluded.event_id, encounter = excluded.encounter,
       asked_by = excluded.asked_by, waiting_for = NULL
"""
DROP = "DELETE FROM correction_due WHERE practice_id = $1 AND claim_id = $2"
FIND = """
SELECT d.claim_id, d.encounter, c.encounter AS as_sent, d.asked_by, d.waiting_for
  FROM correction_due d JOIN claim c USING (practice_id, claim_id)
 WHERE d.practice_id = $1 AND d.claim_id = ANY($2::uuid[])
"""
NOTE_WAIT = """
UPDATE correction_due SET waiting_for = $3 WHERE practice_id = $1 AND claim_id = $2
"""
LIST_OF_PAYERS = """
SELECT c.claim_id FROM correction_due d JOIN claim c USING (practice_id, claim_id)
 WHERE d.practice_id = $1 AND c.payer_id = ANY($2::text[])
   AND d.waiting_for IS NULL
 ORDER BY d.since, c.claim_id LIMIT $3
"""
WHICH_ARE_DUE = """
SELECT claim_id FROM correction_due
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR claim_id = ANY($2))
"""
LIST = """
SELECT claim_id, encounter_id, control_number, payer_id, service_on, charge_cents, state,
       payer_claim_number, kind, event_id, asked_by, waiting_for, since
  FROM correction_due JOIN claim USING (practice_id, claim_id)
 WHERE practice_id = $1 ORDER BY since, claim_id LIMIT $2 OFFSET $3
"""


async def replacement_due(
    uow: UnitOfWork,
    claim: Claim,
    encounter: EncounterPosted,
    *,
    event_id: UUID | None = None,
    asked_by: str | None = None,
) -> None:
    """The visit is otherwise than the payer has it; the last correction counts.

    `event_id`: the command, where a person asks for it (`asked_by`).
    """
    sealed = uow.seal(write_kept(encounter), _place(claim.claim_id))
    event_id = event_id or encounter.event_id
    row = claim.practice_id, claim.claim_id, "replace", event_id, sealed, uow.now, asked_by
    await _put(uow, claim, row)


async def void_due(uow: UnitOfWork, claim: Claim, event_id: UUID) -> None:
    """The visit is void, and the payer does not know it."""
    row = claim.practice_id, claim.claim_id, "void", event_id, None, uow.now, None
    await _put(uow, claim, row)


async def nothing_due(db: Db, claim: Claim) -> None:
    await db.execute(DROP, claim.practice_id, claim.claim_id)
    await drop_overrides(db, claim)


async def find_due(uow: UnitOfWork, claim_ids: Collection[UUID]) -> dict[UUID, Due]:
    """What is due of these claims, by claim."""
    rows = await uow.db.fetch(FIND, uow.practice_id, list(claim_ids))
    return {row["claim_id"]: _due(uow, row) for row in rows}


async def find_due_of(uow: UnitOfWork, claim: Claim) -> Due | None:
    return (await find_due(uow, [claim.claim_id])).get(claim.claim_id)


async def list_of_payers(db: Db, practice_id: UUID, payers: Sequence[str], most: int) -> list[UUID]:
    """Claims of these payers with a correction that waits for nothing, the oldest first."""
    rows = await db.fetch(LIST_OF_PAYERS, practice_id, list(payers), most)
    return [row["claim_id"] for row in rows]


async def note_wait(db: Db, claim: Claim, waiting_for: str | None) -> None:
    await db.execute(NOTE_WAIT, claim.practice_id, claim.claim_id, waiting_for)


async def resume(uow: UnitOfWork, claim_ids: Collection[UUID]) -> None:
    """A payer has answered these claims: what is due of them may go on."""
    if claim_ids:
        await _resume(uow, list(claim_ids))


async def resume_all(uow: UnitOfWork) -> None:
    """A fact has come: look at everything that is due."""
    await _resume(uow, None)


async def list_due(db: Db, practice_id: UUID, limit: int, offset: int) -> list[dict[str, Any]]:
    """Those that wait longest first."""
    return [dict(row) for row in await db.fetch(LIST, practice_id, limit, offset)]


def open_correction(uow: UnitOfWork, claim_id: UUID, sealed: bytes) -> EncounterPosted:
    """The visit as `correction_due.encounter` keeps it."""
    return read_kept(uow.unseal(sealed, _place(claim_id)), EncounterPosted)


async def _put(uow: UnitOfWork, claim: Claim, row: tuple[Any, ...]) -> None:
    await uow.db.execute(PUT, *row)
    await drop_overrides(uow.db, claim)
    await _wake(uow, claim.claim_id)


async def _resume(uow: UnitOfWork, claim_ids: list[UUID] | None) -> None:
    for row in await uow.db.fetch(WHICH_ARE_DUE, uow.practice_id, claim_ids):
        await _wake(uow, row["claim_id"])


async def _wake(uow: UnitOfWork, claim_id: UUID) -> None:
    await uow.set_timer(CORRECT_TIMER, str(claim_id), uow.now)


def _due(uow: UnitOfWork, row: asyncpg.Record) -> Due:
    claim_id, sealed = row["claim_id"], row["encounter"]
    encounter = None if sealed is None else open_correction(uow, claim_id, sealed)
    is_as_sent = encounter is not None and encounter == store.open_encounter(
        uow, claim_id, row["as_sent"]
    )
    return Due(encounter, is_as_sent, row["asked_by"], row["waiting_for"])


def _place(claim_id: UUID) -> str:
    return f"claim/{claim_id}/correction"
