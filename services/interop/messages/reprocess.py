"""Take a refused message again, as it was received: after its connection's profile was mended."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record
from pydantic import ValidationError

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection, refuse_shut
from services.interop.connections.store import lock_connection
from services.interop.fhir.take import take_again
from services.interop.messages import store
from services.interop.messages.model import Effects, Inbound, Outcome, RefusedError
from services.interop.messages.receive import in_savepoint, work_out
from services.interop.messages.told import take_told
from services.interop.mllp.answer import NOT_UNDERSTOOD, READER_FAULTS
from services.interop.mllp.understand import understand


class NotTakenAgainError(Exception):
    """Nothing was done; says why, and what to do instead."""


async def reprocess(message_id: UUID, uow: UnitOfWork) -> Outcome:
    """Under the connection's lock, so between its messages; a message is taken at most once.

    One that a reprocessing took answers the same again. A connection in testing rehearses it, and a
    suspended or closed one takes it no more than a new one. Raises NotTakenAgainError.
    """
    shown = await store.show_message(uow.db, uow.practice_id, message_id)
    assert shown is not None
    connection = await lock_connection(uow.db, uow.practice_id, shown["connection_id"])
    assert connection is not None
    kept = await store.lock_kept(uow.db, uow.practice_id, message_id)
    if kept["fate"] != "refused":
        if kept["reprocessed_at"] is None:
            raise NotTakenAgainError("only a refused message is taken again")
        return Outcome(message_id, kept["fate"], kept["received_at"])
    if kept["kind"] == "cloudevents":
        raise NotTakenAgainError("a refused event is sent again by its publisher, under its id")
    if kept["kind"] == "fhir" and kept["type"] != "Bundle":
        raise NotTakenAgainError("a refused resource is sent again by its EHR, which was told why")
    if refuse_shut(connection.state) is not None:
        raise NotTakenAgainError(f"its connection is {connection.state} and takes no messages")
    taken = await store.find_taken(uow.db, connection, kept["control_id"])
    if taken is not None:
        raise NotTakenAgainError(f"its control id was taken since, as {taken['message_id']}")
    await store.note_reprocessed(uow.db, uow.practice_id, message_id, uow.now)
    return await _take(kept, connection, uow)


async def _take(kept: Record, connection: Connection, uow: UnitOfWork) -> Outcome:
    inbound = Inbound(
        type=kept["type"],
        control_id=kept["control_id"],
        raw=uow.unseal(kept["raw"], store.place_of(kept["message_id"])),
        message_id=kept["message_id"],
    )

    async def take(effects: Effects) -> None:
        if connection.kind == "fhir":
            await take_again(inbound, connection, uow, effects)
            return
        try:
            told = understand(inbound.raw, connection)
        except ValidationError:
            raise
        except READER_FAULTS as error:
            raise RefusedError(NOT_UNDERSTOOD) from error
        await take_told(told, inbound=inbound, connection=connection, uow=uow, effects=effects)

    return await work_out(inbound, connection, uow, in_savepoint(take, connection, uow))
