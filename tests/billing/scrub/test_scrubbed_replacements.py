"""A replacement is asked what an original is asked, and waits until it is mended or let go."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from libs.events.contracts.billing_claims import ClaimReplaced
from libs.events.contracts.billing_holds import ClaimHeld
from libs.events.examples.interop import (
    encounter_posted,
    encounter_voided,
    line,
)
from tests.billing.claims.going_again import CLAIM, KIND, answered, ask, corrected, due, sent
from tests.billing.desk import Desk, let_answer
from tests.billing.scrub.code_sets import PAIRS, UNITS, load
from tests.billing.scrub.test_scrubbed_claims import (
    AGAIN,
    TWO,
    WRONG_PLACE,
    edits,
    get,
    override,
    set_filing_days,
    tell_payer_rule,
)

REPLACED = ["1", "7"]
FREE = line(line_number=2, procedure_code="G8427")


async def waits_for(desk: Desk) -> str | None:
    [one] = await due(desk)
    return one["waiting_for"]


async def frequencies(desk: Desk) -> list[str]:
    return [claim.frequency for claim in sent(desk)]


async def test_a_replacement_with_an_error_waits_and_what_mends_it_sends_it(desk: Desk) -> None:
    await answered(desk)
    await tell_payer_rule(desk, "asks", authorization_codes=["G0439"])
    await desk.billing.receive(corrected())
    await desk.send()
    assert await waits_for(desk) == "claim-edits"
    assert await frequencies(desk) == ["1"]
    assert await desk.states() == ["paid"], "claim and books stay as the payer was asked"
    assert (await desk.sums())["charges"] == 17_800
    [edit] = await edits(desk)
    assert (edit["rule_id"], edit["severity"], edit["mended_at"]) == (
        "authorization-missing", "error", None,
    )  # fmt: skip

    await desk.billing.receive(corrected(prior_authorization="A-77"))
    await desk.send()
    assert await frequencies(desk) == REPLACED
    [edit] = await edits(desk)
    assert edit["mended_at"] is not None
    assert await desk.billing.published(ClaimHeld) == []
    await desk.assert_books_balance()


async def test_a_fact_that_mends_a_replacement_sends_it(desk: Desk) -> None:
    await answered(desk)
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(corrected(lines=TWO))
    await desk.send()
    assert await waits_for(desk) == "claim-edits"
    await load(desk, "ncci-pairs", PAIRS.replace("\t0\t", "\t9\t"), effective_on="2026-02-01")
    await desk.send()
    assert await frequencies(desk) == REPLACED


async def test_a_person_lets_a_replacement_go_and_is_named(desk: Desk) -> None:
    await answered(desk)
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(corrected(lines=TWO))
    await desk.send()
    assert await override(desk, "ncci-pairs") == 200
    assert await override(desk, "ncci-pairs") == 200
    assert await override(desk, "ncci-pairs", "agreed-by-the-payer") == 409
    [edit] = await edits(desk)
    assert (edit["because"], edit["overridden_by"]) == ("documented-in-the-record", "operator")
    await desk.send()
    assert await frequencies(desk) == REPLACED
    assert len(await desk.billing.published(ClaimReplaced)) == 1
    assert await override(desk, "ncci-pairs") == 200, "the same again, when it has left"
    [edit] = await edits(desk)
    assert edit["because"] == "documented-in-the-record"


async def test_another_correction_is_asked_again_what_was_let_go(desk: Desk) -> None:
    await answered(desk, "999", "277")
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(corrected(lines=TWO))
    await desk.send()
    assert await override(desk, "ncci-pairs") == 200
    three = (*TWO, FREE.model_copy(update={"line_number": 3}))
    await desk.billing.receive(corrected(lines=three))
    await desk.send()
    assert await waits_for(desk) == "claim-edits"
    assert await frequencies(desk) == ["1"]


async def test_what_was_let_go_of_a_visit_stays_let_go_when_it_is_sent_again_as_it_is(
    desk: Desk,
) -> None:
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(encounter_posted(lines=TWO))
    assert await override(desk, "ncci-pairs") == 200
    await desk.send()
    await let_answer(desk, KIND)
    for number in (1, 2):
        await ask(desk, "replace", {"request_id": str(uuid5(CLAIM, str(number)))})
        await desk.send()
        await let_answer(desk, KIND)
    assert await frequencies(desk) == ["1", "7", "7"]
    [edit] = await edits(desk)
    assert edit["because"] == "documented-in-the-record"


async def test_a_replacement_is_no_second_bill_of_what_its_payer_has(desk: Desk) -> None:
    """The other visit's claim was let go as no duplicate; this one was there first."""
    await answered(desk)
    await desk.billing.receive(encounter_posted(encounter_id=AGAIN, lines=(line(), FREE)))
    assert await desk.states() == ["paid", "held"]
    path = f"/claims/{uuid5(AGAIN, 'claim')}/edits/duplicate-claim/override"
    async with desk.billing.http(desk.practice_id) as client:
        assert (await client.post(path, json={"because": "not-a-duplicate"})).status_code == 200
    await desk.send()
    await desk.billing.receive(corrected())
    await desk.send()
    assert await frequencies(desk) == ["1", "1", "7"]

    await let_answer(desk, KIND)
    await desk.billing.receive(corrected(lines=(line(), FREE)))
    await desk.send()
    assert await waits_for(desk) == "claim-edits", "new here, and on the other one"
    [one] = [edit for edit in await edits(desk) if edit["severity"] == "error"]
    assert (one["rule_id"], one["line_number"]) == ("duplicate-claim", 2)


async def test_a_held_claim_makes_no_duplicate_of_what_a_payer_has(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(encounter_id=AGAIN, **WRONG_PLACE, lines=TWO[1:]))
    await answered(desk)
    await desk.billing.receive(corrected(lines=TWO))
    await desk.send()
    assert await frequencies(desk) == REPLACED


async def test_a_replacement_has_the_payers_days_for_corrected_claims(desk: Desk) -> None:
    await answered(desk)
    await set_filing_days(desk, 365)
    desk.billing.clock.advance(timedelta(days=100))
    await set_filing_days(desk, 90)
    await desk.billing.receive(corrected())
    await desk.send()
    assert [edit["rule_id"] for edit in await edits(desk)] == ["timely-filing"]
    async with desk.billing.http(desk.practice_id) as client:
        terms = {"original_filing_days": 90, "corrected_filing_days": 180}
        assert (await client.put("/payers/BUCKEYE01", json=terms)).status_code == 200
    await desk.send()
    assert await frequencies(desk) == REPLACED


async def test_a_void_is_asked_nothing(desk: Desk) -> None:
    await answered(desk)
    await tell_payer_rule(desk, "asks", authorization_codes=["G0439"])
    await set_filing_days(desk, 1)
    await load(desk, "ncci-units", UNITS.replace("G0439,1", "G0439,0"))
    await desk.billing.receive(encounter_voided())
    await desk.send()
    assert await frequencies(desk) == ["1", "8"]


async def test_a_replacement_changes_nothing_of_what_was_clean(desk: Desk) -> None:
    await answered(desk)
    await desk.billing.receive(corrected(**WRONG_PLACE))
    await desk.send()
    assert await waits_for(desk) == "claim-edits"
    [march] = await get(desk, "/scrub/clean-rate")
    assert (march["scrubbed"], march["clean"]) == (1, 1)


async def test_a_claim_of_a_day_to_come_goes_out_when_the_day_has_come(desk: Desk) -> None:
    today = desk.billing.clock.now().date()
    service_on = today + timedelta(days=3)
    await desk.billing.receive(encounter_posted(service_on=service_on))
    assert [one.edits for one in await desk.billing.published(ClaimHeld)] == [
        ("service-in-future",)
    ]
    eve = desk.billing.clock.now().replace(hour=23, minute=59) + timedelta(days=1)
    await desk.billing.fire_timers(eve)
    assert await desk.states() == ["held"]
    await desk.billing.fire_timers(eve + timedelta(minutes=1))
    assert await desk.states() == ["ready"], "somewhere it is that day"
    assert len(await desk.billing.published(ClaimHeld)) == 1


async def test_a_replacement_with_a_day_to_come_goes_out_when_the_day_has_come(desk: Desk) -> None:
    await answered(desk)
    service_on = desk.billing.clock.now().date() + timedelta(days=3)
    await desk.billing.receive(corrected(service_on=service_on))
    await desk.send()
    assert await waits_for(desk) == "claim-edits"
    desk.billing.clock.advance(timedelta(days=2))
    await desk.send()
    assert await frequencies(desk) == REPLACED


async def test_a_visit_that_is_voided_before_its_day_comes_stays_void(desk: Desk) -> None:
    service_on = desk.billing.clock.now().date() + timedelta(days=3)
    await desk.billing.receive(encounter_posted(service_on=service_on), encounter_voided())
    desk.billing.clock.advance(timedelta(days=4))
    await desk.send()
    assert await desk.states() == ["voided"]
    assert sent(desk) == []
