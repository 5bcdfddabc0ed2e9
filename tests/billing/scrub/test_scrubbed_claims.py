"""A claim with an error waits, says why to a biller, and goes on by what mends it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid5

import pytest

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.examples.interop import (
    ENCOUNTER,
    NAMESPACE,
    OTHER_CHART,
    PATIENT,
    PERSON,
    encounter_corrected,
    encounter_posted,
    encounter_voided,
    line,
    patient_merged,
)
from services.billing.scrub.catalogue import REVISION
from tests.billing.desk import Desk, visit
from tests.billing.scrub.code_sets import PAIRS, load

CLAIM = uuid5(ENCOUNTER, "claim")
NEW = date(2026, 3, 1)
WRONG_PLACE = {"place_of_service": "30"}
AGAIN = uuid5(ENCOUNTER, "again")
TWO = (line(), line(line_number=2, procedure_code="G0444"))


async def get(desk: Desk, path: str) -> Any:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def edits(desk: Desk) -> list[dict[str, Any]]:
    return (await get(desk, f"/claims/{CLAIM}"))["edits"]


async def tell_payer_rule(desk: Desk, name: str, **changes: Any) -> None:
    command = {
        "payer_rule_id": str(uuid5(NAMESPACE, name)),
        "payer_id": "BUCKEYE01",
        "effective_on": "2026-01-01",
        **changes,
    }
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post("/payer-rules", json=command)
    assert answer.status_code == 201, answer.text


async def set_filing_days(desk: Desk, days: int) -> None:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.put("/payers/BUCKEYE01", json={"original_filing_days": days})
    assert answer.status_code == 200, answer.text


async def override(desk: Desk, rule_id: str, because: str = "documented-in-the-record") -> int:
    path = f"/claims/{CLAIM}/edits/{rule_id}/override"
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.post(path, json={"because": because})).status_code


async def held(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.reason, one.edits) for one in await desk.billing.published(ClaimHeld)]


async def test_a_claim_with_an_error_is_held_and_the_corrected_visit_goes_out(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(**WRONG_PLACE))
    assert await held(desk) == [("claim-edits", ("place-of-service",))]
    assert await desk.states() == ["held"]
    history = await get(desk, f"/claims/{CLAIM}")
    assert history["claim"]["hold_reason"] == "claim-edits"
    assert [move["reason"] for move in history["moves"]] == ["claim-edits: place-of-service"]
    [edit] = history["edits"]
    assert edit["severity"] == "error"
    assert edit["place"] == "2300 CLM05-1"
    assert edit["rules_revision"] == REVISION
    assert edit["mended_at"] is None

    await desk.billing.receive(encounter_corrected(service_on=date(2026, 3, 2)))
    assert len(await desk.billing.published(ClaimReleased)) == 1
    await desk.send()
    assert len(await desk.billing.published(ClaimSubmitted)) == 1
    [edit] = await edits(desk)
    assert edit["mended_at"] is not None


async def test_a_warning_goes_along_and_is_shown(desk: Desk) -> None:
    await desk.see_patients(
        encounter_id=ENCOUNTER, lines=(line(), line(line_number=2, procedure_code="G8427"))
    )
    assert await desk.states() == ["submitted"]
    [edit] = await edits(desk)
    assert (edit["rule_id"], edit["severity"], edit["line_number"]) == (
        "zero-charge-line", "warning", 2,
    )  # fmt: skip


async def test_what_is_shown_says_nothing_of_the_patient(desk: Desk) -> None:
    young = PERSON.model_copy(update={"birth_on": date(2019, 7, 1)})
    await desk.billing.receive(encounter_posted(person=young, diagnoses=("Z00.00", "N40.0")))
    shown = await edits(desk)
    assert {edit["rule_id"] for edit in shown} == {"diagnosis-age", "diagnosis-sex"}
    for private in ("2019", "Z00", "N40", PERSON.family, "female"):
        assert private not in str(shown)


async def test_a_claim_is_held_again_where_other_rules_find_something(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(**WRONG_PLACE))
    await tell_payer_rule(desk, "first", authorization_codes=["G0444"])
    assert len(await held(desk)) == 1, "nothing new"
    await tell_payer_rule(desk, "second", authorization_codes=["G0439"])
    assert await held(desk) == [
        ("claim-edits", ("place-of-service",)),
        ("claim-edits", ("authorization-missing", "place-of-service")),
    ]
    assert len(await desk.billing.published(ClaimReleased)) == 1


async def test_a_claim_that_is_late_waits_until_the_payers_days_are_put_right(desk: Desk) -> None:
    await set_filing_days(desk, 30)
    late = desk.billing.clock.now().date() - timedelta(days=31)
    await desk.billing.receive(
        visit(1, service_on=late), visit(2, service_on=late + timedelta(days=1))
    )
    assert await held(desk) == [("claim-edits", ("timely-filing",))]
    await set_filing_days(desk, 90)
    assert await desk.states() == ["ready", "ready"]


async def test_an_authorization_that_is_added_to_the_visit_lets_it_go(desk: Desk) -> None:
    await tell_payer_rule(desk, "asks", authorization_codes=["G0439"])
    await desk.billing.receive(encounter_posted())
    assert await held(desk) == [("claim-edits", ("authorization-missing",))]
    with_number = encounter_corrected(service_on=date(2026, 3, 2), prior_authorization="A-77")
    await desk.billing.receive(with_number)
    assert await desk.states() == ["ready"]


async def test_the_second_claim_for_a_service_waits_until_the_first_is_void(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(), encounter_posted(encounter_id=AGAIN))
    assert await held(desk) == [("claim-edits", ("duplicate-claim",))]
    assert await desk.states() == ["ready", "held"]
    await desk.billing.receive(encounter_voided())
    assert await desk.states() == ["voided", "ready"]


async def test_of_two_that_wait_only_the_later_one_is_the_duplicate(desk: Desk) -> None:
    await desk.billing.receive(
        encounter_posted(**WRONG_PLACE), encounter_posted(encounter_id=AGAIN, **WRONG_PLACE)
    )
    assert await held(desk) == [
        ("claim-edits", ("place-of-service",)),
        ("claim-edits", ("duplicate-claim", "place-of-service")),
    ]
    await desk.billing.receive(encounter_corrected(service_on=date(2026, 3, 2)))
    assert await desk.states() == ["ready", "held"]


@pytest.mark.parametrize(
    "other",
    [
        {"patient_id": OTHER_CHART},
        {"service_on": NEW},
        {"coverage": None},
        {"lines": (line(procedure_code="G0444"),)},
        {"lines": (line(modifiers=("XE",)),)},
    ],
)
async def test_another_patient_day_payer_or_service_is_no_duplicate(
    desk: Desk, other: dict[str, Any]
) -> None:
    await desk.billing.receive(encounter_posted(), encounter_posted(encounter_id=AGAIN, **other))
    assert "held" not in await desk.states()


async def test_a_service_under_a_merged_chart_is_a_duplicate_too(desk: Desk) -> None:
    await desk.billing.receive(
        patient_merged(),
        encounter_posted(patient_id=PATIENT),
        encounter_posted(encounter_id=AGAIN, patient_id=OTHER_CHART),
    )
    assert await held(desk) == [("claim-edits", ("duplicate-claim",))]


async def test_a_loaded_table_holds_what_it_forbids_and_lets_go_what_it_does_not(
    desk: Desk,
) -> None:
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(encounter_posted(lines=TWO))
    assert await held(desk) == [("claim-edits", ("ncci-pairs",))]
    [edit] = await edits(desk)
    assert edit["line_number"] == 2
    assert "G0444 is part of G0439" in edit["explanation"]
    await load(desk, "ncci-pairs", PAIRS.replace("\t0\t", "\t9\t"), effective_on="2026-02-01")
    assert await desk.states() == ["ready"]


async def test_a_person_lets_a_claim_go_and_is_named(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(), encounter_voided())
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(encounter_corrected(service_on=date(2026, 3, 2), lines=TWO))
    assert await override(desk, "ncci-pairs") == 200
    assert await override(desk, "ncci-pairs") == 200
    assert await override(desk, "ncci-pairs", "agreed-by-the-payer") == 409
    assert await desk.states() == ["ready"]
    [edit] = await edits(desk)
    assert (edit["because"], edit["overridden_by"]) == ("documented-in-the-record", "operator")
    assert edit["overridden_at"] is not None
    assert edit["mended_at"] is None


async def test_what_may_not_be_overridden_and_what_is_not_there_is_refused(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(**WRONG_PLACE))
    assert await override(desk, "place-of-service") == 409
    assert await override(desk, "ncci-pairs") == 404
    assert await override(desk, "no-such-rule") == 404
    assert await override(desk, "place-of-service", "I feel like it") == 422
    assert await desk.states() == ["held"]


async def test_a_corrected_visit_is_asked_again_what_was_overridden(desk: Desk) -> None:
    await load(desk, "ncci-pairs", PAIRS)
    await desk.billing.receive(encounter_posted(lines=TWO))
    assert await override(desk, "ncci-pairs") == 200
    await desk.billing.receive(encounter_corrected(service_on=date(2026, 3, 2), lines=TWO))
    assert await desk.states() == ["held"]
    assert (await held(desk))[-1] == ("claim-edits", ("ncci-pairs",))


async def test_a_patient_who_pays_is_not_scrubbed(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(coverage=None, **WRONG_PLACE))
    assert await desk.states() == ["self-pay"]
    assert await edits(desk) == []


async def test_the_clean_rate_counts_by_month_what_nobody_had_to_touch(desk: Desk) -> None:
    nowhere = PERSON.model_copy(update={"address_line": None})
    await desk.billing.receive(
        visit(1),
        visit(2),
        visit(3, **WRONG_PLACE),
        visit(4, person=nowhere),
        visit(5, service_on=date(2026, 2, 3)),
        visit(6, coverage=None),
    )
    mended = encounter_corrected(encounter_id=visit(3).encounter_id, service_on=date(2026, 3, 2))
    await desk.billing.receive(mended)
    march, february = await get(desk, "/scrub/clean-rate")
    assert (march["month"], march["scrubbed"], march["clean"]) == ("2026-03-01", 4, 2)
    assert (march["clean_basis_points"], march["settled_first_basis_points"]) == (5000, None)
    assert (february["scrubbed"], february["clean_basis_points"]) == (1, 10_000)
    assert await get(desk, "/scrub/clean-rate?limit=1") == [march]
    assert await get(desk, "/scrub/clean-rate?before=2026-03-01") == [february]


async def test_the_catalogue_is_shown(desk: Desk) -> None:
    rules = await get(desk, "/scrub-rules")
    assert len({rule["rule_id"] for rule in rules}) == len(rules) > 30
    assert all(rule["authority"] and rule["title"] for rule in rules)


async def test_claims_that_were_settled_without_a_refusal_are_counted(desk: Desk) -> None:
    await desk.see_patients(3)
    await desk.fetch("UPDATE claim SET state = 'paid' WHERE control_number LIKE '%1'")
    await desk.fetch("UPDATE claim SET state = 'denied' WHERE control_number LIKE '%2'")
    await desk.fetch(
        "UPDATE claim SET state = 'paid', was_refused = true WHERE control_number LIKE '%3'"
    )
    [march] = await get(desk, "/scrub/clean-rate")
    assert (march["decided"], march["settled_first"], march["settled_first_basis_points"]) == (
        3, 1, 3333,
    )  # fmt: skip
