"""One event from a partner, however it came: it is kept, and taken or refused."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects, Inbound, Outcome, RefusedError
from services.interop.messages.receive import receive
from services.interop.partners.model import PartnerEvent
from services.interop.partners.take import read_contract, take_event

Read = Callable[[], PartnerEvent]
"""Reads the event; raises RefusedError."""


async def receive_event(raw: bytes, read: Read, connection: Connection, uow: UnitOfWork) -> Outcome:
    """Take one event in this unit of work; an unreadable one is kept as well, and refused.

    Source and id are those of a message taken before: it is a duplicate, by whichever way it came.
    """
    told: PartnerEvent | None = None
    unreadable: RefusedError | None = None
    try:
        told = read()
    except RefusedError as error:
        unreadable = error
    inbound = Inbound(
        type=told.type if told else "unreadable",
        control_id=told.control_id if told else f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        canonical=told.canonical if told else None,
    )

    async def take(effects: Effects) -> None:
        if told is None:
            raise unreadable or RefusedError()
        await take_event(
            read_contract(told, connection, uow),
            message_id=inbound.message_id,
            connection=connection,
            uow=uow,
            effects=effects,
        )

    return await receive(inbound, connection, uow, take)
