"""`mainstay projections` against a platform that runs: as-of, status, and what changes them."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import typer

from libs.cli.platform import Platform
from libs.cli.projections import (
    as_of_and_tell,
    forget_and_tell,
    read_moment,
    rebuild_and_tell,
    rollback_and_tell,
)
from libs.events.transport.breaker import STOP
from libs.events.transport.generations import alone
from tests.cli.orders import run
from tests.transport.ledger import LEDGER, MOVES, PRACTICE, ledger, teller, totals
from tests.transport.platform import TestPlatform, eventually
from tests.transport.rebuilding import begin_again, die_at, move, shows


def addresses(platform: TestPlatform) -> Platform:
    return Platform(kafka=platform.kafka, databases={LEDGER: platform.ledger_dsn})


async def test_as_of_prints_the_rows_that_there_were_at_a_moment(
    platform: TestPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    async def told(*, as_json: bool) -> str:
        asked = addresses(platform), LEDGER, totals, moment
        await asyncio.to_thread(as_of_and_tell, *asked, as_json=as_json)
        return capsys.readouterr().out

    before = datetime.now(UTC)
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 10)
        await shows(platform, 10)
        moment = before
        assert await told(as_json=False) == "total, no rows\n"
        moment = datetime.now(UTC)
        await move(publishing, 20, first=10)
        await shows(platform, 30)
        past = json.loads(await told(as_json=True))
        table = await told(as_json=False)
    assert (past["as_of"], past["version"], past["parked"]) == (moment.isoformat(), 1, 0)
    assert [(r["account"], r["cents"], r["moves"]) for r in past["tables"]["total"]] == [
        (f"account-{n}", 5, 1) for n in range(10)
    ]
    assert past["tables"]["total"][0]["practice_id"] == str(PRACTICE)
    assert "total, 10 rows" in table
    assert table.count("account-") == 10


async def test_what_cannot_be_looked_back_at_is_told_with_exit_code_1(
    platform: TestPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = addresses(platform), LEDGER, totals, datetime.now(UTC)
    with pytest.raises(typer.Exit) as refused:
        await asyncio.to_thread(as_of_and_tell, *asked, as_json=True)
    assert refused.value.exit_code == 1
    assert "not looked back: totals was never folded" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["yesterday", "2026-11-25", "2026-11-25T08:00:00"])
def test_a_moment_without_a_zone_is_refused(written: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no moment with its zone"):
        read_moment(written)


def test_a_moment_is_read_as_rfc_3339_has_it() -> None:
    assert read_moment("2026-11-25T08:00:00Z") == read_moment("2026-11-25T09:00:00.0+01:00")


async def test_rebuild_rollback_and_forget_say_what_is_read_now_or_why_not(
    platform: TestPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = addresses(platform), LEDGER, totals

    async def told(act: Callable[..., None], *, as_json: bool = True) -> str:
        await asyncio.to_thread(act, *asked, as_json=as_json)
        return capsys.readouterr().out

    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 60)
        await shows(platform, 60)
        with pytest.raises(typer.Exit) as refused:
            await told(rollback_and_tell)
        assert refused.value.exit_code == 1
        assert "not rolled back: totals: no earlier generation" in capsys.readouterr().err
        rebuilt = json.loads(await told(rebuild_and_tell))
        named = {"service": LEDGER, "name": "totals"}
        assert rebuilt == {**named, "generation": 2, "version": 1, "announced": []}
        assert json.loads(await told(rollback_and_tell))["generation"] == 1
        assert "from generation 2 now" in await told(rollback_and_tell, as_json=False)
        async with alone(platform.ledger_dsn, LEDGER, totals.name):
            with pytest.raises(typer.Exit):
                await told(forget_and_tell)
        assert "not removed: totals is being rebuilt" in capsys.readouterr().err
        assert json.loads(await told(forget_and_tell)) == {**named, "removed": [1]}
        assert await told(forget_and_tell, as_json=False) == "nothing is kept\n"
        await shows(platform, 60)


async def test_status_tells_how_far_behind_what_is_read_is_and_in_which_version(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 60)
        await shows(platform, 60)
        [fresh] = (await run(platform, "projections", "status", "--json")).json()
        assert (fresh["service"], fresh["name"], fresh["generation"]) == (LEDGER, "totals", 1)
        assert (fresh["version"], fresh["in_code"], fresh["records"]) == (1, None, 0)
        assert (fresh["seconds"], fresh["beside"], fresh["busy"]) == (0.0, [], False)
        async with platform.ledger_db() as fold_waits:
            await fold_waits.execute("LOCK TABLE total IN EXCLUSIVE MODE")
            await move(publishing, 40, first=60)

            async def behind() -> bool:
                [stale] = (await run(platform, "projections", "status", LEDGER, "--json")).json()
                return stale["records"] == 40 and stale["seconds"] > 0

            await eventually(behind, what="40 records behind")


async def test_status_tells_of_a_rebuild_that_runs_of_one_given_up_and_of_trouble(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 60)
        await shows(platform, 60)
    assert await die_at(platform, "rebuild", "rebuild.caught-up") == -signal.SIGKILL
    async with platform.ledger_db() as db:
        await db.execute("UPDATE projection SET trouble = 'its topic is gone'")
        await db.execute(STOP, f"{LEDGER}.totals", "too much parks")
    [found] = (await run(platform, "projections", "status", "--json")).json()
    beside = {"generation": 2, "version": 1, "state": "building", "folded": 60, "records": 60}
    assert (found["beside"], found["busy"]) == ([beside], False)
    assert (found["trouble"], found["stopped"]) == ("its topic is gone", "too much parks")
    told = (await run(platform, "projections", "status")).out
    assert "g2 building 60/60 (given up)" in told
    assert "stopped: too much parks; its topic is gone" in told
    async with alone(platform.ledger_dsn, LEDGER, totals.name):
        [found] = (await run(platform, "projections", "status", "--json")).json()
        assert found["busy"]
        told = (await run(platform, "projections", "status")).out
    assert "g2 building 60/60" in told
    assert "given up" not in told


async def test_status_tells_what_is_kept_what_is_parked_and_what_the_code_no_longer_has(
    platform: TestPlatform,
) -> None:
    assert (await run(platform, "projections", "status", "--json")).json() == []
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 30)
        await shows(platform, 30)
    assert await begin_again(platform) == 2
    async with platform.ledger_db() as db:
        await db.execute(
            "INSERT INTO parked_event (practice_id, consumer, topic, partition, offset_, key, "
            "headers, error, parked_at) VALUES ($1, $2, $3, 0, 0, 'a', '[]', 'Error', now())",
            *(PRACTICE, f"{LEDGER}.totals.g2", MOVES.name),
        )
    [found] = (await run(platform, "projections", "status", "--json")).json()
    kept = {"generation": 1, "version": 1, "state": "kept", "folded": None, "records": None}
    assert (found["beside"], found["parked"], found["stopped"]) == ([kept], 1, None)
    told = (await run(platform, "projections", "status")).out
    for said in ("g1 kept", "1 parked", "gone"):
        assert said in told
