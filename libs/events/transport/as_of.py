"""What a projection showed at a moment: the log folded anew, of events up to then only.

Into a generation of its own that nobody reads and that is removed again, also what an earlier look
left behind when it was killed. It stands in nobody's way: live folding, rebuild, swap and rollback
go on beside it. The fold is this code's, whatever version was deployed at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.transport.building import Place, alone_at
from libs.events.transport.database import transport_transaction
from libs.events.transport.generations import AS_OF, begin, remove
from libs.events.transport.keys import Keys
from libs.events.transport.projections import Projection
from libs.events.transport.replay import Tell, check_whole

READ_ROWS = "SELECT {columns} FROM {table} WHERE generation = $1 ORDER BY {keys}"
COUNT_PARKED = "SELECT count(*) FROM parked_event WHERE consumer = $1"


@dataclass(frozen=True)
class Past:
    """Every table's rows, column → value, in the order of their keys, held in memory.

    `parked`: events up to the moment that could not be folded, or wait behind one that could not.
    `erased`: those that nobody can read any more, as their practice's keys were erased.
    """

    tables: dict[str, list[dict[str, Any]]]
    parked: int
    erased: int


async def as_of(
    service: str,
    projection: Projection,
    moment: datetime,
    *,
    dsn: str,
    kafka: str,
    keys: Keys | None = None,
    tell: Tell = lambda *_: None,
) -> Past:
    """Fold the events whose time is `moment` (with its zone) or before, and read the rows.

    What people discarded stays out. The whole log is read: an event may come to it long after its
    time. Raises ValueError for a moment without a zone, LookupError where nothing was ever folded,
    and RuntimeErrors: BusyError, BoundedLogError, or what stopped the fold.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    async with alone_at(service, projection, dsn, kafka, keys, act=AS_OF) as (place, _):
        await check_whole(kafka, projection)
        for left in await place.beside():
            if left.state in ("as-of", "leaving"):
                await remove(place.pool, service, projection, left.generation)
        generation = await begin(place.pool, projection, "as-of")
        try:
            async with place.replay(generation, until=moment) as replay:
                await replay.fold_up_to(await replay.ends(), tell)
            return await _read(place, generation, replay.effect.erased.events)
        finally:
            await remove(place.pool, service, projection, generation)


async def _read(place: Place, generation: int, erased: int) -> Past:
    tables: dict[str, list[dict[str, Any]]] = {}
    async with transport_transaction(place.pool) as db:
        for table in place.projection.tables:
            query = READ_ROWS.format(
                columns=", ".join((*table.keys, *table.sums, *table.values)),
                table=table.name,
                keys=", ".join(table.keys),
            )
            tables[table.name] = [dict(row) for row in await db.fetch(query, generation)]
        parked = await db.fetchval(COUNT_PARKED, place.consumer(generation))
    return Past(tables, parked, erased)
