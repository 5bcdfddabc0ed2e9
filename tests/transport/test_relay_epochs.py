"""After a restore or a promotion the relay asks the log what was sent already."""

from __future__ import annotations

import json

from aiokafka import AIOKafkaProducer

from libs.events.transport.envelope import LARGEST_EPOCH, write_epoch_mark
from tests.harness import START
from tests.transport.ledger import ORDERS, PRACTICE, ledger
from tests.transport.outboxes import all_sent, place_unsent, places, publishing, relaying
from tests.transport.platform import TestPlatform, eventually, records_of
from tests.transport.test_laws import assert_all_moved_once, place_orders


async def test_after_a_promotion_the_relay_forgets_what_the_log_holds_and_sends_the_rest(
    platform: TestPlatform,
) -> None:
    """As if rows that were sent had come back with a backup, and a window of theirs too."""
    async with publishing(platform) as work, relaying(platform, work.work), platform.start(ledger):
        cents = await place_orders(work, 30)
        await all_sent(platform)
        await assert_all_moved_once(platform, 30, cents)
    sent = await records_of(platform.kafka, ORDERS)
    async with platform.teller_db() as db:
        await db.execute("UPDATE outbox_home SET timeline = timeline + 1")
        await db.executemany(
            "INSERT INTO outbox (practice_id, topic, partition, key, headers, payload) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (
                    PRACTICE,
                    ORDERS.name,
                    r.partition,
                    (r.key or b"").decode(),
                    json.dumps({k: v.decode() for k, v in r.headers if k != "ce_sequence"}),
                    r.value,
                )
                for r in sent
            ],
        )
        await db.execute("UPDATE outbox_shard SET last_sequence = 0")
    cents += await place_unsent(platform, 30, first=30)
    async with publishing(platform) as work, relaying(platform, work.work), platform.start(ledger):
        await all_sent(platform)
        await assert_all_moved_once(platform, 60, cents)
    for of_one in (await places(platform)).values():
        before = [place for place in of_one if place[0] == 1]
        assert of_one[: len(before)] == [(1, n + 1) for n in range(len(before))]
        after = of_one[len(before) :]
        assert after == [(2, n) for n in range(len(after))], "the mark, and then from 1"
    assert len(await records_of(platform.kafka, ORDERS)) == 60 + ORDERS.partitions


async def test_a_shard_whose_epochs_are_used_up_is_refused_and_the_others_go_on(
    platform: TestPlatform,
) -> None:
    """What the last epoch's mark on the log does, or anybody who may write there."""
    mark = write_epoch_mark(LARGEST_EPOCH, source="teller", time=START)
    async with AIOKafkaProducer(bootstrap_servers=platform.kafka) as producer:
        await producer.send_and_wait(ORDERS.name, b"{}", key=b"", partition=0, headers=mark)
    await place_unsent(platform, 30)
    async with platform.teller_db() as db:
        of_it = await db.fetchval("SELECT count(*) FROM outbox WHERE partition = 0")
    assert 0 < of_it < 30
    async with publishing(platform) as work, relaying(platform, work.work) as relay:
        await all_sent(platform, but=of_it)

        async def refused() -> dict[str, str]:
            return relay.refused()

        assert await eventually(refused) == {
            f"{ORDERS.name}/0": "EpochsUsedUpError: no reader could tell the next epoch; "
            "go on with a new topic"
        }
    assert (await places(platform))[0] == [(LARGEST_EPOCH, 0)]
