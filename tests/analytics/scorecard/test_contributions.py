"""Every figure opens to the events behind it, and they sum to it: for all figures, all months."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.transport.database import Db
from services.analytics.figures.definitions import FIGURES
from services.analytics.figures.model import Months, Part, add_up, first_month, sum_part
from services.analytics.scorecard import store
from tests.analytics.conftest import MONTHS, NAMES
from tests.analytics.months import practice_id
from tests.harness import Harness

PER_PAGE = 17


async def listed_sum(db: Db, part: Part, month: date) -> int:
    """The amounts of all pages of the list, added up by this test."""
    counters, since, total, offset = (
        list(part.counters.items()),
        first_month(part.window, month),
        0,
        0,
    )
    while rows := await store.list_contributions(
        db, counters, since, month, limit=PER_PAGE, offset=offset
    ):
        total += sum(row["amount"] for row in rows)
        offset += PER_PAGE
    return total


async def test_the_events_listed_behind_each_part_of_each_figure_sum_to_it(told: Harness) -> None:
    one, other = (practice_id(name) for name in NAMES)
    checked = nonzero = 0
    scopes: list[list[UUID]] = [[one], [other], [one, other]]
    for practices in scopes:
        async with told.work.read(practices) as db:
            months: Months = add_up(list((await store.read_scorecards(db)).values()))
            for figure in FIGURES:
                for part in figure.parts:
                    for month in MONTHS:
                        expected = sum_part(part, months, month)
                        since = first_month(part.window, month)
                        summed = await store.sum_contributions(
                            db, part.counters.items(), since, month
                        )
                        assert summed.amount == expected, (figure.name, part.name, month)
                        assert await listed_sum(db, part, month) == expected
                        checked += 1
                        nonzero += expected != 0
    assert checked == 3 * 3 * sum(len(figure.parts) for figure in FIGURES)
    assert nonzero > 0.8 * checked  # the made-up months leave hardly a figure at zero


async def test_a_lost_contribution_would_be_noticed(told: Harness) -> None:
    practice = practice_id(NAMES[0])
    async with told.uow(practice) as uow:
        await uow.db.execute(
            "DELETE FROM figure_event WHERE event_id = (SELECT event_id FROM figure_event "
            "WHERE counter = 'charge_cents' AND service_month = $1 LIMIT 1)",
            MONTHS[0],
        )
    async with told.http() as client:
        page = await client.get(
            f"/practices/{practice}/figures/charges", params={"month": f"{MONTHS[0]:%Y-%m}"}
        )
    assert "differs from the figure" in page.text


async def test_a_contribution_says_which_event_it_is_and_where_it_stands(told: Harness) -> None:
    async with told.work.read([practice_id(NAMES[0])]) as db:
        rows = await store.list_contributions(
            db, [("paid_cents", 1)], MONTHS[0], MONTHS[-1], limit=5, offset=0
        )
    for row in rows:
        assert row["event_type"] in ("billing.payment-posted.v1", "billing.payment-reversed.v1")
        assert row["topic"] == "billing.claims"
        assert row["log_offset"] >= 0
    assert len({row["event_id"] for row in rows}) == 5
