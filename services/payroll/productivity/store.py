"""The SQL of productivity lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.payroll.rates.model import Procedure

ADD_LINE = """
INSERT INTO productivity_line (practice_id, line_id, encounter_id, provider_npi, service_on, state,
                               unvalued_codes, work_rvu_hundredths, pay_cents, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (practice_id, line_id) DO NOTHING
"""

ADD_PROCEDURES = """
INSERT INTO productivity_procedure (practice_id, line_id, line_number, procedure_code, units)
SELECT $1, $2, * FROM unnest($3::integer[], $4::text[], $5::integer[])
"""

LIST_WAITING = """
SELECT line_id, encounter_id, provider_npi, service_on, origin FROM productivity_line
 WHERE practice_id = $1 AND state = 'waiting' AND unvalued_codes && $2::text[]
 ORDER BY heard FOR UPDATE
"""

LIST_PROCEDURES = """
SELECT line_id, line_number, procedure_code, units FROM productivity_procedure
 WHERE practice_id = $1 AND line_id = ANY ($2::uuid[]) ORDER BY line_id, line_number
"""

KEEP_WAITING = """
UPDATE productivity_line SET unvalued_codes = $3 WHERE practice_id = $1 AND line_id = $2
"""

RECORD_LINE = """
UPDATE productivity_line
   SET state = 'recorded', unvalued_codes = '{}', work_rvu_hundredths = $3, pay_cents = $4
 WHERE practice_id = $1 AND line_id = $2
"""

LOCK_STANDING = """
SELECT line_id, encounter_id, provider_npi, service_on, origin, state, unvalued_codes,
       work_rvu_hundredths, pay_cents
  FROM productivity_line
 WHERE practice_id = $1 AND encounter_id = $2 AND state <> 'reversed' FOR UPDATE
"""

REVERSE_LINE = """
UPDATE productivity_line SET state = 'reversed', unvalued_codes = '{}'
 WHERE practice_id = $1 AND line_id = $2
"""

SUM_BY_CLINICIAN = """
SELECT line.provider_npi, clinician.family, clinician.given, count(*) AS visits,
       count(*) FILTER (WHERE state = 'waiting') AS waiting,
       coalesce(sum(work_rvu_hundredths), 0)::bigint AS work_rvu_hundredths,
       coalesce(sum(pay_cents), 0)::bigint AS pay_cents
  FROM productivity_line AS line
  LEFT JOIN clinician ON clinician.practice_id = line.practice_id
                     AND clinician.npi = line.provider_npi
 WHERE line.practice_id = $1 AND state <> 'reversed'
   AND service_on >= $2 AND service_on < $2 + interval '1 month'
 GROUP BY line.provider_npi, clinician.family, clinician.given
 ORDER BY line.provider_npi
"""

COUNT_UNVALUED = """
SELECT procedure_code, count(*) AS lines, min(service_on) AS since
  FROM productivity_line, unnest(unvalued_codes) AS procedure_code
 WHERE practice_id = $1 AND state = 'waiting' GROUP BY procedure_code ORDER BY procedure_code
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One visit's work, before it is valued. `origin`: what it comes from, for the trace."""

    line_id: UUID
    encounter_id: UUID
    provider_npi: str
    service_on: date
    origin: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What a line came to; `unvalued_codes` not empty: it waits, and comes to nothing yet."""

    unvalued_codes: list[str]
    work_rvu_hundredths: int = 0
    pay_cents: int = 0


async def add_line(
    db: Db, practice_id: UUID, line: Line, procedures: list[Procedure], worth: Worth
) -> bool:
    """False where the visit has its line already."""
    waits = bool(worth.unvalued_codes)
    added = await db.execute(
        ADD_LINE,
        practice_id,
        line.line_id,
        line.encounter_id,
        line.provider_npi,
        line.service_on,
        "waiting" if waits else "recorded",
        worth.unvalued_codes,
        None if waits else worth.work_rvu_hundredths,
        None if waits else worth.pay_cents,
        line.origin,
    )
    if added != "INSERT 0 1":
        return False
    await db.execute(
        ADD_PROCEDURES,
        practice_id,
        line.line_id,
        [p.line_number for p in procedures],
        [p.procedure_code for p in procedures],
        [p.units for p in procedures],
    )
    return True


async def lock_waiting(
    db: Db, practice_id: UUID, codes: list[str]
) -> list[tuple[Line, list[Procedure]]]:
    """The lines that wait for one of these codes, as they were heard, with their procedures."""
    lines = [Line(**dict(row)) for row in await db.fetch(LIST_WAITING, practice_id, codes)]
    procedures: dict[UUID, list[Procedure]] = {line.line_id: [] for line in lines}
    for row in await db.fetch(LIST_PROCEDURES, practice_id, list(procedures)):
        procedures[row["line_id"]].append(
            Procedure(row["line_number"], row["procedure_code"], row["units"])
        )
    return [(line, procedures[line.line_id]) for line in lines]


async def change_line(db: Db, practice_id: UUID, line: Line, worth: Worth) -> None:
    if worth.unvalued_codes:
        await db.execute(KEEP_WAITING, practice_id, line.line_id, worth.unvalued_codes)
    else:
        await db.execute(
            RECORD_LINE, practice_id, line.line_id, worth.work_rvu_hundredths, worth.pay_cents
        )


async def lock_standing(
    db: Db, practice_id: UUID, encounter_id: UUID
) -> tuple[Line, list[Procedure], Worth] | None:
    """The visit's line that was not reversed, its procedures, and what it came to."""
    row = await db.fetchrow(LOCK_STANDING, practice_id, encounter_id)
    if row is None:
        return None
    found = dict(row)
    waits = found.pop("state") == "waiting"
    codes, work, pay = (
        found.pop(name) for name in ("unvalued_codes", "work_rvu_hundredths", "pay_cents")
    )
    line = Line(**found)
    procedures = [
        Procedure(one["line_number"], one["procedure_code"], one["units"])
        for one in await db.fetch(LIST_PROCEDURES, practice_id, [line.line_id])
    ]
    return line, procedures, Worth(codes) if waits else Worth([], work, pay)


async def reverse_line(db: Db, practice_id: UUID, line: Line) -> None:
    await db.execute(REVERSE_LINE, practice_id, line.line_id)


async def sum_by_clinician(db: Db, practice_id: UUID, month: date) -> list[Record]:
    """provider_npi, family, given, visits, waiting, work_rvu_hundredths, pay_cents."""
    return await db.fetch(SUM_BY_CLINICIAN, practice_id, month)


async def count_unvalued(db: Db, practice_id: UUID) -> list[Record]:
    """procedure_code, lines, since."""
    return await db.fetch(COUNT_UNVALUED, practice_id)
