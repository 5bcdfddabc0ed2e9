"""Write-offs, who decided them, and what is open of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.ledger.store import NOTHING_OPEN, read_open
from services.billing.writeoffs.model import ALONE_CENTS, OpenBalance, WriteOff

COLUMNS = """practice_id, write_off_id, claim_id, owed_by, payer_id, reason, cents, state,
       proposed_by, proposed_at, decided_by, decided_at, reversed_by, reversed_at"""
SET_POLICY = """
INSERT INTO write_off_policy (practice_id, alone_cents) VALUES ($1, $2)
ON CONFLICT (practice_id) DO UPDATE SET alone_cents = excluded.alone_cents
"""
READ_POLICY = "SELECT alone_cents FROM write_off_policy WHERE practice_id = $1"
ADD = f"""
INSERT INTO write_off ({COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL, NULL, NULL)
"""
CLAIM_OF = "SELECT claim_id FROM write_off WHERE practice_id = $1 AND write_off_id = $2"
LOCK = f"SELECT {COLUMNS} FROM write_off WHERE practice_id = $1 AND write_off_id = $2 FOR UPDATE"
DECIDE = """
UPDATE write_off SET state = $3, decided_by = $4, decided_at = $5
 WHERE practice_id = $1 AND write_off_id = $2
"""
REVERSE = """
UPDATE write_off SET state = 'reversed', reversed_by = $3, reversed_at = $4
 WHERE practice_id = $1 AND write_off_id = $2
"""
SUM_ALONE = """
SELECT coalesce(sum(cents), 0)::bigint FROM write_off
 WHERE practice_id = $1 AND claim_id = $2 AND state = 'posted' AND decided_by IS NULL
"""
OF_PATIENT = f"""
SELECT {COLUMNS} FROM write_off
 WHERE practice_id = $1 AND claim_id = $2 AND state = 'posted' AND owed_by = 'patient'
 ORDER BY proposed_at DESC, write_off_id
"""
LIST_WRITTEN_OFF = """
SELECT claim_id, payer_id, sum(cents)::bigint AS cents FROM write_off
 WHERE practice_id = $1 AND claim_id = ANY($2::uuid[]) AND state = 'posted' AND owed_by = 'payer'
 GROUP BY claim_id, payer_id
"""
LIST = f"""
SELECT {COLUMNS} FROM write_off
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::uuid IS NULL OR claim_id = $3) AND ($4::uuid IS NULL OR (proposed_at, write_off_id) >
        (SELECT proposed_at, write_off_id FROM write_off
          WHERE practice_id = $1 AND write_off_id = $4))
 ORDER BY proposed_at, write_off_id LIMIT $5
"""


async def set_policy(db: Db, practice_id: UUID, alone_cents: int) -> None:
    await db.execute(SET_POLICY, practice_id, alone_cents)


async def alone_cents(db: Db, practice_id: UUID) -> int:
    """What one person may write off of a claim."""
    found = await db.fetchval(READ_POLICY, practice_id)
    return ALONE_CENTS if found is None else found


async def add(db: Db, wanted: WriteOff) -> None:
    await db.execute(
        ADD, wanted.practice_id, wanted.write_off_id, wanted.claim_id, wanted.owed_by,
        wanted.payer_id, wanted.reason, wanted.cents, wanted.state, wanted.proposed_by,
        wanted.proposed_at,
    )  # fmt: skip


async def claim_of(db: Db, practice_id: UUID, write_off_id: UUID) -> UUID | None:
    """The claim of a write-off, to be locked before it."""
    return await db.fetchval(CLAIM_OF, practice_id, write_off_id)


async def lock(db: Db, practice_id: UUID, write_off_id: UUID) -> WriteOff | None:
    row = await db.fetchrow(LOCK, practice_id, write_off_id)
    return WriteOff(**dict(row)) if row else None


async def note_decision(db: Db, decided: WriteOff) -> None:
    """Keep what the second person said."""
    await db.execute(
        DECIDE, decided.practice_id, decided.write_off_id, decided.state, decided.decided_by,
        decided.decided_at,
    )  # fmt: skip


async def note_reversal(db: Db, written: WriteOff, by: str, at: datetime) -> None:
    await db.execute(REVERSE, written.practice_id, written.write_off_id, by, at)


async def read_balance(db: Db, practice_id: UUID, claim_id: UUID) -> OpenBalance:
    """The claim is locked by the caller."""
    owed = (await read_open(db, practice_id, [claim_id])).get(claim_id, NOTHING_OPEN)
    alone = await db.fetchval(SUM_ALONE, practice_id, claim_id)
    return OpenBalance(owed.payer_cents, owed.patient_cents, alone)


async def posted_of_patient(db: Db, practice_id: UUID, claim_id: UUID) -> list[WriteOff]:
    """What the claim's patient was let off, the latest first."""
    rows = await db.fetch(OF_PATIENT, practice_id, claim_id)
    return [WriteOff(**dict(row)) for row in rows]


async def list_written_off(
    db: Db, practice_id: UUID, claim_ids: Sequence[UUID]
) -> dict[UUID, dict[str, int]]:
    """What was given up of payers' parts: claim → payer → cents."""
    found: dict[UUID, dict[str, int]] = {}
    for row in await db.fetch(LIST_WRITTEN_OFF, practice_id, list(claim_ids)):
        found.setdefault(row["claim_id"], {})[row["payer_id"]] = row["cents"]
    return found


async def list_write_offs(
    db: Db,
    practice_id: UUID,
    *,
    state: str | None,
    claim_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[WriteOff]:
    """The oldest first."""
    rows = await db.fetch(LIST, practice_id, state, claim_id, after, limit)
    return [WriteOff(**dict(row)) for row in rows]
