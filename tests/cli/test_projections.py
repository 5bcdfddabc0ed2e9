"""`mainstay projections` against a platform that runs: as-of, status, and what changes them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
import typer

from libs.cli.platform import Platform
from libs.cli.projections import as_of_and_tell, read_moment
from tests.transport.ledger import LEDGER, PRACTICE, ledger, teller, totals
from tests.transport.platform import TestPlatform
from tests.transport.rebuilding import move, shows


def addresses(platform: TestPlatform) -> Platform:
    return Platform(kafka=platform.kafka, databases={LEDGER: platform.ledger_dsn})


async def test_as_of_prints_the_rows_that_there_were_at_a_moment(
    platform: TestPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    async def told(*, as_json: bool) -> str:
        asked = addresses(platform), LEDGER, totals, moment
        await asyncio.to_thread(as_of_and_tell, *asked, as_json=as_json)
        return capsys.readouterr().out

    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 10)
        await shows(platform, 10)
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
