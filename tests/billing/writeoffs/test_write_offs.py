"""A balance is given up by one person to a limit, by two beyond it; never more than is owed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.events.contracts.billing_ledger import (
    BalanceWrittenOff,
    WriteOffDeclined,
    WriteOffProposed,
    WriteOffReversed,
)
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, paid, payment
from tests.harness import OPERATOR_KEY, SECOND_KEY


@pytest.fixture
async def claim_id(desk: Desk) -> str:
    """A claim of 178.00 that a payer has."""
    await desk.see_patients()
    [row] = await desk.fetch("SELECT claim_id FROM claim")
    return str(row["claim_id"])


async def ask(
    desk: Desk, path: str, body: dict[str, Any] | None = None, *, key: str = OPERATOR_KEY
) -> httpx.Response:
    async with desk.billing.http(desk.practice_id, key=key) as client:
        return await client.post(path, json=body)


def wanted(claim_id: str, cents: int, **changes: Any) -> dict[str, Any]:
    return {
        "write_off_id": str(uuid4()),
        "claim_id": claim_id,
        "owed_by": "payer",
        "reason": "administrative",
        "cents": cents,
        **changes,
    }


async def test_a_small_balance_is_written_off_at_once(desk: Desk, claim_id: str) -> None:
    command = wanted(claim_id, 10_000)
    answer = await ask(desk, "/write-offs", command)
    assert (answer.status_code, answer.json()["state"]) == (201, "posted")
    [said] = await desk.billing.published(BalanceWrittenOff)
    assert (said.cents, said.payer_id, said.reason) == (10_000, "BUCKEYE01", "administrative")
    [entry] = await desk.fetch(
        "SELECT event_id, payer_id FROM journal_entry WHERE kind = 'write-off'"
    )
    assert entry == {"event_id": said.event_id, "payer_id": "BUCKEYE01"}
    assert (await desk.sums())["open"] == CHARGE - 10_000
    await desk.assert_books_balance()


async def test_over_the_limit_it_takes_a_second_person(desk: Desk, claim_id: str) -> None:
    command = wanted(claim_id, 10_001)
    answer = await ask(desk, "/write-offs", command)
    assert answer.json()["state"] == "proposed"
    assert "written_off" not in await desk.sums()
    place = f"/write-offs/{command['write_off_id']}"
    again = await ask(desk, f"{place}/approve")
    assert (again.status_code, again.json()["title"]) == (
        409,
        "another person than the one who proposed it decides",
    )
    approved = await ask(desk, f"{place}/approve", key=SECOND_KEY)
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("posted", "second")
    assert (await desk.sums())["written_off"] == 10_001
    assert len(await desk.billing.published(WriteOffProposed)) == 1
    assert len(await desk.billing.published(BalanceWrittenOff)) == 1
    await desk.assert_books_balance()


async def test_a_large_balance_does_not_go_in_small_pieces(desk: Desk, claim_id: str) -> None:
    states = [
        (await ask(desk, "/write-offs", wanted(claim_id, 4_000))).json()["state"] for _ in range(3)
    ]
    assert states == ["posted", "posted", "proposed"]


async def test_an_admin_sets_what_one_person_may_decide(desk: Desk, claim_id: str) -> None:
    async with desk.billing.http(desk.practice_id, key=SECOND_KEY) as client:
        refused = await client.put("/write-off-policy", json={"alone_cents": 10**6})
    assert refused.status_code == 403
    async with desk.billing.http(desk.practice_id) as client:
        await client.put("/write-off-policy", json={"alone_cents": 500})
    assert (await ask(desk, "/write-offs", wanted(claim_id, 501))).json()["state"] == "proposed"
    assert (await ask(desk, "/write-offs", wanted(claim_id, 500))).json()["state"] == "posted"


async def test_more_than_is_owed_is_refused(desk: Desk, claim_id: str) -> None:
    over = await ask(desk, "/write-offs", wanted(claim_id, CHARGE + 1))
    assert over.status_code == 409
    patient = await ask(desk, "/write-offs", wanted(claim_id, 1, owed_by="patient"))
    assert patient.status_code == 409
    assert "written_off" not in await desk.sums()


async def test_what_was_paid_meanwhile_cannot_be_approved(desk: Desk, claim_id: str) -> None:
    command = wanted(claim_id, CHARGE)
    await ask(desk, "/write-offs", command)
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    late = await ask(desk, f"/write-offs/{command['write_off_id']}/approve", key=SECOND_KEY)
    assert late.status_code == 409
    declined = await ask(desk, f"/write-offs/{command['write_off_id']}/decline", key=SECOND_KEY)
    assert declined.json()["state"] == "declined"
    assert len(await desk.billing.published(WriteOffDeclined)) == 1
    assert "written_off" not in await desk.sums()


async def test_the_same_again_changes_nothing_and_another_under_its_id_is_refused(
    desk: Desk, claim_id: str
) -> None:
    command = wanted(claim_id, 300)
    first, again = [await ask(desk, "/write-offs", command) for _ in range(2)]
    assert first.json() == again.json()
    other = await ask(desk, "/write-offs", {**command, "cents": 301})
    assert other.status_code == 409
    assert (await desk.sums())["written_off"] == 300


async def test_a_patients_share_is_given_up_and_taken_back(desk: Desk, claim_id: str) -> None:
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    command = wanted(claim_id, 2_000, owed_by="patient", reason="charity-care")
    await ask(desk, "/write-offs", command)
    assert (await desk.sums())["patient"] == 0
    for _ in range(2):
        answer = await ask(desk, f"/write-offs/{command['write_off_id']}/reverse")
        assert answer.json()["state"] == "reversed"
    assert (await desk.sums())["patient"] == 2_000
    [back] = await desk.billing.published(WriteOffReversed)
    assert (back.payer_id, back.reason, back.cents) == (None, "charity-care", 2_000)
    await desk.assert_books_balance()


async def test_what_waits_for_a_second_person_is_listed_page_by_page(
    desk: Desk, claim_id: str
) -> None:
    made = [wanted(claim_id, 10_500 + number) for number in range(3)]
    for command in made:
        await ask(desk, "/write-offs", command)
    seen: list[int] = []
    after: dict[str, str] = {}
    async with desk.billing.http(desk.practice_id) as client:
        while page := (
            await client.get("/write-offs", params={"state": "proposed", "limit": 2, **after})
        ).json():
            seen += [row["cents"] for row in page]
            after = {"after": page[-1]["write_off_id"]}
    assert sorted(seen) == [10_500, 10_501, 10_502]


async def test_an_unknown_claim_or_write_off_is_not_found(desk: Desk) -> None:
    assert (await ask(desk, "/write-offs", wanted(str(uuid4()), 1))).status_code == 404
    assert (await ask(desk, f"/write-offs/{uuid4()}/approve")).status_code == 404


async def test_a_payment_of_what_was_given_up_waits_until_the_write_off_is_taken_back(
    desk: Desk, claim_id: str
) -> None:
    command = wanted(claim_id, 10_000)
    await ask(desk, "/write-offs", command)
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    assert await desk.states() == ["submitted"]
    async with desk.billing.http(desk.practice_id) as client:
        [waiting] = (await client.get("/unmatched-remittances")).json()
        assert waiting["reason"] == "overpaid"
        await client.post(f"/write-offs/{command['write_off_id']}/reverse")
        place = f"/unmatched-remittances/{waiting['remittance_id']}/{waiting['place']}"
        applied = await client.post(f"{place}/apply", json={"claim_id": claim_id})
        assert applied.status_code == 200, applied.text
    assert await desk.states() == ["paid"]
    assert (await desk.sums())["paid"] == 10_050
    await desk.assert_books_balance()
