"""What payers said of patients' coverages."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.eligibility.model import Said, Standing, standing_on
from services.billing.patients.store import list_charts

SAID = """
SELECT service_on, status, starts_on, ends_on FROM coverage_answer
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND payer_id = $3
 ORDER BY answered_at DESC, service_on DESC LIMIT 100
"""


async def coverage_on(
    db: Db, practice_id: UUID, patient_id: UUID, payer_id: str, on: date
) -> Standing:
    """Whether the payer said that it covers the patient, under any of their charts, on a day."""
    charts = await list_charts(db, practice_id, patient_id)
    rows = await db.fetch(SAID, practice_id, charts, payer_id)
    return standing_on([Said(**dict(row)) for row in rows], on)
