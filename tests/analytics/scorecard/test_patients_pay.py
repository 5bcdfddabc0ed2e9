"""Patients' money is collected in the month of the visit that took it."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.examples.billing_balances import (
    patient_payment_applied,
    patient_payment_unapplied,
)
from services.analytics.figures.definitions import BY_NAME
from services.analytics.figures.model import work_out
from services.analytics.scorecard import store
from tests.analytics.conftest import NAMES
from tests.analytics.months import Visit, practice_id
from tests.harness import Harness

PRACTICE = practice_id(NAMES[0])
MARCH = date(2026, 3, 1)


async def figures(analytics: Harness) -> dict[str, Any]:
    async with analytics.work.read([PRACTICE]) as db:
        months = (await store.read_scorecards(db))[PRACTICE]
    names = ("collections", "patient_share", "open", "net_collection_rate")
    return {name: work_out(BY_NAME[name], months, MARCH) for name in names}


async def test_a_patients_payment_moves_collections_and_nothing_else_that_is_open(
    analytics: Harness,
) -> None:
    visit = Visit(PRACTICE, date(2026, 3, 10), 1)
    await analytics.receive(
        visit.encounter(),
        visit.charges(20_000),
        visit.payment(paid=12_000, adjusted=6_000, patient=2_000),
        patient_payment_applied(practice_id=PRACTICE, cents=1_500),
    )
    shown = await figures(analytics)
    assert (shown["collections"], shown["patient_share"], shown["open"]) == (13_500, 2_000, 0)
    assert str(shown["net_collection_rate"]) == "96.4"
    await analytics.receive(patient_payment_unapplied(practice_id=PRACTICE, cents=1_500))
    assert (await figures(analytics))["collections"] == 12_000


async def test_what_a_payer_learned_of_later_is_asked_for_is_open_and_the_patients_no_more(
    analytics: Harness,
) -> None:
    visit = Visit(PRACTICE, date(2026, 3, 10), 1)
    await analytics.receive(
        visit.encounter(),
        visit.charges(20_000),
        visit.payment(paid=12_000, adjusted=6_000, patient=2_000),
        visit.share_lifted(2_000),
    )
    shown = await figures(analytics)
    assert (shown["patient_share"], shown["open"]) == (0, 2_000)
    await analytics.receive(visit.reversal(paid=12_000, adjusted=6_000, patient=0))
    shown = await figures(analytics)
    assert (shown["patient_share"], shown["open"]) == (0, 20_000)
