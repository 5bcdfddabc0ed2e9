"""A proof that cannot fail proves nothing: each planted bug is found, by the figure named here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.transport import work
from tests.chaos.bugs import BUGS, plant
from tests.chaos.scenes import EXPOSURES, commit_late, draw_early, scene, wake_a_zombie
from tests.chaos.stage import Stage, stage
from tests.conftest import Addresses
from tests.databases import Databases


@pytest.fixture
async def made(databases: Databases, addresses: Addresses, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(databases, addresses.kafka, tmp_path) as ready:
        yield ready


@pytest.mark.parametrize("bug", EXPOSURES)
async def test_a_planted_bug_is_found(
    made: Stage, bug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exposure = EXPOSURES[bug]
    if exposure.role == "here":
        monkeypatch.setattr(work, "ADD_TO_OUTBOX", work.ADD_TO_OUTBOX)  # put back afterwards
        plant(bug, "")
    async with scene(made, {exposure.role: bug}) as playing:
        await exposure.play(playing)
        found = await playing.check()
    assert getattr(found, exposure.figure) > 0, found


async def test_without_bugs_their_scenes_find_nothing(made: Stage) -> None:
    """Those whose fault the slice of `make chaos` does not have anyway."""
    async with scene(made, {}) as playing:
        for play in (wake_a_zombie, commit_late, draw_early):
            await play(playing)
        found = await playing.check()
    assert found.clean, found.notes


def test_every_bug_has_a_scene() -> None:
    assert set(BUGS) == set(EXPOSURES)
