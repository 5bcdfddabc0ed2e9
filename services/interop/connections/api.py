"""Open a connection, see it, change its key, take it live, suspend and close it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import model_validator

from libs.events.contracts import Contract
from libs.events.contracts.values import Short
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.interop.connections import store
from services.interop.connections.change import move
from services.interop.connections.model import (
    Connection,
    ConnectionKey,
    DownReason,
    Expected,
    Kind,
    Profile,
    Secret,
    State,
    TimeZone,
    new_secret,
)
from services.interop.connections.profile_store import list_profiles
from services.interop.health.model import decide_expected, refused_lately
from services.interop.health.watch import set_watch, take_off
from services.interop.messages.model import RefusedError
from services.interop.projects.store import awaits_go_live

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
    state: Literal["testing", "live"] = "live"
    """In testing its messages are answered as if it were live, and have no effect."""
    expected: Expected | None = None
    """How often it should be heard, once it is live; None: nobody is told of its silence."""
    secret: Secret | None = None

    @model_validator(mode="after")
    def hl7_names_its_sender(self) -> Self:
        named = self.sending_application is not None and self.sending_facility is not None
        if self.kind == "hl7v2" and not named:
            raise ValueError("an hl7v2 connection needs sending_application and sending_facility")
        self.profile.check_for(self.kind)
        return self


class ChangeKey(Contract):
    """`secret` only where the caller must know it beforehand."""

    secret: Secret | None = None


class ExpectMessages(Contract):
    """`expected` None: nobody is told of its silence any more."""

    expected: Expected | None


class ConnectionView(Contract):
    """A connection as a person sees it; `api_key` is told once, when it is made."""

    connection_id: UUID
    kind: Kind
    source_system: str
    sending_application: str | None
    sending_facility: str | None
    time_zone: str
    profile_version: str
    """Tells one content of its profile from another; a sign-off names it."""
    opened_at: datetime
    key_changed_at: datetime
    last_seen_at: datetime | None
    received: int
    refused: int
    recent_count: int
    """Messages since it went live, up to the last hundred; `recent_refused` of them were refused.
    """
    recent_refused: int
    state: State
    in_state_since: datetime
    expected: Expected | None
    down_reason: DownReason | None
    """None: it is not down."""
    down_at: datetime | None
    api_key: str | None = None

    @classmethod
    def of(cls, connection: Connection, key: ConnectionKey | None = None) -> ConnectionView:
        worked_out: dict[str, Any] = {
            "recent_refused": refused_lately(connection),
            "api_key": key.write() if key is not None else None,
        }
        shown = {n: getattr(connection, n) for n in cls.model_fields if n not in worked_out}
        return cls(**shown, **worked_out)


@routes.post("", status_code=201)
async def open_connection(
    command: Annotated[OpenConnection, json_body(OpenConnection)], uow: Uow, response: Response
) -> ConnectionView:
    """Open a connection; the same again answers the same, without a key that only we made."""
    key = ConnectionKey(uow.practice_id, command.connection_id, command.secret or new_secret())
    wanted = _connection(command, key, uow.now)
    if await store.add_connection(uow.db, wanted):
        await set_watch(wanted, uow)
    kept = await store.find_connection(uow.db, uow.practice_id, command.connection_id)
    assert kept is not None
    opened_with = (await list_profiles(uow.db, uow.practice_id, kept.connection_id))[:1]
    as_opened = replace(kept, profile=opened_with[0]["profile"]) if opened_with else kept
    if _told(as_opened) != _told(wanted):
        raise HTTPException(409, "this connection_id is open with other settings")
    if key.opens(kept.key_sha256):
        return ConnectionView.of(kept, key)
    if command.secret is not None:
        raise HTTPException(409, "this connection has another key; change it with /rotate-key")
    response.status_code = 200
    return ConnectionView.of(kept)


@routes.get("")
async def list_connections(uow: Uow) -> list[ConnectionView]:
    """The practice's connections: the state of each, when it was heard, whether it is down."""
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


@routes.post("/{connection_id}/go-live")
async def go_live(connection_id: UUID, uow: Uow) -> ConnectionView:
    """From testing, or after a suspension: from now on its messages have an effect.

    A connection that a project brings up goes live with the project's step.
    """
    if await awaits_go_live(uow.db, uow.practice_id, connection_id):
        raise HTTPException(409, "a project brings it up; complete the project's step go-live")
    return await _move(connection_id, "live", uow)


@routes.post("/{connection_id}/suspend")
async def suspend(connection_id: UUID, uow: Uow) -> ConnectionView:
    """Turn its messages away until it goes live again."""
    return await _move(connection_id, "suspended", uow)


@routes.post("/{connection_id}/close")
async def close(connection_id: UUID, uow: Uow) -> ConnectionView:
    """Turn its messages away for good."""
    return await _move(connection_id, "closed", uow)


@routes.post("/{connection_id}/expect")
async def expect_messages(
    connection_id: UUID, command: Annotated[ExpectMessages, json_body(ExpectMessages)], uow: Uow
) -> ConnectionView:
    """Change how often it should be heard."""
    before = await _lock(connection_id, uow)
    after = decide_expected(before, command.expected)
    await store.change_expected(uow.db, after)
    await store.change_health(uow.db, after)
    await take_off(before, after, uow)
    return ConnectionView.of(after)


async def _move(connection_id: UUID, wanted: State, uow: UnitOfWork) -> ConnectionView:
    """Into the state; in it already, it stays as it is."""
    try:
        connection = await move(connection_id, wanted, uow)
    except RefusedError as refused:
        raise HTTPException(409, refused.refusals[0].fix) from None
    if connection is None:
        raise HTTPException(404, "no such connection")
    return ConnectionView.of(connection)


async def _lock(connection_id: UUID, uow: UnitOfWork) -> Connection:
    connection = await store.lock_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    return connection


async def _find(connection_id: UUID, uow: UnitOfWork) -> Connection:
    connection = await store.find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    return connection


def _connection(command: OpenConnection, key: ConnectionKey, now: datetime) -> Connection:
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
        state=command.state,
        expected=command.expected,
    )


def _told(connection: Connection) -> tuple[object, ...]:
    """What cannot be changed by a command, as the caller told it."""
    return (
        connection.kind,
        connection.source_system,
        connection.sending_application,
        connection.sending_facility,
        connection.time_zone,
        connection.profile,
    )
