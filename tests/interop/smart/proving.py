"""A client of SMART Backend Services, as a test wants it: right, or wrong in one place."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from libs.events.examples import interop as examples
from tests.harness import Harness

BASE = "http://localhost/fhir"
TOKEN_URL = f"{BASE}/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CONNECTION = uuid5(examples.NAMESPACE, "connection")

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
EC = ECKey.generate_key("P-384", {"kid": "ec-1"})

Key = RSAKey | ECKey | OctKey

_ANYTHING = jws.JWSRegistry(algorithms=[*jws.JWSRegistry.algorithms], strict_check_header=False)


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys or (RSA, EC)]}


async def register(
    interop: Harness,
    wanted: Any,
    *,
    practice_id: UUID = examples.PRACTICE,
    connection_id: UUID = CONNECTION,
) -> httpx.Response:
    async with interop.http(practice_id) as client:
        path = f"/connections/{connection_id}/smart-client"
        return await client.post(path, json={"jwks": wanted})


def client_id(practice_id: UUID = examples.PRACTICE, connection_id: UUID = CONNECTION) -> str:
    return f"msc_{practice_id.hex}_{connection_id.hex}"


def claims(interop: Harness, **changes: Any) -> dict[str, Any]:
    """Right ones; a change to None leaves one out."""
    told = {
        "iss": client_id(),
        "sub": client_id(),
        "aud": TOKEN_URL,
        "exp": int(interop.clock.now().timestamp()) + 300,
        "jti": str(uuid4()),
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def sign(told: Any, key: Key = EC, **header: Any) -> str:
    """`told`: claims, or bytes in their place."""
    right = {"alg": "RS384" if isinstance(key, RSAKey) else "ES384", "kid": key.kid, "typ": "JWT"}
    written = {name: value for name, value in {**right, **header}.items() if value is not None}
    payload = told if isinstance(told, bytes) else json.dumps(told)
    return jws.serialize_compact(written, payload, key, registry=_ANYTHING)


def form(assertion: str, scope: str | None = "system/*.crus", **changes: Any) -> dict[str, str]:
    told = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        "scope": scope,
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


async def ask(interop: Harness, told: dict[str, str], url: str = TOKEN_URL) -> httpx.Response:
    async with interop.http(key=None) as client:
        return await client.post(url, data=told)


async def token(interop: Harness, scope: str = "system/*.crus", **changes: Any) -> str:
    """An access token for a registered client."""
    answer = await ask(interop, form(sign(claims(interop, **changes)), scope))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def error_of(answer: httpx.Response) -> str:
    """Of a refusal as RFC 6749 §5.2 has it."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"error", "error_description"}
    allowed = {*map(chr, (0x20, 0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F)))}
    assert set(told["error_description"]) <= allowed
    return told["error"]


async def counted(interop: Harness) -> tuple[int, int]:
    """The assertions that are remembered, and the tokens."""
    async with interop.uow(examples.PRACTICE) as uow:
        used = await uow.db.fetchval("SELECT count(*) FROM smart_assertion")
        return used, await uow.db.fetchval("SELECT count(*) FROM smart_token")
