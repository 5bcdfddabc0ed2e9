"""A rule that a denial proposed is accepted, and the next claim like it is held."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from libs.events.contracts.billing_holds import ClaimHeld
from services.billing.scrub.catalogue import BY_ID
from services.billing.scrub.causes import effect_of
from services.billing.scrub.payer_rules import Listed, lists_with
from tests.billing.denials.refused import refused
from tests.billing.desk import Desk, visit
from tests.billing.remittance import payment
from tests.billing.scrub.test_scrubbed_claims import get, tell_payer_rule

TODAY = date(2026, 3, 2)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


async def denied(desk: Desk, reason: str) -> str:
    """The first claim is denied for the reason; where its rule's proposal is decided."""
    await desk.see_patients()
    [number] = await desk.control_numbers()
    await desk.hear("denied.835", payment(refused(number, reason)))
    [proposal] = (await get(desk, "/denials/rule-proposals?state=proposed"))["proposals"]
    return f"/denials/rule-proposals/{proposal['proposal_id']}/decision"


async def decide(desk: Desk, path: str, wanted: int = 200, **command: Any) -> dict[str, Any]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post(path, json={"decision": "accepted", **command})
    assert answer.status_code == wanted, answer.text
    return answer.json()


async def held(desk: Desk) -> list[tuple[str, ...]]:
    return [one.edits for one in await desk.billing.published(ClaimHeld)]


async def test_after_a_denial_the_next_claim_without_authorization_is_held(desk: Desk) -> None:
    path = await denied(desk, "197")
    await desk.billing.receive(visit(1))
    assert await held(desk) == [], "a proposal alone changes nothing"
    accepted = await decide(desk, path)
    assert (accepted["effect"], accepted["effective_on"]) == ("authorization-list", str(TODAY))
    assert await decide(desk, path) == accepted
    [rule] = await get(desk, "/payer-rules?payer_id=BUCKEYE01")
    assert (rule["authorization_codes"], rule["told_by"]) == (["G0439"], "operator")
    assert rule["effective_on"] == str(TODAY)

    await desk.billing.receive(
        visit(2),
        visit(3, prior_authorization="A-77"),
        visit(4, service_on=YESTERDAY),
        visit(5, coverage=None),
    )
    assert await held(desk) == [("authorization-missing",)]
    assert await desk.states() == ["denied", "ready", "held", "ready", "ready", "self-pay"]


async def test_what_was_told_of_the_payer_before_and_for_later_days_stays(desk: Desk) -> None:
    await tell_payer_rule(desk, "now", authorization_codes=["G0444"])
    await tell_payer_rule(
        desk, "soon", authorization_codes=["G0447"], effective_on=str(TODAY + timedelta(days=30))
    )
    await decide(desk, await denied(desk, "197"))
    rules = await get(desk, "/payer-rules?payer_id=BUCKEYE01")
    assert sorted((rule["effective_on"], *rule["authorization_codes"]) for rule in rules) == [
        ("2026-01-01", "G0444"),
        ("2026-03-02", "G0444", "G0439"),
        ("2026-04-01", "G0447"),
        ("2026-04-01", "G0447", "G0439"),
    ]


def test_a_code_comes_on_every_list_from_its_day_on_where_it_is_not_yet() -> None:
    def told(*lists: Listed) -> list[Listed]:
        return lists_with(lists, "C", TODAY)

    assert told() == [Listed(TODAY, ("C",))]
    assert told(Listed(YESTERDAY, ("A",))) == [Listed(TODAY, ("A", "C"))]
    assert told(Listed(YESTERDAY, ("C",))) == []
    assert told(Listed(YESTERDAY, ("C",)), Listed(TODAY, ())) == [Listed(TODAY, ("C",))]
    assert told(Listed(TOMORROW, ("A",))) == [Listed(TODAY, ("C",)), Listed(TOMORROW, ("A", "C"))]
    assert told(Listed(TODAY, ("A", "C")), Listed(TOMORROW, ("C",))) == []


async def test_the_payers_days_to_file_are_told_with_the_acceptance(desk: Desk) -> None:
    path = await denied(desk, "29")
    await decide(desk, path, 422)
    await decide(desk, path, 422, decision="declined", filing_days=30)
    accepted = await decide(desk, path, filing_days=30)
    assert (accepted["effect"], accepted["filing_days"]) == ("filing-days", 30)
    await decide(desk, path, filing_days=30)
    await decide(desk, path, 409, filing_days=31)
    [payer] = await get(desk, "/payers")
    assert (payer["payer_id"], payer["terms"]["original_filing_days"]) == ("BUCKEYE01", 30)

    late = TODAY - timedelta(days=31)
    await desk.billing.receive(visit(1, service_on=late), visit(2, service_on=late + timedelta(1)))
    assert await held(desk) == [("timely-filing",)]


async def test_days_to_file_leave_all_else_that_was_agreed_with_the_payer(desk: Desk) -> None:
    async with desk.billing.http(desk.practice_id) as client:
        terms = {"filing_code": "HM", "original_filing_days": 365, "corrected_filing_days": 400}
        assert (await client.put("/payers/BUCKEYE01", json=terms)).status_code == 200
    await decide(desk, await denied(desk, "29"), filing_days=30)
    [payer] = await get(desk, "/payers")
    told = {name: payer["terms"][name] for name in terms}
    assert told == {**terms, "original_filing_days": 30}


async def test_a_rule_that_a_denial_tells_nothing_is_only_recorded(desk: Desk) -> None:
    path = await denied(desk, "18")
    await decide(desk, path, 422, filing_days=30)
    accepted = await decide(desk, path)
    assert (accepted["state"], accepted["effect"]) == ("accepted", "recorded")
    assert await get(desk, "/payer-rules") == await get(desk, "/payers") == []
    [shown] = (await get(desk, "/denials/rule-proposals?state=accepted"))["proposals"]
    assert shown == accepted


async def test_a_rule_that_is_declined_changes_nothing(desk: Desk) -> None:
    declined = await decide(desk, await denied(desk, "197"), decision="declined")
    assert (declined["effect"], declined["effective_on"]) == (None, None)
    await desk.billing.receive(visit(1))
    assert await held(desk) == []


@pytest.mark.parametrize("rule_id", BY_ID)
def test_every_rule_has_an_effect(rule_id: str) -> None:
    taught = {"authorization-missing": "authorization-list", "timely-filing": "filing-days"}
    assert effect_of(rule_id, "G0439") == taught.get(rule_id, "recorded")


def test_a_claim_without_lines_names_no_procedure_to_be_authorized() -> None:
    assert effect_of("authorization-missing", None) == "recorded"
