"""Take a request: load what it needs, decide, save its resources, and take what they tell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.fhir import store
from services.interop.fhir.asked import read_again
from services.interop.fhir.find import Found, find_asked
from services.interop.fhir.granted import check_asked, check_done
from services.interop.fhir.history import TELL_TIMER
from services.interop.fhir.known import load_known
from services.interop.fhir.operations import Request
from services.interop.fhir.versions import Change, Decided, decide_request
from services.interop.messages.model import Effects, Inbound, Outcome, RefusedError
from services.interop.messages.receive import receive, told_apart
from services.interop.messages.told import take_told
from services.interop.smart.sender import Sender


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request; `changes` in its order, none where it was refused."""

    outcome: Outcome
    changes: tuple[Change, ...] = ()
    found: tuple[Found, ...] = ()
    """What its GETs ask for, in their order, as it is after the changes."""

    @property
    def is_taken(self) -> bool:
        return self.outcome.is_taken


async def take_request(
    inbound: Inbound, request: Request | RefusedError, sender: Sender, uow: UnitOfWork
) -> Taken:
    """All of it or nothing, with the message as it came; the same again does nothing twice.

    Raises RefusedError, and keeps nothing, where the sender may not do it.
    """
    connection = sender.connection
    check_asked(request, sender.scopes)
    await store.lock_source(uow, connection.source_system)
    decided = await _decide(request, connection, uow)
    found: list[Found] = []
    if not isinstance(decided, RefusedError):
        check_done(decided.changes, sender.scopes)

    async def take(effects: Effects) -> None:
        if isinstance(decided, RefusedError):
            raise decided
        await _save(decided, inbound, connection, uow, effects, uow.now)
        found.extend(await _find(decided, connection, uow))

    inbound = await _told_apart(inbound, request, decided, connection, uow)
    outcome = await receive(inbound, connection, uow, take)
    if isinstance(decided, RefusedError) or not outcome.is_taken:
        return Taken(outcome)
    if outcome.fate == "duplicate":
        found.extend(await _find(decided, connection, uow))
    return Taken(outcome, decided.changes, tuple(found))


async def take_again(
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
    *,
    received_at: datetime,
) -> None:
    """What was refused, decided again with the profile as it is now; raises RefusedError.

    The source is locked before the connection, as where messages come in.
    """
    request = read_again(inbound, connection)
    decided = await _decide(request, connection, uow, sent_at=received_at)
    if isinstance(decided, RefusedError):
        raise decided
    await _save(decided, inbound, connection, uow, effects, received_at)


async def _save(
    decided: Decided,
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
    sent_at: datetime,
) -> None:
    await store.save_changes(uow, connection.source_system, decided.changes, sent_at)
    await take_told(
        list(decided.told), inbound=inbound, connection=connection, uow=uow, effects=effects
    )
    await _have_told(decided, connection, uow)


async def _have_told(decided: Decided, connection: Connection, uow: UnitOfWork) -> None:
    """What imports have kept, and what waited for these resources."""
    source = connection.source_system
    await store.forget_untold(uow, source, decided.met)
    new = [(one.type, one.id) for one in decided.changes if one.effect == "created"]
    for connection_id in await store.release(uow, source, [*new, *decided.met]):
        await uow.set_timer(TELL_TIMER, str(connection_id), uow.now)


async def _find(decided: Decided, connection: Connection, uow: UnitOfWork) -> list[Found]:
    """Last, because a transaction's order is create, update, read (FHIR R4 §3.1.0.11.2)."""
    asked = (change.operation for change in decided.changes)
    return await find_asked(uow, connection.source_system, asked)


async def _decide(
    request: Request | RefusedError,
    connection: Connection,
    uow: UnitOfWork,
    sent_at: datetime | None = None,
) -> Decided | RefusedError:
    if isinstance(request, RefusedError):
        return request
    try:
        known = await load_known(request, connection, uow)
        # In a thread: a large bundle must not hold up the others.
        return await asyncio.to_thread(decide_request, request, known, connection, sent_at)
    except RefusedError as refused:
        return refused


async def _told_apart(
    inbound: Inbound,
    request: Request | RefusedError,
    decided: Decided | RefusedError,
    connection: Connection,
    uow: UnitOfWork,
) -> Inbound:
    """A resource that goes back to what it was comes with a body that came before.

    It is a new message all the same, because it changes what is kept; and so is one that is refused
    now, because nothing is there to answer it with as before.
    """
    if isinstance(decided, RefusedError):
        is_new = not isinstance(request, RefusedError) and request.kind == "resource"
    else:
        is_new = any(one.is_saved for one in decided.changes)
    return await told_apart(inbound, connection, uow) if is_new else inbound
