"""Runs a service: consumers, relay, timers, jobs and servers, in one process."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from faststream.kafka import KafkaBroker

from libs.events.transport.clock import Clock, SystemClock
from libs.events.transport.consumer import Consumer
from libs.events.transport.database import Pool, open_pool
from libs.events.transport.effects import Effect, Handlers
from libs.events.transport.faults import describe
from libs.events.transport.folding import Folding
from libs.events.transport.following import Following
from libs.events.transport.gauges import Gauges, offer
from libs.events.transport.health import STUCK_AFTER_SECONDS, Progress
from libs.events.transport.ingest import Ingesting
from libs.events.transport.jobs import run_job
from libs.events.transport.keys import Keys
from libs.events.transport.relay import Relay
from libs.events.transport.service import Service
from libs.events.transport.timers import Timers
from libs.events.transport.work import Wakes, Work

LOOK_AFTER_EVERY_SECONDS = 1.0


@dataclass
class Running:
    """A started service: what its HTTP routes and its health checks need."""

    service: Service
    pool: Pool
    work: Work
    consumers: list[Consumer]
    progress: list[Progress] = field(default_factory=list[Progress])
    relay: Relay | None = None

    def unassigned_consumers(self) -> list[str]:
        """Consumers whose group has not told them yet which partitions are theirs, if any."""
        return [c.effect.group for c in self.consumers if not c.assigned]

    def refused_shards(self) -> dict[str, str]:
        """`topic/partition` → why the broker does not take its next event; the others go on."""
        return self.relay.refused() if self.relay is not None else {}

    def stuck_partitions(self) -> dict[str, float]:
        """`consumer topic/partition` → seconds without progress though there is lag."""
        return {name: s for one in self.progress for name, s in one.stuck().items()}

    def stopped_consumers(self) -> dict[str, str]:
        """Consumers that stopped themselves, with the reason: such a process is not ready."""
        return {
            c.effect.group: c.breaker.stopped
            for c in self.consumers
            if c.breaker.stopped is not None
        }


def make_broker(kafka: str, name: str) -> KafkaBroker:
    """FastStream's broker; it only consumes here, publishing is the relay's."""
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    return KafkaBroker(
        kafka.split(","),  # FastStream takes a text for one server, whatever is in it
        client_id=name,
        apply_types=False,
        allow_auto_create_topics=False,
        graceful_timeout=20,
        logger=None,
    )


def settle_memory() -> None:
    """Spare the cyclic collector what lives as long as the process, once everything is imported.

    Else each of its full rounds walks all modules, several times a second on a projection's path.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@asynccontextmanager
async def running(
    service: Service,
    *,
    dsn: str,
    kafka: str,
    clock: Clock | None = None,
    keys: Keys | None = None,
    worker: bool = True,
    instance: str | None = None,
    stuck_after_seconds: float = STUCK_AFTER_SECONDS,
) -> AsyncIterator[Running]:
    """Run a service until the context ends; without `worker` only HTTP and relay.

    `stuck_after_seconds`: longer than any batch may take; see health.py.
    """
    clock = clock or SystemClock()
    wakes = Wakes()
    async with AsyncExitStack() as stack:
        pool = await open_pool(dsn, name=service.name)
        stack.push_async_callback(_close, pool)
        work = Work(service=service.name, pool=pool, clock=clock, wakes=wakes, keys=keys)
        consumers: list[Consumer] = []
        progress: list[Progress] = []
        relay = Relay(work, dsn=dsn, kafka=kafka, topics=service.publishes_to())
        tasks = [relay.run()]
        if worker:
            consumers = _consumers(service, work)
            following = [
                Following(consumer.effect, consumer, work, dsn=dsn, kafka=kafka)
                for consumer in consumers
                if isinstance(consumer.effect, Folding)
            ]
            broker = make_broker(kafka, service.name)
            await _start_consumers(consumers, following, broker, instance, stack)
            tasks += [one.run() for one in following]
            progress = [Progress(consumer, kafka, stuck_after_seconds) for consumer in consumers]
            tasks += [one.run() for one in progress]
            tasks.append(Timers(service, work).run())
            tasks += [run_job(job, work, dsn) for job in service.jobs]
            tasks += [_look_after(consumer) for consumer in consumers]
        started = [asyncio.create_task(task) for task in tasks]
        stack.push_async_callback(_cancel, started)
        stack.callback(offer(Gauges(work, consumers, kafka)))
        for server in service.servers if worker else ():
            await stack.enter_async_context(server.start(work))
        yield Running(service, pool, work, consumers, progress, relay)


def _consumers(service: Service, work: Work) -> list[Consumer]:
    effects: list[Effect] = [Handlers(service, work.clock, work.keys)] if service.handlers else []
    effects += [Folding(service.name, p, keys=work.keys) for p in service.projections]
    effects += [
        Ingesting(service.name, ingest, work.clock, work.keys) for ingest in service.ingests
    ]
    return [Consumer(effect, work) for effect in effects]


async def _start_consumers(
    consumers: list[Consumer],
    following: list[Following],
    broker: KafkaBroker,
    instance: str | None,
    stack: AsyncExitStack,
) -> None:
    if consumers:
        for consumer in consumers:
            await consumer.breaker.load()
            if not isinstance(consumer.effect, Folding):
                consumer.subscribe(broker, instance)
        for one in following:
            await one.begin(broker, instance)
        for consumer in consumers:
            stack.push_async_callback(consumer.let_go)
        await broker.start()
        stack.push_async_callback(broker.stop)
        stack.push_async_callback(_end, consumers)


async def _end(consumers: list[Consumer]) -> None:
    """Before the group is left: whoever takes over would find what is still held."""
    await asyncio.gather(*[consumer.end() for consumer in consumers])


async def _look_after(consumer: Consumer) -> None:
    while True:
        await asyncio.sleep(LOOK_AFTER_EVERY_SECONDS)
        try:
            await consumer.look_after()
        except Exception as error:
            logging.getLogger("mainstay.parked").warning("requests wait: %s", describe(error))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(pool: Pool) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await pool.close()
