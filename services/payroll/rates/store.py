"""The SQL of work RVUs and compensation plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from libs.events.transport.database import Db

# Lines are valued side by side; a table of values is added alone, so that no line which was heard
# meanwhile misses it. The lock ends with the transaction.
SHARE_VALUES = "SELECT pg_advisory_xact_lock_shared(hashtextextended('work_rvu ' || $1::text, 0))"
HOLD_VALUES = "SELECT pg_advisory_xact_lock(hashtextextended('work_rvu ' || $1::text, 0))"

ADD_VALUES = """
INSERT INTO work_rvu (practice_id, procedure_code, effective_on, hundredths, source)
SELECT $1, procedure_code, $2, hundredths, $3
  FROM unnest($4::text[], $5::bigint[]) AS new(procedure_code, hundredths)
ON CONFLICT DO NOTHING
"""

FIND_VALUES_OF_DAY = """
SELECT procedure_code, hundredths FROM work_rvu
 WHERE practice_id = $1 AND effective_on = $2 AND procedure_code = ANY ($3::text[])
"""

FIND_VALUES = """
SELECT DISTINCT ON (procedure_code) procedure_code, hundredths FROM work_rvu
 WHERE practice_id = $1 AND procedure_code = ANY ($2::text[]) AND effective_on <= $3
 ORDER BY procedure_code, effective_on DESC
"""

ADD_PLAN = """
INSERT INTO compensation_plan (practice_id, npi, effective_on, cents_per_work_rvu)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""

FIND_PLAN = """
SELECT cents_per_work_rvu FROM compensation_plan
 WHERE practice_id = $1 AND npi = $2 AND effective_on <= $3 ORDER BY effective_on DESC LIMIT 1
"""

FIND_PLAN_OF_DAY = """
SELECT cents_per_work_rvu FROM compensation_plan
 WHERE practice_id = $1 AND npi = $2 AND effective_on = $3
"""


async def share_values(db: Db, practice_id: UUID) -> None:
    """Until the transaction ends, nobody adds values."""
    await db.execute(SHARE_VALUES, str(practice_id))


async def hold_values(db: Db, practice_id: UUID) -> None:
    """Until the transaction ends, nobody reads values to value a line."""
    await db.execute(HOLD_VALUES, str(practice_id))


async def add_values(
    db: Db, practice_id: UUID, effective_on: date, values: Mapping[str, int], source: str
) -> bool:
    """Add values from a day on; False where another value of that day is on file."""
    await db.execute(
        ADD_VALUES, practice_id, effective_on, source, list(values), list(values.values())
    )
    rows = await db.fetch(FIND_VALUES_OF_DAY, practice_id, effective_on, list(values))
    return {row["procedure_code"]: row["hundredths"] for row in rows} == dict(values)


async def find_values(db: Db, practice_id: UUID, codes: list[str], on: date) -> dict[str, int]:
    """Hundredths of a work RVU by code, of those that have a value on that day."""
    rows = await db.fetch(FIND_VALUES, practice_id, codes, on)
    return {row["procedure_code"]: row["hundredths"] for row in rows}


async def add_plan(
    db: Db, practice_id: UUID, npi: str, effective_on: date, cents_per_work_rvu: int
) -> bool:
    """Add a plan from a day on; False where another rate of that day is on file."""
    await db.execute(ADD_PLAN, practice_id, npi, effective_on, cents_per_work_rvu)
    kept = await db.fetchval(FIND_PLAN_OF_DAY, practice_id, npi, effective_on)
    return kept == cents_per_work_rvu


async def find_rate(db: Db, practice_id: UUID, npi: str, on: date) -> int:
    """Cents per work RVU in force on a day; zero while the clinician has no plan."""
    return await db.fetchval(FIND_PLAN, practice_id, npi, on) or 0
