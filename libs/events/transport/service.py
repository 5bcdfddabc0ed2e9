"""What a service is: lists. Its app.py fills them in; the library runs them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_type_hints
from uuid import UUID

from libs.events.contracts import Event, Topic, check_topics, contracts, is_latest
from libs.events.transport.envelope import Origin
from libs.events.transport.ingest import Ingest
from libs.events.transport.projections import Projection
from libs.events.transport.work import UnitOfWork, Work

Handler = Callable[[Any, UnitOfWork], Awaitable[None]]
"""`async def verb_phrase(event: SomeEvent, uow: UnitOfWork) -> None`"""


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that is due: who set it, for what, and where its work comes from."""

    practice_id: UUID
    name: str
    key: str
    due_at: datetime
    origin: Origin | None = None


TimerHandler = Callable[[Timer, UnitOfWork], Awaitable[None]]
Transmission = Callable[[Timer, Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Looks outside at intervals (a directory, a mailbox); one replica at a time runs it."""

    name: str
    every_seconds: float
    run: Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Server:
    """Listens beside HTTP (such as MLLP) for as long as the context is open."""

    name: str
    start: Callable[[Work], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One administrative function: what it hears, does in time, shows and listens on.

    `handlers`: each hears the event type that its first parameter is annotated with.
    `timers`: run in the transaction that deletes the timer. `transmissions`: effects on the outside
    world, run outside any transaction, at least once. `ingests`: topics that others
    write to. `routes`: FastAPI routers.
    """

    name: str
    handlers: Sequence[Handler] = ()
    projections: Sequence[Projection] = ()
    timers: Mapping[str, TimerHandler] = field(default_factory=dict[str, TimerHandler])
    transmissions: Mapping[str, Transmission] = field(default_factory=dict[str, Transmission])
    jobs: Sequence[Job] = ()
    servers: Sequence[Server] = ()
    ingests: Sequence[Ingest] = ()
    routes: Sequence[Any] = ()

    def handlers_by_type(self) -> dict[type[Event], list[Handler]]:
        found: dict[type[Event], list[Handler]] = {}
        for handler in self.handlers:
            found.setdefault(heard_by(handler), []).append(handler)
        return found

    def publishes_to(self) -> list[Topic]:
        """The topics of the contracts that this service owns, in all their generations: what was
        written to an earlier one before it was closed is still to be sent."""
        own = [c for c in contracts().values() if c.topic.publisher == self.name]
        check_topics(own)
        topics = {t.name: t for c in own for t in c.topic.generations}
        return [t for _, t in sorted(topics.items())]


def heard_by(handler: Callable[..., Any]) -> type[Event]:
    """The event that a function's first parameter is annotated with.

    Raises TypeError where that is no event, or not the latest version of one.
    """
    name = next(iter(handler.__annotations__), None)
    hint = get_type_hints(handler).get(name or "")
    if not (isinstance(hint, type) and issubclass(hint, Event)):
        raise TypeError(
            f"{handler.__qualname__}: the first parameter must be annotated as an event"
        )
    if not is_latest(hint):
        raise TypeError(f"{handler.__qualname__} hears {hint.type}, which has a later version")
    return hint
