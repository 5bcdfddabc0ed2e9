"""A visit that is corrected, moved or voided counts as it stands now; so does a query."""

from __future__ import annotations

from datetime import date

from libs.events.examples import billing, interop, payroll
from services.analytics.scorecard import store
from tests.analytics.scorecard.test_projection import PRACTICE, march
from tests.harness import Harness


async def test_a_corrected_visit_counts_in_its_new_month_and_a_voided_one_in_none(
    analytics: Harness,
) -> None:
    in_march = interop.encounter_posted(practice_id=PRACTICE)
    moved = interop.encounter_corrected(practice_id=PRACTICE, service_on=date(2026, 4, 1))
    await analytics.receive(
        in_march,
        billing.charges_posted(practice_id=PRACTICE),
        payroll.productivity_recorded(practice_id=PRACTICE),
        moved,
        billing.charges_reversed(practice_id=PRACTICE),
        payroll.productivity_reversed(practice_id=PRACTICE),
    )
    assert await march(analytics) == {}
    async with analytics.work.read([PRACTICE]) as db:
        april = (await store.read_scorecards(db))[PRACTICE][date(2026, 4, 1)]
    assert (april["encounters"], april["patients"]) == (1, 1)
    replaces = interop.REPLACED.model_copy(update={"service_on": date(2026, 4, 1)})
    await analytics.receive(interop.encounter_voided(practice_id=PRACTICE, replaces=replaces))
    async with analytics.work.read([PRACTICE]) as db:
        april = (await store.read_scorecards(db))[PRACTICE][date(2026, 4, 1)]
    assert (april["encounters"], april["patients"]) == (0, 0)
    await analytics.receive(interop.encounter_corrected(practice_id=PRACTICE, replaces=None))
    assert await march(analytics) == {"encounters": 1, "patients": 1}, (
        "sent again after it was voided"
    )


async def test_a_withdrawn_query_is_open_no_more_until_it_is_asked_again(
    analytics: Harness,
) -> None:
    asked = interop.query_opened(practice_id=PRACTICE)
    await analytics.receive(asked, interop.query_withdrawn(practice_id=PRACTICE))
    assert await march(analytics) == {"queries_opened": 1}
    await analytics.receive(interop.query_opened(practice_id=PRACTICE))
    assert await march(analytics) == {"queries_opened": 2, "open_queries": 1}
