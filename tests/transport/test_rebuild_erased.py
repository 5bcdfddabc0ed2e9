"""What nobody can read any more stays out of a rebuild, and explains its own practice's rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.events.transport.keys import KeyDirectory
from libs.events.transport.rebuild import DifferenceError
from tests.transport.ledger import PRACTICE
from tests.transport.notebook import GONE, Desk, erased_with_some_unheard, note, page, torn_fails
from tests.transport.platform import TestPlatform


@pytest.fixture
def desk(platform: TestPlatform, tmp_path: Path) -> Desk:
    torn_fails.clear()
    return Desk(platform, KeyDirectory(tmp_path / "keys"))


async def test_a_rebuild_leaves_out_what_was_erased_and_tells_how_much(desk: Desk) -> None:
    await erased_with_some_unheard(desk)
    async with desk.running() as running:
        assert await desk.rebuild() == 2
        assert desk.told == [
            "total: 2 rows live, 1 rebuilt; 1 missing, 0 added, 1 changed; all of erased practices",
            "5 events of erased practices stayed out",
        ]
        await desk.shows(2, {"ours": 3, "b": 1})
        await desk.write(running, note(PRACTICE, "ours"), page(GONE, "a"))
        await desk.shows(2, {"ours": 4, "b": 1, "a": 1})
        assert await desk.parked(2) == []


async def test_what_erasure_does_not_explain_is_refused(desk: Desk) -> None:
    """Neither is it by what is parked in the live one, which is not in the rebuilt one either."""
    await erased_with_some_unheard(desk)
    async with desk.platform.ledger_db() as db:
        await db.execute("UPDATE total SET moves = moves + 1 WHERE account = 'ours'")
    with pytest.raises(DifferenceError, match=r"\(total: 1 rows live, 1 rebuilt; 0 m.*1 changed\)"):
        await desk.rebuild()
    async with desk.platform.ledger_db() as db:
        await db.execute("UPDATE total SET moves = moves - 1 WHERE account = 'ours'")
    assert await desk.rebuild() == 3


async def test_a_practice_that_nothing_stayed_out_of_is_compared(desk: Desk) -> None:
    async with desk.running() as running:
        await desk.write(running, note(PRACTICE, "ours"), page(GONE, "b"))
        await desk.shows(1, {"ours": 1, "b": 1})
        desk.keys.create(GONE)
        await desk.erase()
    async with desk.platform.ledger_db() as db:
        await db.execute("UPDATE total SET moves = moves + 1 WHERE account = 'b'")
    with pytest.raises(DifferenceError, match="1 changed"):
        await desk.rebuild()


async def test_what_can_be_read_and_fails_is_refused_and_what_was_erased_does_not_wait_behind_it(
    desk: Desk,
) -> None:
    async with desk.running() as running:
        await desk.write(running, note(GONE, "a"), page(GONE, "a", torn=True), note(GONE, "a"))
        await desk.shows(1, {"a": 3})
    await desk.erase()
    torn_fails.add(True)
    with pytest.raises(DifferenceError, match="1 events could not be folded"):
        await desk.rebuild()
    assert await desk.rebuild(accept_difference=True) == 3
    assert desk.told[-1] == "2 events of erased practices stayed out", "though tried by halves"
    assert await desk.parked(3) == ["LookupError"]


async def test_a_rollback_leaves_out_what_was_erased_since(desk: Desk) -> None:
    async with desk.running() as running:
        await desk.write(running, note(PRACTICE, "ours"), note(GONE, "a"))
        await desk.shows(1, {"ours": 1, "a": 1})
        assert await desk.rebuild() == 2
    async with desk.running(worker=False) as running:
        await desk.write(running, note(PRACTICE, "ours"), note(GONE, "b"), note(GONE, "b"))
    await desk.erase()
    async with desk.running():
        await desk.shows(2, {"ours": 2, "a": 1})
        await desk.parks(2, "ErasedEventError", None)
        assert await desk.go_back() == 1
        assert desk.told == ["2 events of erased practices stayed out"]
        await desk.shows(1, {"ours": 2, "a": 1})
        assert await desk.parked(1) == []


async def test_a_look_back_leaves_out_what_was_erased_and_counts_it_up_to_the_moment(
    desk: Desk,
) -> None:
    await erased_with_some_unheard(desk)
    past = await desk.look_back(datetime.now(UTC))
    shown = {row["account"]: row["moves"] for row in past.tables["total"]}
    assert (shown, past.parked, past.erased) == ({"ours": 3, "b": 1}, 0, 5)
    past = await desk.look_back(datetime(2020, 1, 1, tzinfo=UTC))
    assert (past.tables["total"], past.parked, past.erased) == ([], 0, 0)
