"""The SQL of work RVUs and compensation plans."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.transport.database import Db
from services.payroll.rates.model import CompensationPlan, RvuTable

# Lines are valued side by side; a table of values is added alone, so that no line which was heard
# meanwhile misses it. The lock ends with the transaction.
SHARE_VALUES = "SELECT pg_advisory_xact_lock_shared(hashtextextended('work_rvu ' || $1::text, 0))"
HOLD_VALUES = "SELECT pg_advisory_xact_lock(hashtextextended('work_rvu ' || $1::text, 0))"

ADD_TABLE = """
INSERT INTO rvu_table (practice_id, rvu_table_id, effective_on, source) VALUES ($1, $2, $3, $4)
"""

ADD_VALUES = """
INSERT INTO work_rvu (practice_id, rvu_table_id, procedure_code, effective_on, hundredths)
SELECT $1, $2, procedure_code, $3, hundredths
  FROM unnest($4::text[], $5::bigint[]) AS new(procedure_code, hundredths)
ON CONFLICT (practice_id, procedure_code, effective_on) DO NOTHING
"""

FIND_TABLE = """
SELECT effective_on, source FROM rvu_table WHERE practice_id = $1 AND rvu_table_id = $2
"""

LIST_VALUES = """
SELECT procedure_code, hundredths FROM work_rvu WHERE practice_id = $1 AND rvu_table_id = $2
"""

FIND_VALUES = """
SELECT DISTINCT ON (procedure_code) procedure_code, hundredths FROM work_rvu
 WHERE practice_id = $1 AND procedure_code = ANY ($2::text[]) AND effective_on <= $3
 ORDER BY procedure_code, effective_on DESC
"""

ADD_PLAN = """
INSERT INTO compensation_plan (practice_id, compensation_plan_id, npi, effective_on,
                               cents_per_work_rvu)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""

FIND_PLAN = """
SELECT cents_per_work_rvu FROM compensation_plan
 WHERE practice_id = $1 AND npi = $2 AND effective_on <= $3 ORDER BY effective_on DESC LIMIT 1
"""

SHOW_PLAN = """
SELECT compensation_plan_id, npi, effective_on, cents_per_work_rvu FROM compensation_plan
 WHERE practice_id = $1 AND compensation_plan_id = $2
"""


async def share_values(db: Db, practice_id: UUID) -> None:
    """Until the transaction ends, nobody adds values."""
    await db.execute(SHARE_VALUES, str(practice_id))


async def hold_values(db: Db, practice_id: UUID) -> None:
    """Until the transaction ends, nobody reads values to value a line."""
    await db.execute(HOLD_VALUES, str(practice_id))


async def find_table(db: Db, practice_id: UUID, rvu_table_id: UUID) -> RvuTable | None:
    """The table as it was added."""
    row = await db.fetchrow(FIND_TABLE, practice_id, rvu_table_id)
    if row is None:
        return None
    values = await db.fetch(LIST_VALUES, practice_id, rvu_table_id)
    return RvuTable(
        rvu_table_id,
        row["effective_on"],
        row["source"],
        {value["procedure_code"]: value["hundredths"] for value in values},
    )


async def add_table(db: Db, practice_id: UUID, table: RvuTable) -> bool:
    """Add a table; False where a code of it has a value from that day on in another table."""
    await db.execute(ADD_TABLE, practice_id, table.rvu_table_id, table.effective_on, table.source)
    added = await db.execute(
        ADD_VALUES,
        practice_id,
        table.rvu_table_id,
        table.effective_on,
        list(table.work_rvu_hundredths),
        list(table.work_rvu_hundredths.values()),
    )
    return added == f"INSERT 0 {len(table.work_rvu_hundredths)}"


async def find_values(db: Db, practice_id: UUID, codes: list[str], on: date) -> dict[str, int]:
    """Hundredths of a work RVU by code, of those that have a value on that day."""
    rows = await db.fetch(FIND_VALUES, practice_id, codes, on)
    return {row["procedure_code"]: row["hundredths"] for row in rows}


async def add_plan(db: Db, practice_id: UUID, plan: CompensationPlan) -> CompensationPlan | None:
    """Add a plan; returns what its id names now, None where its day has another plan."""
    await db.execute(
        ADD_PLAN,
        practice_id,
        plan.compensation_plan_id,
        plan.npi,
        plan.effective_on,
        plan.cents_per_work_rvu,
    )
    row = await db.fetchrow(SHOW_PLAN, practice_id, plan.compensation_plan_id)
    return None if row is None else CompensationPlan(**dict(row))


async def find_rate(db: Db, practice_id: UUID, npi: str, on: date) -> int:
    """Cents per work RVU in force on a day; zero while the clinician has no plan."""
    return await db.fetchval(FIND_PLAN, practice_id, npi, on) or 0
