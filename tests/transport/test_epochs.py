"""An epoch that goes backwards is a restore that nobody told of: the consumer stops and says so."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer

from libs.events.transport.clock import SystemClock
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.work import partition_for
from tests.transport.ledger import LEDGER, ORDERS, PRACTICE, ledger, order
from tests.transport.platform import TestPlatform, eventually


async def send(kafka: str, number: int, epoch: int, sequence: int) -> None:
    event = order("account", number, 5)
    headers = write_headers(
        event, source="teller", time=SystemClock().now(), origin=Origin(PRACTICE, None, None)
    )
    headers["ce_sequence"] = write_sequence(epoch, sequence)
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(
            ORDERS.name,
            event.model_dump_json().encode(),
            key=event.key_value.encode(),
            partition=partition_for("account", ORDERS.partitions),
            headers=[(name, text.encode()) for name, text in headers.items()],
        )


async def test_an_epoch_that_goes_backwards_stops_the_consumer_until_a_person_lets_it_pass(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger) as running:
        [consumer, _] = running.consumers
        await send(platform.kafka, 1, epoch=2, sequence=1)
        await send(platform.kafka, 2, epoch=1, sequence=9)
        await send(platform.kafka, 3, epoch=2, sequence=2)

        async def stopped() -> bool:
            return LEDGER in running.stopped_consumers()

        await eventually(stopped)
        assert "earlier epoch" in running.stopped_consumers()[LEDGER]
        assert (await seen(platform)) == "1 "
        async with platform.ledger_db() as db:
            await db.execute("DELETE FROM consumer_stop")  # what `consumers resume` does

        async def on() -> bool:
            return await seen(platform) == "1 3 "

        await eventually(on, what="it goes on, and the old one had no effect")
        assert consumer.breaker.stopped is None


async def seen(platform: TestPlatform) -> str:
    row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account'")
    return row["seen"] if row else ""
