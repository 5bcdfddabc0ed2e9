"""The relay: from the outbox to Kafka, each event once per place, never before its predecessor.

Each shard (topic partition) is leased to one relay at a time, behind a fence. Before rows are sent
they get their places in their partition's gapless sequence, durably, and the next window of a shard
gets its places only when this one is acknowledged and gone. What a crash, a late zombie or a send
that was given up appends again carries the same places and is dropped by readers.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from libs.events.contracts import Topic
from libs.events.transport.database import session_settings
from libs.events.transport.faults import describe, is_transient
from libs.events.transport.leases import CHANNEL
from libs.events.transport.outbox import Outbox
from libs.events.transport.producing import Producers
from libs.events.transport.proving import Prover
from libs.events.transport.shift import Shift
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.relay")

LEASE_SECONDS = 10.0
REFUSED_AGAIN_SECONDS = 30.0
STOP_SECONDS = 3.0

SEE_ALL = "SELECT set_config('mainstay.transport', 'on', false)"
"""For the relay's own connection, which serves nobody else."""


class Relay:
    """Runs until cancelled; survives the database and the broker going away and coming back.

    `lease_seconds`: how long a relay that stands still keeps its shards from others; one that dies
    keeps them no longer than its connection. `refused_again_seconds`: how often what the broker
    refuses is tried again.
    """

    def __init__(
        self,
        work: Work,
        *,
        dsn: str,
        kafka: str,
        topics: list[Topic],
        lease_seconds: float = LEASE_SECONDS,
        refused_again_seconds: float = REFUSED_AGAIN_SECONDS,
    ) -> None:
        self._work = work
        self._dsn = dsn
        self._kafka = kafka
        self._topics = topics
        self._lease_seconds = lease_seconds
        self._refused_again_seconds = refused_again_seconds
        self._owner = uuid4()
        self._shift: Shift | None = None

    def refused(self) -> dict[str, str]:
        """By topic partition of this relay's: why the broker does not take its next event."""
        return self._shift.refused() if self._shift is not None else {}

    async def run(self) -> None:
        while True:
            try:
                await self._run_once()
            except Exception as error:
                # The state is all in the database: a fresh connection and producer begin anew.
                level = "warning" if is_transient(error) else "error"
                getattr(log, level)(
                    "relay begins anew", service=self._work.service, error=describe(error)
                )
                await asyncio.sleep(0.5)

    async def _run_once(self) -> None:
        db = await asyncpg.connect(
            self._dsn,
            command_timeout=60,
            server_settings=session_settings(f"{self._work.service} relay"),
        )
        producers = Producers(self._make_producer)
        outbox = Outbox(db, self._owner)
        prover = Prover(self._kafka, self._work, outbox, producers)
        shift = self._shift = Shift(
            self._work,
            outbox,
            producers,
            prover,
            lease_seconds=self._lease_seconds,
            refused_again_seconds=self._refused_again_seconds,
        )
        try:
            await db.execute(SEE_ALL)
            await db.add_listener(CHANNEL, shift.on_told)
            await outbox.leave()  # what an earlier attempt of this process held
            await outbox.declare(self._topics)
            await producers.current()
            await shift.follow()
        finally:
            try:
                with suppress(Exception):  # then the leases end with the connection
                    async with asyncio.timeout(STOP_SECONDS):
                        await shift.end()
                with suppress(Exception):
                    await prover.close()
                await producers.close()
            finally:
                await db.close(timeout=2)

    def _make_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            acks="all",
            enable_idempotence=True,
            client_id=f"{self._work.service}-relay",
            max_batch_size=1024 * 1024,
            max_request_size=2 * 1024 * 1024,
            request_timeout_ms=15_000,
        )
