"""Whatever payers say and people do: each refusal is one denial, worth what is open of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal
from uuid import uuid5

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as any_

from libs.events.examples.interop import NAMESPACE
from services.billing.denials.model import denied_parts
from services.billing.remittances.model import decide
from services.billing.x12 import RemittedAdjustment, RemittedClaim, RemittedLine
from services.billing.x12.adjustments import CONTRACTUAL, DENIALS
from tests.billing.denials.worked import working
from tests.billing.desk import Desk, let_answer, open_practice, simulated, visit
from tests.billing.remittance import CHARGE, Cas, Line, Said, payment

LINES = (10_000, CHARGE - 10_000)
REASONS = any_.one_of(
    any_.sampled_from(sorted({*DENIALS, *CONTRACTUAL, "23", "9999"})),
    any_.integers(1, 9999).map(str),
    any_.integers(1, 99).map("Q{}".format),
)
GROUPS = any_.sampled_from(["CO", "OA", "PI", "PR", "CR"])


@any_.composite
def adjusted_lines(draw: any_.DrawFn) -> list[Line]:
    """Two lines that balance: each with up to two adjustments, of any reason and group."""
    lines: list[Line] = []
    for charge in LINES:
        parts = draw(any_.lists(any_.integers(0, charge // 2), max_size=2))
        if draw(any_.booleans()):
            parts = [charge]
        cas: list[Cas] = [(draw(GROUPS), draw(REASONS), cents) for cents in parts if cents]
        remark = draw(any_.sampled_from(["", "", "M76", "MA130", "N115", "N999"]))
        lines.append(Line(charge, charge - sum(c for _, _, c in cas), cas, remark))
    return lines


@given(lines=adjusted_lines(), sign=any_.sampled_from([1, 1, -1]))
def test_the_denied_parts_of_any_decision_are_what_it_denies(lines: list[Line], sign: int) -> None:
    said = _remitted(lines, sign)
    parts = denied_parts(said, decide(said).denied_cents)
    assert sum(part.denied_cents for part in parts) == max(decide(said).denied_cents, 0)
    assert all(part.denied_cents > 0 and part.adjustments for part in parts)
    assert len({part.line for part in parts}) == len(parts)


def _remitted(lines: Sequence[Line], sign: int) -> RemittedClaim:
    made = tuple(
        RemittedLine(
            str(number), "HC", "G0439", (), line.charge * sign, line.paid * sign, None, None,
            tuple(RemittedAdjustment(g, r, cents * sign, None) for g, r, cents in line.cas),
            (line.remark,) if line.remark else (),
        )
        for number, line in enumerate(lines, 1)
    )  # fmt: skip
    paid = sum(line.paid_cents for line in made)
    return RemittedClaim(
        "C1", "1", CHARGE * sign, paid, 0, "12", "P1", "11", "1", (), (), made, None, None, None
    )


@dataclass(frozen=True)
class Act:
    kind: Literal["decide", "reverse", "write-off", "appeal", "win", "give-up"]
    lines: tuple[Line, ...] = ()
    cents: int = 0


@any_.composite
def acts(draw: any_.DrawFn) -> Act:
    kind: Literal["decide", "reverse", "write-off", "appeal", "win", "give-up"] = draw(
        any_.sampled_from(
            ["decide", "decide", "decide", "reverse", "reverse", "write-off", "appeal", "win",
             "give-up"]
        )
    )  # fmt: skip
    if kind == "decide":
        return Act(kind, tuple(draw(adjusted_lines())))
    return Act(kind, cents=draw(any_.integers(1, CHARGE)))


_rounds = count()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=any_.lists(acts(), min_size=2, max_size=8))
async def test_after_any_story_what_is_recoverable_is_open(desk: Desk, story: list[Act]) -> None:
    number_of_round = next(_rounds)
    at = Desk(desk.billing, desk.exchange, uuid5(NAMESPACE, f"denials {number_of_round}"))
    await open_practice(at)
    encounter_id = uuid5(at.practice_id, "visit")
    await desk.billing.receive(visit(0, practice_id=at.practice_id, encounter_id=encounter_id))
    await at.send()
    [control] = await at.control_numbers()
    last: Said | None = None
    for step, act in enumerate(story):
        trace = f"D{number_of_round}S{step}"
        if act.kind == "decide":
            paid = sum(line.paid for line in act.lines)
            said = Said(control, CHARGE, paid, lines=act.lines)
            await at.hear(f"{step}.835", payment(said, trace=trace))
            last = said
        elif act.kind == "reverse" and last is not None:
            await at.hear(f"{step}.835", payment(last.reversed(), trace=trace))
        elif act.kind == "write-off":
            await _write_off(at, act.cents, step)
        else:
            await _work(at, act.kind)
        await _check(at, (act, story))


async def _write_off(desk: Desk, cents: int, step: int) -> None:
    """More than is open is refused."""
    [row] = await desk.fetch("SELECT claim_id FROM claim")
    command = {
        "write_off_id": str(uuid5(desk.practice_id, f"write-off {step}")), "owed_by": "payer",
        "claim_id": str(row["claim_id"]), "reason": "administrative", "cents": cents,
    }  # fmt: skip
    async with working(desk) as worker:
        await worker.client.put("/write-off-policy", json={"alone_cents": CHARGE})
        written = await worker.client.post("/write-offs", json=command)
        assert written.status_code in (201, 409), written.text


async def _work(desk: Desk, kind: str) -> None:
    """Somebody does something about the first denial on the list; it may be refused."""
    async with working(desk) as worker:
        for denial in (await worker.list())[:1]:
            path = denial["denial_id"]
            sent = len((await worker.show(path))["appeals"])
            match kind:
                case "appeal":
                    await worker.do(f"{path}/appeals", level=sent + 1)
                case "win":
                    won = {"outcome": "overturned", "decided_on": "2026-04-01"}
                    await worker.do(f"{path}/appeals/{max(sent, 1)}/outcome", **won)
                case _:
                    await worker.do(f"{path}/close", reason="small")


DENIALS_NOW = """
SELECT d.*, p.reversed_by FROM denial d JOIN posting p USING (practice_id, payment_id)
 ORDER BY d.opened_at, d.line_number
"""


async def _check(desk: Desk, why: object) -> None:
    denials = await desk.fetch(DENIALS_NOW)
    [row] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'payer-receivable'"
    )
    working_ = [d for d in denials if d["state"] != "closed"]
    recoverable = sum(d["recoverable_cents"] for d in denials)
    assert recoverable == min(max(row["cents"], 0), sum(d["denied_cents"] for d in working_)), why
    assert row["cents"] > 0 or not working_, why
    assert all(d["reversed_by"] is None for d in working_), why
    paid = await desk.fetch("SELECT sum(paid_cents)::bigint AS cents FROM posting")
    assert sum(d["recovered_cents"] for d in denials) <= (paid[0]["cents"] or 0), why
    [postings] = await desk.fetch("SELECT sum(greatest(denied_cents, 0))::bigint AS s FROM posting")
    assert sum(d["denied_cents"] for d in denials) == (postings["s"] or 0), why


async def test_every_refusal_of_the_payer_simulator_is_one_denial(desk: Desk) -> None:
    """Whole claims and single lines, of visits with two services."""
    line = visit(0).lines[0]
    second = line.model_copy(update={"line_number": 2, "procedure_code": "G0444"})
    await desk.see_patients(24, lines=(line, second))
    answering = simulated(denials=0.7)
    answering = replace(answering, policy=replace(answering.policy, seed=5))
    await let_answer(desk, answering)
    postings = await desk.fetch("SELECT payment_id, denied_cents FROM posting")
    denials = await desk.fetch("SELECT payment_id, line_number, denied_cents, recoverable_cents"
                               " FROM denial")  # fmt: skip
    for posting in postings:
        of_it = [d for d in denials if d["payment_id"] == posting["payment_id"]]
        assert sum(d["denied_cents"] for d in of_it) == posting["denied_cents"]
    assert all(d["recoverable_cents"] == d["denied_cents"] for d in denials)
    assert {d["line_number"] for d in denials} >= {0, 1, 2}, "whole claims and single lines"
    await desk.assert_books_balance()
