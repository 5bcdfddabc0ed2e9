"""Sums over the services' own databases, by a superuser: independent of events and projections."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from libs.local.run.platform import LocalPlatform
from libs.service.migrations import in_database

Key = tuple[UUID, date]
"""Practice and service month."""

LEDGER = """
SELECT e.practice_id, e.service_month,
       -coalesce(sum(l.cents) FILTER (WHERE l.account = 'charges'), 0)::bigint AS charge_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'cash'), 0)::bigint AS paid_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'contractual-adjustment'), 0)::bigint
           AS adjusted_cents,
       coalesce(sum(l.cents) FILTER (
           WHERE l.account = 'patient-receivable' AND e.kind NOT IN (
               'patient-payment-applied', 'patient-payment-unapplied', 'patient-placement',
               'patient-recall')), 0)::bigint AS patient_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account IN (
           'administrative-write-off', 'bad-debt', 'charity-care', 'small-balance')), 0)::bigint
           AS written_off_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'patient-credit'), 0)::bigint
           AS patient_paid_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'payer-receivable'), 0)::bigint
           AS open_cents
  FROM journal_line l JOIN journal_entry e USING (practice_id, entry_id)
 WHERE e.service_month IS NOT NULL
 GROUP BY e.practice_id, e.service_month
"""
FEES = """
SELECT practice_id, service_month,
       sum(fee_cents)::bigint AS fee_cents
  FROM fee_entry GROUP BY practice_id, service_month
"""
ENCOUNTERS = """
SELECT practice_id, date_trunc('month', service_on)::date AS service_month, count(*) AS encounters
  FROM encounter WHERE standing IS NOT NULL GROUP BY 1, 2
"""
WORK = """
SELECT practice_id, date_trunc('month', service_on)::date AS service_month,
       sum(work_rvu_hundredths)::bigint AS work_rvu_hundredths
  FROM productivity_line WHERE state = 'recorded' GROUP BY 1, 2
"""
APPOINTMENTS = """
SELECT practice_id, date_trunc('month', starts_on)::date AS service_month,
       count(*) FILTER (WHERE state <> 'deleted') AS booked,
       count(*) FILTER (WHERE state = 'missed') AS missed,
       count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE state = 'completed') AS completed
  FROM appointment GROUP BY 1, 2
"""
CLAIMS = """
SELECT practice_id, date_trunc('month', service_on)::date AS service_month,
       count(*) FILTER (WHERE m.state = 'submitted' AND m.reason IS NULL
                          AND c.encounter_id IS NOT NULL) AS claims_submitted
  FROM claim c JOIN claim_move m USING (practice_id, claim_id) GROUP BY 1, 2
"""
SCORECARD = """
WITH live AS (SELECT generation FROM projection WHERE name = 'scorecard'),
     kept AS (
         SELECT practice_id, service_month,
                count(*) FILTER (WHERE state <> 'in-error') AS booked,
                count(*) FILTER (WHERE state = 'missed') AS missed,
                count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
                count(*) FILTER (WHERE state = 'completed') AS completed
           FROM appointment WHERE generation = (SELECT generation FROM live)
          GROUP BY practice_id, service_month
     )
SELECT to_jsonb(s) - 'generation' || coalesce(to_jsonb(kept), '{}') AS counters
  FROM scorecard AS s LEFT JOIN kept USING (practice_id, service_month)
 WHERE generation = (SELECT generation FROM live)
"""
BY_MONTH = (
    ("billing", LEDGER),
    ("billing", CLAIMS),
    ("agreements", FEES),
    ("interop", ENCOUNTERS),
    ("interop", APPOINTMENTS),
    ("payroll", WORK),
)


@dataclass
class Databases:
    """Connections to every service's database, past row-level security."""

    platform: LocalPlatform

    async def fetch(self, service: str, query: str) -> list[asyncpg.Record]:
        db = await asyncpg.connect(in_database(self.platform.backends.postgres, service))
        try:
            return await db.fetch(query)
        finally:
            await db.close()

    async def value(self, service: str, query: str) -> Any:
        return (await self.fetch(service, query))[0][0]

    async def by_month(self) -> dict[Key, dict[str, int]]:
        """Every sum by practice and service month; zero where a service has nothing."""
        found: dict[Key, dict[str, int]] = {}
        for service, query in BY_MONTH:
            for row in await self.fetch(service, query):
                sums = dict(row)
                key = (sums.pop("practice_id"), sums.pop("service_month"))
                found.setdefault(key, {}).update(sums)
        return found

    async def scorecard(self) -> dict[Key, dict[str, int]]:
        """The projection's counters by practice and service month."""
        found: dict[Key, dict[str, int]] = {}
        for row in await self.fetch("analytics", SCORECARD):
            counters: dict[str, Any] = json.loads(row["counters"])
            practice_id = UUID(counters.pop("practice_id"))
            found[practice_id, date.fromisoformat(counters.pop("service_month"))] = counters
        return found
