"""After a restore: what does the log hold already, and which epochs has it seen?

A database that was restored or promoted may have forgotten what was sent. Before anything is sent
from it, the log is read: rows that are on it are forgotten, and the epoch becomes higher than any
in it (the same backup may be restored twice). A relay of the time before may still send meanwhile;
so the new epoch's mark is appended, the log is read up to it, and what comes behind is below it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.transport.envelope import LARGEST_EPOCH, read_sequence, write_epoch_mark
from libs.events.transport.faults import EpochsUsedUpError
from libs.events.transport.leases import Lease
from libs.events.transport.outbox import Outbox
from libs.events.transport.producing import Producers
from libs.events.transport.steps import reached
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.relay")

EARLIER = timedelta(hours=1)
"""How far the clocks of database and broker may lie apart."""
TAIL = 10_000
"""Records at the log's end that tell its highest epoch: more than zombies have in flight."""


class Prover:
    """Reads shards' logs, one at a time, by one client that lives while there are any to read."""

    def __init__(self, kafka: str, work: Work, outbox: Outbox, producers: Producers) -> None:
        self._kafka = kafka
        self._work = work
        self._outbox = outbox
        self._producers = producers
        self._client: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def prove(self, lease: Lease) -> None:
        """Forget the shard's rows that its log holds, in a new epoch; then it may send."""
        async with self._one_at_a_time:
            client = await self._reader()
            tp = TopicPartition(*lease.shard)
            beginning = (await client.beginning_offsets([tp]))[tp]
            end = (await client.end_offsets([tp]))[tp]
            known: list[int] = []
            if end > 0 or lease.epoch > 1:
                waiting = await self._outbox.find_unsent(lease.shard)
                found: set[str] = set()
                at = await self._first_offset(client, tp, beginning, end, waiting)
                top = await self._read(client, tp, at, end, found)
                epoch = max(lease.epoch, top + 1)
                if epoch > LARGEST_EPOCH:
                    raise EpochsUsedUpError(f"epoch {epoch} has more than four digits")
                if not await self._outbox.set_epoch(lease, epoch):
                    return  # another relay has it
                reached("epoch.set")
                mark = write_epoch_mark(epoch, source=self._work.service, time=self._work.now())
                marked_at = await self._producers.append_mark(lease.shard, mark)
                reached("epoch.marked")
                await self._read(client, tp, end, marked_at, found, top)
                known = [row_id for event, (row_id, _) in waiting.items() if event in found]
                log.critical(
                    "this database's outbox goes on in a new epoch",
                    shard=str(lease.shard),
                    epoch=epoch,
                    on_the_log_already=len(known),
                    waiting=len(waiting),
                )
            await self._outbox.forget_found(lease, known)
        reached("epoch.proven")

    async def _first_offset(
        self,
        client: AIOKafkaConsumer,
        tp: TopicPartition,
        beginning: int,
        end: int,
        waiting: dict[str, tuple[int, datetime]],
    ) -> int:
        """Where the oldest waiting row may be at the earliest; the tail is read in any case."""
        first = max(beginning, end - TAIL)
        if waiting:
            oldest = min(created_at for _, created_at in waiting.values()) - EARLIER
            [at] = (await client.offsets_for_times({tp: int(oldest.timestamp() * 1000)})).values()
            if at is not None:
                first = min(first, at.offset)
        return first

    async def _read(
        self,
        client: AIOKafkaConsumer,
        tp: TopicPartition,
        start: int,
        end: int,
        found: set[str],
        top: int = 0,
    ) -> int:
        """Add the ids of the events in `[start, end)` to `found`; returns their highest epoch.

        `top`: the highest epoch before them. What came below it readers refuse: it is not there.
        """
        client.assign([tp])
        client.seek(tp, start)
        while await client.position(tp) < end:
            for record in (await client.getmany(tp, timeout_ms=500)).get(tp, []):
                if record.offset >= end:
                    return top
                place = read_sequence(record.headers)
                if place is None or place[0] < top:
                    continue
                top = place[0]
                found.update(
                    (value or b"").decode("utf-8", "replace")
                    for name, value in record.headers
                    if name == "ce_id"
                )
        return top

    async def _reader(self) -> AIOKafkaConsumer:
        if self._client is None:
            client = AIOKafkaConsumer(
                bootstrap_servers=self._kafka,
                client_id=f"{self._work.service}-relay-proof",
                enable_auto_commit=False,
            )
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._client = client
        return self._client

    async def close(self) -> None:
        """Whoever proves next starts another client."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()
