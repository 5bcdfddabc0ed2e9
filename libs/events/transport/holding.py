"""Which partitions this process holds: whoever dies with one in hand leaves a mark for the next.

An event that kills its process cannot be parked by it. After an unclean stop the next owner handles
as many events as a batch may have one by one, and notes each before it is handled: what killed its
process three times, alone in hand, is parked. Where nobody died this costs two statements for each
assignment, none for an event.
"""

from __future__ import annotations

from libs.events.transport.database import Db, Pool
from libs.events.transport.faults import FencedError

DEATHS = 3
"""How often an event may have been alone in hand when its process died, before it parks."""

# The row is locked by the read, so that two owners see one another's mark.
TAKE_HOLD = """
UPDATE checkpoint SET held = true
  FROM (SELECT held FROM checkpoint
         WHERE consumer = $1 AND topic = $2 AND partition = $3 FOR UPDATE) AS before
 WHERE consumer = $1 AND topic = $2 AND partition = $3
RETURNING before.held
"""
LET_GO = """
UPDATE checkpoint SET held = false, tried_offset = NULL, tries = 0
 WHERE consumer = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
"""
NOTE_TRY = """
UPDATE checkpoint
   SET tries = CASE WHEN tried_offset = $4 THEN tries + 1 ELSE 1 END, tried_offset = $4
 WHERE consumer = $1 AND topic = $2 AND partition = $3
RETURNING tries
"""


async def take_hold(db: Db, consumer: str, topic: str, partition: int) -> bool:
    """Mark the partition as held; True where the last owner did not let go of it."""
    return await db.fetchval(TAKE_HOLD, consumer, topic, partition)


async def let_go(pool: Pool, consumer: str, topic: str, partition: int, at: int) -> None:
    """Nothing is in hand any more; whoever has moved the checkpoint since holds it on."""
    async with pool.acquire(timeout=2) as db:
        await db.execute(LET_GO, consumer, topic, partition, at, timeout=2)


async def died_with(pool: Pool, consumer: str, topic: str, partition: int, offset: int) -> bool:
    """Note that this event is taken in hand alone; True where that killed too often already.

    Raises FencedError where there is no such checkpoint any more: its generation was swapped out.
    """
    async with pool.acquire() as db:
        tries = await db.fetchval(NOTE_TRY, consumer, topic, partition, offset)
    if tries is None:
        raise FencedError(f"{consumer} {topic}/{partition}")
    return tries > DEATHS
