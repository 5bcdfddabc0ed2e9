"""A visit that was corrected or voided: its charges follow to the cent, until a payer has them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

import pytest

from libs.events.contracts.billing import ChargesPosted, ChargesReversed, ClaimSubmitted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.contracts.interop import EncounterCorrected
from libs.events.examples.interop import (
    COVERAGE,
    ENCOUNTER,
    encounter_corrected,
    encounter_posted,
    encounter_voided,
    line,
)
from libs.local.payer.claims import read_claims
from tests.billing.desk import Desk
from tests.harness import Harness

CLAIM = uuid5(ENCOUNTER, "claim")
UNPRICED = (line(procedure_code="G0101"),)


def corrected(**changes: Any) -> EncounterCorrected:
    """The second unit of `encounter_corrected`, on the first day unless told otherwise."""
    return encounter_corrected(**{"service_on": date(2026, 3, 2), **changes})


async def due(desk: Desk) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get("/corrections-due")).json()


async def test_before_it_is_sent_a_claim_is_priced_anew_and_sent_as_the_visit_is_now(
    desk: Desk,
) -> None:
    await desk.billing.receive(encounter_posted())
    await desk.billing.receive(corrected())
    first, second = await desk.billing.published(ChargesPosted)
    [undone] = await desk.billing.published(ChargesReversed)
    assert (first.charge_cents, undone.charge_cents, second.charge_cents) == (
        17_800,
        17_800,
        35_600,
    )
    assert (await desk.sums())["charges"] == (await desk.sums())["open"] == 35_600
    await desk.assert_books_balance()
    async with desk.billing.http(desk.practice_id) as client:
        history = (await client.get(f"/claims/{CLAIM}")).json()
    entries = {(one["kind"], one["event_id"]) for one in history["journal"]}
    assert entries == {
        ("charge", str(first.event_id)),
        ("charge-reversal", str(undone.event_id)),
        ("charge", str(second.event_id)),
    }
    await desk.send()
    [submitted] = await desk.billing.published(ClaimSubmitted)
    assert submitted.charge_cents == 35_600
    [file] = desk.outbound.glob("*.837")
    [claim] = read_claims(file.read_bytes()).claims
    assert claim.charge_cents == 35_600


async def test_a_correction_that_comes_twice_counts_once(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    once = corrected()
    await desk.billing.receive(once, once)
    assert (await desk.sums())["charges"] == 35_600
    assert len(await desk.billing.published(ChargesReversed)) == 1


async def test_another_month_and_payer_leave_nothing_in_the_old_ones(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(coverage=None))
    await desk.billing.receive(corrected(service_on=date(2026, 2, 2), coverage=COVERAGE))
    async with desk.billing.http(desk.practice_id) as client:
        sums = (await client.get("/ledger/summary")).json()
    assert {(s["service_month"], s["account"], s["cents"]) for s in sums if s["cents"]} == {
        ("2026-02-01", "payer-receivable", 35_600),
        ("2026-02-01", "charges", -35_600),
    }
    assert await desk.states() == ["ready"]


async def test_a_held_claim_is_released_and_held_again_for_what_it_lacks_now(
    desk: Desk,
) -> None:
    await desk.billing.receive(encounter_posted(lines=UNPRICED), corrected())
    assert len(await desk.billing.published(ClaimHeld)) == 1
    assert len(await desk.billing.published(ClaimReleased)) == 1
    assert await desk.states() == ["ready"]
    await desk.billing.receive(corrected(lines=UNPRICED))
    assert [held.reason for held in await desk.billing.published(ClaimHeld)] == [
        "procedure-not-priced"
    ] * 2
    assert (await desk.sums())["charges"] == 0
    await desk.assert_books_balance()


async def test_a_voided_visit_is_charged_to_nobody_and_sent_to_nobody(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(), encounter_voided(), encounter_voided())
    assert await desk.states() == ["voided"]
    assert (await desk.sums())["charges"] == (await desk.sums())["open"] == 0
    assert len(await desk.billing.published(ChargesReversed)) == 1
    await desk.send()
    assert await desk.billing.published(ClaimSubmitted) == []


async def test_a_voided_visit_that_is_sent_after_all_is_charged_again(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(), encounter_voided(), corrected(replaces=None))
    assert await desk.states() == ["ready"]
    assert (await desk.sums())["charges"] == 35_600
    await desk.assert_books_balance()


@pytest.mark.parametrize("kind", ["replace", "void"])
async def test_what_a_payer_has_stands_and_goes_to_the_work_list(desk: Desk, kind: str) -> None:
    await desk.billing.receive(encounter_posted())
    await desk.send()
    change = corrected() if kind == "replace" else encounter_voided()
    await desk.billing.receive(change)
    assert (await desk.sums())["charges"] == 17_800, "as the payer was asked"
    assert await desk.billing.published(ChargesReversed) == []
    [one] = await due(desk)
    assert (one["claim_id"], one["kind"], one["state"], one["event_id"]) == (
        str(CLAIM),
        kind,
        "submitted",
        str(change.event_id),
    )
    back = encounter_posted()
    await desk.billing.receive(corrected(**{n: getattr(back, n) for n in type(back).model_fields}))
    assert await due(desk) == [], "back to what the payer has"


async def test_a_correction_of_a_visit_whose_posting_was_given_up_opens_its_claim(
    desk: Desk,
) -> None:
    await desk.billing.receive(corrected())
    assert await desk.states() == ["ready"]
    assert (await desk.sums())["charges"] == 35_600


async def test_a_foreign_practices_work_list_is_empty(desk: Desk, billing: Harness) -> None:
    await desk.billing.receive(encounter_posted())
    await desk.send()
    await desk.billing.receive(encounter_voided())
    async with billing.http(uuid5(ENCOUNTER, "another practice")) as client:
        assert (await client.get("/corrections-due")).json() == []
