"""The protocol of outbox, relay, log and reader, as small as it can be said.

Two shards: one of a topic (0), and one of the topic that succeeds it (1). No I/O: a database is an
object, a statement a method, a log a list. What the real statements do in one go happens here in
one method; everything else may be interleaved in any order. `bug` names a mistake planted in the
protocol, "" for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

WINDOW = 2


@dataclass(frozen=True)
class Record:
    """On a log or on its way there; the mark that begins an epoch has place 0 and no event."""

    epoch: int
    sequence: int
    event: int | None


@dataclass
class Shard:
    """What the publisher's database holds of one: what waits, and what the relay has noted."""

    rows: dict[int, int] = field(default_factory=dict[int, int])
    """Committed and not sent: outbox id to event."""
    epoch: int = 1
    last: int = 0
    window: list[int] = field(default_factory=list[int])
    fence: int = 0
    cursor: int = 0
    """Only the bug of that name reads it: the highest id that was numbered."""
    unproven: bool = False


@dataclass
class Database:
    """The publisher's. Events are numbered as they commit; ids are drawn before that."""

    shards: tuple[Shard, Shard] = field(default_factory=lambda: (Shard(), Shard()))
    committed: set[int] = field(default_factory=set[int])
    closed: bool = False
    """Whether the topic is: its successor has an event."""


@dataclass
class Flight:
    """A batch on its way: it may arrive now, later or never, whoever waits for it."""

    of: int
    records: list[Record]
    arrived: bool = False


@dataclass
class Relay:
    """What one process believes of a shard. It may be out of date: then it is a zombie."""

    of: int
    fence: int = -1
    last: int = 0
    flights: list[Flight] = field(default_factory=list[Flight])
    again: bool = False
    marked_at: int | None = None


@dataclass
class Reader:
    """One owner of a partition: where it believes that the checkpoint is."""

    of: int
    offset: int = 0
    epoch: int = 0
    last: int = 0
    open_for: int = field(default=0, compare=False)
    """Of the successor's: the epoch in which it has seen that the topic was handled to its end,"""
    wanted: int = field(default=0, compare=False)
    """the one in which it wants to, """
    goal: int = field(default=0, compare=False)
    """and where that end was."""

    def go_to(self, other: Reader) -> None:
        self.offset, self.epoch, self.last = other.offset, other.epoch, other.last
        self.open_for = self.wanted = self.goal = 0


class World:
    """Everything, and what has become of it: `effects` are the events in the order of handling."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.db = Database()
        self.backup = deepcopy(self.db)
        self.logs: tuple[list[Record], list[Record]] = ([], [])
        self.flights: list[Flight] = []
        self.checkpoints = [Reader(0), Reader(1)]
        self.effects: list[int] = []
        self.gaps = 0
        self.relays = [Relay(0), Relay(0), Relay(1), Relay(1)]
        self.readers = [Reader(0), Reader(0), Reader(1), Reader(1)]
        self.next_id = 1
        self.next_event = 1
        self.key_of: dict[int, int] = {}
        self.shard_of: dict[int, int] = {}
        self.lost: set[int] = set()
        """Events that were committed, and that a restore has forgotten."""
        self.open: dict[int, tuple[int, int]] = {}
        """Transactions that hold a key's lock: the row's id, which is drawn, and shard, by key."""

    # The business: an aggregate's lock first, then the id, then some time until the commit. Who
    # writes to the topic shares its lock, who closes it has it alone: one waits, and does nothing.
    def begin(self, key: int, of: int = 0) -> None:
        writing = {shard for _, shard in self.open.values()}
        exclusive = self.bug != "closed while it is written to"
        if of == 0 and self.db.closed and self.bug != "who writes to a closed topic is not refused":
            return
        if exclusive and not self.db.closed and writing - {of}:
            return
        self.open[key] = self.next_id, of
        self.next_id += 1

    def commit(self, key: int) -> None:
        event, self.next_event = self.next_event, self.next_event + 1
        row, of = self.open.pop(key)
        self.db.shards[of].rows[row] = event
        self.db.closed |= of == 1
        self.db.committed.add(event)
        self.key_of[event], self.shard_of[event] = key, of

    # The relay. Taking a shard that is free or whose lease has ended raises the fence.
    def take(self, relay: Relay) -> None:
        shard = self.db.shards[relay.of]
        shard.fence += 1
        relay.fence, relay.last = shard.fence, shard.last
        relay.flights, relay.marked_at = [], None
        relay.again = bool(shard.window)

    def owns(self, relay: Relay) -> bool:
        return relay.fence == self.db.shards[relay.of].fence

    def number(self, relay: Relay) -> None:
        """Give the next rows, in the order of their ids, their places; then send them. A
        successor's wait until the topic has none."""
        db, careless = self.db.shards[relay.of], self.bug == "a zombie may number"
        if not (self.owns(relay) or careless) or db.unproven:
            return
        if relay.of and self.db.shards[0].rows and self.bug != "a successor's rows do not wait":
            return
        if db.window and self.bug != "two windows in flight" and not careless:
            return
        waiting = sorted(id_ for id_ in db.rows if id_ not in db.window)
        if self.bug == "id > last":
            waiting = [id_ for id_ in waiting if id_ > db.cursor]
        ids = waiting[:WINDOW]
        first = (relay.last if careless else db.last) + 1
        if ids and self.bug != "numbered after the send":
            db.last, db.window = first + len(ids) - 1, ids
            db.cursor = max(db.cursor, *ids)
        relay.last = first + len(ids) - 1
        self._send(relay, [db.rows[id_] for id_ in ids], first)

    def resend(self, relay: Relay) -> None:
        """What was in flight goes out again, in the places that it has."""
        db = self.db.shards[relay.of]
        if self.owns(relay) and db.window:
            relay.again, relay.flights = False, []
            events = [db.rows[id_] for id_ in db.window if id_ in db.rows]
            self._send(relay, events, db.last - len(db.window) + 1)

    def _send(self, relay: Relay, events: Sequence[int], first: int) -> None:
        if events:
            epoch = self.db.shards[relay.of].epoch
            records = [Record(epoch, first + n, event) for n, event in enumerate(events)]
            flight = Flight(relay.of, records)
            relay.flights.append(flight)
            self.flights.append(flight)

    def arrive(self, flight: Flight) -> None:
        """The broker appends a batch, whole; only once: it is idempotent."""
        self.flights.remove(flight)
        self.logs[flight.of].extend(flight.records)
        flight.arrived = True

    def give_up(self, relay: Relay) -> None:
        """A send has failed, as far as its relay knows."""
        relay.again, relay.flights = True, []

    def forget(self, relay: Relay) -> None:
        """Acknowledged rows go, and their window with them."""
        db = self.db.shards[relay.of]
        acknowledged = [flight for flight in relay.flights if flight.arrived]
        relay.flights = [flight for flight in relay.flights if not flight.arrived]
        if not acknowledged or not self.owns(relay):
            return
        events = {record.event for flight in acknowledged for record in flight.records}
        db.rows = {id_: event for id_, event in db.rows.items() if event not in events}
        db.window = [id_ for id_ in db.window if id_ in db.rows]
        if self.bug == "numbered after the send":
            db.last = max(record.sequence for f in acknowledged for record in f.records)

    # A restore: the database forgets what came after its backup; the logs do not.
    def restore(self) -> None:
        fences = [shard.fence for shard in self.db.shards]
        self.lost |= self.db.committed - self.backup.committed
        self.db = deepcopy(self.backup)
        self.open.clear()
        for shard, fence in zip(self.db.shards, fences, strict=True):
            shard.fence = fence + 1  # nobody who was connected before is connected now
            if self.bug != "epoch not raised":
                shard.epoch, shard.last, shard.unproven = shard.epoch + 1, 0, True
                kept = self.bug == "a restored window is sent again"
                shard.window = shard.window if kept else []
                shard.last = len(shard.window)

    def mark(self, relay: Relay) -> None:
        """Take an epoch above any on the log, and append its mark."""
        shard, log = self.db.shards[relay.of], self.logs[relay.of]
        if self.owns(relay) and shard.unproven:
            above = 1 + max((record.epoch for record in log), default=0)
            if self.bug != "epoch not above the log's":
                shard.epoch = max(shard.epoch, above)
            relay.marked_at = len(log)
            if self.bug != "no mark":
                log.append(Record(shard.epoch, 0, None))

    def prove(self, relay: Relay) -> None:
        """Forget the rows that stand on the log before the mark."""
        if relay.marked_at is not None and self.owns(relay):
            there: set[int | None] = set()
            top = 0
            for record in self.logs[relay.of][: relay.marked_at]:
                if record.epoch >= top or self.bug == "what readers refuse counts as sent":
                    there.add(record.event)
                top = max(top, record.epoch)
            db = self.db.shards[relay.of]
            if self.bug != "log not read":
                db.rows = {id_: event for id_, event in db.rows.items() if event not in there}
            db.unproven, relay.marked_at = False, None
            relay.again = bool(db.window)

    # The reader: effects and checkpoint in one transaction, by compare-and-set.
    def read(self, reader: Reader, most: int) -> None:
        checkpoint = self.checkpoints[reader.of]
        if reader != checkpoint:  # fenced: another owner moved on
            reader.go_to(checkpoint)
            return
        records = self.logs[reader.of][reader.offset : reader.offset + most]
        if reader.of and not self._may_begin(reader, records):
            return
        for record in records:
            reader.offset += 1
            place, at = (record.epoch, record.sequence), (reader.epoch, reader.last)
            if place <= at and self.bug != "sequence not checked":
                continue  # sent twice; of an earlier epoch: refused
            self.gaps += record.sequence > (at[1] if record.epoch == at[0] else 0) + 1
            reader.epoch, reader.last = max(place, at)
            if record.event is not None:
                self.effects.append(record.event)
        checkpoint.go_to(reader)

    def _may_begin(self, reader: Reader, records: Sequence[Record]) -> bool:
        """A successor's event waits until the topic is handled, to its end when that was read."""
        epoch = max((record.epoch for record in records if record.event is not None), default=0)
        if self.bug == "a successor that was begun is never waited for again":
            epoch = min(epoch, 1)
        if epoch <= reader.open_for or self.bug == "a successor's events do not wait":
            return True
        if epoch > reader.wanted:
            reader.wanted, reader.goal = epoch, len(self.logs[0])
        if self.checkpoints[0].offset >= reader.goal:
            reader.open_for = reader.wanted
        return epoch <= reader.open_for
