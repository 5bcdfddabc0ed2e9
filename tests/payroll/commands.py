"""The commands of payroll, as a caller sends them."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx

from libs.events.examples.interop import NPI, PRACTICE
from tests.harness import Harness

G0439 = {"G0439": 150}


async def add_values(
    harness: Harness,
    values: dict[str, int],
    *,
    effective_on: str = "2026-01-01",
    practice_id: UUID = PRACTICE,
    rvu_table_id: UUID | None = None,
) -> httpx.Response:
    async with harness.http(practice_id) as client:
        command = {
            "rvu_table_id": str(rvu_table_id or uuid4()),
            "effective_on": effective_on,
            "work_rvu_hundredths": values,
        }
        return await client.post("/rvu-tables", json=command)


async def add_plan(
    harness: Harness,
    cents_per_work_rvu: int = 5_000,
    *,
    effective_on: str = "2026-01-01",
    plan_id: UUID | None = None,
) -> httpx.Response:
    async with harness.http(PRACTICE) as client:
        command = {
            "compensation_plan_id": str(plan_id or uuid4()),
            "npi": NPI,
            "effective_on": effective_on,
            "cents_per_work_rvu": cents_per_work_rvu,
        }
        return await client.post("/compensation-plans", json=command)
