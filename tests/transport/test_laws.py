"""The backbone's laws in the plain cases, on real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from libs.events.transport import Service, UnitOfWork
from libs.events.transport.database import transport_transaction
from libs.events.transport.faults import PublishRefusedError
from libs.events.transport.rebuild import rebuild
from libs.events.transport.runtime import Running
from tests.transport.ledger import (
    ORDERS,
    OTHER_PRACTICE,
    PRACTICE,
    MoveOrdered,
    healed,
    ledger,
    order,
    teller,
    totals,
)
from tests.transport.platform import TestPlatform, eventually, no_key_waits, parked_errors

SHOWN = """
SELECT sum(cents) c, sum(moves) m FROM total
 WHERE generation = (SELECT generation FROM projection WHERE name = 'totals')
"""
ACCOUNTS = [f"account-{n}" for n in range(7)]


async def place_orders(
    running_teller: Running, count: int, *, first: int = 0, poison: frozenset[int] = frozenset()
) -> int:
    """Order moves in transactions of one to five; returns the sum of cents."""
    total = 0
    rng = random.Random(first)
    numbers = list(range(first, first + count))
    while numbers:
        async with running_teller.work.unit_of_work(PRACTICE) as uow:
            for number in numbers[: rng.randint(1, 5)]:
                numbers.pop(0)
                cents = rng.randint(1, 10_000)
                total += cents
                account = ACCOUNTS[number % len(ACCOUNTS)]
                await uow.publish(order(account, number, cents, poison=number in poison))
    return total


async def moves_handled(platform: TestPlatform) -> int:
    row = await platform.ledger_row("SELECT moves FROM account WHERE account = 'cash'")
    return row["moves"] if row else 0


async def assert_all_moved_once(platform: TestPlatform, count: int, cents: int) -> None:
    async def all_in() -> bool:
        return await moves_handled(platform) >= count

    await eventually(all_in, within_seconds=60, what=f"{count} moves handled")
    cash = await platform.ledger_row("SELECT cents, moves FROM account WHERE account = 'cash'")
    assert cash is not None
    assert (cash["cents"], cash["moves"]) == (-cents, count)
    for account in ACCOUNTS:
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = $1", account)
        seen = [int(n) for n in row["seen"].split()] if row else []
        assert seen == sorted(seen), "order within a key holds"

    async def projected() -> bool:
        row = await platform.ledger_row(SHOWN)
        return row is not None and (row["c"], row["m"]) == (cents, count)

    await eventually(projected, what="the projection has every move once")


async def test_what_is_published_is_handled_once_and_in_order(platform: TestPlatform) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        cents = await place_orders(publishing, 300)
        await assert_all_moved_once(platform, 300, cents)


async def test_killing_any_process_at_any_time_loses_and_doubles_nothing(
    platform: TestPlatform,
) -> None:
    """Law 4: SIGKILL for relay and consumers alike, at random moments, while events flow."""
    rng = random.Random(20260302)
    cents = 0
    victims = {name: await platform.process(name) for name in ("teller", "ledger")}
    try:
        async with teller_without_relay(platform) as publishing:
            for round_ in range(6):
                cents += await place_orders(publishing, 150, first=150 * round_)
                before = await moves_handled(platform)

                async def moving(before: int = before) -> bool:
                    return await moves_handled(platform) > before

                await eventually(moving, within_seconds=60, what="events flow before the kill")
                name = ("ledger", "teller")[round_ % 2]
                await asyncio.sleep(rng.uniform(0, 0.05))
                victims[name].kill()
                await victims[name].wait()
                victims[name] = await platform.process(name)
            await assert_all_moved_once(platform, 900, cents)
    finally:
        for victim in victims.values():
            victim.kill()
            await victim.wait()


def teller_without_relay(platform: TestPlatform) -> AbstractAsyncContextManager[Running]:
    """A teller whose relay waits: the lock is the victim's."""
    return platform.start(teller, worker=False)


async def test_two_owners_of_a_partition_do_not_both_commit(platform: TestPlatform) -> None:
    """Law 4: the compare-and-set fences; here two instances run at once through rebalances."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        cents = await place_orders(publishing, 200)
        async with platform.start(ledger, instance=None):
            cents += await place_orders(publishing, 200, first=200)
            await assert_all_moved_once(platform, 400, cents)
        row = await platform.ledger_row("SELECT count(*) AS parked FROM parked_event")
        assert row is not None
        assert row["parked"] == 0, "a rebalance is nobody's fault"


async def test_an_event_that_cannot_be_handled_parks_with_its_key_and_only_its_key(
    platform: TestPlatform,
) -> None:
    """Law 5: followers wait behind it, other keys flow, and a retry keeps the order."""
    poison = 14  # of account-0, whose numbers are 0, 7, 14, 21, …
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place_orders(publishing, 70, poison=frozenset({poison}))

        async def others_done() -> bool:
            return await moves_handled(platform) == 62  # 60 of the others, 0 and 7 of account-0

        await eventually(others_done, what="the other keys flow")
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account-0'")
        assert row is not None
        assert row["seen"].split() == ["0", "7"]
        assert await parked_errors(platform, 8) == ["PoisonError"] + [None] * 7

        healed.add(poison)
        try:
            async with platform.ledger_db() as db:
                await db.execute(
                    "UPDATE parked_key SET request = 'retry', requested_by = 'a test', "
                    "requested_at = now()"
                )

            async def all_done() -> bool:
                return await moves_handled(platform) == 70

            await eventually(all_done, what="the parked key is retried")
        finally:
            healed.clear()
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account-0'")
        assert row is not None
        assert row["seen"].split() == [str(n) for n in range(0, 70, 7)]
        await no_key_waits(platform)


async def test_a_record_that_is_no_cloudevent_parks_and_the_partition_goes_on(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
        await producer.start()
        for partition in range(3):
            await producer.send_and_wait(ORDERS.name, b"{}", key=b"x", partition=partition)
        await producer.stop()
        cents = await place_orders(publishing, 30)
        await assert_all_moved_once(platform, 30, cents)
        errors = await parked_errors(platform, 3)
        assert errors[0] == "UnreadableEventError: header ce_sequence is missing or malformed"


async def test_the_wire_is_cloudevents_binary_mode_with_gapless_sequences(
    platform: TestPlatform,
) -> None:
    """Law 2: a plain client reads it, and each partition's sequence is 1, 2, 3, …"""
    async with platform.start(teller) as publishing:
        await place_orders(publishing, 60)
        consumer = AIOKafkaConsumer(
            ORDERS.name, bootstrap_servers=platform.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        records = [await asyncio.wait_for(consumer.getone(), 20) for _ in range(60)]
        await consumer.stop()
    by_partition: dict[int, list[str]] = {}
    for record in records:
        headers = {name: value.decode() for name, value in record.headers}
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_type"] == "teller.move-ordered.v1"
        assert headers["ce_practiceid"] == str(PRACTICE)
        assert headers["ce_subject"] == (record.key or b"").decode()
        assert headers["content-type"] == "application/json"
        by_partition.setdefault(record.partition, []).append(headers["ce_sequence"])
    for sequences in by_partition.values():
        assert sequences == [f"0001-{n:020d}" for n in range(1, len(sequences) + 1)]


async def test_a_rolled_back_transaction_publishes_nothing(platform: TestPlatform) -> None:
    """Law 3: no phantom event."""
    async with platform.start(teller) as publishing:
        with pytest.raises(RuntimeError, match="changed my mind"):
            async with publishing.work.unit_of_work(PRACTICE) as uow:
                await uow.publish(order("account-0", 1, 5))
                raise RuntimeError("changed my mind")
        async with transport_transaction(publishing.pool) as db:
            assert await db.fetchval("SELECT count(*) FROM outbox") == 0


async def test_events_of_others_and_of_other_practices_are_refused_at_publish(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger) as not_the_owner:
        async with not_the_owner.work.unit_of_work(PRACTICE) as uow:
            with pytest.raises(PublishRefusedError, match="belongs to teller"):
                await uow.publish(order("account-0", 1, 5))
    async with platform.start(teller) as publishing:
        async with publishing.work.unit_of_work(OTHER_PRACTICE) as uow:
            with pytest.raises(PublishRefusedError, match="of another practice"):
                await uow.publish(order("account-0", 1, 5))


async def test_a_rebuilt_projection_equals_the_live_one_while_events_flow(
    platform: TestPlatform,
) -> None:
    """Law 6: rebuilt beside the live one, swapped, and the live consumer goes on in the new one."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        cents = await place_orders(publishing, 200)
        await assert_all_moved_once(platform, 200, cents)
        before = await _totals(platform)
        generation = await rebuild(
            ledger.name, totals, dsn=platform.ledger_dsn, kafka=platform.kafka
        )
        assert generation == 2
        assert await _totals(platform) == before
        cents += await place_orders(publishing, 100, first=200)
        await assert_all_moved_once(platform, 300, cents)


async def _totals(platform: TestPlatform) -> dict[str, tuple[int, int]]:
    async with platform.ledger_db() as db:
        rows = await db.fetch(
            "SELECT account, cents, moves FROM total "
            "WHERE generation = (SELECT generation FROM projection WHERE name = 'totals')"
        )
    return {row["account"]: (row["cents"], row["moves"]) for row in rows}


async def test_the_groups_offset_never_moves_a_consumer_past_its_checkpoint(
    platform: TestPlatform,
) -> None:
    """Law 4: after a restore the group's offset may be ahead; only the checkpoint counts."""
    heard: list[int] = []

    async def note(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        heard.append(ordered.number)

    auditor = Service(name=f"auditor-{uuid4().hex}", handlers=[note])
    async with platform.start(teller) as publishing:
        await place_orders(publishing, 120)

        async def all_sent() -> bool:
            async with transport_transaction(publishing.pool) as db:
                return await db.fetchval("SELECT count(*) FROM outbox") == 0

        await eventually(all_sent)
        await _commit_half_of_the_log(platform.kafka, auditor.name)
        async with platform.start(auditor):

            async def all_heard() -> bool:
                return len(heard) >= 120

            await eventually(all_heard)
    assert sorted(heard) == list(range(120))


async def _commit_half_of_the_log(kafka: str, group: str) -> None:
    client = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await client.start()
    partitions = [TopicPartition(ORDERS.name, p) for p in range(ORDERS.partitions)]
    client.assign(partitions)
    ends = await client.end_offsets(partitions)
    await client.commit({tp: end // 2 for tp, end in ends.items()})
    await client.stop()
