"""A claim's story: what happened, why, what is open and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.local.payer.statuses import answer_statuses, read_statuses
from tests.billing.desk import Desk, let_answer, set_fee_schedule, simulated, visit
from tests.billing.remittance import Said, paid, payment
from tests.harness import Harness


async def story(desk: Desk, index: int = 0) -> dict[str, Any]:
    rows = await desk.fetch("SELECT claim_id FROM claim ORDER BY control_number")
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get(f"/claims/{rows[index]['claim_id']}/timeline")
    assert answer.status_code == 200, answer.text
    return answer.json()


def words(told: dict[str, Any]) -> list[str]:
    return [step["words"] for step in told["steps"]]


async def test_a_paid_claims_story_goes_from_charge_to_cash(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(), "999", "277")
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(paid(number)))
    told = await story(desk)
    said = words(told)
    for line in (
        "charged: charges -$178.00, payer-receivable $178.00",
        "ready for the payer's next file",
        "sent to the payer",
        "999 on the set: accepted",
        "taken in by the payer",
        "decided by the payer",
    ):
        assert line in said, (line, said)
    assert any(line.startswith("interchange 000000001.837, written") for line in said)
    taken_in = "277CA on the claim: accepted: taken in for adjudication (accepted for processing)"
    assert any(line.startswith(f"{taken_in} [A2:20], of") for line in said)
    assert (
        "835 TRACE1, status 1: paid; CO-45 above the contract's fee schedule $57.50; "
        "PR-2 coinsurance $20.00"
    ) in said
    assert any(line.startswith("payment posted: cash $100.50") for line in said)
    assert [step["at"] for step in told["steps"]] == sorted(s["at"] for s in told["steps"])
    assert (told["payer_cents"], told["patient_cents"]) == (0, 2_000)
    assert told["next"] == "the patient owes $20.00"


async def test_a_held_claim_says_what_it_waits_for(billing: Harness, desk: Desk) -> None:
    other = Desk(billing, desk.exchange, UUID(int=9))
    await billing.given(
        practice_onboarded(practice_id=other.practice_id),
        provider_credentialed(practice_id=other.practice_id),
    )
    await set_fee_schedule(billing, practice_id=other.practice_id)
    await billing.receive(visit(1, practice_id=other.practice_id))
    told = await story(other)
    assert told["next"] == (
        "waits until this is mended, and goes out by itself then: the clinician is not enrolled"
        " with the payer on the day of service"
    )
    await billing.receive(provider_enrolled(practice_id=other.practice_id))
    assert (await story(other))["next"] == "goes out with the payer's next file"


async def test_a_rejected_claim_tells_by_whom_and_why(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(reject_ta1=1.0), "999")
    told = await story(desk)
    assert any("the content is invalid" in line and "[024]" in line for line in words(told))
    assert told["next"] == "is to be mended and sent again: TA1 024"


async def test_a_silent_payers_claim_tells_when_it_is_asked_and_what_came_of_it(
    desk: Desk,
) -> None:
    await desk.see_patients()
    due = desk.billing.clock.now() + timedelta(days=14)
    told = await story(desk)
    assert told["next"].endswith(f"it is asked on {due:%Y-%m-%d} if it has not by then")
    await desk.billing.fire_timers(due + timedelta(seconds=1))
    assert (await story(desk))["next"] == "the payer is asked with its next file"
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=1))
    assert any("was asked (276 in interchange 2), no answer yet" in w for w in words(
        await story(desk)))  # fmt: skip
    [path] = desk.outbound.glob("*.276")
    lost = answer_statuses(read_statuses(path.read_bytes()), desk.sent(), simulated(lose_claim=1.0))
    await desk.hear("lost.277", lost)
    told = await story(desk)
    assert told["next"] == "goes out with the payer's next file"
    assert any("not found: not found (the claim is not found) [A4:35]" in w for w in words(told))


async def test_a_denied_claims_next_step_is_its_denial(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    denied = Said(number, 17_800, 0, [("CO", "197", 17_800)], status="4")
    await desk.hear("denied.835", payment(denied))
    assert (await story(desk))["next"] == "the denial is to be worked: authorization"


async def test_nobody_elses_claim_is_told_of(desk: Desk) -> None:
    await desk.see_patients()
    [row] = await desk.fetch("SELECT claim_id FROM claim")
    async with desk.billing.http(UUID(int=7)) as client:
        assert (await client.get(f"/claims/{row['claim_id']}/timeline")).status_code == 404
