"""A connection's key over HTTP: `Authorization: Bearer msk_…`, and a body of bounded size."""

from __future__ import annotations

from fastapi import HTTPException, Request

from libs.service.http import work_of
from services.interop.connections.authenticate import authenticate
from services.interop.connections.model import Connection, ConnectionKey, Kind, refuse_shut


class TooLargeError(Exception):
    """The body is larger than this interface takes; `most` is the limit in bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


def bearer_of(request: Request) -> str:
    """What the caller sent as a bearer token; empty where none was sent."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


async def sender_of(request: Request, kind: Kind) -> Connection:
    """The connection whose key the caller sent; reads no body yet.

    401 where it opens none, 403 where the connection is suspended or closed.
    """
    key = ConnectionKey.read(bearer_of(request))
    if key is None:
        raise not_known()
    async with work_of(request).unit_of_work(key.practice_id) as uow:
        connection = await authenticate(uow, key, kind)
    if connection is None:
        raise not_known()
    turn_away_if_shut(connection)
    return connection


def not_known() -> HTTPException:
    """One answer for every reason, so that nobody learns which keys exist."""
    return HTTPException(
        401, "send this connection's key as a bearer token", {"WWW-Authenticate": "Bearer"}
    )


def turn_away_if_shut(connection: Connection) -> None:
    """403 where the connection is suspended or closed."""
    if (shut := refuse_shut(connection.state)) is not None:
        raise HTTPException(403, shut.fix)


async def read_body(request: Request, *, most: int) -> bytes:
    """The body; raises TooLargeError as soon as it is known to be larger than `most` bytes."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise TooLargeError(most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLargeError(most)
    return bytes(body)
