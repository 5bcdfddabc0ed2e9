"""The SQL of what patients were let off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db

Reason = Literal["small-balance", "charity-care", "bad-debt"]


@dataclass(frozen=True, slots=True)
class WriteOff:
    """So much of a claim that the practice gave up."""

    write_off_id: UUID
    account_id: UUID
    claim_id: UUID
    service_month: date
    cents: int
    reason: Reason
    written_off_on: date
    reversed: bool


COLUMNS = """write_off_id, account_id, claim_id, service_month, cents, reason, written_off_on,
       reversed"""
ADD_WRITE_OFF = """
INSERT INTO patient_write_off (practice_id, write_off_id, account_id, claim_id, service_month,
                               cents, reason, written_off_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND_WRITE_OFF = f"""
SELECT {COLUMNS} FROM patient_write_off WHERE practice_id = $1 AND write_off_id = $2
"""
MARK_REVERSED = """
UPDATE patient_write_off SET reversed = true WHERE practice_id = $1 AND write_off_id = $2
"""
OF_CLAIM = f"""
SELECT {COLUMNS} FROM patient_write_off
 WHERE practice_id = $1 AND claim_id = $2 AND NOT reversed ORDER BY made DESC
"""
LIST_WRITE_OFFS = f"""
SELECT {COLUMNS} FROM patient_write_off
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR account_id = ANY ($2))
   AND ($3::uuid IS NULL OR made > (SELECT made FROM patient_write_off
                                     WHERE practice_id = $1 AND write_off_id = $3))
 ORDER BY made LIMIT $4
"""


async def add_write_off(db: Db, practice_id: UUID, made: WriteOff) -> None:
    await db.execute(
        ADD_WRITE_OFF, practice_id, made.write_off_id, made.account_id, made.claim_id,
        made.service_month, made.cents, made.reason, made.written_off_on,
    )  # fmt: skip


async def find_write_off(db: Db, practice_id: UUID, write_off_id: UUID) -> WriteOff | None:
    """All that changes one holds its claim: lock that, and look again."""
    return _read(await db.fetchrow(FIND_WRITE_OFF, practice_id, write_off_id))


async def mark_reversed(db: Db, practice_id: UUID, write_off_id: UUID) -> None:
    await db.execute(MARK_REVERSED, practice_id, write_off_id)


async def write_offs_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> list[WriteOff]:
    """In force, the latest first."""
    return [WriteOff(**dict(row)) for row in await db.fetch(OF_CLAIM, practice_id, claim_id)]


async def list_write_offs(
    db: Db, practice_id: UUID, charts: Sequence[UUID] | None, limit: int, after: UUID | None
) -> list[WriteOff]:
    given = list(charts) if charts is not None else None
    rows = await db.fetch(LIST_WRITE_OFFS, practice_id, given, after, limit)
    return [WriteOff(**dict(row)) for row in rows]


def _read(row: Record | None) -> WriteOff | None:
    return WriteOff(**dict(row)) if row else None
