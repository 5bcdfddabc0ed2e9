"""The protocol of outbox, relay, log and reader for one shard, as small as it can be said.

No I/O: a database is an object, a statement a method, a log a list. What the real statements do in
one go happens here in one method; everything else may be interleaved in any order. `bug` names a
mistake planted in the protocol, "" for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

WINDOW = 2


@dataclass(frozen=True)
class Record:
    """On the log or on its way there; the mark that begins an epoch has place 0 and no event."""

    epoch: int
    sequence: int
    event: int | None


@dataclass
class Database:
    """The publisher's. Events are numbered as they commit; ids are drawn before that."""

    rows: dict[int, int] = field(default_factory=dict[int, int])
    """Committed and not sent: outbox id to event."""
    committed: set[int] = field(default_factory=set[int])
    epoch: int = 1
    last: int = 0
    window: list[int] = field(default_factory=list[int])
    fence: int = 0
    cursor: int = 0
    """Only the bug of that name reads it: the highest id that was numbered."""
    unproven: bool = False


@dataclass
class Flight:
    """A batch on its way: it may arrive now, later or never, whoever waits for it."""

    records: list[Record]
    arrived: bool = False


@dataclass
class Relay:
    """What one process believes. It may be out of date: then it is a zombie."""

    fence: int = -1
    last: int = 0
    flights: list[Flight] = field(default_factory=list[Flight])
    again: bool = False
    marked_at: int | None = None


@dataclass
class Reader:
    """One owner of the partition: where it believes that the checkpoint is."""

    offset: int = 0
    epoch: int = 0
    last: int = 0


class World:
    """Everything, and what has become of it: `effects` are the events in the order of handling."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.db = Database()
        self.backup = deepcopy(self.db)
        self.log: list[Record] = []
        self.flights: list[Flight] = []
        self.checkpoint = Reader()
        self.effects: list[int] = []
        self.gaps = 0
        self.relays = [Relay(), Relay()]
        self.readers = [Reader(), Reader()]
        self.next_id = 1
        self.next_event = 1
        self.key_of: dict[int, int] = {}
        self.open: dict[int, int] = {}
        """Transactions that hold a key's lock and have drawn their row's id, by key."""

    # The business: an aggregate's lock first, then the id, then some time until the commit.
    def begin(self, key: int) -> None:
        self.open[key] = self.next_id
        self.next_id += 1

    def commit(self, key: int) -> None:
        event, self.next_event = self.next_event, self.next_event + 1
        self.db.rows[self.open.pop(key)] = event
        self.db.committed.add(event)
        self.key_of[event] = key

    # The relay. Taking a shard that is free or whose lease has ended raises the fence.
    def take(self, relay: Relay) -> None:
        self.db.fence += 1
        relay.fence, relay.last = self.db.fence, self.db.last
        relay.flights, relay.marked_at = [], None
        relay.again = bool(self.db.window)

    def owns(self, relay: Relay) -> bool:
        return relay.fence == self.db.fence

    def number(self, relay: Relay) -> None:
        """Give the next rows, in the order of their ids, their places; then send them."""
        db, careless = self.db, self.bug == "a zombie may number"
        if not (self.owns(relay) or careless) or db.unproven:
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
        db = self.db
        if self.owns(relay) and db.window:
            relay.again, relay.flights = False, []
            events = [db.rows[id_] for id_ in db.window if id_ in db.rows]
            self._send(relay, events, db.last - len(db.window) + 1)

    def _send(self, relay: Relay, events: Sequence[int], first: int) -> None:
        if events:
            records = [Record(self.db.epoch, first + n, event) for n, event in enumerate(events)]
            flight = Flight(records)
            relay.flights.append(flight)
            self.flights.append(flight)

    def arrive(self, flight: Flight) -> None:
        """The broker appends a batch, whole; only once: it is idempotent."""
        self.flights.remove(flight)
        self.log += flight.records
        flight.arrived = True

    def give_up(self, relay: Relay) -> None:
        """A send has failed, as far as its relay knows."""
        relay.again, relay.flights = True, []

    def forget(self, relay: Relay) -> None:
        """Acknowledged rows go, and their window with them."""
        db = self.db
        acknowledged = [flight for flight in relay.flights if flight.arrived]
        relay.flights = [flight for flight in relay.flights if not flight.arrived]
        if not acknowledged or not self.owns(relay):
            return
        events = {record.event for flight in acknowledged for record in flight.records}
        db.rows = {id_: event for id_, event in db.rows.items() if event not in events}
        db.window = [id_ for id_ in db.window if id_ in db.rows]
        if self.bug == "numbered after the send":
            db.last = max(record.sequence for f in acknowledged for record in f.records)

    # A restore: the database forgets what came after its backup; the log does not.
    def restore(self) -> None:
        fence = self.db.fence
        self.db = deepcopy(self.backup)
        self.open.clear()
        self.db.fence = fence + 1  # nobody who was connected before is connected now
        if self.bug != "epoch not raised":
            self.db.epoch, self.db.last, self.db.unproven = self.db.epoch + 1, 0, True
            kept = self.bug == "a restored window is sent again"
            self.db.window = self.db.window if kept else []
            self.db.last = len(self.db.window)

    def mark(self, relay: Relay) -> None:
        """Take an epoch above any on the log, and append its mark."""
        if self.owns(relay) and self.db.unproven:
            above = 1 + max((record.epoch for record in self.log), default=0)
            if self.bug != "epoch not above the log's":
                self.db.epoch = max(self.db.epoch, above)
            relay.marked_at = len(self.log)
            if self.bug != "no mark":
                self.log.append(Record(self.db.epoch, 0, None))

    def prove(self, relay: Relay) -> None:
        """Forget the rows that stand on the log before the mark."""
        if relay.marked_at is not None and self.owns(relay):
            there: set[int | None] = set()
            top = 0
            for record in self.log[: relay.marked_at]:
                if record.epoch >= top or self.bug == "what readers refuse counts as sent":
                    there.add(record.event)
                top = max(top, record.epoch)
            db = self.db
            if self.bug != "log not read":
                db.rows = {id_: event for id_, event in db.rows.items() if event not in there}
            db.unproven, relay.marked_at = False, None
            relay.again = bool(db.window)

    # The reader: effects and checkpoint in one transaction, by compare-and-set.
    def read(self, reader: Reader, most: int) -> None:
        if reader != self.checkpoint:  # fenced: another owner moved on
            reader.__dict__.update(self.checkpoint.__dict__)
            return
        for record in self.log[reader.offset : reader.offset + most]:
            reader.offset += 1
            place, at = (record.epoch, record.sequence), (reader.epoch, reader.last)
            if place <= at and self.bug != "sequence not checked":
                continue  # sent twice; of an earlier epoch: refused
            self.gaps += record.sequence > (at[1] if record.epoch == at[0] else 0) + 1
            reader.epoch, reader.last = max(place, at)
            if record.event is not None:
                self.effects.append(record.event)
        self.checkpoint.__dict__.update(reader.__dict__)
