"""How each projection stands: what is read and how fresh, what is being built, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import TopicPartition

from libs.cli.lag import log_ends
from libs.cli.platform import Platform, transport_of
from libs.events.contracts import topics_of
from libs.events.transport import Projection
from libs.events.transport.database import Db
from libs.events.transport.generations import (
    REBUILD,
    Shard,
    behind,
    find_beside,
    is_anybody_at,
    read_positions,
)
from libs.events.transport.lag import measure

READ_ALL = "SELECT name, generation, version, swapped_at::text, trouble FROM projection ORDER BY 1"
READ_STOP = "SELECT reason FROM consumer_stop WHERE consumer = $1"
COUNT_PARKED = "SELECT count(*) FROM parked_event WHERE consumer = $1"


@dataclass(frozen=True, slots=True)
class BesideLive:
    """A generation that is not read; `folded` of `records` where it is being filled."""

    generation: int
    version: int
    state: str
    folded: int | None = None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One projection: `records` and `seconds` behind the log; `in_code` None where it is gone.

    `busy`: somebody rebuilds it or rolls it back now. `trouble`: why one begun by a
    process failed.
    """

    service: str
    name: str
    generation: int
    version: int
    in_code: int | None
    since: str
    records: int
    seconds: float
    parked: int
    stopped: str | None
    trouble: str | None
    busy: bool
    beside: tuple[BesideLive, ...]


async def read_standings(
    platform: Platform, service: str, projections: Sequence[Projection]
) -> list[Standing]:
    """Every projection of a service's database; `projections` are those of the code."""
    in_code = {projection.name: projection for projection in projections}
    async with transport_of(platform, service) as db:
        rows = await db.fetch(READ_ALL)
        return [
            await _read(platform.kafka, db, service, row, in_code.get(row["name"])) for row in rows
        ]


async def _read(
    kafka: str, db: Db, service: str, row: asyncpg.Record, projection: Projection | None
) -> Standing:
    group = f"{service}.{row['name']}"
    live = f"{group}.g{row['generation']}"
    at = _heard_by(projection) | await read_positions(db, live)
    ends = await log_ends(kafka, [TopicPartition(*shard) for shard in at])
    lags = await measure(kafka, {tp: (at[tp.topic, tp.partition], end) for tp, end in ends.items()})
    goal = {(tp.topic, tp.partition): end for tp, end in ends.items()}
    busy = await is_anybody_at(db, row["name"], REBUILD)
    beside: list[BesideLive] = []
    for other in await find_beside(db, row["name"]):
        found = BesideLive(other.generation, other.version, other.state)
        if other.state in ("building", "returning", "as-of"):
            positions = await read_positions(db, f"{group}.g{other.generation}")
            records = sum(goal.values())
            folded = records - behind(positions, goal)
            found = BesideLive(found.generation, found.version, found.state, folded, records)
        beside.append(found)
    return Standing(
        service=service,
        name=row["name"],
        generation=row["generation"],
        version=row["version"],
        in_code=projection.version if projection else None,
        since=row["swapped_at"],
        records=sum(lag.records for lag in lags.values()),
        seconds=round(max((lag.seconds for lag in lags.values()), default=0.0), 3),
        parked=await db.fetchval(COUNT_PARKED, live),
        stopped=await db.fetchval(READ_STOP, group),
        trouble=row["trouble"],
        busy=busy,
        beside=tuple(beside),
    )


def _heard_by(projection: Projection | None) -> dict[Shard, int]:
    """Every partition that the code's version hears, from its start: none was taken up yet."""
    topics = topics_of(projection.by_type()) if projection else []
    return {(topic.name, p): 0 for topic in topics for p in range(topic.partitions)}
