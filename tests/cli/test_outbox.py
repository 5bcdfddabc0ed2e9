"""`mainstay outbox status|resume|raise-epoch`."""

from __future__ import annotations

from datetime import timedelta

from libs.events.transport.envelope import LARGEST_EPOCH
from tests.cli.orders import CANARY, run
from tests.transport.ledger import ORDERS, PRACTICE, TELLER, order
from tests.transport.outboxes import (
    all_sent,
    allow,
    none_refused,
    place_unsent,
    places,
    publishing,
    relaying,
    too_large,
)
from tests.transport.platform import TestPlatform, eventually


async def test_status_tells_what_waits_what_is_delayed_and_what_is_refused(
    platform: TestPlatform,
) -> None:
    await allow(platform, 20_000)
    async with publishing(platform) as teller:
        async with teller.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(too_large(1, cents=CANARY))
            await uow.publish(
                order("account-0", 2, CANARY), not_before=uow.now + timedelta(hours=1)
            )
        async with relaying(platform, teller.work) as relay:
            [shard] = await eventually(lambda: _refused(platform))
            assert shard in relay.refused()
    told = (await run(platform, "outbox", "status", "--json")).json()
    of_teller = next(row for row in told if row["service"] == TELLER)
    assert (of_teller["waiting"], of_teller["delayed"]) == (2, 1)
    assert of_teller["oldest_seconds"] >= 0
    [refused] = of_teller["refused"]
    assert refused["refused"].endswith("raise max.message.bytes of the topic")
    text = (await run(platform, "outbox", "status")).out
    assert f"{shard} row {refused['row']}: MessageSizeTooLargeError" in text


async def test_an_empty_outbox_is_told_as_such(platform: TestPlatform) -> None:
    for row in (await run(platform, "outbox", "status", "--json")).json():
        told = {name: value for name, value in row.items() if name != "service"}
        assert told == {"waiting": 0, "oldest_seconds": None, "delayed": 0, "refused": []}
    text = (await run(platform, "outbox", "status")).out
    assert TELLER in text
    assert " s " not in text, "nothing has an age"


async def test_resume_lets_a_refused_event_be_tried_at_once(platform: TestPlatform) -> None:
    await allow(platform, 20_000)
    async with publishing(platform) as teller:
        async with teller.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(too_large(1))
        async with relaying(platform, teller.work, refused_again_seconds=3600) as relay:
            await eventually(lambda: _refused(platform))
            await allow(platform, 1_000_000)
            answer = await run(platform, "outbox", "resume", TELLER)
            assert "tries again within seconds" in answer.out
            await all_sent(platform)
            await none_refused(relay)


async def test_raise_epoch_lets_all_shards_go_on_in_a_new_one(platform: TestPlatform) -> None:
    await place_unsent(platform, 20)
    async with publishing(platform) as teller, relaying(platform, teller.work):
        await all_sent(platform)
    answer = await run(platform, "outbox", "raise-epoch", TELLER)
    assert "a new epoch" in answer.out
    await place_unsent(platform, 20, first=20)
    async with publishing(platform) as teller, relaying(platform, teller.work):
        await all_sent(platform)
    for of_one in (await places(platform)).values():
        assert of_one[-1][0] == 2
        assert (2, 0) in of_one, "the mark that begins it"


async def test_no_epoch_is_raised_beyond_what_readers_can_tell(platform: TestPlatform) -> None:
    async with platform.teller_db() as db:
        await db.execute(
            "INSERT INTO outbox_shard (topic, partition, epoch) VALUES ($1, 0, $2)",
            ORDERS.name,
            LARGEST_EPOCH,
        )
    answer = await run(platform, "outbox", "raise-epoch", TELLER)
    assert answer.code != 0
    assert f"{ORDERS.name}/0: epoch {LARGEST_EPOCH} is the last" in answer.text
    async with platform.teller_db() as db:
        assert await db.fetchval("SELECT epoch FROM outbox_shard") == LARGEST_EPOCH


async def _refused(platform: TestPlatform) -> list[str]:
    async with platform.teller_db() as db:
        rows = await db.fetch("SELECT topic, partition FROM outbox_shard WHERE refused IS NOT NULL")
    return [f"{row['topic']}/{row['partition']}" for row in rows]
