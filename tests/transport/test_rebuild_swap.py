"""Law 6: readers see one generation or the other through swap and rollback, whoever is killed."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from libs.events.transport import building, generations, rebuild
from tests.transport.ledger import ledger, teller, totals
from tests.transport.platform import TestPlatform
from tests.transport.rebuilding import (
    begin_again,
    die_at,
    go_back,
    move,
    moves_shown,
    reading,
    rows_of,
    shows,
)

STEPS = sorted(
    {
        step
        for module in (rebuild, building, generations)
        for step in re.findall(r'reached\("([^"]+)"\)', Path(module.__file__ or "").read_text())
    }
)


async def test_a_reader_never_sees_a_half_state_through_swap_and_rollback_while_events_flow(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 300)
        await shows(platform, 300)
        async with reading(platform) as seen:
            await move(publishing, 200, first=300)
            assert await begin_again(platform) == 2
            await move(publishing, 200, first=500)
            await shows(platform, 700)
            assert await go_back(platform) == 1
            await move(publishing, 100, first=700)
            await shows(platform, 800)
            assert await go_back(platform) == 2, "and forward again"
            await shows(platform, 800)
        assert all(before <= after for before, after in pairwise(seen)), "nothing goes missing"
        assert len(set(seen)) > 3, "the reader looked while it changed"
    assert await rows_of(platform, 1) == await rows_of(platform, 2)


async def test_the_kept_generation_is_removed_when_the_next_rebuild_begins(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 60)
        await shows(platform, 60)
    assert [await begin_again(platform), await begin_again(platform)] == [2, 3]
    assert await rows_of(platform, 1) == {}
    assert await rows_of(platform, 2) == await rows_of(platform, 3) != {}
    gone = await rebuild.forget(ledger.name, totals, dsn=platform.ledger_dsn, kafka=platform.kafka)
    assert gone == [2]
    async with platform.ledger_db() as db:
        for table in ("projection_generation", "kept_line"):
            assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        consumers = await db.fetch("SELECT DISTINCT consumer FROM checkpoint ORDER BY 1")
    assert [row["consumer"] for row in consumers] == [ledger.name, f"{ledger.name}.totals.g3"]
    with pytest.raises(LookupError, match="no earlier generation is kept"):
        await go_back(platform)


async def test_a_rollback_to_what_another_version_folded_is_refused_with_what_to_do(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 60)
        await shows(platform, 60)
    second = replace(totals, version=2)
    assert await begin_again(platform, second) == 2
    with pytest.raises(RuntimeError, match="folded by version 1, this code is version 2: deploy"):
        await go_back(platform, second)
    assert await moves_shown(platform) == 60
    assert await go_back(platform, totals) == 1
    assert await moves_shown(platform) == 60


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_a_rebuild_or_rollback_can_be_begun_again(
    platform: TestPlatform, step: str
) -> None:
    async with platform.start(teller) as publishing:
        async with platform.start(ledger):
            await move(publishing, 100)
            await shows(platform, 100)
        # Two rebuilds: the second one has a kept generation to remove.
        assert await begin_again(platform) == 2
        act = step.partition(".")[0]
        assert await die_at(platform, act, step) == -signal.SIGKILL
        assert await moves_shown(platform) == 100
        async with platform.start(ledger):
            await move(publishing, 50, first=100)
            await shows(platform, 150)
            if act == "rollback":
                assert await go_back(platform) == 1
                await shows(platform, 150)
            live = await begin_again(platform)
            await move(publishing, 50, first=150)
            await shows(platform, 200)
    async with platform.ledger_db() as db:
        found = await db.fetch("SELECT DISTINCT generation FROM total ORDER BY 1")
    assert [row["generation"] for row in found][-1] == live
    assert len(found) == 2, "the live one and the one before it"
