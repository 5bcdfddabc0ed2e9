"""One batch's records on their way into an effect, read one by one as the effect asks for them.

Nothing is kept of an event once the effect has let go of it: a batch of them alive at once costs
Python's cyclic collector more than reading them does (measured: half of a projection's time).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from libs.events.transport import parked
from libs.events.transport.database import NO_PRACTICE, SET_TRANSPORT, Db
from libs.events.transport.effects import Effect
from libs.events.transport.faults import UnreadableEventError, describe
from libs.events.transport.hearing import read_record
from libs.events.transport.parked import Record

Fresh: TypeAlias = tuple[Record, tuple[int, int] | None]
"""A record whose effects are not in, and its (epoch, sequence)."""

LEAVE_TRANSPORT = "SELECT set_config('mainstay.transport', '', true)"


class Reading:
    """What of a batch is heard, and what parks: it fails, cannot be read, or waits for its key."""

    def __init__(self, effect: Effect, consumer: str, line: str, failure: str | None) -> None:
        self.count = 0
        """Events heard so far."""
        self.unreadable: list[tuple[int, str]] = []
        """Offset and reason of each record that cannot be read."""
        self.to_park: list[tuple[Record, str | None]] = []
        self._effect = effect
        self._consumer = consumer
        self._line = line
        self._failure = failure
        self._waiting: set[str] = set()

    async def find_parked(self, db: Db, fresh: Sequence[Fresh]) -> None:
        """Find the keys that wait, where any may; they are locked."""
        await db.execute(SET_TRANSPORT)
        keys = [parked.key_of(record) for record, _ in fresh]
        if keys:
            self._waiting = await parked.find_parked(db, self._consumer, self._line, keys)
        await db.execute(LEAVE_TRANSPORT)

    def heard(self, fresh: Sequence[Fresh]) -> Iterator[Any]:
        """What the effect is to apply, in order."""
        hear = self._effect.hear
        for record, place in fresh:
            if self._failure is not None:
                self.to_park.append((record, self._failure))
            elif self._waiting and self._waits(record, place):
                self.to_park.append((record, None))
            else:
                try:
                    one = hear(record, place)
                except UnreadableEventError as error:
                    self._set_aside(record, describe(error))
                else:
                    if one is not None:
                        self.count += 1
                        yield one

    def _waits(self, record: Record, place: tuple[int, int] | None) -> bool:
        if parked.key_of(record) not in self._waiting:
            return False
        return not self._effect.stays_out(record, place)

    def counts(self) -> dict[str, int]:
        """How many were handled, how many parked, and how many of those as unreadable."""
        unreadable, aside = len(self.unreadable), len(self.to_park)
        return {"handled": self.count, "unreadable": unreadable, "parked": aside}

    def _set_aside(self, record: Record, reason: str) -> None:
        self.to_park.append((record, reason))
        self.unreadable.append((record.offset, reason))
        self._waiting.add(parked.key_of(record))

    async def park(self, db: Db, at: datetime) -> None:
        """Park what is to wait, in the transaction of what was heard."""
        await db.execute(SET_TRANSPORT)
        for record, error in self.to_park:
            practice_id = _practice(record)
            await parked.park(db, self._consumer, self._line, record, practice_id, error, at)


def _practice(record: Record) -> UUID:
    try:
        return read_record(record, None).practice_id
    except UnreadableEventError:
        return NO_PRACTICE
