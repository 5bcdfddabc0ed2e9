"""A projection of notes that are marked, of two practices; one of them is erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from libs.events.contracts import PHI, Event
from libs.events.contracts.values import PracticeId
from libs.events.transport import Fold, Service
from libs.events.transport.as_of import Past, as_of
from libs.events.transport.keys import KeyDirectory
from libs.events.transport.rebuild import rollback
from libs.events.transport.runtime import Running
from tests.transport.ledger import LEDGER, MOVES, OTHER_PRACTICE, PRACTICE, TOTAL, totals
from tests.transport.platform import TestPlatform, eventually
from tests.transport.rebuilding import begin_again, rows_of

GONE = OTHER_PRACTICE


class NoteKept(Event):
    """Somebody wrote a note."""

    type: ClassVar = "ledger.note-kept.v1"
    topic: ClassVar = MOVES
    key: ClassVar = "account"

    account: str
    words: Annotated[str, PHI]


class PageCounted(Event):
    """Has no marked field: it can be read whatever becomes of the keys."""

    type: ClassVar = "ledger.page-counted.v1"
    topic: ClassVar = MOVES
    key: ClassVar = "account"

    account: str
    torn: bool = False


torn_fails: set[bool] = set()
"""True in it: a torn page cannot be folded."""


def on_note_kept(note: NoteKept, fold: Fold) -> None:
    fold.add(TOTAL, (note.practice_id, note.account), cents=len(note.words), moves=1)


def on_page_counted(page: PageCounted, fold: Fold) -> None:
    if page.torn in torn_fails:
        raise LookupError
    fold.add(TOTAL, (page.practice_id, page.account), moves=1)


notes = replace(totals, on=(on_note_kept, on_page_counted))
notebook = Service(name=LEDGER, projections=[notes])


@dataclass
class Desk:
    """Two practices' notes, the keys of both, and what a rebuild told."""

    platform: TestPlatform
    keys: KeyDirectory
    told: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def running(self, *, worker: bool = True) -> AsyncIterator[Running]:
        async with self.platform.start(notebook, worker=worker, keys=self.keys) as running:
            yield running

    async def write(self, running: Running, *events: Event) -> None:
        for event in events:
            async with running.work.unit_of_work(event.practice_id) as uow:
                await uow.publish(event)

    async def erase(self) -> None:
        self.keys.erase(GONE, datetime.now(UTC))

    async def rebuild(self, *, accept_difference: bool = False) -> int:
        self.told.clear()
        return await begin_again(
            self.platform,
            notes,
            keys=self.keys,
            announce=self.told.append,
            accept_difference=accept_difference,
        )

    async def go_back(self) -> int:
        self.told.clear()
        back = rollback(
            LEDGER,
            notes,
            dsn=self.platform.ledger_dsn,
            kafka=self.platform.kafka,
            keys=self.keys,
            announce=self.told.append,
        )
        return await asyncio.wait_for(back, 60)

    async def look_back(self, moment: datetime) -> Past:
        looking = as_of(
            LEDGER,
            notes,
            moment,
            dsn=self.platform.ledger_dsn,
            kafka=self.platform.kafka,
            keys=self.keys,
        )
        return await asyncio.wait_for(looking, 60)

    async def shows(self, generation: int, moves: dict[str, int]) -> None:
        async def so() -> bool:
            rows = await rows_of(self.platform, generation)
            return {account: shown for account, (_, shown) in rows.items()} == moves

        await eventually(so, what=f"{moves} in generation {generation}")

    async def parked(self, generation: int) -> list[str | None]:
        async with self.platform.ledger_db() as db:
            rows = await db.fetch(
                "SELECT error FROM parked_event WHERE consumer = $1 ORDER BY id",
                f"{LEDGER}.totals.g{generation}",
            )
        return [row["error"] and row["error"].partition(":")[0] for row in rows]

    async def parks(self, generation: int, *errors: str | None) -> None:
        async def so() -> bool:
            return await self.parked(generation) == [*errors]

        await eventually(so, what=f"{errors} parked in generation {generation}")


def note(practice: PracticeId, account: str, words: str = "well") -> NoteKept:
    return NoteKept(practice_id=practice, account=account, words=words)


def page(practice: PracticeId, account: str, *, torn: bool = False) -> PageCounted:
    return PageCounted(practice_id=practice, account=account, torn=torn)


async def some_heard(desk: Desk) -> None:
    async with desk.running() as running:
        await desk.write(
            running,
            *(note(PRACTICE, "ours"), note(PRACTICE, "ours"), page(PRACTICE, "ours")),
            *(note(GONE, "a"), note(GONE, "a"), note(GONE, "b"), page(GONE, "b")),
        )
        await desk.shows(1, {"ours": 3, "a": 2, "b": 2})


async def some_unheard_and_erased(desk: Desk) -> None:
    async with desk.running(worker=False) as running:
        await desk.write(running, note(GONE, "a"), note(GONE, "a"))
    await desk.erase()


async def erased_with_some_unheard(desk: Desk) -> None:
    """Of the erased practice three notes and a page were heard; two notes of one key park."""
    await some_heard(desk)
    await some_unheard_and_erased(desk)
    async with desk.running():
        await desk.parks(1, "ErasedEventError", None)
