"""How long charges take to be posted is counted once a visit; late ones can be looked at."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.events.examples.interop import (
    ENCOUNTER,
    NPI,
    encounter_corrected,
    encounter_posted,
    encounter_voided,
    line,
)
from services.billing.charges.lag import PostedVisit, lag_of
from services.billing.charges.model import added_services
from tests.billing.desk import Desk, visit

OTHER = "1912301953"
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


async def get(desk: Desk, path: str, **params: Any) -> Any:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _visits(*days: int) -> list[PostedVisit]:
    on = date(2026, 3, 31)
    return [PostedVisit(NPI, date.fromordinal(on.toordinal() - d), on) for d in days]


def test_the_ranks_are_days_that_some_visit_took() -> None:
    lag = lag_of(_visits(0, 0, 1, 1, 1, 2, 2, 3, 4, 30), late_after_days=3)
    assert (lag.visits, lag.lag_days, lag.median_days, lag.p90_days, lag.late) == (10, 44, 1, 4, 2)
    assert lag_of([], late_after_days=3).median_days is None
    assert lag_of(_visits(-1), late_after_days=0).lag_days == 0


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40))
def test_half_took_no_longer_than_the_median_and_nine_of_ten_no_longer_than_p90(
    days: list[int],
) -> None:
    lag = lag_of(_visits(*days), late_after_days=3)
    for rank, percent in ((lag.median_days, 50), (lag.p90_days, 90)):
        assert rank in days
        assert rank is not None
        assert sum(d <= rank for d in days) * 100 >= len(days) * percent
        assert sum(d < rank for d in days) * 100 < len(days) * percent


async def test_each_clinicians_lag_is_shown_and_late_visits_are_listed(desk: Desk) -> None:
    await desk.billing.given(provider_credentialed(npi=OTHER), provider_enrolled(npi=OTHER))
    await desk.billing.receive(
        visit(1, service_on=date(2026, 3, 2)),
        visit(2, service_on=date(2026, 2, 20)),
        visit(3, service_on=date(2026, 3, 1), provider_npi=OTHER),
    )
    shown = await get(desk, "/charges/lag", **MARCH)
    assert shown["practice"] == {
        "visits": 3, "lag_days": 11, "median_days": 1, "p90_days": 10, "late": 1,
    }  # fmt: skip
    by = {one["provider_npi"]: one["lag"] for one in shown["clinicians"]}
    assert (by[NPI]["p90_days"], by[OTHER]["p90_days"]) == (10, 1)
    assert (await get(desk, "/charges/lag", **{**MARCH, "late_after_days": 0}))["practice"][
        "late"
    ] == 2
    [late] = await get(desk, "/charges/late")
    assert (late["lag_days"], late["posted_on"]) == (10, "2026-03-02")
    assert await get(desk, "/charges/late", after=late["claim_id"]) == []


async def test_a_visit_that_is_charged_anew_counts_when_it_was_charged_first(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    desk.billing.clock.move_to(datetime.fromisoformat("2026-03-20T12:00:00+00:00"))
    await desk.billing.receive(encounter_corrected(service_on=date(2026, 3, 2)))
    shown = await get(desk, "/charges/lag", **MARCH)
    assert (shown["practice"]["visits"], shown["practice"]["lag_days"]) == (1, 0)
    assert await get(desk, "/charges/late") == []


def test_what_is_added_is_what_the_claim_that_left_did_not_have() -> None:
    before = {("G0439", ()): 1, ("71046", ("26",)): 2}
    lines = [
        line(units=1),
        line(procedure_code="71046", modifiers=("26",), units=3),
        line(procedure_code="G0444"),
    ]
    assert added_services(before, lines) == {"71046": 1, "G0444": 1}
    assert added_services({("G0439", ()): 5}, [line()]) == {}


async def test_services_added_after_the_claim_left_name_the_correction(desk: Desk) -> None:
    await desk.see_patients(3)
    added = encounter_corrected(
        encounter_id=uuid5(ENCOUNTER, "0"),
        service_on=date(2026, 3, 2),
        lines=(line(), line(line_number=2, procedure_code="G0444", units=2)),
    )
    fewer = encounter_corrected(
        encounter_id=uuid5(ENCOUNTER, "1"),
        service_on=date(2026, 3, 2),
        lines=(line(diagnosis_pointers=(1,)),),
        place_of_service="22",
    )
    await desk.billing.receive(added, fewer)
    [shown] = await get(desk, "/charges/added", limit=1)
    assert shown["claim_id"] == str(uuid5(uuid5(ENCOUNTER, "0"), "claim"))
    assert (shown["event_id"], shown["units"]) == (str(added.event_id), {"G0444": 2})
    assert await get(desk, "/charges/added", after=shown["claim_id"]) == []


async def test_a_claim_shows_what_corrections_and_a_void_did_to_its_charges(desk: Desk) -> None:
    claim = uuid5(ENCOUNTER, "claim")
    await desk.billing.receive(
        encounter_posted(), encounter_corrected(service_on=date(2026, 3, 2)), encounter_voided()
    )
    first, second = (await get(desk, f"/claims/{claim}"))["revisions"]
    assert [(r["number"], r["charge_cents"]) for r in (first, second)] == [(1, 17_800), (2, 35_600)]
    assert all(r["event_id"] and r["reversed_by"] for r in (first, second))
    assert first["reversed_by"] != second["reversed_by"]
