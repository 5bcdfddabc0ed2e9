"""Open a connection, see it, change its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import model_validator

from libs.events.contracts import Contract
from libs.events.contracts.values import Short
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.interop.connections import store
from services.interop.connections.model import (
    Connection,
    ConnectionKey,
    Kind,
    Profile,
    Secret,
    TimeZone,
    new_secret,
)

routes = APIRouter(prefix="/connections", tags=["connections"])


class OpenConnection(Contract):
    """What a new connection is; `secret` only where the caller must know it beforehand."""

    connection_id: UUID
    kind: Kind
    source_system: Short
    """The EHR's name; its interfaces share it, and with it their patients and visits."""
    sending_application: Short | None = None
    """MSH-3.1 of its messages."""
    sending_facility: Short | None = None
    """MSH-4.1 of its messages."""
    time_zone: TimeZone
    profile: Profile = Profile()
    secret: Secret | None = None

    @model_validator(mode="after")
    def hl7_names_its_sender(self) -> Self:
        named = self.sending_application is not None and self.sending_facility is not None
        if self.kind == "hl7v2" and not named:
            raise ValueError("an hl7v2 connection needs sending_application and sending_facility")
        return self


class ChangeKey(Contract):
    """`secret` only where the caller must know it beforehand."""

    secret: Secret | None = None


class ConnectionView(Contract):
    """A connection as a person sees it; `api_key` is told once, when it is made."""

    connection_id: UUID
    kind: Kind
    source_system: str
    sending_application: str | None
    sending_facility: str | None
    time_zone: str
    opened_at: datetime
    key_changed_at: datetime
    last_seen_at: datetime | None
    received: int
    refused: int
    api_key: str | None = None

    @classmethod
    def of(cls, connection: Connection, key: ConnectionKey | None = None) -> ConnectionView:
        shown = {name: getattr(connection, name) for name in cls.model_fields if name != "api_key"}
        return cls(**shown, api_key=key.write() if key is not None else None)


@routes.post("", status_code=201)
async def open_connection(
    command: Annotated[OpenConnection, json_body(OpenConnection)], uow: Uow, response: Response
) -> ConnectionView:
    """Open a connection; the same again answers the same, without a key that only we made."""
    key = ConnectionKey(uow.practice_id, command.connection_id, command.secret or new_secret())
    wanted = _connection(command, key, uow.now)
    await store.add_connection(uow.db, wanted)
    kept = await store.find_connection(uow.db, uow.practice_id, command.connection_id)
    assert kept is not None
    if _told(kept) != _told(wanted):
        raise HTTPException(409, "this connection_id is open with other settings")
    if key.opens(kept.key_sha256):
        return ConnectionView.of(kept, key)
    if command.secret is not None:
        raise HTTPException(409, "this connection has another key; change it with /rotate-key")
    response.status_code = 200
    return ConnectionView.of(kept)


@routes.get("")
async def list_connections(uow: Uow) -> list[ConnectionView]:
    """The practice's connections, when each was last heard, and how much it sent."""
    return [ConnectionView.of(c) for c in await store.list_connections(uow.db, uow.practice_id)]


@routes.get("/{connection_id}")
async def show_connection(connection_id: UUID, uow: Uow) -> ConnectionView:
    return ConnectionView.of(await _find(connection_id, uow))


@routes.post("/{connection_id}/rotate-key")
async def rotate_key(
    connection_id: UUID, command: Annotated[ChangeKey, json_body(ChangeKey)], uow: Uow
) -> ConnectionView:
    """Give the connection a new key; the old one stops with this answer."""
    connection = await _find(connection_id, uow)
    key = ConnectionKey(uow.practice_id, connection_id, command.secret or new_secret())
    if not key.opens(connection.key_sha256):
        await store.change_key(uow.db, connection, key.digest(), uow.now)
        connection = await _find(connection_id, uow)
    return ConnectionView.of(connection, key)


async def _find(connection_id: UUID, uow: UnitOfWork) -> Connection:
    connection = await store.find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    return connection


def _connection(
    command: Annotated[OpenConnection, json_body(OpenConnection)], key: ConnectionKey, now: datetime
) -> Connection:
    return Connection(
        practice_id=key.practice_id,
        connection_id=key.connection_id,
        kind=command.kind,
        source_system=command.source_system,
        sending_application=command.sending_application,
        sending_facility=command.sending_facility,
        time_zone=command.time_zone,
        profile=command.profile,
        key_sha256=key.digest(),
        opened_at=now,
        key_changed_at=now,
        last_seen_at=None,
        received=0,
        refused=0,
    )


def _told(connection: Connection) -> Connection:
    """What the caller told, without what has happened since."""
    epoch = datetime.min.replace(tzinfo=UTC)
    return replace(
        connection,
        key_sha256=b"",
        opened_at=epoch,
        key_changed_at=epoch,
        last_seen_at=None,
        received=0,
        refused=0,
    )
