"""Take a refused message again, as it was received: after its connection's profile was mended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record
from pydantic import ValidationError

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection, refuse_shut
from services.interop.connections.store import find_connection, lock_connection
from services.interop.fhir.store import lock_source
from services.interop.fhir.take import take_again
from services.interop.messages import store
from services.interop.messages.model import Effects, Inbound, Outcome, RefusedError
from services.interop.messages.receive import Foreseen, Take, foresee, in_savepoint, work_out
from services.interop.messages.told import take_told
from services.interop.mllp.answer import NOT_UNDERSTOOD, READER_FAULTS
from services.interop.mllp.understand import understand
from services.interop.partners.receive import take_event_again


class NotTakenAgainError(Exception):
    """Nothing was done; says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class _Again:
    """A kept message that may be taken again, its connection locked."""

    inbound: Inbound
    connection: Connection
    take: Take


async def reprocess(message_id: UUID, uow: UnitOfWork) -> Outcome:
    """Under the connection's lock, so between its messages; a message is taken at most once.

    One that a reprocessing took answers the same again. A connection in testing rehearses it, and a
    suspended or closed one takes it no more than a new one. Raises NotTakenAgainError.
    """
    found = await _load(message_id, uow)
    if isinstance(found, Outcome):
        return found
    await store.note_reprocessed(uow, message_id)
    take = in_savepoint(found.take, found.connection, uow)
    return await work_out(found.inbound, found.connection, uow, take)


async def foresee_again(message_id: UUID, uow: UnitOfWork) -> Foreseen:
    """What `reprocess` would lead to now; nothing is done. Raises NotTakenAgainError."""
    found = await _load(message_id, uow)
    if isinstance(found, Outcome):
        raise NotTakenAgainError(f"it was taken again already: it is {found.fate}")
    return await foresee(found.connection, uow, found.take)


async def _load(message_id: UUID, uow: UnitOfWork) -> _Again | Outcome:
    connection = await _lock(message_id, uow)
    kept = await store.lock_kept(uow.db, uow.practice_id, message_id)
    if kept["fate"] != "refused":
        if kept["reprocessed_at"] is None:
            raise NotTakenAgainError("only a refused message is taken again")
        return Outcome(message_id, kept["fate"], kept["received_at"])
    if (reason := _why_not(kept, connection)) is not None:
        raise NotTakenAgainError(reason)
    taken = await store.find_taken(uow.db, connection, kept["control_id"])
    if taken is not None:
        raise NotTakenAgainError(f"its control id was taken since, as {taken['message_id']}")
    inbound = _inbound(kept, uow)
    return _Again(inbound, connection, _take(inbound, kept, connection, uow))


async def _lock(message_id: UUID, uow: UnitOfWork) -> Connection:
    """Its connection; what its system sent by FHIR before that, in the order of the senders."""
    shown = await store.show_message(uow.db, uow.practice_id, message_id)
    assert shown is not None
    of_message = uow.practice_id, shown["connection_id"]
    found = await find_connection(uow.db, *of_message)
    if found is not None and found.kind == "fhir":
        await lock_source(uow, found.source_system)
    connection = await lock_connection(uow.db, *of_message)
    assert connection is not None
    return connection


def _why_not(kept: Record, connection: Connection) -> str | None:
    if refuse_shut(connection.state) is not None:
        return f"its connection is {connection.state} and takes no messages"
    if any(one["code"] == "version-stale" for one in json.loads(kept["refusals"])):
        return "it was to replace another version; its sender reads the resource and sends it anew"
    says_all = kept["kind"] == "hl7v2" or (kept["kind"], kept["type"]) == ("fhir", "Bundle")
    if kept["asked"] is None and not says_all:
        return "how it was asked for was not kept with it; its sender sends it again"
    return None


def _inbound(kept: Record, uow: UnitOfWork) -> Inbound:
    message_id: UUID = kept["message_id"]
    asked = kept["asked"]
    return Inbound(
        type=kept["type"],
        control_id=kept["control_id"],
        raw=uow.unseal(kept["raw"], store.place_of(message_id)),
        asked=None if asked is None else uow.unseal(asked, store.asked_of(message_id)),
        message_id=message_id,
    )


def _take(inbound: Inbound, kept: Record, connection: Connection, uow: UnitOfWork) -> Take:
    async def take(effects: Effects) -> None:
        match connection.kind:
            case "fhir":
                at = kept["received_at"]
                await take_again(inbound, connection, uow, effects, received_at=at)
            case "cloudevents":
                await take_event_again(inbound, connection, uow, effects)
            case "hl7v2":
                await _take_hl7(inbound, connection, uow, effects)

    return take


async def _take_hl7(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, effects: Effects
) -> None:
    try:
        told = understand(inbound.raw, connection)
    except ValidationError:
        raise
    except READER_FAULTS as error:
        raise RefusedError(NOT_UNDERSTOOD) from error
    await take_told(told, inbound=inbound, connection=connection, uow=uow, effects=effects)
