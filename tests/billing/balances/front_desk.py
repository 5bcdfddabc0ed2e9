"""The front desk as tests use it: patients owe, pay, and are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from libs.events.examples.interop import PATIENT, encounter_posted
from libs.service.operators import Operators
from tests.billing.desk import Desk
from tests.billing.remittance import PAID_CAS, Said, payment

CHARGE = 17_800
SHARE = 2_000
POLICY: dict[str, Any] = {
    "statement_day": 5,
    "minimum_cents": 500,
    "due_days": 30,
    "portal_url": "https://pay.olentangy.example",
    "phone": "614-555-0100",
}


@dataclass
class FrontDesk:
    """The billing desk, seen from the side of its patients."""

    desk: Desk

    async def policy(self, **changes: Any) -> None:
        async with self.desk.billing.http(self.desk.practice_id) as client:
            answer = await client.put("/balance-policy", json={**POLICY, **changes})
        assert answer.status_code == 200, answer.text

    async def owe(self, number: int, *, cas: Any = PAID_CAS, **changes: Any) -> UUID:
        """A visit that its payer has decided: by default 20.00 coinsurance; gives the claim.

        Each number has a day of its own, the first one the latest: the same service twice on a day
        would be held as a duplicate.
        """
        encounter_id = uuid5(PATIENT, f"visit {number}")
        before = set(await self.desk.control_numbers())
        day = encounter_posted().service_on - timedelta(days=number - 1)
        said: dict[str, Any] = {"encounter_id": encounter_id, "service_on": day, **changes}
        await self.desk.see_patients(**said)
        [control] = set(await self.desk.control_numbers()) - before
        if changes.get("coverage", True) is not None:
            cents = CHARGE - sum(part[2] for part in cas)
            file = payment(Said(control, CHARGE, cents, cas), trace=f"T{number}")
            await self.desk.hear(f"{number}.835", file)
        [row] = await self.desk.fetch(
            "SELECT claim_id FROM claim WHERE control_number = $1", control
        )
        return row["claim_id"]

    async def pay(self, cents: int, method: str = "cash", **more: Any) -> dict[str, Any]:
        answer = await self.post("/patient-payments", self.paid(cents, method, **more))
        assert answer["status"] == 201, answer
        return answer

    def paid(self, cents: int, method: str = "cash", **more: Any) -> dict[str, Any]:
        return {
            "payment_id": str(uuid4()),
            "account_id": str(PATIENT),
            "method": method,
            "cents": cents,
            "received_on": self.desk.billing.clock.now().date().isoformat(),
            **more,
        }

    async def post(self, path: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """The answer's JSON, with its status."""
        async with self.desk.billing.http(self.desk.practice_id, **how) as client:
            answer = await client.post(path, json=body)
        content = answer.json()
        return {"status": answer.status_code} | (
            content if isinstance(content, dict) else {"items": content}
        )

    async def get(self, path: str, **params: Any) -> Any:
        async with self.desk.billing.http(self.desk.practice_id) as client:
            answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def cycle(self) -> None:
        """The next day of statements comes."""
        now = self.desk.billing.clock.now()
        month = (now.replace(day=1) + timedelta(days=32)).replace(day=5)
        day = now.replace(day=5) if now.day < 5 else month
        await self.until(day.replace(hour=12) + timedelta(minutes=1))

    async def until(self, moment: datetime) -> None:
        await self.desk.billing.fire_timers(moment)

    async def later(self, days: int) -> None:
        await self.until(self.desk.billing.clock.now() + timedelta(days=days))

    async def owed(self) -> dict[UUID, int]:
        """What stands in patients' receivables, by claim; zero is left out."""
        rows = await self.desk.fetch(
            "SELECT claim_id, sum(cents)::bigint AS cents FROM journal_line"
            " JOIN journal_entry USING (practice_id, entry_id)"
            " WHERE account = 'patient-receivable' GROUP BY claim_id HAVING sum(cents) <> 0"
        )
        return {row["claim_id"]: row["cents"] for row in rows}

    async def stands(self, account: str) -> int:
        """An account's balance; debit above zero."""
        [row] = await self.desk.fetch(
            "SELECT coalesce(sum(cents), 0)::bigint AS cents FROM journal_line WHERE account = $1",
            account,
        )
        return row["cents"]


@asynccontextmanager
async def people(front: FrontDesk, folder: Path, **roles: str) -> AsyncIterator[None]:
    """Others than the operator: each signs in with a key that is their name."""
    kept, path = front.desk.billing.operators, folder / "people.json"
    entries = [
        {"name": name, "role": role, "practices": None,
         "key_sha256": hashlib.sha256(name.encode()).hexdigest()}
        for name, role in roles.items()
    ]  # fmt: skip
    path.write_text(json.dumps(entries))
    front.desk.billing.operators = Operators.load(path)
    yield
    front.desk.billing.operators = kept
