"""Law 6, looking back: what was shown at a moment, beside the live rows; nothing is left."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.events.transport import Fold, Projection
from libs.events.transport.as_of import Past, as_of
from libs.events.transport.generations import AS_OF, BusyError, alone
from tests.transport.ledger import LEDGER, MOVES, CentsMoved, ledger, on_cents_moved, teller, totals
from tests.transport.platform import TestPlatform, records_of
from tests.transport.rebuilding import begin_again, die_at, go_back, move, rows_of, shows

LEFT = {
    "projection_generation": "SELECT count(*) FROM projection_generation",
    "checkpoint": "SELECT count(*) FROM checkpoint WHERE consumer NOT IN ($1, $1 || '.totals.g1')",
    "total": "SELECT count(*) FROM total WHERE generation <> 1",
    "parked_event": "SELECT count(*) FROM parked_event",
    "consumer_stop": "SELECT count(*) FROM consumer_stop",
}


async def look_back(
    platform: TestPlatform, moment: datetime, projection: Projection = totals
) -> Past:
    looking = as_of(LEDGER, projection, moment, dsn=platform.ledger_dsn, kafka=platform.kafka)
    return await asyncio.wait_for(looking, 60)


async def left(platform: TestPlatform) -> dict[str, int]:
    """What stands beside the first generation, by table."""
    async with platform.ledger_db() as db:
        found = {
            table: await db.fetchval(query, *([LEDGER] if "$1" in query else []))
            for table, query in LEFT.items()
        }
    return {table: count for table, count in found.items() if count}


async def moved(platform: TestPlatform) -> list[tuple[datetime, str, int]]:
    """Each event on the log, by the time that it says: (time, account, cents)."""
    found: list[tuple[datetime, str, int]] = []
    for record in await records_of(platform.kafka, MOVES):
        said = json.loads(record.value or b"")
        time = datetime.fromisoformat(dict(record.headers)["ce_time"].decode())
        found.append((time, said["account"], said["cents"]))
    return sorted(found)


async def test_the_rows_of_a_moment_are_a_fold_of_only_the_events_up_to_it_and_nothing_is_left(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 150)
        await shows(platform, 150)
        await move(publishing, 150, first=150)
        await shows(platform, 300)
        before = await rows_of(platform, 1)
        log = await moved(platform)
        assert len(log) == 300
        for moment in (log[0][0], log[149][0], log[-1][0]):
            cents: Counter[str] = Counter()
            moves: Counter[str] = Counter()
            for time, account, amount in log:
                if time <= moment:
                    cents[account] += amount
                    moves[account] += 1
            past = await look_back(platform, moment)
            shown = {row["account"]: (row["cents"], row["moves"]) for row in past.tables["total"]}
            assert shown == {account: (cents[account], moves[account]) for account in cents}
            assert past.parked == 0
        assert sum(moves.values()) == 300
        nothing = await look_back(platform, log[0][0] - timedelta(microseconds=1))
        assert nothing.tables == {"total": []}
        assert await left(platform) == {}
        assert await rows_of(platform, 1) == before


async def test_what_cannot_be_folded_counts_only_up_to_the_moment_and_leaves_nothing_parked(
    platform: TestPlatform,
) -> None:
    def on_good_moves(moved: CentsMoved, fold: Fold) -> None:
        if moved.number >= 95:  # the last five of a hundred, each of an account of its own
            raise LookupError
        on_cents_moved(moved, fold)

    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 100)
        await shows(platform, 100)
    fragile = replace(totals, on=(on_good_moves,))
    assert (await look_back(platform, datetime.now(UTC), fragile)).parked == 5
    assert await left(platform) == {}


@pytest.mark.parametrize("step", ["consumer.committed", "rebuild.fenced", "rebuild.emptied"])
async def test_killed_anywhere_a_look_back_is_cleared_by_the_next_one(
    platform: TestPlatform, step: str
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 100)
        await shows(platform, 100)
        assert await die_at(platform, "as-of", step) == -signal.SIGKILL
        assert (await left(platform))["projection_generation"] == 1, "the kill left it half-way"
        past = await look_back(platform, datetime.now(UTC))
        assert sum(row["moves"] for row in past.tables["total"]) == 100
        assert await left(platform) == {}


async def test_a_look_back_and_a_rebuild_do_not_disturb_one_another_but_two_looks_would(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 100)
        await shows(platform, 100)
        looking, live = await asyncio.gather(
            look_back(platform, datetime.now(UTC)), begin_again(platform)
        )
        assert sum(row["moves"] for row in looking.tables["total"]) == 100
        await go_back(platform)
        assert set(await rows_of(platform, live)) == set(await rows_of(platform, 1))
        async with alone(platform.ledger_dsn, LEDGER, totals.name, AS_OF):
            with pytest.raises(BusyError, match="totals is being looked back at by another"):
                await look_back(platform, datetime.now(UTC))


async def test_a_moment_without_a_zone_and_a_projection_that_was_never_folded_are_refused(
    platform: TestPlatform,
) -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        await look_back(platform, datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(LookupError, match="totals was never folded"):
        await look_back(platform, datetime.now(UTC))
