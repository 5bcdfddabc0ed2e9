"""What the broker refuses stops its own partition only; what is delayed waits for its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libs.events.transport.clock import FixedClock
from libs.events.transport.faults import PublishRefusedError
from libs.events.transport.payload import LARGEST_EVENT_BYTES
from tests.harness import START
from tests.transport.ledger import PRACTICE, order, teller
from tests.transport.outboxes import (
    all_sent,
    allow,
    none_refused,
    publishing,
    relaying,
    sequences,
    too_large,
    waiting,
)
from tests.transport.platform import TestPlatform, eventually
from tests.transport.test_health import answers


async def test_a_record_that_is_too_large_stops_its_partition_until_somebody_mends_it(
    platform: TestPlatform,
) -> None:
    await allow(platform, 20_000)
    large = too_large(1)
    async with publishing(platform) as teller:
        async with teller.work.unit_of_work(PRACTICE) as uow:
            for number in range(21):
                await uow.publish(order(f"account-{number}", number, 1))
            await uow.publish(large)
            await uow.publish(order(large.account, 2, 1))
        async with relaying(platform, teller.work, refused_again_seconds=1) as relay:
            await eventually(lambda: refusal(platform))
            [(shard, reason)] = relay.refused().items()
            assert reason == "MessageSizeTooLargeError: raise max.message.bytes of the topic"
            [row] = await eventually(lambda: refusal(platform))
            assert f"{row['topic']}/{row['partition']}" == shard
            async with teller.work.unit_of_work(PRACTICE) as uow:
                for number in range(30, 51):
                    await uow.publish(order(f"account-{number}", number, 1))
            in_it = await of_shard(platform, row["partition"])
            await all_sent(platform, but=in_it)
            await allow(platform, 1_000_000)
            await all_sent(platform)
            await none_refused(relay)
            assert await refusal(platform) == []
    for of_one in (await sequences(platform)).values():
        assert of_one == list(range(1, len(of_one) + 1)), "nothing twice, nothing skipped"


async def refusal(platform: TestPlatform) -> list[dict[str, object]]:
    async with platform.teller_db() as db:
        rows = await db.fetch(
            "SELECT topic, partition FROM outbox_shard WHERE refused IS NOT NULL "
            "AND refused_id = (SELECT min(id) FROM outbox WHERE octet_length(payload) > 20000)"
        )
    return [dict(row) for row in rows]


async def of_shard(platform: TestPlatform, partition: object) -> int:
    async with platform.teller_db() as db:
        return await db.fetchval("SELECT count(*) FROM outbox WHERE partition = $1", partition)


async def test_a_delayed_event_is_sent_when_its_time_has_come(platform: TestPlatform) -> None:
    clock = FixedClock(START)
    async with publishing(platform, clock) as teller, relaying(platform, teller.work):
        async with teller.work.unit_of_work(PRACTICE) as uow:
            with pytest.raises(PublishRefusedError, match="time zone"):
                await uow.publish(order("account-0", 0, 1), not_before=START.replace(tzinfo=None))
            await uow.publish(order("account-0", 1, 1), not_before=START + timedelta(hours=2))
            await uow.publish(order("account-0", 2, 1), not_before=START + timedelta(hours=1))
            await uow.publish(order("account-0", 3, 1))
        await all_sent(platform, but=2)
        clock.advance(timedelta(minutes=61))
        await all_sent(platform, but=1)
        clock.advance(timedelta(minutes=61))
        await all_sent(platform)
        assert await waiting(platform) == 0


async def test_a_process_is_ready_while_a_partition_is_refused_and_names_it(
    platform: TestPlatform,
) -> None:
    await allow(platform, 20_000)
    async with platform.start(teller) as started:
        await answers(started, "/readyz", 200)
        async with started.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(too_large(1))
        [row] = await eventually(lambda: refusal(platform))
        shard = f"{row['topic']}/{row['partition']}"
        assert await answers(started, "/readyz", 200) == {
            "status": "ready",
            "refused": {shard: "MessageSizeTooLargeError: raise max.message.bytes of the topic"},
        }


async def test_an_event_is_measured_with_its_headers_and_its_key(platform: TestPlatform) -> None:
    """The account is the key, and stands in the payload, the headers and the record's key."""
    account = "x" * (LARGEST_EVENT_BYTES // 3)
    async with publishing(platform) as teller, teller.work.unit_of_work(PRACTICE) as uow:
        with pytest.raises(PublishRefusedError, match="with its headers and key"):
            await uow.publish(order(account, 1, 1))
        await uow.publish(order(account[:-1000], 1, 1))
