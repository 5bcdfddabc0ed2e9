"""A later generation of a topic is handled when the earlier ones are: a key's events stand on both.

Earlier partitions may be another process's; what is known of them is this consumer's checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.contracts import Topic
from libs.events.transport.applying import Applier
from libs.events.transport.envelope import begins_epoch
from libs.events.transport.parked import Record

log = structlog.get_logger("mainstay.consumer")

IS_SHORT = """
SELECT EXISTS (
    SELECT FROM unnest($2::text[], $3::int[], $4::bigint[]) AS goal (topic, partition, next_offset)
     WHERE NOT EXISTS (
           SELECT FROM checkpoint c
            WHERE c.consumer = $1 AND c.topic = goal.topic AND c.partition = goal.partition
              AND c.next_offset >= goal.next_offset))
"""


class Gate:
    """Before one partition, which is paused while it `holds`; none where no generation is earlier.

    An event here proves that all events before it are on the log of the earlier generations: the
    relay sent them first. So their ends are measured when one has been read, and the gate opens
    when the checkpoints have reached them. After a restore of the publisher earlier generations may
    have been written to again: the first event of a new epoch closes the gate.
    """

    def __init__(
        self,
        tp: TopicPartition,
        earlier: Sequence[Topic],
        *,
        applier: Applier,
        client: AIOKafkaConsumer,
    ) -> None:
        self.holds = False
        self._tp = tp
        self._before = [TopicPartition(t.name, p) for t in earlier for p in range(t.partitions)]
        self._applier = applier
        self._client = client
        self.close()

    def close(self) -> None:
        """The checkpoints were taken up anew, and may be others than they were."""
        self._open_for = self._wanted = -1
        self._ends: dict[TopicPartition, int] | None = None
        self._let_on()

    async def lets_in(self, records: Sequence[Record]) -> bool:
        """False where these must wait: the partition is left at the first, the others go on."""
        if not self._before:
            return True
        epoch = max(map(self._epoch_of, records))
        if epoch <= self._open_for:
            return True
        if epoch > self._wanted:
            self._wanted, self._ends = epoch, None
        if await self._look():
            return True
        self._hold_at(records[0].offset)
        return False

    def _hold_at(self, offset: int) -> None:
        if self._tp in self._client.assignment():
            self.holds = True
            self._client.pause(self._tp)
            self._client.seek(self._tp, offset)
            log.info("waits for an earlier generation", **self._named())

    async def look_again(self) -> None:
        """Some time later."""
        if self.holds and self._tp in self._client.assignment() and await self._look():
            self._let_on()
            log.info("the earlier generations are handled", **self._named())

    def _let_on(self) -> None:
        if self.holds:
            self.holds = False
            self._client.resume(self._tp)

    async def _look(self) -> bool:
        """Whether the earlier generations are handled by now; then the gate stays open."""
        if self._ends is None:
            self._ends = await self._client.end_offsets(self._before)
        ends = {tp: end for tp, end in self._ends.items() if end > 0}
        async with self._applier.work.pool.acquire() as db:
            short = await db.fetchval(
                IS_SHORT,
                self._applier.name,
                [tp.topic for tp in ends],
                [tp.partition for tp in ends],
                [*ends.values()],
            )
        if not short:
            self._open_for = self._wanted
        return not short

    def _named(self) -> dict[str, object]:
        tp = self._tp
        return {"consumer": self._applier.name, "topic": tp.topic, "partition": tp.partition}

    def _epoch_of(self, record: Record) -> int:
        """An epoch's mark is no event: it may stand before what the earlier ones are still sent."""
        if begins_epoch(record.headers):
            return -1
        place = self._applier.effect.place_of(record)
        return place[0] if place is not None else 0
