"""What payers said of patients' coverages."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from libs.events.contracts.billing_eligibility import CoverageBenefit
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.eligibility.model import KeptInquiry, Said, Standing, standing_on
from services.billing.eligibility.verdict import Answered
from services.billing.patients.store import list_charts

SAID = """
SELECT service_on, status, starts_on, ends_on FROM coverage_answer
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND payer_id = $3
 ORDER BY answered_at DESC, service_on DESC LIMIT 100
"""
LOCK_PATIENT = "SELECT pg_advisory_xact_lock(hashtextextended('billing.coverage/' || $1, 0))"
ADD_ANSWER = """
INSERT INTO coverage_answer (practice_id, inquiry_id, patient_id, payer_id, service_on, status,
                             starts_on, ends_on, plan_name, benefits, other_payers, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
LATEST = """
SELECT DISTINCT ON (payer_id) payer_id, inquiry_id, service_on, starts_on, ends_on,
       plan_name, benefits, other_payers, answered_at
  FROM coverage_answer WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[])
 ORDER BY payer_id, answered_at DESC, service_on DESC
"""
BENEFITS = TypeAdapter(tuple[CoverageBenefit, ...])


async def coverage_on(
    db: Db, practice_id: UUID, patient_id: UUID, payer_id: str, on: date
) -> Standing:
    """Whether the payer said that it covers the patient, under any of their charts, on a day."""
    charts = await list_charts(db, practice_id, patient_id)
    rows = await db.fetch(SAID, practice_id, charts, payer_id)
    return standing_on([Said(**dict(row)) for row in rows], on)


async def lock_patient(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    """Let what is said of one patient's coverage pass one at a time, until the commit."""
    await db.execute(LOCK_PATIENT, f"{practice_id}/{patient_id}")


async def add_answer(uow: UnitOfWork, inquiry: KeptInquiry, answered: Answered) -> None:
    """What the payer said, beside what it said before."""
    said = answered.said
    benefits = [one.model_dump(mode="json") for one in answered.benefits]
    others = [asdict(one) for one in answered.other_payers]
    await uow.db.execute(
        ADD_ANSWER, uow.practice_id, inquiry.inquiry_id, inquiry.patient_id, inquiry.payer_id,
        said.service_on, said.status, said.starts_on, said.ends_on, answered.plan_name,
        json.dumps(benefits), json.dumps(others), uow.now,
    )  # fmt: skip


async def list_latest(db: Db, practice_id: UUID, charts: list[UUID]) -> list[dict[str, Any]]:
    """The last answer of each payer."""
    rows = [dict(row) for row in await db.fetch(LATEST, practice_id, charts)]
    for row in rows:
        row["benefits"] = BENEFITS.validate_json(row["benefits"])
        row["other_payers"] = json.loads(row["other_payers"])
    return rows
