"""One message, one transaction: it is kept, and what it leads to happens once, or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from asyncpg import Record
from pydantic import ValidationError

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection, refuse_shut
from services.interop.connections.store import count_received, find_connection
from services.interop.health.watch import note_outcome
from services.interop.messages import store
from services.interop.messages.model import (
    Effects,
    Fate,
    Inbound,
    Outcome,
    Refusal,
    RefusedError,
    control_id_reused,
)
from services.interop.writeback.tell import tell_results

log = structlog.get_logger("interop.messages")

Take = Callable[[Effects], Awaitable[None]]
"""Works out and stores what a message leads to; raises RefusedError where it may not be taken."""


class RehearsedError(Exception):
    """Takes back all that a message did: one of a connection in testing, or one only looked at."""


class UndoneError(Exception):
    """What a message began has to be undone with its transaction; `why` it has no effect is kept
    with it in another one."""

    def __init__(self, why: RefusedError | RehearsedError) -> None:
        super().__init__(str(why))
        self.why = why


def in_savepoint(take: Take, connection: Connection, uow: UnitOfWork) -> Take:
    """For a message that shares its transaction: only what the message itself did is undone."""

    async def taken(effects: Effects) -> None:
        async with uow.db.transaction():  # a savepoint
            await take(effects)
            if connection.state == "testing":
                raise RehearsedError

    return taken


@contextmanager
def or_undone(connection: Connection) -> Iterator[None]:
    """For a message that has its transaction for itself, which costs two statements less: raises
    UndoneError. Few messages are refused by what is known here, and not by what they say."""
    try:
        yield
    except RefusedError as refused:
        raise UndoneError(refused) from None
    except ValidationError as error:
        raise UndoneError(RefusedError(*refusals_of(error))) from None
    if connection.state == "testing":
        raise UndoneError(RehearsedError())


async def receive(inbound: Inbound, connection: Connection, uow: UnitOfWork, take: Take) -> Outcome:
    """Keep a message with its effects; a duplicate has none, and a refused one is only kept.

    A connection in testing is answered the same, and nothing that it sends has an effect. Of a
    suspended or closed one not even the message is kept.
    """
    heard = await count_received(uow.db, connection, uow.now)
    if heard is None:
        found = await find_connection(uow.db, uow.practice_id, connection.connection_id)
        assert found is not None
        return turn_away(inbound, found, uow)
    return await receive_heard(inbound, heard, uow, in_savepoint(take, heard, uow))


def turn_away(inbound: Inbound, connection: Connection, uow: UnitOfWork) -> Outcome:
    """What a connection is told that takes no messages."""
    refusal = refuse_shut(connection.state)
    assert refusal is not None
    return _told(Outcome(inbound.message_id, "refused", uow.now, (refusal,)), connection)


async def receive_heard(
    inbound: Inbound, heard: Connection, uow: UnitOfWork, take: Take
) -> Outcome:
    """As `receive`, for a connection whose message is counted; `take` leaves nothing behind where
    it raises RefusedError or RehearsedError."""
    outcome = await _receive(inbound, heard, uow, take)
    await note_outcome(heard, uow, refused=not outcome.is_taken)
    return outcome


async def _receive(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, take: Take
) -> Outcome:
    if await store.keep_new_message(uow, connection, inbound):
        return await work_out(inbound, connection, uow, take)
    taken = await store.find_taken(uow.db, connection, inbound.control_id)
    assert taken is not None, "the connection's row is locked, so nobody settled it in between"
    if taken["sha256"] == inbound.sha256:
        return await _keep_duplicate(inbound, connection, uow, taken)
    await store.keep_message(uow, connection, inbound, fate="refused")
    return await _refuse(inbound, connection, uow, (control_id_reused(connection.kind),))


async def work_out(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, take: Take
) -> Outcome:
    """What becomes of a message that is kept as accepted: its effects, all of them or none.

    `take` leaves nothing behind where it raises.
    """
    effects = Effects()
    try:
        await take(effects)
    except RehearsedError:
        await store.settle_message(uow.db, uow.practice_id, inbound.message_id, "rehearsed")
        return _told(Outcome(inbound.message_id, "rehearsed", uow.now), connection)
    except RefusedError as refused:
        return await _refuse(inbound, connection, uow, refused.refusals)
    except ValidationError as error:
        return await _refuse(inbound, connection, uow, refusals_of(error))
    await carry_out(effects, inbound.message_id, connection, uow)
    fate = "waiting" if effects.waiting else "accepted"
    return _told(Outcome(inbound.message_id, fate, uow.now), connection)


async def carry_out(
    effects: Effects, message_id: UUID, connection: Connection, uow: UnitOfWork
) -> None:
    """Publish what came of a message, and note it with the message."""
    for event in effects.events:
        await uow.publish(event)
    if effects.events:
        await store.add_message_events(uow.db, uow.practice_id, message_id, effects.events)
        await tell_results(effects.events, connection, uow)
    if effects.waiting:
        await store.settle_message(uow.db, uow.practice_id, message_id, "waiting")


async def told_apart(inbound: Inbound, connection: Connection, uow: UnitOfWork) -> Inbound:
    """A message that has an effect though the same came before: it is a new one."""
    if await store.find_taken(uow.db, connection, inbound.control_id) is None:
        return inbound
    return replace(inbound, control_id=f"{inbound.control_id}#{inbound.message_id}")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What taking a message would lead to."""

    fate: Fate
    refusals: tuple[Refusal, ...] = ()
    events: tuple[str, ...] = ()
    """Types, in their order."""


async def foresee(connection: Connection, uow: UnitOfWork, take: Take) -> Foreseen:
    """What `work_out` would come to; all of it is taken back, as if it were rehearsed."""
    effects = Effects()
    try:
        await in_savepoint(take, replace(connection, state="testing"), uow)(effects)
    except RehearsedError:
        pass
    except RefusedError as refused:
        return Foreseen("refused", refused.refusals)
    except ValidationError as error:
        return Foreseen("refused", refusals_of(error))
    if connection.state == "testing":
        return Foreseen("rehearsed")
    events = tuple(event.type for event in effects.events)
    return Foreseen("waiting" if effects.waiting else "accepted", (), events)


async def _keep_duplicate(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, original: Record
) -> Outcome:
    await store.keep_message(
        uow,
        connection,
        inbound,
        fate="duplicate",
        duplicate_of=original["message_id"],
    )
    return _told(Outcome(original["message_id"], "duplicate", original["received_at"]), connection)


async def _refuse(
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    refusals: tuple[Refusal, ...],
) -> Outcome:
    await store.refuse_message(uow, inbound, refusals)
    return _told(Outcome(inbound.message_id, "refused", uow.now, refusals), connection)


def _told(outcome: Outcome, connection: Connection) -> Outcome:
    log.info(
        "message received",
        message_id=str(outcome.message_id),
        connection_id=str(connection.connection_id),
        fate=outcome.fate,
        refusals=[f"{r.code} at {r.where}" for r in outcome.refusals],
    )
    return outcome


def refusals_of(error: ValidationError, root: str = "") -> tuple[Refusal, ...]:
    """What a contract says is wrong: the field and the rule, never the value that was sent."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return tuple(
        Refusal(
            code="value-not-accepted",
            where=".".join([root or error.title, *map(str, e["loc"])]),
            fix=e["msg"],
        )
        for e in found[:20]
    )
