"""Whoever mends things while faults go on: cures poison, tells late facts, retries and discards."""

from __future__ import annotations

import asyncio
import json
import random
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.work import ADD_TO_OUTBOX, Wakes, Work, partition_for
from tests.chaos.checks import MARK, Findings
from tests.chaos.journal import NOT_SAID, TROUBLED
from tests.chaos.pair import NOTE_FACT, ORDERS, PRACTICE, FactTold, TransferOrdered, fact_of, teller
from tests.chaos.stage import Stage
from tests.transport.platform import eventually

EVERY_SECONDS = 4.0
FLAWED = "SELECT account, number, flaw FROM placed WHERE flaw <> 'none'"
READ_REASONS = "SELECT headers, error FROM parked_event WHERE error LIKE 'UnreadableEventError: %'"
# What can be read is tried again; what cannot is given up.
REQUEST = """
UPDATE parked_key k SET requested_by = 'chaos', requested_at = now(), request =
  CASE WHEN (SELECT error FROM parked_event e
              WHERE e.practice_id = k.practice_id AND e.consumer = k.consumer
                AND e.topic = k.topic AND e.key = k.key
              ORDER BY e.id LIMIT 1) LIKE 'UnreadableEventError: %'
       THEN 'discard' ELSE 'retry' END
 WHERE request IS NULL
"""


class Operator:
    """Works past the proxies, and tries again where the database is away."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told: set[str] = set()
        self._appended: set[str] = set()
        self._reasons: dict[str, str] = {}

    async def run(self) -> None:
        """A round every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.round()
            except NOT_SAID:
                continue

    async def round(self) -> None:
        """Cure and tell what is missing, note the reasons of what cannot be read, and request."""
        async with self._stage.look("teller") as db:
            flawed = await db.fetch(FLAWED)
        facts = {fact_of(r["account"], r["number"]): r["flaw"] for r in flawed}
        async with self._stage.look("ledger") as db:
            for fact in sorted(f for f, flaw in facts.items() if flaw == "poison"):
                if fact not in self._told:
                    await db.execute(NOTE_FACT, PRACTICE, fact)
        await self._tell(sorted(f for f, flaw in facts.items() if flaw == "late"))
        self._told |= set(facts)
        await self.request()

    async def request(self) -> int:
        """Ask for everything parked to be retried or discarded; returns how many keys there are."""
        async with self._stage.look("ledger") as db:
            for row in await db.fetch(READ_REASONS):
                for name, value in json.loads(row["headers"]):
                    if name == MARK:
                        self._reasons[value] = row["error"]
            return int((await db.execute(REQUEST)).rpartition(" ")[2])

    async def _tell(self, facts: list[str]) -> None:
        new = [fact for fact in facts if fact not in self._told]
        if not new:
            return
        pool = await open_pool(self._stage.direct_dsns["teller"], name="chaos operator", most=1)
        try:
            work = Work(service=teller.name, pool=pool, clock=SystemClock(), wakes=Wakes())
            async with work.unit_of_work(PRACTICE) as uow:
                for fact in new:
                    await uow.publish(FactTold(practice_id=PRACTICE, fact=fact))
        finally:
            pool.terminate()

    async def append_strangers(self, rng: random.Random, count: int = 3) -> None:
        """Append records to the topic that are no events: no CloudEvents attributes, no JSON."""
        producer = AIOKafkaProducer(bootstrap_servers=self._stage.kafka, acks="all")
        await producer.start()
        try:
            for _ in range(count):
                mark = str(uuid4())
                key = rng.choice([rng.choice(TROUBLED), f"stranger-{mark}"]).encode()
                value = rng.choice([b"{", b"\xff\xfe", b"", b'{"account":1}'])
                await producer.send_and_wait(
                    ORDERS.name, value, key=key, headers=[(MARK, mark.encode())]
                )
                self._appended.add(mark)
        finally:
            await producer.stop()

    async def publish_misfits(self, rng: random.Random, count: int = 3) -> None:
        """Let the teller's relay send events in their sequence that break their contract."""
        for _ in range(count):
            mark, key = str(uuid4()), rng.choice(TROUBLED)
            headers = {
                "ce_specversion": "1.0", "ce_id": mark, "ce_type": TransferOrdered.type,
                "ce_source": "/chaos", "ce_time": "2026-03-02T00:00:00+00:00",
                "ce_practiceid": str(PRACTICE), "ce_correlationid": mark,
                "content-type": "application/json", MARK: mark,
            }  # fmt: skip
            body = rng.choice([b"{}", b'{"account":"a","number":"1"}', b"[1", b"\xc3\x28"])
            async with self._stage.look("teller") as db:
                await db.execute(
                    ADD_TO_OUTBOX,
                    *([PRACTICE], [ORDERS.name], [partition_for(key, ORDERS.partitions)]),
                    *([key], [json.dumps(headers)], [body], [None]),
                )
            self._appended.add(mark)

    async def move_database(self, role: str) -> None:
        """Let a database look promoted: its shards begin a new epoch.

        At a run's very start its relay may not have noted yet where it is at home.
        """

        async def moved() -> bool:
            async with self._stage.look(role) as db:
                done = await db.execute("UPDATE outbox_home SET timeline = timeline + 1")
            return done == "UPDATE 1"

        await eventually(moved, what=f"the {role}'s relay has a home to move from")

    def check(self, found: Findings) -> None:
        """Every record that could not be read has parked with a reason."""
        missing = self._appended - set(self._reasons)
        found.note("lost", len(missing), "unreadable records that did not park with a reason")
