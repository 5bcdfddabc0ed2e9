"""999 and 277CA move claims, once, and never against what money has decided."""

from __future__ import annotations

import pytest

from libs.events.contracts.billing import ClaimAccepted, ClaimPaid, ClaimRejected
from services.billing.claims.model import State, may_move
from tests.billing.desk import Desk, let_answer, simulated, visit
from tests.billing.remittance import Said, payment


def test_a_claim_moves_only_where_it_may() -> None:
    assert may_move(State.SUBMITTED, State.ACCEPTED)
    assert not may_move(State.HELD, State.SUBMITTED)
    assert not may_move(State.READY, State.PAID)
    assert not may_move(State.PAID, State.ACCEPTED)
    assert not may_move(State.DENIED, State.REJECTED)
    assert not any(may_move(State.SELF_PAY, to) for to in State)
    assert not any(may_move(state, state) for state in State)


async def test_a_277ca_accepts_claims_and_keeps_the_payers_numbers(desk: Desk) -> None:
    await desk.see_patients(2)
    await let_answer(desk, simulated(), "999", "277")
    accepted = await desk.billing.published(ClaimAccepted)
    assert len(accepted) == 2
    kept = await desk.fetch("SELECT payer_claim_number FROM claim")
    assert {row["payer_claim_number"] for row in kept} == {a.payer_claim_number for a in accepted}
    assert await desk.states() == ["accepted", "accepted"]


async def test_a_999_that_takes_the_set_in_says_nothing_of_the_claims(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(), "999")
    assert await desk.states() == ["submitted"]
    assert await desk.verdicts() == {"000000001.999": ("posted", None)}


async def test_a_repeated_277ca_publishes_nothing_again(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(), "277")
    [content] = [path.read_bytes() for path in (desk.inbound / "posted").glob("*.277")]
    await desk.hear("again.277", content)
    await desk.hear("rewrapped.277", content.replace(b"*1200*", b"*1201*"))
    assert len(await desk.billing.published(ClaimAccepted)) == 1
    verdicts = await desk.verdicts()
    assert verdicts["again.277"] == ("duplicate", None)
    assert verdicts["rewrapped.277"] == ("posted", None)


async def test_a_277ca_rejects_with_its_status(desk: Desk) -> None:
    await desk.see_patients(3)
    await let_answer(desk, simulated(rejections=1.0), "999", "277")
    rejected = await desk.billing.published(ClaimRejected)
    assert {event.answered_by for event in rejected} == {"277CA"}
    assert {event.status_category for event in rejected} <= {"A3", "A6", "A7", "A8"}
    assert await desk.states() == ["rejected"] * 3


async def test_a_999_that_rejects_the_set_rejects_its_claims_and_no_others(desk: Desk) -> None:
    await desk.see_patients(2)
    await let_answer(desk, simulated(reject_999=1.0), "999")
    rejected = await desk.billing.published(ClaimRejected)
    assert [(event.answered_by, event.status_category) for event in rejected] == [("999", "5")] * 2
    await desk.billing.receive(visit(77))
    await desk.send()
    assert sorted(await desk.states()) == ["rejected", "rejected", "submitted"]


async def test_an_835_before_the_277ca_stands(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(), "835", "277", "999")
    assert await desk.states() == ["paid"]
    assert await desk.billing.published(ClaimAccepted) == []
    assert len(await desk.billing.published(ClaimPaid)) == 1


async def test_a_late_rejection_does_not_undo_a_payment(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(Said(number, 17_800, 17_800)))
    await let_answer(desk, simulated(rejections=1.0), "277")
    assert await desk.states() == ["paid"]
    assert await desk.billing.published(ClaimRejected) == []


async def test_a_rejected_batch_without_claims_rejects_what_its_reference_names(
    desk: Desk,
) -> None:
    await desk.see_patients(2)
    await desk.hear("batch.277", _batch_refusal("1"))
    rejected = await desk.billing.published(ClaimRejected)
    assert [(e.status_category, e.status_code) for e in rejected] == [("A8", "746")] * 2


@pytest.mark.parametrize("reference", ["2", "000000000001X", "9" * 30])
async def test_an_answer_to_what_was_never_sent_is_put_aside(desk: Desk, reference: str) -> None:
    await desk.see_patients()
    await desk.hear("batch.277", _batch_refusal(reference))
    assert await desk.verdicts() == {"batch.277": ("refused", "unknown-interchange")}
    assert await desk.states() == ["submitted"]


async def test_a_277ca_of_strangers_claims_is_put_aside(desk: Desk) -> None:
    await desk.see_patients()
    submissions = desk.sent()
    [submission] = submissions
    submission.claims[0].number = "SOMEBODYELSES"
    [answer] = simulated().acknowledge_claims(submission)
    await desk.hear(answer.name, answer.content)
    assert await desk.verdicts() == {answer.name: ("refused", "unknown-claims")}


def _batch_refusal(reference: str) -> bytes:
    rows = [
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *260304*0930*^*00501"
        "*000000009*0*T*:",
        "GS*HN*PAYER*MAINSTAY*20260304*0930*9*X*005010X214",
        "ST*277*0001*005010X214",
        "BHT*0085*08*REF1*20260304*0930*TH",
        "HL*1**20*1",
        "NM1*PR*2*BUCKEYE MUTUAL*****PI*BUCKEYE01",
        "TRN*1*REF1",
        "DTP*050*D8*20260304",
        "DTP*009*D8*20260304",
        "HL*2*1*21*0",
        "NM1*41*2*OLENTANGY FAMILY MEDICINE*****46*310000001",
        f"TRN*2*{reference}",
        "STC*A8:746:40*20260304*U*356",
    ]
    return "~".join([*rows, f"SE*{len(rows) - 1}*0001", "GE*1*9", "IEA*1*000000009", ""]).encode()
