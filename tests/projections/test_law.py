"""Law 6 for every projection of every service, found by itself, on drawn events.

Folded as it comes, folded from what was sent twice, folded again from the log, and folded in any
order that keeps the order within a key: always the same rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import pytest

from libs.events.contracts.billing import ClaimPaid
from libs.events.transport import Fold, Projection, Table
from libs.events.transport.applying import Applier
from libs.events.transport.folding import Folding
from libs.events.transport.parked import Record
from libs.service.process import load_service, service_names
from tests.harness import Harness
from tests.keys import FIXED_KEYS
from tests.projections.drawing import PRACTICES, batches, drawn_events, shuffle_between_keys

MakeHarness = Callable[[str], Awaitable[Harness]]
Rows = dict[str, list[dict[str, Any]]]

PROJECTIONS = [(name, p) for name in service_names() for p in load_service(name).projections]
LIVE, REBUILT, INTERLEAVED = 1, 2, (3, 4, 5)
LARGEST_BATCH = 120


async def broken(harness: Harness, projection: Projection, rng: Random) -> list[str]:
    """What is not as the law has it; the harness's service folds this projection alone."""
    events = drawn_events(projection, rng)
    await harness.receive(*events)
    live = await rows(harness, projection, LIVE)
    found = [f"{table} has no rows: nothing is shown of it" for table in live if not live[table]]
    first = [record for log in harness.log.values() for record in log]
    await harness.receive(*events)
    if await rows(harness, projection, LIVE) != live:
        found.append("redelivered")
    await fold_log(harness, projection, REBUILT, rng)
    if await rows(harness, projection, REBUILT) != live:
        found.append("rebuilt")
    for generation in INTERLEAVED:
        await fold_interleaved(harness, projection, generation, first, rng)
        if await rows(harness, projection, generation) != live:
            found.append("interleaved")
    return found


async def fold_log(harness: Harness, projection: Projection, generation: int, rng: Random) -> None:
    """Fold everything on the log, what was sent twice too, a partition after the other."""
    folding = Folding(harness.service.name, projection, generation, FIXED_KEYS)
    applier = Applier(folding, folding.group, harness.work)
    partitions = list(harness.log.items())
    rng.shuffle(partitions)
    for (topic, partition), records in partitions:
        position = await applier.load(topic, partition, 0)
        for batch in batches(records, LARGEST_BATCH, rng):
            position = (await applier.apply(position, batch)).position


async def fold_interleaved(
    harness: Harness, projection: Projection, generation: int, records: list[Record], rng: Random
) -> None:
    """Fold the records in another order than they are in, but for the order within a key."""
    folding = Folding(harness.service.name, projection, generation, FIXED_KEYS)
    order = shuffle_between_keys(records, lambda record: (record.topic, record.key), rng)
    for batch in batches(order, LARGEST_BATCH, rng):
        heard = [folding.hear(record, folding.place_of(record)) for record in batch]
        async with harness.pool.acquire() as db, db.transaction():
            await folding.checkpoint_name(db)
            await folding.apply(db, [one for one in heard if one is not None])


async def rows(harness: Harness, projection: Projection, generation: int) -> Rows:
    """Every row of every table, but for its generation's number."""
    found: Rows = {}
    async with harness.work.read(PRACTICES) as db:
        for table in projection.tables:
            read = await db.fetch(f"SELECT * FROM {table.name} WHERE generation = $1", generation)
            unnumbered = [dict(row) | {"generation": None} for row in read]
            found[table.name] = sorted(unnumbered, key=str)
    return found


def alone(harness: Harness, projection: Projection) -> Harness:
    """The same database under a service that has this projection and nothing else."""
    service = replace(harness.service, handlers=[], projections=[projection])
    return Harness(service, harness.pool, harness.dsn, harness.operators)


@pytest.mark.parametrize("seed", ["one", "other"])
@pytest.mark.parametrize(
    ("service", "projection"), PROJECTIONS, ids=[f"{name}.{p.name}" for name, p in PROJECTIONS]
)
async def test_every_projection_is_the_same_incremental_redelivered_rebuilt_and_interleaved(
    service_harness: MakeHarness, service: str, projection: Projection, seed: str
) -> None:
    harness = alone(await service_harness(service), projection)
    assert await broken(harness, projection, Random(seed)) == []


def test_there_are_projections_to_try() -> None:
    assert ("analytics", "scorecard") in [(name, p.name) for name, p in PROJECTIONS]


PRACTICE = Table("practice", keys=("practice_id",), values=("name",))
"""One of analytics' tables, which the broken folds below put to a use of their own."""

_folded = count()


def keep_the_last_claim_of_any_key(paid: ClaimPaid, fold: Fold) -> None:
    fold.put(PRACTICE, (paid.practice_id,), name=str(paid.claim_id))


def keep_what_the_process_remembers(paid: ClaimPaid, fold: Fold) -> None:
    fold.put(PRACTICE, (paid.practice_id,), name=str(next(_folded)))


def write_nothing(paid: ClaimPaid, fold: Fold) -> None:
    pass


@pytest.mark.parametrize(
    ("fold", "found"),
    [
        (keep_the_last_claim_of_any_key, {"interleaved"}),
        (keep_what_the_process_remembers, {"rebuilt", "interleaved"}),
        (write_nothing, {"practice has no rows: nothing is shown of it"}),
    ],
)
async def test_a_fold_that_breaks_the_law_is_found(
    service_harness: MakeHarness, fold: Callable[[ClaimPaid, Fold], None], found: set[str]
) -> None:
    lawless = Projection(name="lawless", version=1, tables=(PRACTICE,), on=(fold,))
    harness = alone(await service_harness("analytics"), lawless)
    assert found <= set(await broken(harness, lawless, Random("lawless")))
