"""The oracle's walk through billing's handlers on PostgreSQL: 835 files and HTTP commands.

A few hundred steps here; `make fuzz` takes thousands, by ORACLE_STEPS and ORACLE_SEED.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from libs.events.transport.database import Db
from services.billing.ledger.model import Entry
from services.billing.ledger.store import post
from services.billing.provider_adjustments import adjust
from services.billing.remittances import store
from tests.billing.desk import Desk
from tests.billing.oracle.desk_books import DeskBooks, open_books
from tests.billing.oracle.walk import STEPS_OF_A_PRACTICE, DifferenceError, walk
from tests.harness import Harness

STEPS = int(os.environ.get("ORACLE_STEPS") or 250)
SEED = int(os.environ.get("ORACLE_SEED") or 0)
pytestmark = pytest.mark.timeout(120 + STEPS)


class Walker:
    """Takes walks at one desk; keeps the books that they opened."""

    def __init__(self, desk: Desk, client: Any) -> None:
        self._desk, self._client = desk, client
        self.opened: list[DeskBooks] = []

    async def walk(self, seed: int, steps: int) -> dict[str, int]:
        open_next = partial(self._open, asyncio.get_running_loop(), count())
        return await asyncio.to_thread(walk, seed, steps, open_next)

    async def open_forwards(self) -> list[tuple[str, int]]:
        """Of the practice whose books were opened last: trace number and cents."""
        told = {"reason": "FB", "open": True}
        answer = await self._client.get("/provider-adjustments", params=told)
        return [(row["trace_number"], -row["open_cents"]) for row in answer.json()]

    def _open(self, loop: asyncio.AbstractEventLoop, practices: count[int]) -> DeskBooks:
        made = open_books(self._desk, self._client, next(practices))
        self.opened.append(asyncio.run_coroutine_threadsafe(made, loop).result())
        return self.opened[-1]


@pytest.fixture
async def walker(billing: Harness, tmp_path: Path) -> AsyncIterator[Walker]:
    async with billing.http() as client:
        yield Walker(Desk(billing, tmp_path), client)


async def test_the_rows_are_what_a_pencil_would_say_at_every_step(walker: Walker) -> None:
    taken = await walker.walk(SEED, STEPS)
    assert sum(taken.values()) == STEPS
    assert len(walker.opened) == -(-STEPS // STEPS_OF_A_PRACTICE)
    if STEPS >= 200:
        assert len(taken) == 9, taken
    trace, cents = walker.opened[-1].forwarded
    assert await walker.open_forwards() == ([(trace, cents)] if cents else [])


async def post_twice(db: Db, entry: Entry, at: datetime) -> None:
    await post(db, entry, at)
    await post(db, replace(entry, source=f"{entry.source}/again"), at)


async def forget(*_: Any) -> None:
    """Nothing is saved."""


async def test_a_recoupment_that_is_posted_twice_is_found(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adjust, "post", post_twice)
    with pytest.raises(DifferenceError, match="the journal's cash is not the bank's"):
        await walker.walk(1, 100)


async def test_a_reversal_that_leaves_its_posting_in_force_is_found(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "mark_reversed", forget)
    with pytest.raises(DifferenceError, match=r"seed 1, practice 0, step \d+: billing takes it"):
        await walker.walk(1, 100)
