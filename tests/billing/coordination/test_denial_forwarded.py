"""A biller takes a denial for final: the next payer is asked, and told of the denial."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest

from libs.events.contracts.billing import PaymentPosted, PaymentReversed
from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled
from libs.events.contracts.billing_denials import DenialClosed
from libs.events.examples.interop import NAMESPACE
from tests.billing.coordination.desk import FIRST, SECOND, open_by_payer, send_on, two_payers
from tests.billing.desk import Desk, set_payer
from tests.billing.remittance import CHARGE, Line, Said, payment


def _denied(number: str) -> Said:
    return Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")


async def _denied_by_first(desk: Desk, **changes: Any) -> str:
    number = await two_payers(desk, **changes)
    await desk.hear("1.835", payment(_denied(number)))
    assert await desk.states() == ["denied"]
    return number


async def _forward(desk: Desk, reason: str = "not-covered", request: str = "1") -> Any:
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    command = {"request_id": str(uuid5(NAMESPACE, request)), "reason": reason}
    async with desk.billing.http(desk.practice_id) as client:
        return await client.post(f"/claims/{claim['claim_id']}/forward", json=command)


async def test_a_denied_claim_is_asked_of_the_next_payer_with_its_denial(desk: Desk) -> None:
    number = await _denied_by_first(desk)
    answer = await _forward(desk)
    assert answer.status_code == 202, answer.text
    assert answer.json()["payer_id"] == SECOND
    await send_on(desk)
    [forwarded] = await desk.billing.published(ClaimForwarded)
    assert (forwarded.to_payer_id, forwarded.cents, forwarded.crossed_over) == (
        SECOND, CHARGE, False,
    )  # fmt: skip
    assert await open_by_payer(desk) == {SECOND: CHARGE}
    secondary = desk.sent()[1].claims[0]
    assert (secondary.payer.identifier, secondary.sequence) == (SECOND, "S")
    assert secondary.others[0].adjustments == [("CO", "197", CHARGE)]
    [closed] = await desk.billing.published(DenialClosed)
    assert (closed.reason, closed.open_cents) == ("settled", 0)
    whole = Said(number, CHARGE, 12_000, [("CO", "45", 5_800)], status="2")
    await desk.hear("2.835", payment(whole, trace="TRACE2", payer=SECOND))
    assert await desk.states() == ["paid"]
    assert await open_by_payer(desk) == {}


async def test_why_it_went_on_is_kept(desk: Desk) -> None:
    await _denied_by_first(desk)
    await _forward(desk, "benefit-exhausted")
    [move] = await desk.fetch("SELECT reason FROM claim_move ORDER BY id DESC LIMIT 1")
    assert move["reason"] == f"goes to {SECOND}: benefit-exhausted"
    [asked] = await desk.fetch("SELECT asked_by FROM claim_request")
    assert asked["asked_by"]


async def test_denied_lines_go_as_they_were_decided(desk: Desk) -> None:
    number = await two_payers(desk)
    lines = [Line(CHARGE, 10_000, [("CO", "45", 800), ("CO", "197", 7_000)])]
    await desk.hear("1.835", payment(Said(number, CHARGE, 10_000, lines=lines)))
    assert await desk.states() == ["paid"]
    assert (await _forward(desk)).status_code == 202
    await send_on(desk)
    assert await open_by_payer(desk) == {SECOND: 7_000}
    assert desk.sent()[1].claims[0].others[0].paid_cents == 10_000


async def test_the_same_command_again_forwards_nothing(desk: Desk) -> None:
    await _denied_by_first(desk)
    assert [(await _forward(desk)).status_code for _ in range(2)] == [202, 202]
    await send_on(desk)
    assert len(await desk.billing.published(ClaimForwarded)) == 1
    assert (await _forward(desk, "other")).status_code == 409, "the same id for something else"
    assert (await _forward(desk, request="2")).status_code == 409, "it is denied no more"


@pytest.mark.parametrize(
    ("changes", "word"), [({"other_coverages": ()}, "no further payer"), ({}, "appeal is with")]
)
async def test_what_is_not_final_or_has_nobody_to_go_to_is_refused(
    desk: Desk, changes: dict[str, Any], word: str
) -> None:
    await _denied_by_first(desk, **changes)
    if not changes:
        [denial] = await desk.fetch("SELECT denial_id FROM denial")
        command = {"command_id": str(uuid5(NAMESPACE, "appeal")), "level": 1}
        async with desk.billing.http(desk.practice_id) as client:
            sent = await client.post(f"/denials/{denial['denial_id']}/appeals", json=command)
        assert sent.status_code < 300, sent.text
    answer = await _forward(desk)
    assert answer.status_code == 409
    assert word in answer.text
    assert await open_by_payer(desk) == {FIRST: CHARGE}


async def test_past_the_next_payers_last_day_it_is_refused(desk: Desk) -> None:
    await _denied_by_first(desk)
    await set_payer(desk, SECOND, original_filing_days=30)
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=60))
    answer = await _forward(desk)
    assert answer.status_code == 409
    assert "takes no claim of that day" in answer.text


async def test_what_was_given_up_of_the_denial_is_asked_of_nobody(desk: Desk) -> None:
    await _denied_by_first(desk)
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    command = {
        "write_off_id": str(uuid5(NAMESPACE, "write-off")),
        "claim_id": str(claim["claim_id"]),
        "owed_by": "payer",
        "reason": "administrative",
        "cents": 800,
    }
    async with desk.billing.http(desk.practice_id) as client:
        given_up = await client.post("/write-offs", json=command)
    assert given_up.status_code == 201, given_up.text
    assert (await _forward(desk)).status_code == 202
    assert await open_by_payer(desk) == {SECOND: CHARGE - 800}


async def test_a_primary_that_takes_its_denial_back_has_the_claim_again(desk: Desk) -> None:
    number = await _denied_by_first(desk)
    await _forward(desk)
    await send_on(desk)
    await desk.hear("2.835", payment(_denied(number).reversed(), trace="TRACE2"))
    [recalled] = await desk.billing.published(ClaimRecalled)
    assert (recalled.from_payer_id, recalled.cents) == (SECOND, CHARGE)
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    [posted] = await desk.billing.published(PaymentPosted)
    [reversed_] = await desk.billing.published(PaymentReversed)
    assert posted.denied_cents == reversed_.denied_cents == CHARGE, "it takes back what was posted"
