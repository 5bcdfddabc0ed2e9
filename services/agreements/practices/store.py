"""The SQL of practices."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record

from libs.events.contracts.agreements import PostalAddress, PracticeOnboarded
from libs.events.transport.database import Db

ADD_PRACTICE = """
INSERT INTO practice (practice_id, name, npi, tax_id, address_line, city, state, postal_code,
                      time_zone, onboarded_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (practice_id) DO NOTHING
"""

LIST_PRACTICES = "SELECT * FROM practice ORDER BY name, practice_id"
FIND_PRACTICE = "SELECT * FROM practice WHERE practice_id = $1"


async def add_practice(db: Db, practice: PracticeOnboarded) -> bool:
    """True where the practice was new."""
    done = await db.execute(
        ADD_PRACTICE,
        practice.practice_id,
        practice.name,
        practice.npi,
        practice.tax_id,
        practice.address.line,
        practice.address.city,
        practice.address.state,
        practice.address.postal_code,
        practice.time_zone,
        practice.onboarded_on,
    )
    return done == "INSERT 0 1"


async def find_practice(db: Db, practice_id: UUID) -> PracticeOnboarded | None:
    """The practice as it was onboarded."""
    row = await db.fetchrow(FIND_PRACTICE, practice_id)
    return None if row is None else _read(row)


async def list_practices(db: Db) -> list[PracticeOnboarded]:
    """The practices that this transaction may see."""
    return [_read(row) for row in await db.fetch(LIST_PRACTICES)]


def _read(row: Record) -> PracticeOnboarded:
    return PracticeOnboarded(
        practice_id=row["practice_id"],
        name=row["name"],
        npi=row["npi"],
        tax_id=row["tax_id"],
        address=PostalAddress(
            line=row["address_line"],
            city=row["city"],
            state=row["state"],
            postal_code=row["postal_code"],
        ),
        time_zone=row["time_zone"],
        onboarded_on=row["onboarded_on"],
    )
