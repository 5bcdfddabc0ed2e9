"""A process manager by the book, and law 8: a timer waits while an event about it is parked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from libs.events.contracts import Event
from libs.events.transport.clock import FixedClock
from libs.events.transport.database import NO_PRACTICE
from libs.events.transport.runtime import Running, running
from libs.events.transport.timers import Timers
from tests.cli.mainstay import Answer, mainstay
from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.checkout import (
    CHECKOUT,
    PAYMENT_TIME,
    PAYMENTS,
    PLACED,
    SETTLED,
    TABLES,
    OrderPlaced,
    PaymentReceived,
    checkout,
    jammed,
    shop,
)
from tests.transport.ledger import OTHER_PRACTICE, PRACTICE
from tests.transport.platform import empty_topics, eventually, records_of, seeing_all

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARK = """
INSERT INTO parked_key (practice_id, consumer, topic, partition, key) VALUES ($1, $2, 't', 0, $3)
"""


@dataclass
class Checkout:
    """The shop publishes, the checkout waits for payments, and the test has its clock."""

    clock: FixedClock
    kafka: str
    dsn: str
    publishing: Running
    started: Running

    async def publish(self, *events: Event) -> None:
        async with self.publishing.work.unit_of_work(PRACTICE) as uow:
            for event in events:
                await uow.publish(event)

    async def becomes(self, order_number: str, state: str) -> None:
        async def look() -> bool:
            async with seeing_all(self.dsn) as db:
                now = await db.fetchval(
                    "SELECT state FROM purchase WHERE order_number = $1", order_number
                )
            return now == state

        await eventually(look, what=f"order {order_number} is {state}")

    async def parked(self, count: int) -> None:
        async def look() -> bool:
            async with seeing_all(self.dsn) as db:
                return await db.fetchval("SELECT count(*) FROM parked_event") == count

        await eventually(look, what=f"{count} events are parked")

    async def outcomes(self, count: int) -> list[str]:
        async def look() -> list[str]:
            records = await records_of(self.kafka, SETTLED)
            told = [str((record.value or b"").decode()) for record in records]
            return told if len(told) == count else []

        told = await eventually(look, what=f"{count} orders are settled")
        return [text.split('"outcome":"')[1].split('"')[0] for text in told]

    async def mainstay(self, *arguments: str) -> Answer:
        return await mainstay(*arguments, kafka=self.kafka, databases={CHECKOUT: self.dsn})

    async def timers(self) -> list[str]:
        async with seeing_all(self.dsn) as db:
            return [row["key"] for row in await db.fetch("SELECT key FROM timer ORDER BY key")]


@pytest.fixture
async def desk(databases: Databases, addresses: Addresses) -> AsyncIterator[Checkout]:
    await empty_topics(addresses.kafka, (PLACED, PAYMENTS, SETTLED))
    clock = FixedClock(NOON)
    async with databases.clone("shop") as shop_dsn, databases.clone("checkout", TABLES) as dsn:
        async with (
            running(shop, dsn=shop_dsn, kafka=addresses.kafka) as publishing,
            running(checkout, dsn=dsn, kafka=addresses.kafka, clock=clock) as started,
        ):
            yield Checkout(clock, addresses.kafka, dsn, publishing, started)


def placed(order_number: str) -> OrderPlaced:
    return OrderPlaced(practice_id=PRACTICE, order_number=order_number)


def paid(order_number: str) -> PaymentReceived:
    return PaymentReceived(practice_id=PRACTICE, order_number=order_number, cents=5)


async def test_an_order_is_paid_in_time_whichever_of_the_two_events_is_heard_first(
    desk: Checkout,
) -> None:
    await desk.publish(placed("1"))
    await desk.becomes("1", "awaited")
    assert await desk.timers() == ["1"]
    await desk.publish(paid("1"))
    await desk.becomes("1", "paid")
    assert await desk.timers() == [], "the timeout is cancelled with the state"
    await desk.publish(paid("2"))
    await desk.becomes("2", "paid early")
    await desk.publish(placed("2"))
    await desk.becomes("2", "paid")
    assert await desk.outcomes(2) == ["paid", "paid"]


async def test_an_order_that_nobody_paid_is_given_up_and_a_late_payment_goes_back(
    desk: Checkout,
) -> None:
    await desk.publish(placed("1"))
    await desk.becomes("1", "awaited")
    desk.clock.advance(PAYMENT_TIME)
    await desk.becomes("1", "timed out")
    await desk.publish(paid("1"))
    await desk.becomes("1", "refunded")
    assert await desk.outcomes(2) == ["timed out", "refunded"]


async def test_a_timer_waits_while_an_event_of_its_key_is_parked(desk: Checkout) -> None:
    """The payment is here, only not handled: to give the order up would be wrong."""
    await desk.publish(placed("1"), placed("2"))
    for number in ("1", "2"):
        await desk.becomes(number, "awaited")
    jammed.add("1")
    try:
        await desk.publish(paid("1"))
        await desk.parked(1)
        desk.clock.advance(PAYMENT_TIME + timedelta(hours=1))
        await desk.becomes("2", "timed out")
        assert await desk.timers() == ["1"], "only the other order's timer has fired"
    finally:
        jammed.clear()
    [row] = (await desk.mainstay("parked", "list", "--json")).json()
    assert (await desk.mainstay("parked", "retry", CHECKOUT, str(row["id"]))).code == 0
    await desk.becomes("1", "paid")
    assert await desk.timers() == []


async def test_a_timer_waits_for_the_keys_it_is_about_and_for_no_others(desk: Checkout) -> None:
    work = desk.started.work
    async with work.unit_of_work(PRACTICE) as uow:
        for key, about in (("a", ("x", "y")), ("b", ("z",)), ("c", ()), ("d", ())):
            await uow.set_timer("payment-time", key, NOON + PAYMENT_TIME, about=about)
    async with seeing_all(desk.dsn) as db:
        await db.execute(PARK, PRACTICE, CHECKOUT, "y")
        await db.execute(PARK, OTHER_PRACTICE, CHECKOUT, "z")
        await db.execute(PARK, PRACTICE, f"{CHECKOUT}.other", "b")
        await db.execute(PARK, NO_PRACTICE, CHECKOUT, "c")
    desk.clock.advance(PAYMENT_TIME)

    async def left() -> bool:
        return await desk.timers() == ["a", "c"]

    await eventually(left, what="b and d fire")
    assert await Timers(checkout, work).fire_due() == 0
    async with seeing_all(desk.dsn) as db:
        await db.execute("DELETE FROM parked_key")

    async def fired() -> bool:
        return await desk.timers() == []

    await eventually(fired, what="the others fire when nothing is parked any more")
