"""The SQL of what agencies collect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.balances.model import Balance


@dataclass(frozen=True, slots=True)
class Placement:
    """An account's balance at an agency; `open_cents`: what is left of it there."""

    placement_id: UUID
    account_id: UUID
    agency: str
    placed_on: date
    cents: int
    recalled_on: date | None
    open_cents: int


@dataclass(frozen=True, slots=True)
class PlacedClaim:
    """A claim at an agency, and what is left of it there."""

    placement_id: UUID
    claim_id: UUID
    service_on: date
    cents: int


ADD_PLACEMENT = """
INSERT INTO placement (practice_id, placement_id, account_id, agency, placed_on, cents)
VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_CLAIMS = """
INSERT INTO placement_claim (practice_id, placement_id, claim_id, service_on, cents)
SELECT $1, $2, claim_id, service_on, cents
  FROM unnest($3::uuid[], $4::date[], $5::bigint[]) AS new(claim_id, service_on, cents)
"""
PLACEMENTS = """
SELECT p.placement_id, p.account_id, p.agency, p.placed_on, p.cents, p.recalled_on,
       (SELECT coalesce(sum(l.cents), 0)::bigint
          FROM placement_claim c
          JOIN journal_entry e USING (practice_id, claim_id)
          JOIN journal_line l USING (practice_id, entry_id)
         WHERE c.practice_id = p.practice_id AND c.placement_id = p.placement_id
           AND NOT c.recalled AND l.account = 'agency-receivable') AS open_cents
  FROM placement p WHERE p.practice_id = $1
"""
FIND_PLACEMENT = f"{PLACEMENTS} AND p.placement_id = $2"
LIST_PLACEMENTS = f"""
{PLACEMENTS} AND ($2::uuid IS NULL OR p.made > (
    SELECT made FROM placement WHERE practice_id = $1 AND placement_id = $2))
 ORDER BY p.made LIMIT $3
"""
OPEN_PLACEMENTS = f"""
SELECT * FROM ({PLACEMENTS} AND p.account_id = ANY ($2::uuid[]) AND p.recalled_on IS NULL) AS placed
 WHERE open_cents > 0 ORDER BY placed_on, placement_id
"""
PLACED_CLAIMS = """
SELECT c.placement_id, c.claim_id, c.service_on, coalesce(sum(l.cents), 0)::bigint AS cents
  FROM placement_claim c
  LEFT JOIN journal_entry e USING (practice_id, claim_id)
  LEFT JOIN journal_line l
    ON l.practice_id = e.practice_id AND l.entry_id = e.entry_id
   AND l.account = 'agency-receivable'
 WHERE c.practice_id = $1 AND NOT c.recalled AND {which}
 GROUP BY c.placement_id, c.claim_id, c.service_on ORDER BY c.service_on, c.claim_id
"""
CLAIMS_OF_PLACEMENT = PLACED_CLAIMS.format(which="c.placement_id = $2")
PLACEMENT_OF_CLAIM = PLACED_CLAIMS.format(which="c.claim_id = $2")
MARK_CLAIMS_RECALLED = """
UPDATE placement_claim SET recalled = true
 WHERE practice_id = $1 AND placement_id = $2 AND claim_id = ANY ($3::uuid[])
"""
MARK_RECALLED = """
UPDATE placement SET recalled_on = $3 WHERE practice_id = $1 AND placement_id = $2
"""


async def add_placement(
    db: Db, practice_id: UUID, placement: Placement, claims: Sequence[Balance]
) -> None:
    await db.execute(
        ADD_PLACEMENT, practice_id, placement.placement_id, placement.account_id,
        placement.agency, placement.placed_on, placement.cents,
    )  # fmt: skip
    await db.execute(
        ADD_CLAIMS, practice_id, placement.placement_id, [c.claim_id for c in claims],
        [c.service_on for c in claims], [c.patient_cents for c in claims],
    )  # fmt: skip


async def find_placement(db: Db, practice_id: UUID, placement_id: UUID) -> Placement | None:
    row = await db.fetchrow(FIND_PLACEMENT, practice_id, placement_id)
    return Placement(**dict(row)) if row else None


async def list_placements(
    db: Db, practice_id: UUID, limit: int, after: UUID | None
) -> list[Placement]:
    rows = await db.fetch(LIST_PLACEMENTS, practice_id, after, limit)
    return [Placement(**dict(row)) for row in rows]


async def open_placements(db: Db, practice_id: UUID, charts: list[UUID]) -> list[Placement]:
    """Of which an agency has something left to collect."""
    rows = await db.fetch(OPEN_PLACEMENTS, practice_id, charts)
    return [Placement(**dict(row)) for row in rows]


async def claims_of_placement(db: Db, practice_id: UUID, placement_id: UUID) -> list[PlacedClaim]:
    """Those that were not recalled, with what the agency has still to collect."""
    return _placed(await db.fetch(CLAIMS_OF_PLACEMENT, practice_id, placement_id))


async def placement_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> PlacedClaim | None:
    found = _placed(await db.fetch(PLACEMENT_OF_CLAIM, practice_id, claim_id))
    return found[0] if found else None


async def mark_claims_recalled(
    db: Db, practice_id: UUID, placement_id: UUID, claim_ids: list[UUID]
) -> None:
    await db.execute(MARK_CLAIMS_RECALLED, practice_id, placement_id, claim_ids)


async def mark_recalled(db: Db, practice_id: UUID, placement_id: UUID, on: date) -> None:
    await db.execute(MARK_RECALLED, practice_id, placement_id, on)


def _placed(rows: Sequence[Any]) -> list[PlacedClaim]:
    return [PlacedClaim(**dict(row)) for row in rows]
