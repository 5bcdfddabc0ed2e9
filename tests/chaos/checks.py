"""What must hold when everything is quiet again, counted from tables, topics and the journal."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import ConsumerRecord

from libs.events.contracts import Topic
from libs.events.transport.envelope import begins_epoch, read_sequence
from libs.events.transport.rebuild import rebuild
from tests.chaos.journal import Journal
from tests.chaos.pair import (
    MOVES,
    ORDERS,
    PAYS_EVERY,
    RINGS_EVERY,
    CentsMoved,
    TransferOrdered,
    fact_of,
    ledger,
    totals,
)
from tests.chaos.stage import Stage
from tests.transport.platform import records_of

Record = ConsumerRecord[bytes, bytes]
MARK = "x-chaos"
"""The header of records that can never be read; its value tells them apart."""


@dataclass
class Findings:
    """The figures of a run; all but `events` and `resent` must be zero."""

    events: int = 0
    resent: int = 0
    """Records that stand on a topic a second time: relays were killed after the ack."""
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    unreconciled_cents: int = 0
    stuck_keys: int = 0
    left_over: int = 0
    """Outbox rows, timers and unfolded events that are still there when all should be quiet."""
    notes: list[str] = field(default_factory=list[str])

    @property
    def clean(self) -> bool:
        return not (
            self.lost
            or self.duplicated
            or self.reordered
            or self.unreconciled_cents
            or self.stuck_keys
            or self.left_over
        )

    def note(self, figure: str, count: int, what: str) -> None:
        """Add to a figure, and say once what it was."""
        if count:
            setattr(self, figure, getattr(self, figure) + count)
            self.notes.append(f"{figure} {count}: {what}")


Placed = Mapping[str, Mapping[int, int]]
"""The cents of each order that was committed, by account and number."""


async def check(stage: Stage, journal: Journal) -> Findings:
    """Compare everything with everything; the pair must be quiet and no fault be on."""
    found = Findings()
    placed = await _check_commands(stage, journal, found)
    found.events = sum(map(len, placed.values()))
    await check_events(stage, placed, found)
    await _check_timers(stage, placed, found)
    await _check_left_over(stage, found)
    await _check_rebuilt(stage, placed, found)
    return found


async def check_events(stage: Stage, placed: Placed, found: Findings) -> None:
    """Each order once and in order: on both topics, and in its effects."""
    await _check_effects(stage, placed, found)
    for topic, kind in ((ORDERS, TransferOrdered), (MOVES, CentsMoved)):
        _check_topic(topic, kind.type, await records_of(stage.kafka, topic), placed, found)


async def read_placed(stage: Stage) -> Placed:
    placed: defaultdict[str, dict[int, int]] = defaultdict(dict)
    async with stage.look("teller") as db:
        for row in await db.fetch("SELECT account, number, cents FROM placed"):
            placed[row["account"]][row["number"]] = row["cents"]
    return placed


async def _check_commands(stage: Stage, journal: Journal, found: Findings) -> Placed:
    """Acknowledged commands are in; what is in was sent."""
    sent, acked = journal.read()
    placed = await read_placed(stage)
    async with stage.look("teller") as db:
        rows = await db.fetch("SELECT DISTINCT command_id FROM placed")
    commands: set[UUID] = {row["command_id"] for row in rows}
    found.note("lost", len(acked - commands), "acknowledged commands that left no trace")
    found.note("duplicated", len(commands - sent), "commands that nobody sent")
    for account, numbers in placed.items():
        found.note("lost", len(set(range(len(numbers))) - set(numbers)), f"numbers of {account}")
    return placed


async def _check_effects(stage: Stage, placed: Placed, found: Findings) -> None:
    """Each order has its effect once, in the account's order; the cents add up."""
    seen: defaultdict[str, list[int]] = defaultdict(list)
    async with stage.look("ledger") as db:
        for row in await db.fetch("SELECT account, number FROM effect ORDER BY place"):
            seen[row["account"]].append(row["number"])
        balances = {r["account"]: r["cents"] for r in await db.fetch("SELECT * FROM account")}
    for account in sorted({*seen, *placed}):
        _compare_order(f"effects on {account}", placed.get(account, {}), seen[account], found)
    expected = {account: sum(numbers.values()) for account, numbers in placed.items()}
    expected["cash"] = -sum(expected.values())
    _compare_cents("balances", expected, balances, found)
    found.note("unreconciled_cents", abs(sum(balances.values())), "the balances' sum is not zero")


def _compare_order(what: str, placed: Iterable[int], seen: Sequence[int], found: Findings) -> None:
    """`seen` must be exactly `placed`, once each and counting up."""
    times = Counter(seen)
    first = list(dict.fromkeys(seen))
    found.note("lost", len(set(placed) - set(times)), what)
    found.note("duplicated", sum(times.values()) - len(times), what)
    found.note("duplicated", len(set(times) - set(placed)), f"{what}: never placed")
    found.note("reordered", sum(b < a for a, b in itertools.pairwise(first)), what)


def _compare_cents(
    what: str, expected: Mapping[str, int], actual: Mapping[str, int], found: Findings
) -> None:
    off = {a: actual.get(a, 0) - expected.get(a, 0) for a in {*expected, *actual}}
    found.note("unreconciled_cents", sum(map(abs, off.values())), what)


def _check_topic(
    topic: Topic, type_: str, records: Iterable[Record], placed: Placed, found: Findings
) -> None:
    """On the wire: sequences count up from 1 without a gap, and each key's numbers in order.

    A record may stand there again, whole, with the sequence that it had: readers drop it. A new
    epoch begins with its mark in place 0.
    """
    ids: dict[tuple[int, tuple[int, int]], bytes] = {}
    last: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (1, 0))
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for record in records:
        headers: dict[str, bytes] = {name: value or b"" for name, value in record.headers}
        place = read_sequence(record.headers)
        if place is None:
            continue  # a stranger's record, not an event
        if begins_epoch(record.headers):
            last[record.partition] = max(last[record.partition], place)
            continue
        if (record.partition, place) in ids:
            same = ids[record.partition, place] == headers["ce_id"]
            found.note("lost", int(not same), f"{topic.name}: two events in one place")
            found.resent += 1
            continue
        ids[record.partition, place] = headers["ce_id"]
        before = last[record.partition]
        gap = place[1] - (before[1] + 1 if place[0] == before[0] else 0)
        found.note("lost", int(gap > 0), f"{topic.name}: a gap in the sequence at {place}")
        found.note("reordered", int(place < before), f"{topic.name}: back from {before}")
        last[record.partition] = max(before, place)
        if headers["ce_type"].decode() == type_ and MARK not in headers:
            event = _contract(type_).model_validate_json(record.value or b"")
            seen[event.account].append(event.number)
    for account in sorted({*seen, *placed}):
        _compare_order(f"{topic.name} {account}", placed.get(account, {}), seen[account], found)


def _contract(type_: str) -> type[TransferOrdered] | type[CentsMoved]:
    return TransferOrdered if type_ == TransferOrdered.type else CentsMoved


async def _check_timers(stage: Stage, placed: Placed, found: Findings) -> None:
    async with stage.look("ledger") as db:
        rung = {r["key"]: r["times"] for r in await db.fetch("SELECT key, times FROM rung")}
        paid = {r["key"] for r in await db.fetch("SELECT key FROM paid")}
    for what, every, keys in (("timers", RINGS_EVERY, set(rung)), ("payments", PAYS_EVERY, paid)):
        due = {fact_of(a, n) for a, numbers in placed.items() for n in numbers if n % every == 0}
        found.note("lost", len(due - keys), what)
        found.note("duplicated", len(keys - due), f"{what}: never set")
    found.note("duplicated", sum(rung.values()) - len(rung), "timers that fired again")


async def _check_left_over(stage: Stage, found: Findings) -> None:
    for role in ("teller", "ledger"):
        async with stage.look(role) as db:
            for table in ("outbox", "timer", "consumer_stop"):
                rows = await db.fetchval(f"SELECT count(*) FROM {table}")
                found.note("left_over", rows, f"rows in the {role}'s {table}")
            keys = await db.fetchval("SELECT count(*) FROM parked_key")
            found.note("stuck_keys", keys, f"keys still parked in the {role}")
    found.note("left_over", await stage.lag(), "records after the checkpoints")


async def _check_rebuilt(stage: Stage, placed: Placed, found: Findings) -> None:
    """The read model equals what was placed, and itself after a rebuild."""
    expected = {account: sum(numbers.values()) for account, numbers in placed.items()}
    live = await _totals(stage)
    _compare_cents("the live read model", expected, live, found)
    await rebuild(ledger.name, totals, dsn=stage.direct_dsns["ledger"], kafka=stage.kafka)
    _compare_cents("the rebuilt read model", live, await _totals(stage), found)


async def _totals(stage: Stage) -> dict[str, int]:
    async with stage.look("ledger") as db:
        rows = await db.fetch(
            "SELECT account, cents FROM total "
            "WHERE generation = (SELECT generation FROM projection WHERE name = 'totals')"
        )
    return {row["account"]: row["cents"] for row in rows}
