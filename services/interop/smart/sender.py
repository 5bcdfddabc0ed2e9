"""Who speaks FHIR, and what they may do: by a connection's key, or by an access token."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request

from libs.service.http import work_of
from services.interop.connections.bearer import bearer_of, sender_of, turn_away_if_shut
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.smart import store
from services.interop.smart.model import AccessToken
from services.interop.smart.scopes import EVERYTHING, Scopes, check_scope, read_scope


@dataclass(frozen=True, slots=True)
class Sender:
    connection: Connection
    scopes: Scopes


async def fhir_sender(request: Request) -> Sender:
    """As `sender_of` answers: 401 where nobody is known, 403 where the connection is shut."""
    token = AccessToken.read(bearer_of(request))
    if token is None:
        return Sender(await sender_of(request, "fhir"), EVERYTHING)
    async with work_of(request).unit_of_work(token.practice_id) as uow:
        scope = await store.find_scope(uow.db, token, uow.now)
        connection = await find_connection(uow.db, token.practice_id, token.connection_id)
    if scope is None or connection is None:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "this access token has ended: ask for another one", challenge)
    turn_away_if_shut(connection)
    return Sender(connection, read_scope(scope))


async def granted_sender(request: Request, kind: str, letters: str) -> Connection:
    """The connection of a sender who may do this; raises RefusedError where it was not granted."""
    sender = await fhir_sender(request)
    check_scope(sender.scopes, kind, letters)
    return sender.connection
