"""Medicare after another payer: a claim that names it says why, or waits until somebody told."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.billing_holds import ClaimHeld
from libs.events.contracts.people import Coverage
from tests.billing.coordination.desk import ask, enroll, send_on
from tests.billing.desk import Desk, set_payer, visit
from tests.billing.remittance import paid, payment

MEDICARE = Coverage(payer_id="MEDICARE1", payer_name="Medicare", member_id="1EG4TE5MK73")
WHY = MEDICARE.model_copy(update={"medicare_secondary": "12"})


async def _practice(desk: Desk) -> None:
    await enroll(desk, MEDICARE.payer_id)
    await set_payer(desk, MEDICARE.payer_id, filing_code="MB")


async def _told(desk: Desk, coverage: Coverage, request: int = 1) -> int:
    told = coverage.model_dump(mode="json")
    return await ask(
        desk, "coverages", request_id=str(UUID(int=request)), place="secondary", coverage=told
    )


def _segments(desk: Desk) -> list[str]:
    desk.sent()  # accepted by the independent judge
    files = [path.read_bytes().decode() for path in sorted(desk.outbound.glob("*.837"))]
    return [segment for segment in "".join(files).split("~") if segment.startswith("SBR")]


async def test_what_the_visit_told_is_said_to_each_of_its_payers(desk: Desk) -> None:
    await _practice(desk)
    await desk.see_patients(1, other_coverages=(WHY,))
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    assert [row for row in _segments(desk) if row.endswith("MB")] == ["SBR*S*18***12****MB"] * 2


async def test_a_claim_that_does_not_say_why_waits_and_goes_when_a_biller_told(desk: Desk) -> None:
    await _practice(desk)
    await desk.see_patients(1, other_coverages=(MEDICARE,))
    [held] = await desk.billing.published(ClaimHeld)
    assert (held.reason, held.edits) == ("claim-edits", ("medicare-secondary",))
    assert await _told(desk, WHY) == 202
    await send_on(desk)
    assert await desk.states() == ["submitted"]
    assert "SBR*S*18***12****MB" in _segments(desk)


async def test_learned_of_late_without_it_the_claim_waits_for_the_element(desk: Desk) -> None:
    await _practice(desk)
    await desk.see_patients(1)
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    assert await _told(desk, MEDICARE) == 202
    await send_on(desk)
    [held] = await desk.billing.published(ClaimHeld)
    assert (held.payer_id, held.reason) == (MEDICARE.payer_id, "claim-incomplete")
    [last] = await desk.fetch("SELECT reason FROM claim_move ORDER BY id DESC LIMIT 1")
    assert last["reason"] == "claim-incomplete: 2000B SBR05"
    assert await _told(desk, WHY, 2) == 202
    await send_on(desk)
    assert await desk.states() == ["submitted"]
    assert _segments(desk)[-2:] == ["SBR*S*18***12****MB", "SBR*P*18*G100******CI"]


async def test_medicare_that_is_asked_first_says_nothing_of_it(desk: Desk) -> None:
    await _practice(desk)
    first = visit(0).coverage
    assert first is not None
    await desk.see_patients(1, coverage=WHY, other_coverages=(first,))
    assert _segments(desk)[0] == "SBR*P*18*******MB"
