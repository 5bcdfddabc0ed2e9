"""One event from a partner, however it came: it is kept, and taken or refused."""

from __future__ import annotations

from hashlib import sha256

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects, Inbound, Outcome, RefusedError
from services.interop.messages.receive import receive
from services.interop.partners.asked import Asked, read_asked
from services.interop.partners.model import PartnerEvent
from services.interop.partners.take import read_contract, take_event


async def receive_event(
    raw: bytes, asked: Asked, connection: Connection, uow: UnitOfWork
) -> Outcome:
    """Take one event in this unit of work; an unreadable one is kept as well, and refused.

    Source and id are those of a message taken before: it is a duplicate, by whichever way it came.
    """
    told = _read(raw, asked)
    is_read = isinstance(told, PartnerEvent)
    inbound = Inbound(
        type=told.type if is_read else "unreadable",
        control_id=told.control_id if is_read else f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        canonical=told.canonical if is_read else None,
        asked=asked.model_dump_json().encode(),
    )

    async def take(effects: Effects) -> None:
        await _take(told, inbound, connection, uow, effects)

    return await receive(inbound, connection, uow, take)


async def take_event_again(
    inbound: Inbound, connection: Connection, uow: UnitOfWork, effects: Effects
) -> None:
    """A kept event that was refused, read as it came; raises RefusedError."""
    assert inbound.asked is not None
    told = _read(inbound.raw, Asked.model_validate_json(inbound.asked))
    await _take(told, inbound, connection, uow, effects)


async def _take(
    told: PartnerEvent | RefusedError,
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    if isinstance(told, RefusedError):
        raise told
    await take_event(
        read_contract(told, connection, uow),
        message_id=inbound.message_id,
        connection=connection,
        uow=uow,
        effects=effects,
    )


def _read(raw: bytes, asked: Asked) -> PartnerEvent | RefusedError:
    try:
        return read_asked(raw, asked)
    except RefusedError as refused:
        return refused
