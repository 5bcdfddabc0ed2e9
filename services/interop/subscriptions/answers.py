"""What payers said of the coverage of an EHR's patients: kept, and as it is read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from libs.events.contracts.billing_eligibility import CoverageBenefit
from libs.events.transport import UnitOfWork
from services.interop.subscriptions.coverage_response import CoverageAnswer, coverage_response
from services.interop.subscriptions.model import NOBODY
from services.interop.writeback.people import find_person

ADD_ANSWER = """
INSERT INTO coverage_answer (practice_id, inquiry_id, patient_id, source_system, payer_id,
                             service_on, in_force, starts_on, ends_on, benefits, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING
"""
LIST_ANSWERS = """
SELECT inquiry_id, patient_id, payer_id, service_on, in_force, starts_on, ends_on, benefits,
       answered_at
  FROM coverage_answer
 WHERE practice_id = $1 AND source_system = $2 AND inquiry_id > $3
   AND ($4::uuid IS NULL OR inquiry_id = $4)
   AND ($5::uuid IS NULL OR survivor_of($1, patient_id) = survivor_of($1, $5))
 ORDER BY inquiry_id LIMIT $6
"""
BENEFITS = TypeAdapter(tuple[CoverageBenefit, ...])


async def add_answer(uow: UnitOfWork, answer: CoverageAnswer, source_system: str) -> bool:
    """False where its inquiry was answered before."""
    done = await uow.db.execute(
        ADD_ANSWER, uow.practice_id, answer.inquiry_id, answer.patient_id, source_system,
        answer.payer_id, answer.service_on, answer.in_force, answer.starts_on, answer.ends_on,
        BENEFITS.dump_json(answer.benefits).decode(), answer.answered_at,
    )  # fmt: skip
    return done == "INSERT 0 1"


async def list_answers(
    uow: UnitOfWork,
    source_system: str,
    *,
    inquiry_id: UUID | None = None,
    patient_id: UUID | None = None,
    after: UUID = NOBODY,
    limit: int = 100,
) -> list[CoverageAnswer]:
    """About the charts of this EHR, by id."""
    row = source_system, after, inquiry_id, patient_id, limit
    return [_answer(found) for found in await uow.db.fetch(LIST_ANSWERS, uow.practice_id, *row)]


def _answer(row: Record) -> CoverageAnswer:
    found = dict(row)
    return CoverageAnswer(benefits=BENEFITS.validate_json(found.pop("benefits")), **found)


async def write_answer(answer: CoverageAnswer, uow: UnitOfWork) -> dict[str, Any]:
    """As a resource, about the patient as their EHR names them now."""
    person = await find_person(uow, answer.patient_id)
    return coverage_response(answer, person.mrn)
