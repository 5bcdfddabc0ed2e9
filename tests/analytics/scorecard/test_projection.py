"""The scorecard's fold: each event's part in it, and the laws of every projection."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts import Event
from libs.events.examples.interop import interface_down, interface_up
from libs.events.transport import Envelope
from libs.events.transport.database import Db
from libs.events.transport.envelope import Origin, read_envelope, write_headers, write_sequence
from libs.events.transport.folding import Folding
from services.analytics.scorecard import store
from services.analytics.scorecard.projection import scorecard
from tests.analytics.conftest import NAMES, two_practices
from tests.analytics.months import Visit, onboarded, practice_id
from tests.harness import START, Harness
from tests.projections.drawing import shuffle_between_keys

PRACTICE = practice_id(NAMES[0])
MARCH = date(2026, 3, 1)
MARCH_TENTH = date(2026, 3, 10)


def a_visit(number: int = 1) -> Visit:
    return Visit(PRACTICE, MARCH_TENTH, number)


async def march(analytics: Harness) -> dict[str, int]:
    """The counters of March that are not zero."""
    async with analytics.work.read([PRACTICE]) as db:
        counters = (await store.read_scorecards(db))[PRACTICE][MARCH]
    return {name: number for name, number in counters.items() if number}


async def test_a_visit_paid_on_first_pass_moves_the_month_of_the_visit(analytics: Harness) -> None:
    visit = a_visit()
    await analytics.receive(
        visit.booked(),
        visit.encounter(),
        visit.productivity(192),
        visit.charges(20_000),
        visit.submitted(20_000),
        visit.accepted(),
        visit.payment(paid=12_000, adjusted=6_000, patient=2_000),
        visit.paid(20_000, 12_000, 2_000),
        visit.fee(12_000),
    )
    assert await march(analytics) == {
        "booked": 1,
        "encounters": 1,
        "patients": 1,
        "work_rvu_hundredths": 192,
        "pay_cents": 9_216,
        "charge_cents": 20_000,
        "claims": 1,
        "claims_submitted": 1,
        "claims_accepted": 1,
        "paid_cents": 12_000,
        "adjusted_cents": 6_000,
        "patient_cents": 2_000,
        "adjudicated": 1,
        "clean": 1,
        "fee_cents": 780,
    }


async def test_what_is_taken_back_leaves_again(analytics: Harness) -> None:
    visit = a_visit()
    await analytics.receive(
        visit.charges(20_000),
        visit.payment(paid=12_000, adjusted=6_000, patient=1_500, denied=500),
        visit.fee(12_000),
        visit.reversal(paid=12_000, adjusted=6_000, patient=1_500, denied=500),
        visit.fee_reversed(12_000),
    )
    assert await march(analytics) == {"charge_cents": 20_000, "claims": 1}


async def test_what_is_given_up_leaves_who_owed_it(analytics: Harness) -> None:
    visit = a_visit()
    await analytics.receive(
        visit.charges(20_000),
        visit.payment(paid=12_000, adjusted=3_000, patient=1_500, denied=3_500),
        visit.write_off(3_500, "payer"),
        visit.write_off(1_500, "patient"),
    )
    charged = {"charge_cents": 20_000, "paid_cents": 12_000, "adjusted_cents": 3_000}
    assert await march(analytics) == charged | {
        "claims": 1,
        "denied_cents": 3_500,
        "written_off_cents": 5_000,
    }
    await analytics.receive(visit.write_off_reversed(1_500, "patient"))
    counted = await march(analytics)
    assert (counted["patient_cents"], counted["written_off_cents"]) == (1_500, 3_500)


async def test_a_visit_without_a_payer_is_the_patients_to_pay_at_once(analytics: Harness) -> None:
    await analytics.receive(a_visit().charges(20_000, payer=None))
    assert await march(analytics) == {
        "charge_cents": 20_000,
        "claims": 1,
        "patient_cents": 20_000,
    }


async def test_a_denied_claim_is_decided_and_its_charge_stays_open(analytics: Harness) -> None:
    visit = a_visit()
    await analytics.receive(
        visit.charges(20_000),
        visit.payment(paid=0, adjusted=0, patient=0, denied=20_000),
        visit.denied(20_000),
    )
    assert await march(analytics) == {
        "charge_cents": 20_000,
        "claims": 1,
        "denied_cents": 20_000,
        "adjudicated": 1,
        "denied": 1,
    }


async def test_a_claim_held_again_for_another_reason_is_on_hold_once(analytics: Harness) -> None:
    visit, other = a_visit(), a_visit(2)
    again = visit.held().with_event_id(uuid4())
    await analytics.receive(visit.held(), again, other.held(), other.released())
    assert await march(analytics) == {
        "claims_held": 3,
        "claims_released": 1,
        "claims_on_hold": 1,
    }
    await analytics.receive(visit.released())
    assert "claims_on_hold" not in await march(analytics)


async def test_an_answered_query_is_open_no_more(analytics: Harness) -> None:
    await analytics.receive(a_visit(1).query(), a_visit(2).query(), a_visit(2).answer())
    assert await march(analytics) == {"queries_opened": 2, "open_queries": 1}


async def test_a_visit_at_a_place_of_telehealth_is_one_by_video(analytics: Harness) -> None:
    for number, place in enumerate(("02", "10", "11")):
        encounter = a_visit(number).encounter()
        await analytics.receive(encounter.model_copy(update={"place_of_service": place}))
    counted = await march(analytics)
    assert (counted["encounters"], counted["video_visits"]) == (3, 2)


async def test_an_interface_is_down_until_it_is_up_also_where_nothing_else_is_counted(
    analytics: Harness,
) -> None:
    one = {"practice_id": PRACTICE, "connection_id": uuid4()}
    other = {"practice_id": PRACTICE, "connection_id": uuid4()}
    await analytics.receive(interface_down(**one), interface_down(**other))
    assert await march(analytics) == {"interfaces_down": 2}
    await analytics.receive(interface_up(**one))
    assert await march(analytics) == {"interfaces_down": 1}


async def test_a_missed_appointment_counts_in_the_month_it_was_for(analytics: Harness) -> None:
    await analytics.receive(a_visit().booked(), a_visit().missed())
    assert await march(analytics) == {"booked": 1, "missed": 1}


async def test_an_appointment_counts_where_it_was_moved_to(analytics: Harness) -> None:
    april = date(2026, 4, 2)
    await analytics.receive(a_visit().booked(), a_visit(2).booked(), a_visit().moved(april))
    assert await march(analytics) == {"booked": 1}
    async with analytics.work.read([PRACTICE]) as db:
        months = (await store.read_scorecards(db))[PRACTICE]
    assert months[april.replace(day=1)]["booked"] == 1


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (["cancelled"], {"booked": 2, "cancelled": 1}),
        (["missed", "cancelled"], {"booked": 2, "cancelled": 1}),
        (["missed", "kept"], {"booked": 2, "completed": 1}),
        (["cancelled", "booked"], {"booked": 2}),
        (["cancelled", "booked", "missed"], {"booked": 2, "missed": 1}),
        (["missed", "deleted"], {"booked": 1}),
        (["deleted", "booked"], {"booked": 2}),
    ],
)
async def test_an_appointment_is_counted_by_what_became_of_it(
    analytics: Harness, told: list[str], counted: dict[str, int]
) -> None:
    visit = a_visit()
    await analytics.receive(visit.booked(), a_visit(2).booked())
    for name in told:
        event = visit.cancelled("booked-in-error") if name == "deleted" else getattr(visit, name)()
        await analytics.receive(event.with_event_id(uuid4()))
    assert await march(analytics) == counted


async def test_what_version_1_counted_in_sums_is_read_until_it_is_rebuilt(
    analytics: Harness,
) -> None:
    await analytics.receive(a_visit().encounter())
    async with analytics.uow(PRACTICE) as uow:
        await uow.db.execute("UPDATE scorecard SET booked = 3, missed = 1")
    assert await march(analytics) == {"encounters": 1, "patients": 1, "booked": 3, "missed": 1}


async def test_a_rejected_claim_is_counted(analytics: Harness) -> None:
    await analytics.receive(a_visit().rejected())
    assert await march(analytics) == {"claims_rejected": 1}


async def test_a_practice_is_listed_before_and_named_after_its_onboarding(
    analytics: Harness,
) -> None:
    await analytics.receive(a_visit().encounter())
    async with analytics.work.read([]) as db:
        assert await store.list_practices(db) == {PRACTICE: None}
    await analytics.receive(onboarded(NAMES[0]))
    async with analytics.work.read([]) as db:
        assert await store.list_practices(db) == {PRACTICE: NAMES[0]}


async def test_redelivered_events_change_nothing(told: Harness) -> None:
    before = await all_rows(told, generation=1)
    await told.receive(*two_practices())
    assert await all_rows(told, generation=1) == before


async def test_batches_in_any_order_between_keys_give_the_same_scorecard(told: Harness) -> None:
    one_by_one = await all_rows(told, generation=1)
    assert len(one_by_one["figure_event"]) > 200
    for generation, seed in ((2, "one"), (3, "other")):
        rng = random.Random(seed)
        folding = Folding("analytics", scorecard, generation)
        events = list(shuffle_between_keys(two_practices(), topic_and_key, rng))
        while events:
            batch, events = events[: (size := rng.randint(1, 120))], events[size:]
            async with told.pool.acquire() as db, db.transaction():
                await folding.checkpoint_name(db)
                await folding.apply(db, [(envelope_of(event), event) for event in batch])
        assert await all_rows(told, generation) == one_by_one


def topic_and_key(event: Event) -> tuple[str, str]:
    return event.topic.name, event.key_value


def envelope_of(event: Event) -> Envelope:
    origin = Origin(uuid4(), None, None)
    headers = write_headers(event, source="test", time=START, origin=origin)
    headers["ce_sequence"] = write_sequence(1, 1)
    return read_envelope(
        [(name, text.encode()) for name, text in headers.items()],
        topic=event.topic.name,
        partition=0,
        offset=0,
        key=event.key_value.encode(),
    )


async def all_rows(analytics: Harness, generation: int) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for its generation and its place in this test's log."""
    async with analytics.work.read([practice_id(name) for name in NAMES]) as db:
        return {
            table.name: await read_table(db, table.name, generation) for table in scorecard.tables
        }


async def read_table(db: Db, name: str, generation: int) -> list[dict[str, Any]]:
    place = ("generation", "log_partition", "log_offset")
    rows = await db.fetch(f"SELECT * FROM {name} WHERE generation = $1", generation)
    return sorted(({k: v for k, v in r.items() if k not in place} for r in rows), key=str)


async def test_rows_of_other_practices_are_not_seen(told: Harness) -> None:
    other = practice_id(NAMES[1])
    async with told.work.read([other]) as db:
        assert set(await store.read_scorecards(db)) == {other}
        seen: set[UUID] = {
            row["practice_id"] for row in await db.fetch("SELECT practice_id FROM contribution")
        }
    assert seen == {other}
