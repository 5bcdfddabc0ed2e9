"""What Prometheus is told of a process: lag, outbox, parked events and times; of no practice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client.parser import text_string_to_metric_families

from libs.events.transport.metrics import start_metrics
from libs.events.transport.service import Service
from libs.events.transport.work import UnitOfWork
from libs.service.process import make_app
from libs.service.settings import Settings
from tests.transport.ledger import (
    LEDGER,
    ORDERS,
    PRACTICE,
    TELLER,
    MoveOrdered,
    ledger,
    order,
    teller,
)
from tests.transport.outboxes import allow, too_large
from tests.transport.platform import Running, TestPlatform, eventually

LABELS = frozenset(
    {
        *("mainstay_consumer", "mainstay_service", "mainstay_projection", "mainstay_reason"),
        *("mainstay_timer", "service", "service_name", "le", "otel_scope_name"),
        *("otel_scope_version", "otel_scope_schema_url"),
        *("messaging_destination_name", "messaging_destination_partition_id"),
    }
)
"""Every label there is; one of a practice, a key or an event would be an identity."""


@pytest.fixture(autouse=True, scope="module")
def _measuring() -> None:  # pyright: ignore[reportUnusedFunction]
    if not isinstance(metrics.get_meter_provider(), MeterProvider):
        start_metrics("a test", None)


class Scrape:
    """What Prometheus reads at /metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [
            sample
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name.startswith("mainstay_")
        ]

    def sum(self, name: str, **labels: str) -> float | None:
        """The sum of the samples with these labels; None where there is none."""
        values = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(values) if values else None


async def scrape(started: Running) -> Scrape:
    settings = Settings.model_validate({"database_url": "none", "kafka": "none"})
    app = make_app(started.service, settings)
    app.state.running = started
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    return Scrape(answer.text)


async def told(started: Running, name: str, value: float, **labels: str) -> Scrape:
    """A scrape in which this metric has this value."""

    async def look() -> Scrape | None:
        found = await scrape(started)
        return found if found.sum(name, **labels) == value else None

    found = await eventually(look, what=f"{name} {labels} is {value}")
    assert found is not None
    return found


async def place(publishing: Running, *numbers: int, poison: int | None = None) -> None:
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number in numbers:
            await uow.publish(order("account-0", number, 5, poison=number == poison))


async def test_lag_is_told_in_records_and_in_seconds_until_it_is_worked_off(
    platform: TestPlatform,
) -> None:
    go_on = asyncio.Event()

    async def hold(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        await go_on.wait()

    of_consumer = {"mainstay_consumer": LEDGER}
    async with (
        platform.start(teller) as publishing,
        platform.start(Service(name=LEDGER, handlers=[hold])) as started,
    ):
        await told(started, "mainstay_consumer_lag", 0, **of_consumer)
        await place(publishing, 1, 2, 3)
        found = await told(started, "mainstay_consumer_lag", 3, **of_consumer)
        before = found.sum("mainstay_consumer_lag_age_seconds", **of_consumer)
        assert before is not None

        async def older() -> bool:
            now = (await scrape(started)).sum("mainstay_consumer_lag_age_seconds", **of_consumer)
            return now is not None and now >= before + 1

        await eventually(older, what="the next record grows older while it waits")
        go_on.set()
        found = await told(started, "mainstay_consumer_lag", 0, **of_consumer)
        assert found.sum("mainstay_consumer_lag_age_seconds", **of_consumer) == 0


async def test_batches_are_counted_and_timed_with_what_was_handled_and_what_parked(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as started:
        orders = {"mainstay_consumer": LEDGER, "messaging_destination_name": ORDERS.name}
        before = await scrape(started)

        def grown(found: Scrape, name: str, **labels: str) -> float:
            return (found.sum(name, **orders, **labels) or 0) - (
                before.sum(name, **orders, **labels) or 0
            )

        await place(publishing, 1, 2, 3, poison=2)
        service = {"mainstay_service": LEDGER}
        await told(started, "mainstay_parked_events", 2, **service)

        async def counted() -> Scrape | None:
            now = await scrape(started)  # a batch is counted just after it has committed
            return now if grown(now, "mainstay_batch_size_sum") == 3 else None

        found = await eventually(counted)
        assert found is not None
        assert found.sum("mainstay_parked_keys", **service) == 1
        assert grown(found, "mainstay_events_handled_total") == 1
        reason = {"mainstay_reason": "failed or behind"}
        assert grown(found, "mainstay_events_parked_total", **reason) == 2
        batches = grown(found, "mainstay_batch_size_count")
        assert 1 <= batches <= 3
        for name in ("handling", "commit"):
            assert grown(found, f"mainstay_batch_{name}_duration_seconds_count") == batches
            assert grown(found, f"mainstay_batch_{name}_duration_seconds_sum") > 0
        await told(started, "mainstay_projection_behind_seconds", 0, mainstay_projection="totals")


async def test_the_outbox_is_told_with_its_depth_and_the_age_of_its_oldest_event(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller, worker=False) as publishing:
        async with platform.teller_db() as relay_waits:
            await relay_waits.execute("LOCK TABLE outbox_shard IN EXCLUSIVE MODE")
            await place(publishing, 1, 2)
            of_teller = {"mainstay_service": TELLER}
            found = await told(publishing, "mainstay_outbox_rows", 2, **of_teller)
            assert (found.sum("mainstay_outbox_age_seconds", **of_teller) or 0) > 0
        await told(publishing, "mainstay_outbox_rows", 0, **of_teller)


async def test_a_projection_that_is_behind_is_told_with_the_age_of_what_it_lacks(
    platform: TestPlatform,
) -> None:
    of_totals = {"mainstay_projection": "totals"}
    async with platform.start(teller) as publishing, platform.start(ledger) as started:
        await told(started, "mainstay_projection_behind_seconds", 0, **of_totals)
        async with platform.ledger_db() as fold_waits:
            await fold_waits.execute("LOCK TABLE total IN EXCLUSIVE MODE")
            await place(publishing, 1)

            async def behind() -> bool:
                found = await scrape(started)
                return (found.sum("mainstay_projection_behind_seconds", **of_totals) or 0) > 0

            await eventually(behind)
        await told(started, "mainstay_projection_behind_seconds", 0, **of_totals)


async def test_a_partition_that_the_broker_refuses_is_told(
    platform: TestPlatform,
) -> None:
    of_teller = {"mainstay_service": TELLER}
    await allow(platform, 20_000)
    async with platform.start(teller) as publishing:
        await told(publishing, "mainstay_outbox_refused", 0, **of_teller)
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(too_large(1))
        await told(publishing, "mainstay_outbox_refused", 1, **of_teller)
    await allow(platform, 1_000_000)


async def test_a_timer_that_nobody_fires_is_told_as_overdue(platform: TestPlatform) -> None:
    async with platform.start(ledger) as started:
        async with started.work.unit_of_work(PRACTICE) as uow:
            await uow.set_timer("unknown", "a", uow.now - timedelta(seconds=30))

        async def overdue() -> bool:
            found = await scrape(started)
            late = found.sum("mainstay_timer_overdue_seconds", mainstay_service=LEDGER)
            return late is not None and late >= 30

        await eventually(overdue)


async def test_no_label_and_no_value_speaks_of_a_practice_a_key_or_an_event(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as started:
        await place(publishing, 1, 2, poison=2)
        found = await told(started, "mainstay_parked_events", 1, mainstay_service=LEDGER)
    assert {label for sample in found.samples for label in sample.labels} <= LABELS
    for identity in (str(PRACTICE), "account-0", str(order("account-0", 1, 5).event_id)):
        assert identity not in found.text


async def test_while_the_database_is_away_the_rest_is_told_all_the_same(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as started:
        await place(publishing, 1)
        await told(started, "mainstay_consumer_lag", 0, mainstay_consumer=LEDGER)
        await started.pool.close()

        async def untold() -> Scrape | None:
            now = await scrape(started)
            gone = now.sum("mainstay_parked_events", mainstay_service=LEDGER) is None
            return now if gone else None

        found = await eventually(untold, what="what was looked up last is not told for long")
    assert found is not None
    assert found.sum("mainstay_events_handled_total", mainstay_consumer=LEDGER) is not None
