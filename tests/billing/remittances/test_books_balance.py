"""Whatever payers send, in whatever order and however often: the books come out to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal
from uuid import uuid5

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as any_

from libs.events.examples.interop import NAMESPACE
from tests.billing.desk import Desk, open_practice, visit
from tests.billing.remittance import CHARGE, Said, payment

CLAIMS = 2
Kind = Literal["pay", "deny", "reverse", "again", "stranger", "spoilt"]


@dataclass(frozen=True)
class Act:
    """What a payer does about one of the claims; the parts are what is not paid."""

    kind: Kind
    claim: int
    contractual: int
    patient: int
    denied: int

    def say(self, number: str) -> Said:
        parts = [("CO", "45", self.contractual), ("PR", "1", self.patient)]
        parts.append(("CO", "50", self.denied))
        cas = [part for part in parts if part[2]]
        return Said(number, CHARGE, CHARGE - sum(part[2] for part in cas), cas)


@any_.composite
def acts(draw: any_.DrawFn) -> Act:
    kind: Kind = draw(
        any_.sampled_from(("pay", "pay", "deny", "reverse", "again", "stranger", "spoilt"))
    )
    contractual = draw(any_.integers(0, CHARGE))
    patient = draw(any_.integers(0, CHARGE - contractual))
    denied = draw(any_.integers(0, CHARGE - contractual - patient))
    claim = draw(any_.integers(0, CLAIMS - 1))
    if kind == "deny":
        return Act(kind, claim, 0, 0, CHARGE)
    return Act(kind, claim, contractual, patient, denied)


@dataclass
class Expected:
    """What a person with a pencil would write down: the decision in force on each claim."""

    in_force: dict[int, Said] = field(default_factory=dict[int, Said])
    strangers: int = 0

    def apply(self, act: Act, said: Said) -> None:
        if act.kind == "stranger":
            self.strangers += said.paid
        elif act.kind in ("pay", "deny") and act.claim not in self.in_force:
            if act.denied < CHARGE:
                self.in_force[act.claim] = said
        elif act.kind in ("pay", "deny"):
            self.strangers += said.paid  # a second decision: its money waits for a person

    def sums(self) -> dict[str, int]:
        def of(group: str, reason: str) -> int:
            found = [cas for said in self.in_force.values() for cas in said.cas]
            return sum(cents for g, r, cents in found if (g, r) == (group, reason))

        paid = sum(said.paid for said in self.in_force.values())
        adjusted, patient = of("CO", "45"), of("PR", "1")
        open_ = CLAIMS * CHARGE - paid - adjusted - patient
        return {
            "charges": CLAIMS * CHARGE, "paid": paid, "adjusted": adjusted, "patient": patient,
            "open": open_,
        }  # fmt: skip


_rounds = count()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@for_all(story=any_.lists(acts(), min_size=1, max_size=8))
async def test_charges_are_paid_adjusted_patients_or_open_after_any_story(
    desk: Desk, story: Sequence[Act]
) -> None:
    number_of_round = next(_rounds)
    at = Desk(desk.billing, desk.exchange, uuid5(NAMESPACE, f"round {number_of_round}"))
    await _open(at)
    numbers = await at.control_numbers()
    expected = Expected()
    last: bytes | None = None
    for step, act in enumerate(story):
        said = act.say(numbers[act.claim])
        trace = f"R{number_of_round}S{step}"
        match act.kind:
            case "again":
                content = last
            case "reverse":
                taken_back = expected.in_force.pop(act.claim, None)
                content = payment(taken_back.reversed(), trace=trace) if taken_back else None
            case "stranger":
                content = payment(act.say("NOTOURS1"), trace=trace)
            case "spoilt":
                content = payment(said, trace=trace, skew=1)
            case _:
                content = payment(said, trace=trace)
        if content is not None:
            await at.hear(f"{step}.835", content)
            last = content if act.kind != "spoilt" else last
        expected.apply(act, said)
        assert await at.sums() == expected.sums(), (act, story)
        assert await at.ledger_sum() == 0
        [kept] = await at.fetch(
            "SELECT coalesce(-sum(cents), 0)::bigint AS cents FROM journal_line"
            " WHERE account = 'unapplied-cash'"
        )
        assert kept["cents"] == expected.strangers


async def _open(desk: Desk) -> None:
    await open_practice(desk)
    await desk.billing.receive(
        *[
            visit(
                number,
                practice_id=desk.practice_id,
                encounter_id=uuid5(desk.practice_id, str(number)),
            )
            for number in range(CLAIMS)
        ]
    )
    await desk.send()
