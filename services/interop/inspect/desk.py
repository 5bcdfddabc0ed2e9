"""A practice that knows nothing yet, in memory: takes messages by the decisions of the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from libs.events.contracts import Event
from services.interop.connections.model import Connection
from services.interop.inspect.practice import Practice
from services.interop.messages.model import Inbound, Refusal, RefusedError, control_id_reused
from services.interop.messages.receive import refusals_of
from services.interop.messages.told import Told


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: refused for these reasons, or taken with these events."""

    refusals: tuple[Refusal, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(slots=True)
class Desk:
    """One connection of such a practice."""

    connection: Connection
    practice: Practice = field(default_factory=Practice)
    taken: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Control id → what was taken under it."""

    def receive(self, inbound: Inbound, read: Callable[[], list[Told]]) -> Taken:
        """As `messages/receive.py` keeps and takes a message, without a database."""
        before = self.taken.get(inbound.control_id)
        if before is not None:
            same = before == inbound.sha256
            return Taken() if same else Taken((control_id_reused(self.connection.kind),))
        practice = self.practice.copy()
        try:
            events = practice.take(read(), self.connection)
        except RefusedError as refused:
            return Taken(refused.refusals)
        except ValidationError as error:
            return Taken(refusals_of(error))
        self.practice = practice
        self.taken[inbound.control_id] = inbound.sha256
        return Taken(events=tuple(events))
