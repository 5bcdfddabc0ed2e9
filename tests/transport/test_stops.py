"""Laws 4 and 5: a consumer that cannot go on rightly stops, says so, and waits for a person."""

from __future__ import annotations

import httpx

from libs.service.process import make_app
from libs.service.settings import Settings
from tests.cli.mainstay import mainstay
from tests.transport.ledger import LEDGER, ORDERS, PRACTICE, healed, ledger, order, teller
from tests.transport.platform import Running, TestPlatform, empty_topics, eventually

KEYS = 40
EACH = 5
BAD = frozenset(range(KEYS * EACH))


async def place_bad_orders(publishing: Running) -> None:
    """As after a bad deploy: whatever the key, no order can be handled."""
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number in range(KEYS * EACH):
            await uow.publish(order(f"bad-{number % KEYS}", number, 1, poison=True))


async def readiness(platform: TestPlatform, started: Running) -> tuple[int, dict[str, object]]:
    settings = Settings.model_validate({"database_url": platform.ledger_dsn, "kafka": "none"})
    app = make_app(ledger, settings)
    app.state.running = started
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.json()


async def stopped(started: Running) -> dict[str, str]:
    async def look() -> dict[str, str]:
        found = started.stopped_consumers()
        return found if LEDGER in found else {}

    return await eventually(look, what="the consumer stops itself")


async def failed_events(platform: TestPlatform) -> int:
    row = await platform.ledger_row("SELECT count(error) AS n FROM parked_event")
    assert row is not None
    return row["n"]


async def test_a_consumer_that_parks_most_of_what_it_tries_stops_until_a_person_resumes_it(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        async with platform.start(ledger) as started:
            await place_bad_orders(publishing)
            reasons = await stopped(started)
            status, body = await readiness(platform, started)
        assert status == 503
        assert body == {"status": "consumers stopped", "consumers": reasons}
        assert reasons[LEDGER].endswith("events could not be handled")
        # Three partitions, each of which may have had one event in hand.
        assert 20 <= await failed_events(platform) <= 23, "not every key was parked"

        async with platform.start(ledger) as started:
            assert started.stopped_consumers() == reasons, "the stop outlives the process"
            healed.update(BAD)
            try:
                answer = await mainstay(
                    *("consumers", "resume", LEDGER, LEDGER),
                    kafka=platform.kafka,
                    databases={LEDGER: platform.ledger_dsn},
                )
                assert (answer.code, answer.out) == (0, f"{LEDGER} goes on\n")

                async def the_other_keys_are_handled() -> bool:
                    row = await platform.ledger_row(
                        "SELECT sum(moves) AS moves, (SELECT count(*) FROM parked_event) AS parked "
                        "FROM account WHERE account <> 'cash'"
                    )
                    assert row is not None
                    return (row["moves"] or 0) + row["parked"] == len(BAD)

                await eventually(the_other_keys_are_handled, what="it goes on")
            finally:
                healed.clear()

            async def ready() -> bool:
                # What was in hand at the stop is taken up again from its checkpoint.
                return await readiness(platform, started) == (200, {"status": "ready"})

            await eventually(ready)


async def test_a_checkpoint_outside_the_log_stops_the_consumer_and_is_not_reset(
    platform: TestPlatform,
) -> None:
    async with platform.ledger_db() as db:
        await db.execute(
            "INSERT INTO checkpoint (consumer, topic, partition, next_offset, last_sequence) "
            "VALUES ($1, $2, 0, 10000, 10000)",
            *(LEDGER, ORDERS.name),
        )
    async with platform.start(teller) as publishing, platform.start(ledger) as started:
        await place_good_orders(publishing, 30)
        reasons = await stopped(started)
        assert reasons[LEDGER].startswith(f"checkpoint 10000 of {ORDERS.name}/0 is outside the log")
        status, _ = await readiness(platform, started)
        assert status == 503
    row = await platform.ledger_row(
        "SELECT next_offset FROM checkpoint WHERE consumer = $1 AND topic = $2 AND partition = 0",
        *(LEDGER, ORDERS.name),
    )
    assert row is not None
    assert row["next_offset"] == 10000


async def test_a_topic_made_anew_stops_its_consumer_and_drops_nothing_silently(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        await place_good_orders(publishing, 60)
        async with platform.start(ledger):

            async def all_handled() -> bool:
                row = await platform.ledger_row("SELECT count(*) AS n FROM account")
                return row is not None and row["n"] == 61

            await eventually(all_handled)
        await empty_topics(platform.kafka)
        await place_good_orders(publishing, 6)
        async with platform.start(ledger) as started:
            reasons = await stopped(started)
            assert "is outside the log" in reasons[LEDGER]


async def place_good_orders(publishing: Running, count: int) -> None:
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number in range(count):
            await uow.publish(order(f"account-{number}", number, 1))
