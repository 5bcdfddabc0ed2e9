"""What a process looks up of itself when somebody asks: lag, outbox, parked events, timers due.

Gauges are observed in the asker's thread; one look in the event loop, one transaction in the
database, serves all of them. A process tells of the partitions that it owns; of the database's
tables, each replica of a service tells the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

import structlog
from aiokafka import TopicPartition
from opentelemetry.metrics import CallbackOptions, Observation

from libs.events.transport.consumer import Consumer
from libs.events.transport.database import transport_transaction
from libs.events.transport.faults import describe
from libs.events.transport.folding import Folding
from libs.events.transport.lag import Lag, measure
from libs.events.transport.metrics import meter
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.metrics")

LONGEST_LOOK_SECONDS = 8.0
ONE_LOOK_SERVES_SECONDS = 1.0

# No count goes on for ever: at the limit, more than that wait.
MOST_COUNTED = 100_000
COUNT = f"""
WITH due AS NOT MATERIALIZED (
    SELECT id, created_at FROM outbox WHERE not_before IS NULL OR not_before <= $1
)
SELECT (SELECT count(*) FROM (SELECT 1 FROM due LIMIT {MOST_COUNTED}) o) AS outbox_rows,
       (SELECT created_at FROM due ORDER BY id LIMIT 1) AS oldest_at,
       (SELECT count(*) FROM outbox_shard WHERE refused IS NOT NULL) AS refused_shards,
       (SELECT count(*) FROM (SELECT 1 FROM parked_key LIMIT {MOST_COUNTED}) k) AS parked_keys,
       (SELECT count(*) FROM (SELECT 1 FROM parked_event LIMIT {MOST_COUNTED}) e) AS parked_events,
       (SELECT min(due_at) FROM timer) AS due_at
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """One look: lag by consumer and partition, counts, and ages in seconds."""

    lags: dict[tuple[str, TopicPartition], Lag]
    behind: dict[str, float]
    """Projection → seconds that what is read lies behind, in this process's partitions."""
    outbox_rows: int
    outbox_age: float
    refused_shards: int
    parked_keys: int
    parked_events: int
    timers_late: float


class Gauges:
    """One service's facts, looked up in its event loop for whoever asks in another thread."""

    def __init__(self, work: Work, consumers: Sequence[Consumer], kafka: str) -> None:
        self.service = work.service
        self._work = work
        self._consumers = consumers
        self._kafka = kafka
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._facts: Facts | None = None
        self._looked_at = float("-inf")

    def facts(self) -> Facts | None:
        """The facts of now, or None where the database or the broker is away."""
        with self._lock:
            if time.monotonic() - self._looked_at > ONE_LOOK_SERVES_SECONDS:
                looking = asyncio.run_coroutine_threadsafe(self.look(), self._loop)
                try:
                    self._facts = looking.result(LONGEST_LOOK_SECONDS)
                except Exception as error:
                    looking.cancel()
                    self._facts = None
                    log.warning("nothing to measure", service=self.service, error=describe(error))
                self._looked_at = time.monotonic()
            return self._facts

    async def look(self) -> Facts:
        now = self._work.now()
        lags = await self._lags()
        async with transport_transaction(self._work.pool) as db:
            row = await db.fetchrow(COUNT, now)
        assert row is not None

        def age(name: str) -> float:
            return max((now - row[name]).total_seconds(), 0.0) if row[name] else 0.0

        return Facts(
            lags=lags,
            behind={
                c.effect.projection.name: max(
                    (lag.seconds for (name, _), lag in lags.items() if name == c.effect.group),
                    default=0.0,
                )
                for c in self._consumers
                if isinstance(c.effect, Folding)
            },
            outbox_rows=row["outbox_rows"],
            outbox_age=age("oldest_at"),
            refused_shards=row["refused_shards"],
            parked_keys=row["parked_keys"],
            parked_events=row["parked_events"],
            timers_late=age("due_at"),
        )

    async def _lags(self) -> dict[tuple[str, TopicPartition], Lag]:
        found: dict[tuple[str, TopicPartition], Lag] = {}
        for consumer in self._consumers:
            at = {tp: p.next_offset for tp, p in consumer.positions.items()}
            ends = await consumer.ends() if at else {}
            places = {tp: (offset, ends[tp]) for tp, offset in at.items() if tp in ends}
            for tp, lag in (await measure(self._kafka, places)).items():
                found[consumer.effect.group, tp] = lag
        return found


_sources: dict[int, Gauges] = {}


def offer(gauges: Gauges) -> Callable[[], None]:
    """Observe these from now on, until the function that is returned is called."""
    _sources[id(gauges)] = gauges

    def withdraw() -> None:
        del _sources[id(gauges)]

    return withdraw


def _all_facts() -> Iterable[tuple[str, Facts]]:
    for source in tuple(_sources.values()):
        facts = source.facts()
        if facts is not None:
            yield source.service, facts


def _by_partition(value: Callable[[Lag], float]) -> Callable[[CallbackOptions], list[Observation]]:
    def observe(_: CallbackOptions) -> list[Observation]:
        return [
            Observation(
                value(lag),
                {
                    "mainstay.consumer": consumer,
                    "messaging.destination.name": tp.topic,
                    "messaging.destination.partition.id": str(tp.partition),
                },
            )
            for _, facts in _all_facts()
            for (consumer, tp), lag in facts.lags.items()
        ]

    return observe


def _by_service(value: Callable[[Facts], float]) -> Callable[[CallbackOptions], list[Observation]]:
    def observe(_: CallbackOptions) -> list[Observation]:
        return [
            Observation(value(facts), {"mainstay.service": service})
            for service, facts in _all_facts()
        ]

    return observe


def _by_projection(_: CallbackOptions) -> list[Observation]:
    return [
        Observation(seconds, {"mainstay.service": service, "mainstay.projection": name})
        for service, facts in _all_facts()
        for name, seconds in facts.behind.items()
    ]


for _name, _unit, _observe, _description in (
    ("consumer.lag", "{record}", _by_partition(lambda lag: lag.records), "Records not handled yet"),
    ("consumer.lag.age", "s", _by_partition(lambda lag: lag.seconds), "Age of the next record"),
    ("projection.behind", "s", _by_projection, "Age of the oldest event that is not folded yet"),
    ("outbox.rows", "{event}", _by_service(lambda f: f.outbox_rows), "Events not sent yet"),
    ("outbox.age", "s", _by_service(lambda f: f.outbox_age), "Age of the oldest one"),
    ("outbox.refused", "{shard}", _by_service(lambda f: f.refused_shards), "Partitions stopped"),
    ("parked.keys", "{key}", _by_service(lambda f: f.parked_keys), "Keys that wait for a person"),
    ("parked.events", "{event}", _by_service(lambda f: f.parked_events), "Events of those keys"),
    ("timer.overdue", "s", _by_service(lambda f: f.timers_late), "How late the latest timer is"),
):
    meter.create_observable_gauge(
        f"mainstay.{_name}", unit=_unit, callbacks=[_observe], description=_description
    )
