"""Who sends: the key names its practice and connection, its secret proves them."""

from __future__ import annotations

from hmac import compare_digest, digest
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.connections import store
from services.interop.connections.model import Connection, ConnectionKey, Kind


async def authenticate(uow: UnitOfWork, key: ConnectionKey, kind: Kind) -> Connection | None:
    """The connection that this key opens, or None: unknown, foreign, wrong and revoked look alike.

    The unit of work is opened in the name of the key's own practice; row-level security then shows
    that practice's connections only.
    """
    connection = await store.find_connection(uow.db, uow.practice_id, key.connection_id)
    stored = connection.key_sha256 if connection is not None else bytes(32)
    if not key.opens(stored) or connection is None or connection.kind != kind:
        return None
    return connection


async def hear(uow: UnitOfWork, key: ConnectionKey, kind: Kind) -> Connection | None:
    """The connection that this key opens, its message counted: authenticated by the statement that
    counts, which is a round trip less for each message.

    None where it counted nothing: `authenticate` tells whether the key or the connection's state is
    why. The database compares digests, which nobody can write letter by letter.
    """
    return await store.hear(uow.db, uow.practice_id, key.connection_id, uow.now, key.digest(), kind)


async def authenticate_signature(
    uow: UnitOfWork, connection_id: UUID, signed: bytes, signature: str, kind: Kind
) -> Connection | None:
    """The connection whose key signed these bytes (HMAC-SHA-256, in hex), or None, as above.

    For records that stay on a broker's disk, where the key itself must never stand.
    """
    connection = await store.find_connection(uow.db, uow.practice_id, connection_id)
    stored = connection.key_sha256 if connection is not None else bytes(32)
    proven = compare_digest(digest(stored, signed, "sha256").hex().encode(), signature.encode())
    if not proven or connection is None or connection.kind != kind:
        return None
    return connection
