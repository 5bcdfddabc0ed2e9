"""Whether a consumer is stuck, which a restart may cure, or only waits, which it would not.

A partition is stuck when it has had lag for longer than the longest legitimate batch and its
checkpoint did not move. Not stuck: a partition without lag, a consumer that stopped itself and
waits for a person, and one whose tries end with the database or the broker away.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from libs.events.transport.consumer import Consumer
from libs.events.transport.faults import describe
from libs.events.transport.lag import measure

log = structlog.get_logger("mainstay.consumer")

STUCK_AFTER_SECONDS = 180.0
"""Above the longest legitimate batch: one statement may take 60 s before it counts as away."""
LONGEST_LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Still:
    """How far a partition was when it last moved, how often it had waited, and when that was."""

    offset: int
    waits: int
    since: float


class Progress:
    """Looks at one consumer's partitions at intervals, and keeps how long each stands still."""

    def __init__(self, consumer: Consumer, kafka: str, stuck_after_seconds: float) -> None:
        self._consumer = consumer
        self._kafka = kafka
        self._stuck_after = stuck_after_seconds
        self._still: dict[TopicPartition, _Still] = {}
        self._stuck: dict[str, float] = {}

    def stuck(self) -> dict[str, float]:
        """`consumer topic/partition` → seconds without progress, for those that are stuck."""
        return dict(self._stuck)

    async def run(self) -> None:
        """Look until cancelled, ten times before a partition counts as stuck."""
        while True:
            try:
                await self.look()
            except Exception as error:
                # The broker is away: nobody can tell what there is to do, and a restart cures it
                # no more than it would cure the consumer.
                self._still.clear()
                self._stuck = {}
                log.info("lag unknown", consumer=self._consumer.effect.group, error=describe(error))
            await asyncio.sleep(min(self._stuck_after / 10, 5.0))

    async def look(self) -> None:
        """Compare each partition's place with the log's end, and with the last look."""
        # Not wait_for: in Python 3.11 it loses a cancellation that comes with the answer.
        async with asyncio.timeout(LONGEST_LOOK_SECONDS):
            ends = await self._consumer.ends()
        now = time.monotonic()
        still: dict[TopicPartition, _Still] = {}
        for tp, end in ends.items():
            owned = self._consumer.partitions.get(tp)
            if owned is None or self._consumer.breaker.stopped is not None:
                continue
            # One that is not taken up has its first record before it; that must come to an end.
            offset = owned.position.next_offset if owned.position else 0
            if offset >= end:
                continue
            at = _Still(offset, owned.waits, now)
            before = self._still.get(tp)
            unmoved = before is not None and (before.offset, before.waits) == (at.offset, at.waits)
            still[tp] = before if before is not None and unmoved else at
        self._still = still
        late = {tp: at for tp, at in still.items() if now - at.since > self._stuck_after}
        lags = await measure(self._kafka, {tp: (at.offset, ends[tp]) for tp, at in late.items()})
        self._stuck = {
            f"{self._consumer.effect.group} {tp.topic}/{tp.partition}": round(now - at.since, 1)
            for tp, at in late.items()
            if lags[tp].records
        }
