"""The generations of a projection: which is read, which stand beside it, and the change between.

`projection` points at the live one. A generation beside it has a row of its own that says what it
is there for; without that row nothing may be folded into it, so whoever is left over from a rebuild
that was given up is fenced. Numbers are never given twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.events.transport.database import (
    SET_TRANSPORT,
    Db,
    Pool,
    session_settings,
    transport_transaction,
)
from libs.events.transport.folding import Live, checkpoint_name
from libs.events.transport.projections import Projection
from libs.events.transport.steps import reached

Shard = tuple[str, int]
"""Topic and partition."""

READ_LIVE = "SELECT generation, version FROM projection WHERE name = $1"
LOCK_LIVE = f"{READ_LIVE} FOR UPDATE"
READ_POSITIONS = "SELECT topic, partition, next_offset FROM checkpoint WHERE consumer = $1"
LOCK_POSITIONS = f"{READ_POSITIONS} ORDER BY topic, partition FOR UPDATE"
TAKE_NUMBER = "UPDATE projection SET newest = newest + 1 WHERE name = $1 RETURNING newest"
BEGIN = """
INSERT INTO projection_generation (name, generation, version, state) VALUES ($1, $2, $3, $4)
"""
FIND_BESIDE = """
SELECT generation, version, state, begun_at FROM projection_generation
 WHERE name = $1 ORDER BY generation
"""
SET_STATE = """
UPDATE projection_generation SET state = $3 WHERE name = $1 AND generation = $2 AND state <> $3
"""
FORGET_BESIDE = "DELETE FROM projection_generation WHERE name = $1 AND generation = $2"
POINT_AT = """
UPDATE projection
   SET generation = $2, version = $3, swapped_at = now(), trouble = NULL, rolled_back_from = $4
 WHERE name = $1
"""
LET_GO = "UPDATE checkpoint SET held = false WHERE consumer = $1"
FORGET_LINES = (
    "DELETE FROM checkpoint WHERE consumer = $1",
    "DELETE FROM parked_event WHERE consumer = $1",
    "DELETE FROM parked_key WHERE consumer = $1",
    "DELETE FROM consumer_stop WHERE consumer = $1",
    "DELETE FROM kept_line WHERE consumer = $1",
)
FORGET_ROWS = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM {table} WHERE generation = $1 LIMIT 10000))
"""
KEEP_CHECKPOINTS = """
WITH gone AS (DELETE FROM checkpoint WHERE consumer = $1 RETURNING *)
INSERT INTO kept_line (practice_id, consumer, source, line)
SELECT '00000000-0000-0000-0000-000000000000', consumer, 'checkpoint', to_jsonb(gone) FROM gone
"""
KEEP_PARKED_KEYS = """
WITH gone AS (DELETE FROM parked_key WHERE consumer = $1 RETURNING *)
INSERT INTO kept_line (practice_id, consumer, source, line)
SELECT practice_id, consumer, 'parked_key', to_jsonb(gone) FROM gone
"""
KEEP_PARKED_EVENTS = """
WITH gone AS (DELETE FROM parked_event WHERE consumer = $1 RETURNING *)
INSERT INTO kept_line (practice_id, consumer, source, line)
SELECT practice_id, consumer, 'parked_event', to_jsonb(gone) FROM gone
"""
PUT_BACK = """
INSERT INTO {source} OVERRIDING SYSTEM VALUE
SELECT (jsonb_populate_record(NULL::{source}, line)).* FROM kept_line
 WHERE consumer = $1 AND source = '{source}'
"""
FORGET_KEPT = "DELETE FROM kept_line WHERE consumer = $1"

REBUILD, AS_OF = "rebuild", "as-of"
"""What only one process at a time does with a projection; the two do not disturb one another."""
TAKE_ALONE = "SELECT pg_try_advisory_lock(hashtext('mainstay.' || $1), hashtext($2))"

# An advisory lock's two halves stand in pg_locks as unsigned numbers.
IS_TAKEN = """
SELECT EXISTS (
    SELECT 1 FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid::bigint = hashtext('mainstay.' || $1)::bigint & 4294967295
       AND objid::bigint = hashtext($2)::bigint & 4294967295)
"""


class BusyError(RuntimeError):
    """Somebody else rebuilds this projection, rolls it back, or looks back at its past."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A generation that is not read, and what it is there for."""

    generation: int
    version: int
    state: str
    begun_at: datetime


async def read_live(db: Db, name: str) -> Live | None:
    row = await db.fetchrow(READ_LIVE, name)
    return None if row is None else Live(**dict(row))


async def lock_live(db: Db, name: str) -> Live | None:
    """No consumer takes up a checkpoint of this projection until the transaction ends."""
    row = await db.fetchrow(LOCK_LIVE, name)
    return None if row is None else Live(**dict(row))


async def read_positions(db: Db, consumer: str) -> dict[Shard, int]:
    """Where a consumer stands, by topic and partition."""
    rows = await db.fetch(READ_POSITIONS, consumer)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def lock_positions(db: Db, consumer: str) -> dict[Shard, int]:
    """Where a consumer stands; it stands there until the transaction ends."""
    rows = await db.fetch(LOCK_POSITIONS, consumer)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def find_beside(db: Db, name: str) -> list[Beside]:
    return [Beside(**dict(row)) for row in await db.fetch(FIND_BESIDE, name)]


@asynccontextmanager
async def alone(dsn: str, service: str, name: str, act: str = REBUILD) -> AsyncIterator[None]:
    """Only one at a time does this act with a projection; raises BusyError."""
    settings = session_settings(f"{service} {act} lock")
    db = await asyncpg.connect(dsn, server_settings=settings)
    try:
        if not await db.fetchval(TAKE_ALONE, act, name):
            doing = "being looked back at" if act == AS_OF else "being rebuilt or rolled back"
            raise BusyError(f"{name} is {doing} by another process")
        yield
    finally:
        await db.close(timeout=2)


async def is_anybody_at(db: Db, name: str, act: str) -> bool:
    """Whether some process does this act with a projection now; else what it began was given up."""
    return await db.fetchval(IS_TAKEN, act, name)


async def begin(pool: Pool, projection: Projection, state: str) -> int:
    """A new generation beside the live one; returns its number."""
    async with transport_transaction(pool) as db:
        number = await db.fetchval(TAKE_NUMBER, projection.name)
        await db.execute(BEGIN, projection.name, number, projection.version, state)
        return number


async def remove(pool: Pool, service: str, projection: Projection, generation: int) -> None:
    """Remove a generation that is not read: first what lets anybody fold into it, then its rows.

    In short transactions; killed anywhere, it can be called again.
    """
    consumer = checkpoint_name(service, projection, generation)
    async with transport_transaction(pool) as db:
        await db.execute(SET_STATE, projection.name, generation, "leaving")
        for statement in FORGET_LINES:
            await db.execute(statement, consumer)
    reached("rebuild.fenced")
    for table in projection.tables:
        while True:
            async with transport_transaction(pool) as db:
                if await db.execute(FORGET_ROWS.format(table=table.name), generation) == "DELETE 0":
                    break
    reached("rebuild.emptied")
    async with transport_transaction(pool) as db:
        await db.execute(FORGET_BESIDE, projection.name, generation)


async def put_back(pool: Pool, service: str, projection: Projection, generation: int) -> None:
    """A kept generation may be folded into again, from where it was put aside."""
    consumer = checkpoint_name(service, projection, generation)
    async with transport_transaction(pool) as db:
        if await db.execute(SET_STATE, projection.name, generation, "returning") == "UPDATE 0":
            return  # an earlier rollback was given up after this
        for source in ("checkpoint", "parked_key", "parked_event"):
            await db.execute(PUT_BACK.format(source=source), consumer)
        await db.execute(FORGET_KEPT, consumer)
        await db.execute(LET_GO, consumer)


async def swap(
    db: Db,
    service: str,
    projection: Projection,
    *,
    live: Live,
    shadow: int,
) -> None:
    """Point at the shadow and keep the live one, inside the caller's transaction.

    The caller holds the locks and has seen that the shadow has everything that the live one has.
    Taking the live one's checkpoints away fences whoever still folds into it.
    """
    name = projection.name
    if await db.execute(FORGET_BESIDE, name, shadow) != "DELETE 1":
        raise RuntimeError(f"somebody else removed what was built of {name} meanwhile")
    went_back_from = live.version if projection.version < live.version else None
    await db.execute(POINT_AT, name, shadow, projection.version, went_back_from)
    await db.execute(BEGIN, name, live.generation, live.version, "kept")
    reached("rebuild.swapping")
    await db.execute(SET_TRANSPORT)
    old = checkpoint_name(service, projection, live.generation)
    for statement in (KEEP_CHECKPOINTS, KEEP_PARKED_EVENTS, KEEP_PARKED_KEYS):
        await db.execute(statement, old)


def behind(positions: Mapping[Shard, int], goal: Mapping[Shard, int]) -> int:
    """How many records these positions are short of a goal."""
    return sum(max(0, offset - positions.get(shard, 0)) for shard, offset in goal.items())
