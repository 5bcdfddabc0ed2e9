"""Law 6: what a rebuild waits for, when it gives up, and what it leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from libs.events.transport import Fold, Projection
from libs.events.transport.rebuild import rebuild
from tests.transport.ledger import (
    LEDGER,
    PRACTICE,
    TOTAL,
    CentsMoved,
    MoveOrdered,
    ledger,
    order,
    teller,
    totals,
)
from tests.transport.platform import TestPlatform, eventually
from tests.transport.test_laws import assert_all_moved_once, place_orders

SHOWN = """
SELECT sum(cents) AS cents, sum(moves) AS moves FROM total
 WHERE generation = (SELECT generation FROM projection WHERE name = 'totals')
"""


def on_move_ordered(ordered: MoveOrdered, fold: Fold) -> None:
    fold.add(TOTAL, (ordered.practice_id, ordered.account), cents=ordered.cents, moves=1)


def fail_on_cents_moved(moved: CentsMoved, fold: Fold) -> None:
    raise LookupError(moved.account)


async def begin_again(platform: TestPlatform, projection: Projection) -> int:
    return await asyncio.wait_for(
        rebuild(LEDGER, projection, dsn=platform.ledger_dsn, kafka=platform.kafka), 60
    )


async def test_a_version_that_hears_other_topics_is_swapped_in_when_it_has_all_of_them(
    platform: TestPlatform,
) -> None:
    """It waits for nothing on a topic that it no longer hears, and for all of a new one."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        cents = await place_orders(publishing, 200)
        await assert_all_moved_once(platform, 200, cents)
    by_orders = replace(totals, version=2, on=(on_move_ordered,))
    assert await begin_again(platform, by_orders) == 2
    row = await platform.ledger_row(SHOWN)
    assert row is not None
    assert (row["cents"], row["moves"]) == (cents, 200)


async def test_a_rebuild_whose_fold_fails_gives_up_and_leaves_the_live_one_and_a_second_try(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(60):
                await uow.publish(order(f"account-{number}", number, 5))

        async def folded() -> bool:
            row = await platform.ledger_row(SHOWN)
            return row is not None and row["moves"] == 60

        await eventually(folded)
    with pytest.raises(RuntimeError, match="totals: 20 of the last 20 events could not be handled"):
        await begin_again(platform, replace(totals, version=2, on=(fail_on_cents_moved,)))
    assert await folded(), "the live one is still read"
    assert await begin_again(platform, replace(totals, version=3)) == 3, "no number comes twice"
    assert await folded()
    async with platform.ledger_db() as db:
        for table in ("parked_key", "parked_event", "consumer_stop"):
            assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        assert await db.fetchval("SELECT version FROM projection") == 3
