"""What a replay leaves out because its practice's keys were erased: nobody can read it any more."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport.parked import Record


class Erased:
    """How many events stayed out, and of which practices."""

    def __init__(self) -> None:
        self.events = 0
        self.practices: set[UUID] = set()
        self._last: dict[tuple[str, int], int] = {}

    def note(self, record: Record, practice_id: UUID) -> None:
        """Count a record once, however often its batch is tried: a partition is read in order."""
        shard = record.topic, record.partition
        if record.offset > self._last.get(shard, -1):
            self._last[shard] = record.offset
            self.events += 1
            self.practices.add(practice_id)

    def __str__(self) -> str:
        return f"{self.events} events of erased practices stayed out"
