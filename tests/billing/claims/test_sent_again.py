"""What a biller sends again, and what it announces: each asked once, however often it is said."""

from __future__ import annotations

from uuid import uuid5

from libs.events.contracts.billing_claims import ClaimReplaced
from libs.events.examples.interop import ENCOUNTER, encounter_posted
from tests.billing.claims.going_again import CLAIM, KIND, answered, ask, due, sent
from tests.billing.desk import Desk, let_answer, simulated


async def test_a_biller_resubmits_a_rejected_claim_once(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    await desk.send()
    await let_answer(desk, simulated(rejections=1.0), "999", "277")
    command = {"request_id": str(uuid5(CLAIM, "again"))}
    for _ in range(2):
        await ask(desk, "resubmit", command)
    await desk.send()
    assert [claim.frequency for claim in sent(desk)] == ["1", "1"]
    await ask(desk, "resubmit", command)
    await ask(desk, "resubmit", {"request_id": str(uuid5(CLAIM, "more"))}, wanted=409)
    assert (await desk.sums())["charges"] == 17_800
    await desk.assert_books_balance()


async def test_a_biller_replaces_a_decided_claim_once(desk: Desk) -> None:
    await answered(desk)
    request = str(uuid5(CLAIM, "request"))
    command = {"request_id": request, "prior_authorization": "AUTH77"}
    for _ in range(2):
        await ask(desk, "replace", command)
    [one] = await due(desk)
    assert (one["event_id"], one["kind"]) == (request, "replace")
    assert one["asked_by"] is not None
    await desk.send()
    await ask(desk, "replace", command)
    await desk.send()
    _, second = sent(desk)
    assert (second.frequency, second.authorization, second.charge_cents) == ("7", "AUTH77", 17_800)
    [replaced] = await desk.billing.published(ClaimReplaced)
    assert replaced.reason == "biller"
    await ask(desk, "replace", {"request_id": request}, wanted=409)
    await desk.assert_books_balance()


async def test_what_no_payer_has_is_not_replaced_and_what_nobody_knows_is_not_found(
    desk: Desk,
) -> None:
    await desk.billing.receive(encounter_posted(coverage=None))
    request = {"request_id": str(uuid5(CLAIM, "request"))}
    await ask(desk, "replace", request, wanted=409)
    async with desk.billing.http(uuid5(ENCOUNTER, "another practice")) as client:
        answer = await client.post(f"/claims/{CLAIM}/replace", json=request)
    assert answer.status_code == 404
    assert await desk.fetch("SELECT FROM claim_request") == [], "a refused request leaves nothing"


async def test_an_attachment_is_announced_in_every_file_from_then_on(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    noted = {
        "attachment_id": str(uuid5(CLAIM, "note")),
        "report_type": "OZ",
        "transmission": "EL",
        "control_number": "DOC-0001",
    }
    for _ in range(2):
        await ask(desk, "attachments", noted, wanted=201)
    await ask(desk, "attachments", {**noted, "report_type": "RR"}, wanted=409)
    await ask(desk, "attachments", {**noted, "report_type": "XX"}, wanted=422)
    await ask(desk, "attachments", {**noted, "control_number": None}, wanted=422)
    await desk.send()
    await let_answer(desk, KIND)
    await ask(desk, "replace", {"request_id": str(uuid5(CLAIM, "request"))})
    await desk.send()
    assert [claim.attachments for claim in sent(desk)] == [[("OZ", "EL", "DOC-0001")]] * 2


async def test_a_claim_announces_ten_attachments_and_no_more(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    for number in range(11):
        noted = {"attachment_id": str(uuid5(CLAIM, str(number))), "report_type": "RR",
                 "transmission": "AA"}  # fmt: skip
        await ask(desk, "attachments", noted, wanted=409 if number == 10 else 201)
    await desk.send()
    assert len(sent(desk)[0].attachments) == 10
