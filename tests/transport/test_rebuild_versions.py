"""Law 6: of two versions of a fold, side by side as in a deploy, none folds the other's rows."""

from __future__ import annotations

from dataclasses import replace

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from libs.events.transport import Fold, Service
from libs.events.transport.consumer import Consumer
from libs.events.transport.runtime import Running
from tests.transport.ledger import (
    LEDGER,
    TOTAL,
    CentsMoved,
    ledger,
    move_cents,
    teller,
    totals,
)
from tests.transport.platform import TestPlatform, eventually
from tests.transport.rebuilding import go_back, move, shows
from tests.transport.test_stops import readiness


def on_cents_moved_twice(moved: CentsMoved, fold: Fold) -> None:
    fold.add(TOTAL, (moved.practice_id, moved.account), cents=2 * moved.cents, moves=2)


def fail(moved: CentsMoved, fold: Fold) -> None:
    raise LookupError


def deploy(version: int, on: object = on_cents_moved_twice) -> Service:
    changed = replace(totals, version=version, on=(on,))
    return Service(name=LEDGER, handlers=[move_cents], projections=[changed])


def totals_of(started: Running) -> Consumer:
    return next(c for c in started.consumers if c.effect.group == f"{LEDGER}.totals")


async def offsets_told(platform: TestPlatform, group: str) -> dict[TopicPartition, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
    await admin.start()
    try:
        told = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {tp: at.offset for tp, at in told.items()}


def why_aside(started: Running) -> str | None:
    return totals_of(started).aside


async def ready(platform: TestPlatform, started: Running) -> None:
    """Once its group has come to rest: replicas that join it move partitions."""

    async def look() -> bool:
        return await readiness(platform, started) == (200, {"status": "ready"})

    await eventually(look, what="it is ready though it stands aside")


async def stands_aside(started: Running) -> str:
    async def look() -> str:
        return why_aside(started) or ""

    return await eventually(look, what="it stands aside")


async def test_a_newer_version_rebuilds_by_itself_beside_the_older_one_which_then_stands_aside(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as old:
        await move(publishing, 100)
        await shows(platform, 100)
        async with (
            platform.start(deploy(2), instance=None) as new,
            platform.start(deploy(2), instance=None),
        ):
            await move(publishing, 50, first=100)
            await shows(platform, 300)
            said = await stands_aside(old)
            assert said == (
                "the live generation is of version 2; this code is version 1 and stands aside"
            )
            await ready(platform, old)
            await move(publishing, 50, first=150)
            await shows(platform, 400)
            assert why_aside(new) is None
        async with platform.ledger_db() as db:
            row = await db.fetchrow("SELECT generation, newest, version FROM projection")
            assert await db.fetchval("SELECT count(*) FROM parked_event") == 0
    assert row is not None
    assert tuple(row) == (2, 2, 2), "one of the two replicas rebuilt, once"


async def test_each_version_has_a_kafka_group_of_its_own_and_waits_for_no_member_of_another(
    platform: TestPlatform,
) -> None:
    """A version that steps back keeps its partitions until its session in its group ends."""
    async with platform.start(teller) as publishing, platform.start(ledger) as old:
        await move(publishing, 60)
        await shows(platform, 60)
        async with platform.start(deploy(2)) as new:
            await stands_aside(old)
            await shows(platform, 120)
            await move(publishing, 60, first=60)
            await shows(platform, 240)
            at = {tp: position.next_offset for tp, position in totals_of(new).positions.items()}

            async def told() -> bool:
                return await offsets_told(platform, f"{LEDGER}.totals.v2") == at

            await eventually(told)
    before = await offsets_told(platform, f"{LEDGER}.totals.v1")
    assert before.keys() == at.keys()
    assert all(before[tp] < at[tp] for tp in at)


async def test_after_a_rollback_the_older_version_folds_on_and_the_newer_does_not_rebuild_again(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as old:
        await move(publishing, 60)
        await shows(platform, 60)
        async with platform.start(deploy(2), instance=None) as new:
            await shows(platform, 120)
            await stands_aside(old)
            await move(publishing, 60, first=60)
            await shows(platform, 240)
            assert await go_back(platform) == 1
            await stands_aside(new)
            await move(publishing, 60, first=120)
            await shows(platform, 180)
            assert why_aside(old) is None
    row = await platform.ledger_row("SELECT newest, rolled_back_from FROM projection")
    assert row is not None
    assert tuple(row) == (2, 2)


async def test_a_newer_version_that_cannot_be_folded_leaves_the_old_one_and_says_why(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger) as old:
        await move(publishing, 60)
        await shows(platform, 60)
        async with platform.start(deploy(2, fail), instance=None) as new:

            async def told() -> str | None:
                row = await platform.ledger_row("SELECT trouble FROM projection")
                return row["trouble"] if row else None

            trouble = await eventually(told)
            assert trouble == (
                "totals: 60 events could not be folded that are not parked in the live one. "
                "--accept-difference swaps anyway"
            )
            await ready(platform, new)
            await move(publishing, 40, first=60)
            await shows(platform, 100)
            assert why_aside(old) is None
