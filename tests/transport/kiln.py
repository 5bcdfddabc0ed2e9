"""Services that only tests know: a kiln whose topic grows, and a shelf that hears it.

`GENERATION` says which of the kiln's topics this process publishes to: one that was deployed before
the topic grew knows the first only. Run as a module it fires pots, or keeps them, until killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import asyncpg

from libs.events.contracts import Event, Topic
from libs.events.transport import Fold, Projection, Service, Table, UnitOfWork, Work
from libs.events.transport.faults import is_transient
from libs.events.transport.runtime import running
from libs.events.transport.work import partition_for
from tests.transport.ledger import MINE, PRACTICE

KILN, SHELF = f"kiln-{MINE}", f"shelf-{MINE}"
FIRST = Topic(f"{KILN}.pots", partitions=2)
SECOND = Topic(f"{KILN}.pots.g2", partitions=5, succeeds=FIRST)
GENERATION = {"1": FIRST, "2": SECOND}[os.environ.get("MAINSTAY_TEST_GENERATION", "2")]
POTS = [f"pot-{n}" for n in range(12)]

KILN_TABLES = """
CREATE TABLE pot (
    practice_id uuid NOT NULL, pot text NOT NULL, fired int NOT NULL,
    PRIMARY KEY (practice_id, pot)
);
SELECT own_by_practice('pot');
CREATE TABLE refusal (practice_id uuid NOT NULL, sqlstate text NOT NULL);
SELECT own_by_practice('refusal');
"""
SHELF_TABLES = """
CREATE TABLE kept (
    practice_id uuid NOT NULL, pot text NOT NULL, seen text NOT NULL,
    PRIMARY KEY (practice_id, pot)
);
SELECT own_by_practice('kept');
CREATE TABLE shown (
    generation int NOT NULL, practice_id uuid NOT NULL, pot text NOT NULL,
    pots bigint NOT NULL, last bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, pot)
);
SELECT own_projection('shown');
"""
NEXT = """
INSERT INTO pot AS p VALUES ($1, $2, 1)
ON CONFLICT (practice_id, pot) DO UPDATE SET fired = p.fired + 1 RETURNING fired
"""
KEEP = """
INSERT INTO kept AS k VALUES ($1, $2, $3)
ON CONFLICT (practice_id, pot) DO UPDATE SET seen = k.seen || $3
"""
NOTE_REFUSAL = "INSERT INTO refusal VALUES ($1, $2)"


class PotFired(Event):
    """A pot was fired once more; `number` counts up within the pot."""

    type: ClassVar = "kiln.pot-fired.v1"
    topic: ClassVar = GENERATION
    key: ClassVar = "pot"

    pot: str
    number: int


cracked: set[tuple[str, int]] = set()
"""What the shelf fails on, until it is taken out again."""
may_keep = asyncio.Event()
"""Not set: the shelf stands still before the first of a pot whose name begins with `slow`."""


async def keep(fired: PotFired, uow: UnitOfWork) -> None:
    if fired.pot.startswith("slow") and fired.number == 1:
        await may_keep.wait()
    if (fired.pot, fired.number) in cracked:
        raise ArithmeticError
    await uow.db.execute(KEEP, fired.practice_id, fired.pot, f"{fired.number} ")


SHOWN = Table("shown", keys=("practice_id", "pot"), sums=("pots",), values=("last",))


def on_pot_fired(fired: PotFired, fold: Fold) -> None:
    if (fired.pot, fired.number) in cracked:
        raise ArithmeticError
    fold.add(SHOWN, (fired.practice_id, fired.pot), pots=1)
    fold.put(SHOWN, (fired.practice_id, fired.pot), last=fired.number)


shown = Projection(name="shown", version=1, tables=(SHOWN,), on=(on_pot_fired,))
kiln = Service(name=KILN)
shelf = Service(name=SHELF, handlers=[keep], projections=[shown])


def pots_of(partition: int, of: Topic, *, prefix: str = "pot", count: int = 6) -> list[str]:
    """Names of pots that stand on one partition."""
    names = (f"{prefix}-{n}" for n in range(1000))
    return [n for n in names if partition_for(n, of.partitions) == partition][:count]


@contextmanager
def published_to(topic: Topic) -> Iterator[None]:
    """What is fired meanwhile is fired as by a process that was deployed for this topic."""
    PotFired.topic, now = topic, PotFired.topic
    try:
        yield
    finally:
        PotFired.topic = now


async def fire(work: Work, pots: Sequence[str]) -> None:
    """Fire each pot once, in one transaction."""
    async with work.unit_of_work(PRACTICE) as uow:
        for pot in sorted(pots):
            number = await uow.db.fetchval(NEXT, PRACTICE, pot)
            await uow.publish(PotFired(practice_id=PRACTICE, pot=pot, number=number))


async def fire_on(work: Work, pots: Sequence[str]) -> None:
    """Go on firing; what is refused is noted, and tried again."""
    while True:
        for pot in pots:
            try:
                await fire(work, [pot])
            except asyncpg.PostgresError as error:
                if not is_transient(error):
                    raise
                async with work.unit_of_work(PRACTICE) as uow:
                    await uow.db.execute(NOTE_REFUSAL, PRACTICE, error.sqlstate)
            await asyncio.sleep(0.01)


async def main(name: str, dsn: str, kafka: str, *pots: str) -> None:
    may_keep.set()
    service = {"kiln": kiln, "shelf": shelf}[name]
    async with running(service, dsn=dsn, kafka=kafka) as started:
        await fire_on(started.work, pots) if pots else await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
