"""Give a fhir connection a client: the public keys that it proves itself with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.interop.connections.store import find_connection
from services.interop.messages.model import RefusedError
from services.interop.smart import store
from services.interop.smart.keys import read_keys
from services.interop.smart.model import Client, ClientId

routes = APIRouter(prefix="/connections", tags=["smart"])


class GiveClient(Contract):
    """`jwks`: the client's public keys, a JWK Set (RFC 7517). None: the connection has no client
    any more."""

    jwks: dict[str, Any] | None


class KeyView(Contract):
    kid: str
    algorithm: str


class ClientView(Contract):
    """A connection's client, as its EHR has to name it."""

    client_id: str
    keys: tuple[KeyView, ...]
    changed_at: datetime

    @classmethod
    def of(cls, client: Client) -> ClientView:
        keys = tuple(KeyView(kid=key.kid, algorithm=key.algorithm) for key in client.keys)
        return cls(client_id=client.id.write(), keys=keys, changed_at=client.changed_at)


@routes.post("/{connection_id}/smart-client")
async def give_client(
    connection_id: UUID, command: Annotated[GiveClient, json_body(GiveClient)], uow: Uow
) -> ClientView | None:
    """Register keys in place of those before; access tokens that were given for those end.

    The same keys again change nothing. The client_id stays the connection's for good.
    """
    client_id = await _client_id(connection_id, uow)
    if command.jwks is None:
        await store.forget_client(uow.db, client_id)
        return None
    try:
        keys = read_keys(command.jwks)
    except RefusedError as refused:
        told = "; ".join(f"{one.where}: {one.fix}" for one in refused.refusals)
        raise HTTPException(422, told) from None
    before = await store.find_client(uow.db, client_id)
    if before is not None and before.keys == keys:
        return ClientView.of(before)
    client = Client(client_id, keys, uow.now)
    await store.save_client(uow.db, client)
    return ClientView.of(client)


@routes.get("/{connection_id}/smart-client")
async def show_client(connection_id: UUID, uow: Uow) -> ClientView | None:
    """The connection's client; null where it has none."""
    client = await store.find_client(uow.db, await _client_id(connection_id, uow))
    return None if client is None else ClientView.of(client)


async def _client_id(connection_id: UUID, uow: UnitOfWork) -> ClientId:
    connection = await find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    if connection.kind != "fhir":
        raise HTTPException(409, "only a fhir connection has a SMART client")
    return ClientId(uow.practice_id, connection_id)
