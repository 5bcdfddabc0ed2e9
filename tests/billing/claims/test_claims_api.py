"""People see where claims are and why; a practice brings its open claims along."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from libs.events.contracts.billing import ChargesPosted
from libs.events.examples.billing import CLAIM
from libs.events.examples.interop import ENCOUNTER, NAMESPACE, PERSON, PRACTICE
from tests.billing.desk import Desk, let_answer, simulated, visit
from tests.billing.remittance import Said, payment
from tests.harness import Harness

OPEN_CLAIM: dict[str, Any] = {
    "claim_id": str(uuid5(NAMESPACE, "open claim")),
    "control_number": "666123",
    "payer_id": "MDCRE",
    "service_on": "2002-08-16",
    "charge_cents": 21_136_697,
}


async def test_a_claim_tells_its_history(desk: Desk) -> None:
    await desk.see_patients(encounter_id=ENCOUNTER)
    await let_answer(desk, simulated(), "277")
    [number] = await desk.control_numbers()
    await desk.hear("a.835", payment(Said(number, 17_800, 17_000, [("CO", "45", 800)])))
    async with desk.billing.http(PRACTICE) as client:
        answer = await client.get(f"/claims/{CLAIM}")
    assert answer.status_code == 200
    history = answer.json()
    assert [move["state"] for move in history["moves"]] == [
        "ready", "submitted", "accepted", "paid",
    ]  # fmt: skip
    [posting] = history["postings"]
    assert (posting["paid_cents"], posting["trace_number"]) == (17_000, "TRACE1")
    assert posting["reversed_by"] is None
    assert {(line["kind"], line["account"], line["cents"]) for line in history["journal"]} == {
        ("charge", "charges", -17_800),
        ("charge", "payer-receivable", 17_800),
        ("payment", "cash", 17_000),
        ("payment", "contractual-adjustment", 800),
        ("payment", "payer-receivable", -17_800),
    }
    for private in (PERSON.family, "BM4471", "1984"):
        assert private not in answer.text


async def test_a_held_claim_says_what_it_waits_for_and_where(desk: Desk) -> None:
    nowhere = PERSON.model_copy(update={"address_line": None})
    await desk.billing.receive(visit(1, encounter_id=ENCOUNTER, person=nowhere))
    async with desk.billing.http(PRACTICE) as client:
        history = (await client.get(f"/claims/{CLAIM}")).json()
    assert history["claim"]["hold_reason"] == "claim-incomplete"
    assert [move["reason"] for move in history["moves"]] == ["claim-incomplete: 2010BA N301"]


async def test_claims_are_listed_by_state(desk: Desk) -> None:
    await desk.see_patients(2)
    await desk.billing.receive(visit(5))
    async with desk.billing.http(PRACTICE) as client:
        assert len((await client.get("/claims")).json()) == 3
        assert len((await client.get("/claims?state=submitted")).json()) == 2
        assert len((await client.get("/claims?state=submitted&limit=1")).json()) == 1
        assert (await client.get("/claims?state=lost")).status_code == 422


async def test_a_foreign_claim_answers_like_a_missing_one(desk: Desk) -> None:
    await desk.see_patients(encounter_id=ENCOUNTER)
    async with desk.billing.http(uuid4()) as stranger:
        foreign = await stranger.get(f"/claims/{CLAIM}")
    async with desk.billing.http(PRACTICE) as client:
        missing = await client.get(f"/claims/{UUID(int=1)}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


async def test_nobody_sees_claims_without_a_key(billing: Harness) -> None:
    async with billing.http(PRACTICE, key=None) as client:
        for path in ("/claims", "/ledger/summary", "/unmatched-remittances", "/refused-files"):
            assert (await client.get(path)).status_code == 401


async def test_an_open_claim_is_taken_over_once(billing: Harness) -> None:
    async with billing.http(PRACTICE) as client:
        first = await client.post("/opening-claims", json=OPEN_CLAIM)
        again = await client.post("/opening-claims", json=OPEN_CLAIM)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["state"] == "submitted"
    [charges] = await billing.published(ChargesPosted)
    assert charges.encounter_id is None
    assert charges.charge_cents == 21_136_697


@pytest.mark.parametrize(
    "change",
    [
        {"charge_cents": 1},
        {"control_number": "666124"},
        {"payer_id": "OTHER01"},
        {"claim_id": str(uuid5(NAMESPACE, "another open claim"))},
    ],
)
async def test_another_open_claim_under_a_known_id_or_number_is_a_conflict(
    billing: Harness, change: dict[str, Any]
) -> None:
    async with billing.http(PRACTICE) as client:
        assert (await client.post("/opening-claims", json=OPEN_CLAIM)).status_code == 201
        answer = await client.post("/opening-claims", json={**OPEN_CLAIM, **change})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_work_list_and_the_refused_files_are_shown(desk: Desk) -> None:
    await desk.hear("a.835", payment(Said("NOTOURS1", 500, 500)))
    await desk.hear("b.835", b"nothing")
    async with desk.billing.http(PRACTICE) as client:
        [unmatched] = (await client.get("/unmatched-remittances")).json()
        [refused] = (await client.get("/refused-files")).json()
    assert (unmatched["control_number"], unmatched["paid_cents"]) == ("NOTOURS1", 500)
    assert (unmatched["reason"], unmatched["trace_number"]) == ("unknown-claim", "TRACE1")
    assert (refused["name"], refused["code"], refused["place"]) == (
        "b.835", "not-x12", "segment 0",
    )  # fmt: skip
