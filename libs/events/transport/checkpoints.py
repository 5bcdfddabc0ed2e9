"""Checkpoints: where a consumer stands in a partition, moved with its effects or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from libs.events.transport.database import Db
from libs.events.transport.faults import FencedError

LOAD = """
SELECT next_offset, epoch, last_sequence FROM checkpoint
 WHERE consumer = $1 AND topic = $2 AND partition = $3
"""
BEGIN_AT = """
INSERT INTO checkpoint (consumer, topic, partition, next_offset) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
MOVE = """
UPDATE checkpoint
   SET next_offset = $5, epoch = $6, last_sequence = $7, handled = handled + $8, moved_at = now()
 WHERE consumer = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
"""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to read, and the highest (epoch, sequence) whose effects are in."""

    next_offset: int
    epoch: int = 0
    last_sequence: int = 0

    def goes_on_with(self, epoch: int, sequence: int) -> bool:
        """True for the very next event of the sequence; for a new checkpoint, its first."""
        return (epoch, sequence) == (self.epoch, self.last_sequence + 1) or (
            epoch > self.epoch and sequence == 1
        )


def is_gap(before: tuple[int, int], place: tuple[int, int]) -> bool:
    """True where an event between these two (epoch, sequence) never came: an alarm."""
    if place[0] == before[0]:
        return place[1] > before[1] + 1
    return place[0] > before[0] > 0 and place[1] > 1


async def load(db: Db, consumer: str, topic: str, partition: int, beginning: int) -> Position:
    """The stored position; a consumer without one begins at the log's beginning."""
    await db.execute(BEGIN_AT, consumer, topic, partition, beginning)
    row = await db.fetchrow(LOAD, consumer, topic, partition)
    assert row is not None
    return Position(row["next_offset"], row["epoch"], row["last_sequence"])


async def move(
    db: Db, consumer: str, topic: str, partition: int, *, old: Position, new: Position, handled: int
) -> None:
    """Compare and set, the transaction's first statement; FencedError where another owner was."""
    moved = await db.execute(
        MOVE,
        consumer,
        topic,
        partition,
        old.next_offset,
        new.next_offset,
        new.epoch,
        new.last_sequence,
        handled,
    )
    if moved != "UPDATE 1":
        raise FencedError(f"{consumer} {topic}/{partition}")
