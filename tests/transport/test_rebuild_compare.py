"""Law 6: live == rebuilt is checked before the swap; and what people discarded stays out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from libs.events.transport import Fold, Service
from libs.events.transport.rebuild import DifferenceError
from libs.events.transport.replay import BoundedLogError
from tests.transport.ledger import (
    LEDGER,
    MOVES,
    TOTAL,
    CentsMoved,
    ledger,
    move_cents,
    on_cents_moved,
    teller,
    totals,
)
from tests.transport.platform import TestPlatform, eventually
from tests.transport.rebuilding import begin_again, move, moves_shown, reading, rows_of, shows

bad: set[int] = set()
"""Numbers of moves that cannot be folded, until they are taken out again."""


def on_bad_cents_moved(moved: CentsMoved, fold: Fold) -> None:
    if moved.number in bad:
        raise LookupError
    on_cents_moved(moved, fold)


fragile = replace(totals, on=(on_bad_cents_moved,))
fragile_ledger = Service(name=LEDGER, handlers=[move_cents], projections=[fragile])


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    bad.clear()


async def folded(platform: TestPlatform, count: int) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, count)
        await shows(platform, count)


async def test_rows_changed_by_hand_are_found_and_swapped_only_where_that_is_accepted(
    platform: TestPlatform,
) -> None:
    await folded(platform, 60)
    async with platform.ledger_db() as db:
        await db.execute("UPDATE total SET cents = cents + 5, moves = moves + 1 "
                         "WHERE account = 'account-3'")  # fmt: skip
        await db.execute("DELETE FROM total WHERE account = 'account-4'")
    said = "total: 9 rows live, 10 rebuilt; 0 missing, 1 added, 1 changed"
    with pytest.raises(DifferenceError, match=said):
        await begin_again(platform)
    assert await moves_shown(platform) == 55, "the live one is still read"
    assert await rows_of(platform, 2) == {}, "what was built is removed"
    assert await begin_again(platform, accept_difference=True) == 3
    assert await moves_shown(platform) == 60


def twice(moved: CentsMoved, fold: Fold) -> None:
    fold.add(TOTAL, (moved.practice_id, moved.account), cents=2 * moved.cents, moves=2)


async def test_a_fold_changed_without_its_version_is_refused_and_with_it_is_told(
    platform: TestPlatform,
) -> None:
    await folded(platform, 60)
    with pytest.raises(DifferenceError, match="10 changed"):
        await begin_again(platform, replace(totals, on=(twice,)))
    assert await begin_again(platform, replace(totals, version=2, on=(twice,))) == 3
    assert await moves_shown(platform) == 120


async def test_while_events_flow_both_are_compared_at_the_same_offsets(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 200)
        for round_ in range(1, 4):
            async with reading(platform):
                await move(publishing, 100, first=100 + 100 * round_)
                assert await begin_again(platform) == 1 + round_
        await shows(platform, 500)


async def parked(platform: TestPlatform, consumer: str, count: int) -> None:
    async def waits() -> bool:
        row = await platform.ledger_row(
            "SELECT count(*) AS n FROM parked_event WHERE consumer = $1", consumer
        )
        return row is not None and row["n"] == count

    await eventually(waits, what=f"{count} parked for {consumer}")


async def test_what_is_parked_is_tried_anew_by_a_rebuild_and_what_was_discarded_stays_out(
    platform: TestPlatform,
) -> None:
    """Whichever generation it was discarded in: the second rebuild leaves it out as well."""
    bad.update({13, 24})  # of account-3 and account-4, each with what comes after it
    live = f"{LEDGER}.totals.g1"
    async with platform.start(teller) as publishing, platform.start(fragile_ledger):
        await move(publishing, 60)
        await parked(platform, live, 5 + 4)
        async with platform.ledger_db() as db:
            await db.execute(
                "UPDATE parked_key SET request = 'discard', requested_by = 'a test', "
                "requested_at = now() WHERE key = 'account-3' AND consumer = $1",
                live,
            )
        await parked(platform, live, 4)
        await shows(platform, 55)
        bad.clear()
        # The two differ by what is parked in one of them, which explains it.
        assert await begin_again(platform, fragile) == 2
        await shows(platform, 59)
        assert await begin_again(platform, fragile) == 3
        await shows(platform, 59)
        await parked(platform, live, 0)


async def test_a_log_whose_first_events_are_gone_is_refused_before_anything_is_removed(
    platform: TestPlatform,
) -> None:
    await folded(platform, 60)
    assert await begin_again(platform) == 2
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(MOVES.name, 1): RecordsToDelete(before_offset=1)})
    await admin.close()
    with pytest.raises(BoundedLogError, match=rf"{MOVES.name}/1 begins at offset 1: "):
        await begin_again(platform)
    assert len(await rows_of(platform, 1)) == 10, "one can still go back"
    assert await moves_shown(platform) == 60
