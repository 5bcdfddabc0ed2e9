"""One message, one transaction: it is kept, and what it leads to happens once, or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from asyncpg import Record
from pydantic import ValidationError

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.connections.store import count_received, count_refused
from services.interop.messages import store
from services.interop.messages.model import (
    Effects,
    Inbound,
    Outcome,
    Refusal,
    RefusedError,
)

log = structlog.get_logger("interop.messages")

Take = Callable[[Effects], Awaitable[None]]
"""Works out and stores what a message leads to; raises RefusedError where it may not be taken."""


async def receive(inbound: Inbound, connection: Connection, uow: UnitOfWork, take: Take) -> Outcome:
    """Keep a message with its effects; a duplicate has none, and a refused one is only kept."""
    await count_received(uow.db, connection, uow.now)
    taken = await store.find_taken(uow.db, connection, inbound.control_id)
    if taken is None:
        return await _take_once(inbound, connection, uow, take)
    if taken["sha256"] == inbound.sha256:
        return await _keep_duplicate(inbound, connection, uow, taken)
    reused = Refusal(
        code="control-id-reused",
        where=_ID_FIELD[connection.kind],
        fix="a message with this id and other content was taken before; "
        "give each new message an id of its own",
    )
    await store.keep_message(uow, connection, inbound, fate="refused")
    return await _refuse(inbound, connection, uow, (reused,))


_ID_FIELD = {"hl7v2": "MSH-10", "fhir": "Bundle", "cloudevents": "id"}


async def _take_once(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, take: Take
) -> Outcome:
    await store.keep_message(uow, connection, inbound, fate="accepted")
    effects = Effects()
    try:
        async with uow.db.transaction():  # a savepoint: what a refused message did is undone
            await take(effects)
    except RefusedError as refused:
        return await _refuse(inbound, connection, uow, refused.refusals)
    except ValidationError as error:
        return await _refuse(inbound, connection, uow, refusals_of(error))
    for event in effects.events:
        await uow.publish(event)
    if effects.events:
        await store.add_message_events(uow.db, uow.practice_id, inbound.message_id, effects.events)
    if not effects.waiting:
        return _told(Outcome(inbound.message_id, "accepted", uow.now), connection)
    await store.settle_message(uow.db, uow.practice_id, inbound.message_id, "waiting")
    return _told(Outcome(inbound.message_id, "waiting", uow.now), connection)


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
    await store.settle_message(uow.db, uow.practice_id, inbound.message_id, "refused", refusals)
    await count_refused(uow.db, connection)
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
