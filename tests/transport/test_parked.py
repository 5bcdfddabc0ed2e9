"""Law 5 at its edges: what frees a key, and what does not."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer

from libs.events.transport.applying import Applier
from libs.events.transport.database import open_pool
from libs.events.transport.effects import Handlers
from libs.events.transport.parked import Request
from libs.events.transport.work import partition_for
from tests.transport.ledger import LEDGER, ORDERS, PRACTICE, ledger, order, teller
from tests.transport.platform import TestPlatform, eventually, no_key_waits, work_in

KEYS = "SELECT key, request FROM parked_key ORDER BY key"
EVENTS = "SELECT error FROM parked_event ORDER BY id"


async def parked(platform: TestPlatform, count: int) -> None:
    async def there() -> bool:
        async with platform.ledger_db() as db:
            return len(await db.fetch(EVENTS)) == count

    await eventually(there, what=f"{count} events are parked")


async def test_a_retry_asked_for_long_ago_does_not_free_a_key_that_failed_again(
    platform: TestPlatform,
) -> None:
    """Two processes may have read the request; the second comes when the first has given up."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(order("account-0", 1, 5, poison=True))
            await uow.publish(order("account-0", 2, 5))
        await parked(platform, 2)
    async with await open_pool(platform.ledger_dsn, name="test") as pool:
        work = work_in(pool, ledger)
        applier = Applier(Handlers(ledger, work.clock), LEDGER, work)
        partition = partition_for("account-0", ORDERS.partitions)
        at = ORDERS.name, ORDERS.name, partition
        late = Request(PRACTICE, *at, "account-0", "retry", "a test")
        assert not await applier.carry_out(late)
    async with platform.ledger_db() as db:
        assert [tuple(row) for row in await db.fetch(KEYS)] == [("account-0", None)]
        assert [row["error"] for row in await db.fetch(EVENTS)] == ["PoisonError", None]


async def test_when_an_unreadable_record_is_discarded_what_waited_behind_it_is_handled(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger):
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
        await producer.start()
        partition = partition_for("account-0", ORDERS.partitions)
        await producer.send_and_wait(ORDERS.name, b"{", key=b"account-0", partition=partition)
        await producer.stop()
        await parked(platform, 1)
        async with platform.start(teller) as publishing:
            async with publishing.work.unit_of_work(PRACTICE) as uow:
                for number in (1, 2, 3):
                    await uow.publish(order("account-0", number, 5))
            await parked(platform, 4)
        async with platform.ledger_db() as db:
            await db.execute(
                "UPDATE parked_key SET request = 'discard', requested_by = 'a test', "
                "requested_at = now() WHERE practice_id <> $1",
                PRACTICE,
            )
        await parked(platform, 0)
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account-0'")
        assert row is not None
        assert row["seen"] == "1 2 3 "
        await no_key_waits(platform)
        async with platform.ledger_db() as db:
            acts = await db.fetch("SELECT act, acted_by FROM parked_act ORDER BY id")
        assert [tuple(act) for act in acts] == [
            ("discarded", "a test"),
            *[("retried", "a test")] * 3,
        ]
