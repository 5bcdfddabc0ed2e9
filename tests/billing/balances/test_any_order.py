"""Whatever patients, payers and the practice do, in any order: the books hold, nothing goes below
zero, and no cent is there twice."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from libs.events.examples.interop import PATIENT
from tests.billing.balances.front_desk import CHARGE, FrontDesk
from tests.billing.remittance import Said, payment

STEPS = 28
BELOW_ZERO = """
SELECT account, claim_id, sum(cents) FROM journal_line
  JOIN journal_entry USING (practice_id, entry_id)
 WHERE account IN ('patient-receivable', 'agency-receivable') AND claim_id IS NOT NULL
 GROUP BY account, claim_id HAVING sum(cents) < 0
"""
CREDIT = """
SELECT coalesce(sum(cents - applied_cents - refunded_cents), 0)::bigint AS credit
  FROM patient_payment WHERE state = 'posted'
"""
UNNAMED = "SELECT kind FROM journal_entry WHERE kind LIKE 'patient-%' AND event_id IS NULL"


@dataclass
class Oracle:
    """What came in and went out, by hand."""

    payers_cents: int = 0
    patients_cents: int = 0
    fees_cents: int = 0
    decided: list[tuple[Said, int]] = field(default_factory=list[tuple[Said, int]])
    payments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def cash(self) -> int:
        return self.payers_cents + self.patients_cents - self.fees_cents


@dataclass
class Story:
    """Acts drawn from a seed."""

    front: FrontDesk
    rng: random.Random
    oracle: Oracle = field(default_factory=Oracle)
    visits: int = 0

    async def visit(self) -> None:
        self.visits += 1
        share = self.rng.choice([0, 300, 2_000, 12_050])
        cas = [("CO", "45", 5_750), *([("PR", "2", share)] if share else [])]
        before = set(await self.front.desk.control_numbers())
        await self.front.owe(self.visits, cas=cas)
        [number] = set(await self.front.desk.control_numbers()) - before
        paid = CHARGE - 5_750 - share
        self.oracle.payers_cents += paid
        self.oracle.decided.append((Said(number, CHARGE, paid, cas), self.visits))

    async def take_back(self) -> None:
        """The payer's decision is reversed, and nothing else comes."""
        if not self.oracle.decided:
            return
        place = self.rng.randrange(len(self.oracle.decided))
        said, number = self.oracle.decided.pop(place)
        self.oracle.payers_cents -= said.paid
        file = payment(said.reversed(), trace=f"BACK{number}")
        await self.front.desk.hear(f"back{number}.835", file)

    async def pay(self) -> None:
        method = self.rng.choice(["cash", "check"])
        cents = self.rng.choice([100, 1_999, 20_000])
        self.oracle.payments.append(await self.front.pay(cents, method))
        self.oracle.patients_cents += cents

    async def agency_pays(self) -> None:
        self.oracle.payments.append(await self.front.pay(700, "agency", fee_cents=200))
        self.oracle.patients_cents += 700
        self.oracle.fees_cents += 200

    async def bounce(self) -> None:
        if not self.oracle.payments:
            return
        paid = self.rng.choice(self.oracle.payments)
        path = f"/patient-payments/{paid['payment_id']}/return"
        answer = await self.front.post(path, {"reason": "insufficient-funds"})
        again = await self.front.post(path, {"reason": "insufficient-funds"})  # told twice
        assert again == answer
        if answer["status"] == 200:
            self.oracle.payments.remove(paid)
            self.oracle.patients_cents -= paid["cents"]
            self.oracle.fees_cents -= paid["fee_cents"]

    async def refund(self) -> None:
        found = await self.front.get("/patient-credits")
        if not found:
            return
        credit = self.rng.choice(found)
        cents = self.rng.randint(1, min(credit["credit_cents"], 10_000))
        body = {"refund_id": str(uuid4()), "payment_id": credit["payment_id"], "method": "check",
                "cents": cents}  # fmt: skip
        for _ in range(2):
            assert (await self.front.post("/patient-refunds", body))["state"] == "posted"
        self.oracle.patients_cents -= cents

    async def month_passes(self) -> None:
        await self.front.later(31)

    async def plan(self) -> None:
        body = {"plan_id": str(uuid4()), "account_id": str(PATIENT), "instalments": 2,
                "first_due_on": self.front.desk.billing.clock.now().date().isoformat()}  # fmt: skip
        assert (await self.front.post("/payment-plans", body))["status"] in (201, 409)

    async def charity(self) -> None:
        body = {"application_id": str(uuid4()), "account_id": str(PATIENT),
                "received_on": "2026-03-02", "household_size": 1,
                "annual_income_cents": 1_000_000}  # fmt: skip
        await self.front.post("/assistance-applications", body)
        path = f"/assistance-applications/{body['application_id']}/decision"
        outcome = self.rng.choice(["approved", "denied"])
        for _ in range(2):
            assert (await self.front.post(path, {"outcome": outcome}))["state"] == outcome

    async def recall(self) -> None:
        for placement in await self.front.get("/collections"):
            path = f"/collections/{placement['placement_id']}/recall"
            assert (await self.front.post(path))["status"] == 200

    async def check(self, act: str) -> None:
        desk = self.front.desk
        await desk.assert_books_balance()
        assert await desk.fetch(BELOW_ZERO) == [], act
        assert await desk.fetch(UNNAMED) == [], act
        # What a payer takes back of more than it pays is its advance until a later payment.
        cash = await self.front.stands("cash") + await self.front.stands("payer-advance")
        assert cash == self.oracle.cash, act
        [row] = await desk.fetch(CREDIT)
        assert await self.front.stands("patient-credit") == -row["credit"], act


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_books_hold_at_every_step(front: FrontDesk, seed: int) -> None:
    await front.policy(
        small_balance_cents=400,
        agency="Scioto Recovery",
        notice_days=[10, 10, 10, 10],
        assistance_scale=[{"up_to_percent": 200, "discount_percent": 60}],
        refund_limit_cents=10_000,
    )
    story = Story(front, random.Random(seed))
    acts: list[Callable[[], Awaitable[None]]] = [
        story.visit, story.visit, story.visit, story.pay, story.pay, story.take_back,
        story.agency_pays, story.bounce, story.refund, story.month_passes, story.month_passes,
        story.plan, story.charity, story.recall,
    ]  # fmt: skip
    await story.visit()
    for _ in range(STEPS):
        act = story.rng.choice(acts)
        await act()
        await story.check(f"{seed}: {act.__name__}")
