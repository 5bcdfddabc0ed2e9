"""Law 1: every version ever sent is heard as the latest: consumed, retried, rebuilt."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from libs.events.contracts import Event
from libs.events.transport.faults import PublishRefusedError
from libs.events.transport.rebuild import rebuild
from tests.transport.ledger import PRACTICE
from tests.transport.platform import TestPlatform, eventually
from tests.transport.scale import (
    LOST_POUNDS,
    SCALE,
    WeightTaken,
    WeightTakenV1,
    WeightTakenV2,
    broken,
    make_scale_topics,
    scale,
    send_as_published,
    weights,
)

SHOWN = """
SELECT sum(cents), sum(moves) FROM total
 WHERE generation = (SELECT generation FROM projection WHERE name = 'weights')
"""
RETRY = "UPDATE parked_key SET request = 'retry', requested_by = 'a test', requested_at = now()"


def weights_taken() -> list[Event]:
    """On the scales a, b and c, in all three versions."""
    events: list[Event] = [
        WeightTakenV1(practice_id=PRACTICE, scale="a", number=1, pounds=1),
        WeightTakenV2(practice_id=PRACTICE, scale="a", number=2, grams=1000),
        WeightTaken(practice_id=PRACTICE, scale_name="a", number=3, grams=5, of="letter"),
        WeightTakenV1(practice_id=PRACTICE, scale="b", number=4, pounds=2),
        WeightTakenV2(practice_id=PRACTICE, scale="b", number=5, grams=1),
        WeightTakenV1(practice_id=PRACTICE, scale="c", number=6, pounds=LOST_POUNDS),
    ]
    for number, event in enumerate(events, start=1):
        event.with_event_id(UUID(int=number << 96))
    return events


async def test_old_versions_are_consumed_retried_and_rebuilt_as_the_latest(
    platform: TestPlatform,
) -> None:
    await make_scale_topics(platform.kafka)
    broken.add(4)
    async with platform.start(scale):
        await send_as_published(platform.kafka, weights_taken())
        await has_seen(platform, "a", {"1:parcel:1", "2:parcel:2", "3:letter:3"})

        async def all_parked() -> bool:
            return len(await parked(platform)) == 3

        await eventually(all_parked)
        assert await parked(platform) == {
            ("b", "ArithmeticError"),
            ("b", None),
            (
                "c",
                "UnreadableEventError: the upcaster of scale.weight-taken.v1 failed: LookupError",
            ),
        }
        broken.clear()
        async with platform.ledger_db() as db:
            await db.execute(f"{RETRY} WHERE key = 'b'")
        await has_seen(platform, "b", {"4:parcel:4", "5:parcel:5"})

        async def folded() -> bool:
            row = await platform.ledger_row(SHOWN)
            return row is not None and tuple(row) == (454 + 1000 + 5 + 2 * 454 + 1, 5)

        await eventually(folded)
    again = rebuild(SCALE, weights, dsn=platform.ledger_dsn, kafka=platform.kafka)
    assert await asyncio.wait_for(again, 60) == 2
    assert await folded()


async def parked(platform: TestPlatform) -> set[tuple[str, str | None]]:
    async with platform.ledger_db() as db:
        rows = await db.fetch("SELECT key, error FROM parked_event WHERE consumer = $1", SCALE)
    return {(row["key"], row["error"]) for row in rows}


async def has_seen(platform: TestPlatform, account: str, expected: set[str]) -> None:
    async def as_expected() -> bool:
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = $1", account)
        return row is not None and set(row["seen"].split()) == expected

    await eventually(as_expected, what=f"{account} has seen {expected}")


async def test_only_the_latest_version_is_published(platform: TestPlatform) -> None:
    await make_scale_topics(platform.kafka)
    async with platform.start(scale, worker=False) as running:
        async with running.work.unit_of_work(PRACTICE) as uow:
            old = WeightTakenV2(practice_id=PRACTICE, scale="a", number=1, grams=1)
            with pytest.raises(PublishRefusedError, match=r"v2 has a later version"):
                await uow.publish(old)
