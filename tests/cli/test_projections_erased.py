"""`mainstay projections rebuild|rollback|as-of` tell what stayed out because it was erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.cli.platform import Platform
from libs.cli.projections import as_of_and_tell, rebuild_and_tell, rollback_and_tell
from libs.events.transport.keys import KeyDirectory
from tests.transport.ledger import LEDGER
from tests.transport.notebook import Desk, notes, some_heard, some_unheard_and_erased
from tests.transport.platform import TestPlatform


async def test_a_person_is_told_how_many_events_of_erased_practices_stayed_out(
    platform: TestPlatform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(platform, KeyDirectory(tmp_path / "keys"))
    await some_heard(desk)
    asked = (
        Platform(
            kafka=platform.kafka,
            databases={LEDGER: platform.ledger_dsn},
            keys=str(desk.keys.folder),
        ),
        LEDGER,
        notes,
    )

    async def announced(act: Callable[..., None]) -> list[str]:
        await asyncio.to_thread(act, *asked, as_json=True)
        return json.loads(capsys.readouterr().out)["announced"]

    assert await announced(rebuild_and_tell) == []
    await some_unheard_and_erased(desk)
    async with desk.running():
        await desk.parks(2, "ErasedEventError", None)
    assert await announced(rollback_and_tell) == ["2 events of erased practices stayed out"]
    said = "5 events of erased practices stayed out"
    rows, events = await announced(rebuild_and_tell)
    assert rows.endswith("all of erased practices")
    assert events == said
    now = datetime.now(UTC)
    await asyncio.to_thread(as_of_and_tell, *asked, now, as_json=True)
    assert json.loads(capsys.readouterr().out)["erased"] == 5
    await asyncio.to_thread(as_of_and_tell, *asked, now, as_json=False)
    assert said in capsys.readouterr().err
