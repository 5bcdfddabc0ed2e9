"""The directory of payers: how claims reach each, with whom they travel, and until when."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

import pytest

from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import COVERAGE, ENCOUNTER, NAMESPACE
from tests.billing.desk import Desk, set_payer, visit

CLEARINGHOUSE = {
    "interchange_id": "CLEARINGHOUSE1",
    "qualifier": "30",
    "application_id": "CLAIMSIN",
    "name": "Clearing House",
    "identifier": "CH1",
}
OTHER = "OTHER01"
CLAIM = uuid5(ENCOUNTER, "claim")


def covered_by(payer_id: str, **more: Any) -> object:
    return COVERAGE.model_copy(update={"payer_id": payer_id, **more})


async def listed(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get("/payers", params=query)).json()


async def test_payers_behind_one_clearinghouse_share_an_interchange(desk: Desk) -> None:
    await desk.billing.given(provider_enrolled(payer_id=OTHER))
    for payer_id in ("BUCKEYE01", OTHER):
        await set_payer(desk, payer_id, receiver=CLEARINGHOUSE, submitter_id="SUB77", usage="P")
    await desk.billing.receive(*[
        visit(n, coverage=covered_by(("BUCKEYE01", OTHER)[n % 2])) for n in range(4)
    ])  # fmt: skip
    await desk.send()
    [sent] = desk.sent()
    assert (sent.sender, sent.receiver, sent.usage) == ("SUB77", "CLEARINGHOUSE1", "P")
    assert (sent.receiver_party.name, sent.receiver_party.identifier) == ("Clearing House", "CH1")
    assert (
        sorted(claim.payer.identifier for claim in sent.claims) == ["BUCKEYE01"] * 2 + [OTHER] * 2
    )


@pytest.mark.parametrize(
    "other",
    [{"submitter_id": "SUB78"}, {"usage": "P"}, {"billing_taxonomy": "207Q00000X"},
     {"receiver": None}, {"receiver": {**CLEARINGHOUSE, "application_id": "TESTIN"}}],
)  # fmt: skip
async def test_what_does_not_travel_alike_does_not_travel_together(
    desk: Desk, other: dict[str, Any]
) -> None:
    await desk.billing.given(provider_enrolled(payer_id=OTHER))
    same = {"receiver": CLEARINGHOUSE, "submitter_id": "SUB77"}
    await set_payer(desk, "BUCKEYE01", **same)
    await set_payer(desk, OTHER, **{**same, **other})
    await desk.billing.receive(visit(1), visit(2, coverage=covered_by(OTHER)))
    await desk.send()
    assert [len(submission.claims) for submission in desk.sent()] == [1, 1]


async def test_a_payer_that_the_directory_lacks_is_its_own_receiver_and_gets_test_files(
    desk: Desk,
) -> None:
    await desk.see_patients()
    [sent] = desk.sent()
    assert (sent.sender, sent.receiver, sent.usage) == ("310000001", "BUCKEYE01", "T")
    assert (sent.contact, sent.phone) == ("BILLING OFFICE", "8005550100")
    assert sent.claims[0].filing_code == "CI"


async def test_the_directorys_name_and_kind_of_plan_stand_on_the_claim(desk: Desk) -> None:
    await set_payer(desk, "BUCKEYE01", name="Buckeye Medicare Part B", filing_code="MB")
    await desk.see_patients()
    [claim] = desk.sent()[0].claims
    assert (claim.payer.name, claim.filing_code) == ("Buckeye Medicare Part B", "MB")


async def test_a_name_that_no_file_can_carry_holds_the_claim_until_the_directory_has_another(
    desk: Desk,
) -> None:
    await desk.see_patients(coverage=covered_by("BUCKEYE01", payer_name="B" * 61))
    assert await desk.states() == ["held"]
    await set_payer(desk, "BUCKEYE01", name="Buckeye")
    await desk.send()
    assert await desk.states() == ["submitted"]


async def test_terms_are_put_twice_changed_and_listed_page_by_page(desk: Desk) -> None:
    for payer_id in ("A1", "B1", "B1", "C1"):
        await set_payer(desk, payer_id, filing_code="MC")
    await set_payer(desk, "B1", filing_code="HM")
    first = await listed(desk, limit=2)
    assert [(one["payer_id"], one["terms"]["filing_code"]) for one in first] == [
        ("A1", "MC"),
        ("B1", "HM"),
    ]
    assert [one["payer_id"] for one in await listed(desk, after="B1")] == ["C1"]
    async with desk.billing.http(uuid5(NAMESPACE, "another practice")) as client:
        assert (await client.get("/payers")).json() == []


@pytest.mark.parametrize(
    "terms",
    [{"filing_code": "XX"}, {"usage": "X"}, {"submitter_id": "A*B"}, {"claims_per_interchange": 0},
     {"claims_per_interchange": 5001}, {"receiver": {"interchange_id": "X"}}, {"more": 1}],
)  # fmt: skip
async def test_terms_that_no_file_could_follow_are_refused(
    desk: Desk, terms: dict[str, Any]
) -> None:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.put("/payers/BUCKEYE01", json=terms)
    assert answer.status_code == 422
    assert await listed(desk) == []


async def test_a_claim_tells_until_when_its_payer_takes_it(desk: Desk) -> None:
    await set_payer(desk, "BUCKEYE01", original_filing_days=90, corrected_filing_days=365)
    await desk.billing.receive(visit(1))
    claim_id = uuid5(uuid5(ENCOUNTER, "1"), "claim")
    async with desk.billing.http(desk.practice_id) as client:
        history = (await client.get(f"/claims/{claim_id}")).json()
    assert history["claim"]["service_on"] == "2026-03-02"
    assert (history["file_by"], history["correct_by"]) == ("2026-05-31", "2027-03-02")
