"""Bugs planted in a process of the pair, by replacing statements and functions of the mechanism.

Each is one that a person could have written. The checks must find every one of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.transport import checkpoints, outbox, parked, work
from libs.events.transport.applying import Applier
from libs.events.transport.checkpoints import Position
from libs.events.transport.consumer import Consumer
from libs.events.transport.leases import Lease, Shard
from libs.events.transport.outbox import Outbox, Window
from libs.events.transport.parked import Record
from libs.events.transport.partition import OwnedPartition

# A cursor over what was sent, as a relay would keep that reads on where it stopped.
CURSOR = """
CREATE TABLE sent_up_to (id bigint NOT NULL);
CREATE FUNCTION note_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sent_up_to VALUES (old.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_sent AFTER DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION note_sent();
"""
BEYOND_CURSOR = "id > (SELECT coalesce(max(id), 0) FROM sent_up_to)"
DRAW = """
SELECT set_config('chaos.drawn', nextval(pg_get_serial_sequence('outbox', 'id'))::text, true)
"""
GO_ON_AT = """
UPDATE checkpoint SET next_offset = $4 WHERE consumer = $1 AND topic = $2 AND partition = $3
"""


def replace(owner: object, name: str, old: str, new: str) -> None:
    """Replace a part of a statement; ValueError where the statement has changed."""
    statement: str = getattr(owner, name)
    if old not in statement:
        raise ValueError(f"{name} has no {old!r} any more: plant the bug anew")
    setattr(owner, name, statement.replace(old, new, 1))


def checkpoint_outside(dsn: str) -> None:
    """The checkpoint moves on a connection of its own, and commits before the effects do."""
    inside = checkpoints.move

    async def move(_: Any, *arguments: Any, **named: Any) -> None:
        db = await asyncpg.connect(dsn)
        try:
            await inside(db, *arguments, **named)
        finally:
            await db.close()

    checkpoints.move = move


def blind_checkpoint(_: str) -> None:
    """Whoever moves the checkpoint last is right."""
    replace(checkpoints, "MOVE", "next_offset = $4", "$4::bigint IS NOT NULL")


def acked_before_commit(_: str) -> None:
    """The group's offset is told before the effects are in, and the next owner goes on there.

    It is told nowhere else: once a second the checkpoint would be told over it, and on a slow
    machine that may come between it and the death.
    """
    on_batch, name = Consumer.on_batch, "_seek"
    seek: Callable[[OwnedPartition], Awaitable[None]] = getattr(OwnedPartition, name)

    async def told_first(self: Consumer, records: Sequence[Record]) -> None:
        ends = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
        client: AIOKafkaConsumer = getattr(self, "_client")  # noqa: B009
        await client.commit(ends)
        await on_batch(self, records)

    async def told_already(self: Consumer, offsets: dict[TopicPartition, int]) -> None:
        pass

    async def from_the_group(self: OwnedPartition) -> None:
        client: AIOKafkaConsumer = getattr(self, "_client")  # noqa: B009
        applier: Applier = getattr(self, "_applier")  # noqa: B009
        told = await client.committed(self.tp)
        if told is not None:
            async with applier.work.pool.acquire() as db:
                await db.execute(GO_ON_AT, applier.name, *self.tp, told)
        await seek(self)

    Consumer.on_batch = told_first
    setattr(Consumer, "_tell_kafka", told_already)  # noqa: B010
    setattr(OwnedPartition, name, from_the_group)


def no_sequence_check(_: str) -> None:
    """What a relay sends twice is handled twice."""
    name = "_advance"
    checked: Callable[..., Any] = getattr(Applier, name)

    def advance(self: Applier, position: Position, records: Sequence[Record]) -> Any:
        fresh: list[Any] = []
        new = position
        for record in records:
            place = self.effect.place_of(record)
            before = Position(record.offset, *((place[0], place[1] - 1) if place else ()))
            new, one, _ = checked(self, before, [record])
            fresh += one
        return new, fresh, []

    setattr(Applier, name, advance)


def followers_not_held(_: str) -> None:
    """Events are handled while an earlier one of their key is parked."""
    replace(parked, "FIND_PARKED", "consumer = $1", "false AND consumer = $1")


def beyond_the_last(_: str) -> None:
    """The relay reads `id > last`; what commits late with a lower id is never sent."""
    due = "AND not_before IS NULL"
    replace(outbox, "NUMBER_NEXT", due, f"{due} AND {BEYOND_CURSOR}")


def deleted_before_ack(_: str) -> None:
    """Rows leave the outbox when they have their places, before the broker has them."""
    number_next = Outbox.number_next

    async def number(self: Outbox, leases: Sequence[Lease]) -> dict[Shard, Window]:
        windows = await number_next(self, leases)
        await self.forget_sent([lease for lease in leases if lease.shard in windows])
        return windows

    Outbox.number_next = number


def drawn_before_the_lock(_: str) -> None:
    """An event's outbox id is the one that `DRAW` drew, before the aggregate was locked."""
    drawn = "current_setting('chaos.drawn')::bigint"
    old, new = "SELECT practice_id", f"OVERRIDING SYSTEM VALUE SELECT {drawn}, practice_id"
    replace(work, "ADD_TO_OUTBOX", "(practice_id", "(id, practice_id")
    replace(work, "ADD_TO_OUTBOX", old, new)


BUGS: dict[str, Callable[[str], None]] = {
    "checkpoint outside the transaction": checkpoint_outside,
    "blind checkpoint": blind_checkpoint,
    "ack before the commit": acked_before_commit,
    "sequence check removed": no_sequence_check,
    "parked followers not held": followers_not_held,
    "id > last": beyond_the_last,
    "deleted before the ack": deleted_before_ack,
    "unlinked CTE": drawn_before_the_lock,
}


def plant(bug: str, dsn: str) -> None:
    """Plant a bug by name in this process; "" is none."""
    if bug:
        BUGS[bug](dsn)
