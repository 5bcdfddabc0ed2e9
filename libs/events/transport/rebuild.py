"""Rebuilding a projection beside the live one, and going back to the one before.

A new generation is folded from the start of the log while the live one is read and written. Where
both are of one version they are compared at a moment at which both stand at the same offsets. The
swap is one short transaction: it holds the live checkpoints, sees that the new generation has
everything that the live one has, moves the pointer, and puts the old checkpoints aside, which
fences whoever still writes the old rows. These are kept, so a rollback can bring them up to date
and swap again.
"""

from __future__ import annotations

import structlog

from libs.events.transport.building import Announce, Building, alone_at
from libs.events.transport.generations import begin, put_back, remove
from libs.events.transport.keys import Keys
from libs.events.transport.projections import Projection
from libs.events.transport.replay import Tell, check_whole
from libs.events.transport.steps import reached

log = structlog.get_logger("mainstay.rebuild")


class DifferenceError(RuntimeError):
    """What was built lacks what is read, or differs from it without a reason."""


async def rebuild(
    service: str,
    projection: Projection,
    *,
    dsn: str,
    kafka: str,
    keys: Keys | None = None,
    tell: Tell = lambda *_: None,
    announce: Announce = log.info,
    accept_difference: bool = False,
) -> int:
    """Rebuild and swap; returns the generation that is read now. May be begun again at any time.

    Raises LookupError where nothing was ever folded, and RuntimeErrors: BusyError, BoundedLogError,
    DifferenceError, or what stopped the fold. The live generation is then what it was.
    """
    async with alone_at(service, projection, dsn, kafka, keys) as (place, live):
        await check_whole(kafka, projection)
        for old in await place.beside():
            if old.state != "as-of":
                await remove(place.pool, service, projection, old.generation)
        reached("rebuild.cleared")
        shadow = await begin(place.pool, projection, "building")
        reached("rebuild.begun")
        try:
            async with place.replay(shadow) as replay:
                building = Building(place, live, shadow, replay, tell)
                building.even = live.version == projection.version
                await building.catch_up()
                reached("rebuild.caught-up")
                for refusal in await building.compare(announce):
                    if not accept_difference:
                        raise DifferenceError(f"{refusal}. --accept-difference swaps anyway")
                    announce(refusal)
                await building.swap(announce)
        except RuntimeError:
            await remove(place.pool, service, projection, shadow)
            raise
        return shadow


async def rollback(
    service: str,
    projection: Projection,
    *,
    dsn: str,
    kafka: str,
    keys: Keys | None = None,
    tell: Tell = lambda *_: None,
    announce: Announce = log.info,
) -> int:
    """Bring the generation before the last swap up to date, and swap back; returns its number.

    Raises LookupError where none is kept, RuntimeError where another version folded it.
    """
    async with alone_at(service, projection, dsn, kafka, keys) as (place, live):
        back = next((b for b in await place.beside() if b.state in ("kept", "returning")), None)
        if back is None:
            raise LookupError(
                f"{projection.name}: no earlier generation is kept; one is from a swap until the "
                "next rebuild begins"
            )
        if back.version != projection.version:
            raise RuntimeError(
                f"generation {back.generation} of {projection.name} was folded by version "
                f"{back.version}, this code is version {projection.version}: deploy version "
                f"{back.version} and roll back with it, or rebuild with this one"
            )
        await put_back(place.pool, service, projection, back.generation)
        reached("rollback.put-back")
        async with place.replay(back.generation) as replay:
            await Building(place, live, back.generation, replay, tell).swap(announce)
        return back.generation


async def forget(service: str, projection: Projection, *, dsn: str, kafka: str) -> list[int]:
    """Remove what stands beside the live generation: what a swap kept or a kill left behind."""
    async with alone_at(service, projection, dsn, kafka) as (place, _):
        gone = [old.generation for old in await place.beside() if old.state != "as-of"]
        for generation in gone:
            await remove(place.pool, service, projection, generation)
        return gone
