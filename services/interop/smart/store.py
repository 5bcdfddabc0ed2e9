"""The SQL of clients, used assertions and access tokens."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from libs.events.transport.database import Db
from services.interop.smart.keys import PublicKey
from services.interop.smart.model import AccessToken, Client, ClientId, Proven

SAVE_CLIENT = """
INSERT INTO smart_client (practice_id, connection_id, keys, changed_at)
VALUES ($1, $2, $3::text::jsonb, $4)
ON CONFLICT (practice_id, connection_id)
DO UPDATE SET keys = excluded.keys, changed_at = excluded.changed_at
"""

FORGET_CLIENT = "DELETE FROM smart_client WHERE practice_id = $1 AND connection_id = $2"

FORGET_TOKENS = "DELETE FROM smart_token WHERE practice_id = $1 AND connection_id = $2"

FIND_CLIENT = """
SELECT keys, changed_at FROM smart_client WHERE practice_id = $1 AND connection_id = $2
"""

LOCK_CLIENT = FIND_CLIENT + " FOR NO KEY UPDATE"

FORGET_OLD_ASSERTIONS = """
DELETE FROM smart_assertion WHERE practice_id = $1 AND connection_id = $2 AND expires_at <= $3
"""

FORGET_OLD_TOKENS = FORGET_TOKENS + " AND expires_at <= $3"

USE_ASSERTION = """
INSERT INTO smart_assertion (practice_id, connection_id, jti_sha256, expires_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (practice_id, connection_id, jti_sha256) DO NOTHING
"""

GRANT_ACCESS = """
INSERT INTO smart_token (practice_id, connection_id, token_sha256, scope, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""

FIND_SCOPE = """
SELECT scope FROM smart_token
 WHERE practice_id = $1 AND connection_id = $2 AND token_sha256 = $3 AND expires_at > $4
"""


async def save_client(db: Db, client: Client) -> None:
    """Its keys in place of those before; tokens that were given for those end."""
    name = _name(client.id)
    await db.execute(SAVE_CLIENT, *name, _written(client.keys), client.changed_at)
    await db.execute(FORGET_TOKENS, *name)


async def forget_client(db: Db, id: ClientId) -> None:
    """With its tokens; what it used stays used."""
    await db.execute(FORGET_TOKENS, *_name(id))
    await db.execute(FORGET_CLIENT, *_name(id))


async def find_client(db: Db, id: ClientId) -> Client | None:
    return _read(id, await db.fetchrow(FIND_CLIENT, *_name(id)))


async def lock_client(db: Db, id: ClientId) -> Client | None:
    """The client, locked until the transaction ends: its requests for tokens take turns."""
    return _read(id, await db.fetchrow(LOCK_CLIENT, *_name(id)))


async def use_assertion(db: Db, id: ClientId, proven: Proven, now: datetime) -> bool:
    """False where it was used before. The caller holds the client; what is too old goes."""
    await db.execute(FORGET_OLD_ASSERTIONS, *_name(id), now)
    await db.execute(FORGET_OLD_TOKENS, *_name(id), now)
    done = await db.execute(USE_ASSERTION, *_name(id), proven.jti_sha256, proven.expires_at)
    return done == "INSERT 0 1"


async def add_token(db: Db, token: AccessToken, scope: str, expires_at: datetime) -> None:
    name = token.practice_id, token.connection_id
    await db.execute(GRANT_ACCESS, *name, token.digest(), scope, expires_at)


async def find_scope(db: Db, token: AccessToken, now: datetime) -> str | None:
    """What a token grants; None where it is unknown or has expired."""
    name = token.practice_id, token.connection_id
    return await db.fetchval(FIND_SCOPE, *name, token.digest(), now)


def _name(id: ClientId) -> tuple[object, object]:
    return id.practice_id, id.connection_id


def _read(id: ClientId, row: Any) -> Client | None:
    if row is None:
        return None
    keys = tuple(PublicKey(**key) for key in json.loads(row["keys"]))
    return Client(id, keys, row["changed_at"])


def _written(keys: tuple[PublicKey, ...]) -> str:
    return json.dumps([asdict(key) for key in keys])
