"""The billing desk as tests use it: visits come, files go out, answers come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.interop import EncounterPosted
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.events.examples.interop import (
    ENCOUNTER,
    NAMESPACE,
    PATIENT,
    PRACTICE,
    encounter_posted,
)
from libs.local.payer.answers import Answering
from libs.local.payer.claims import Submission, read_claims
from libs.local.payer.decisions import Policy
from libs.local.payer.known import Known
from services.billing.answers.read import read_answers
from tests.billing.x12.validated import accepted
from tests.harness import Harness

PRICES = {"G0439": 17_800, "G0444": 2_650, "G8427": 0}
SUMS = """
SELECT coalesce(-sum(cents) FILTER (WHERE account = 'charges'), 0)::bigint AS charges,
       coalesce(sum(cents) FILTER (WHERE account = 'cash'), 0)::bigint AS paid,
       coalesce(sum(cents) FILTER (WHERE account = 'contractual-adjustment'), 0)::bigint
           AS adjusted,
       coalesce(sum(cents) FILTER (WHERE account = 'patient-receivable'), 0)::bigint AS patient,
       coalesce(sum(cents) FILTER (WHERE account IN (
           'administrative-write-off', 'bad-debt', 'charity-care', 'small-balance')), 0)::bigint
           AS written_off,
       coalesce(sum(cents) FILTER (WHERE account = 'payer-receivable'), 0)::bigint AS open
  FROM journal_line JOIN journal_entry USING (practice_id, entry_id)
 WHERE service_month IS NOT NULL
"""
SETTLED = """
SELECT coalesce(sum(cents), 0)::bigint AS settled
  FROM journal_line JOIN journal_entry USING (practice_id, entry_id)
 WHERE service_month IS NOT NULL AND account IN ('patient-credit', 'agency-receivable')
"""
"""What became of patients' shares: paid from their credit, or given to an agency."""

RARER = ("written_off",)


async def set_fee_schedule(
    billing: Harness,
    prices: dict[str, int] | None = None,
    *,
    effective_on: str = "2026-01-01",
    practice_id: UUID = PRACTICE,
) -> None:
    command = {
        "fee_schedule_id": str(uuid5(NAMESPACE, f"schedule {effective_on}")),
        "effective_on": effective_on,
        "prices_cents": prices or PRICES,
    }
    async with billing.http(practice_id) as client:
        answer = await client.post("/fee-schedules", json=command)
    assert answer.status_code == 201, answer.text


async def set_payer(desk: Desk, payer_id: str, **terms: Any) -> None:
    """Say how claims go to a payer."""
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.put(f"/payers/{payer_id}", json=terms)
    assert answer.status_code == 200, answer.text


def visit(number: int, **changes: Any) -> EncounterPosted:
    """One of many visits, by number, each of another patient: on one day, that is no duplicate."""
    told = {
        "encounter_id": uuid5(ENCOUNTER, str(number)),
        "patient_id": uuid5(PATIENT, str(number)) if number else PATIENT,
    }
    return encounter_posted(**{**told, **changes})


@dataclass
class Desk:
    """A practice in business and the folders it shares with its payers."""

    billing: Harness
    exchange: Path
    practice_id: UUID = PRACTICE

    @property
    def outbound(self) -> Path:
        return self.exchange / str(self.practice_id) / "outbound"

    @property
    def inbound(self) -> Path:
        return self.exchange / str(self.practice_id) / "inbound"

    async def see_patients(self, count: int = 1, **changes: Any) -> None:
        """Visits are posted; what they make ready goes out at the end of the window."""
        await self.billing.receive(*[visit(number, **changes) for number in range(count)])
        await self.send()

    async def send(self) -> None:
        """What is due is looked at, and the window that it is gathered in comes to its end."""
        await self.billing.fire_timers(self.billing.clock.now())
        await self.billing.fire_timers(self.billing.clock.now() + timedelta(seconds=61))

    def sent(self) -> list[Submission]:
        """The interchanges in the outbound folder, as a payer reads them.

        No 837 escapes the independent judge (tests/billing/x12/validated.py).
        """
        files = [path.read_bytes() for path in sorted(self.outbound.glob("*.837"))]
        return [read_claims(accepted(content)) for content in files]

    async def hear(self, name: str, content: bytes) -> None:
        """A file arrives, and the job looks."""
        self.inbound.mkdir(parents=True, exist_ok=True)
        (self.inbound / name).write_bytes(content)
        await read_answers(self.billing.work)

    async def control_numbers(self) -> list[str]:
        """CLM01 of every claim, oldest first."""
        rows = await self.fetch("SELECT control_number FROM claim ORDER BY control_number")
        return [row["control_number"] for row in rows]

    async def states(self) -> list[str]:
        rows = await self.fetch("SELECT state FROM claim ORDER BY control_number")
        return [row["state"] for row in rows]

    async def fetch(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.billing.uow(self.practice_id) as uow:
            return [dict(row) for row in await uow.db.fetch(query, *arguments)]

    async def sums(self) -> dict[str, int]:
        """Charges and what became of them, by the journal; rarer parts where there are any."""
        [row] = await self.fetch(SUMS)
        return {name: cents for name, cents in row.items() if cents or name not in RARER}

    async def ledger_sum(self) -> int:
        [row] = await self.fetch("SELECT coalesce(sum(cents), 0)::bigint AS sum FROM journal_line")
        return row["sum"]

    async def verdicts(self) -> dict[str, tuple[str, str | None]]:
        """What became of each file that came in: verdict and code."""
        rows = await self.fetch("SELECT name, verdict, code FROM inbound_file")
        return {row["name"]: (row["verdict"], row["code"]) for row in rows}

    async def assert_books_balance(self) -> None:
        sums = await self.sums()
        [row] = await self.fetch(SETTLED)
        parts = sum(cents for name, cents in sums.items() if name != "charges") + row["settled"]
        assert sums["charges"] == parts, sums
        assert await self.ledger_sum() == 0


def simulated(*, denials: float = 0.0, rejections: float = 0.0, **faults: float) -> Answering:
    """The payer simulator; faults by name with underscores for hyphens, such as `reject_999`."""
    named: Any = {name.replace("_", "-"): share for name, share in faults.items()}
    return Answering(Policy(denials=denials, rejections=rejections), named)


async def let_answer(desk: Desk, answering: Answering, *steps: str) -> None:
    """The payer answers everything in the outbound folder: 999, 277 and 835 unless told."""
    wanted: Sequence[str] = steps or ("999", "277", "835")
    ways = {
        "999": answering.acknowledge_file,
        "277": answering.acknowledge_claims,
        "835": answering.remit,
    }
    known = Known(answering.policy)
    for submission in map(known.link, desk.sent()):
        for step in wanted:
            for answer in ways[step](submission):
                await desk.hear(answer.name, answer.content)


async def open_practice(desk: Desk) -> None:
    """Everything that a practice needs to send claims."""
    practice_id = desk.practice_id
    await desk.billing.given(
        practice_onboarded(practice_id=practice_id),
        provider_credentialed(practice_id=practice_id),
        provider_enrolled(practice_id=practice_id),
    )
    await set_fee_schedule(desk.billing, practice_id=practice_id)
