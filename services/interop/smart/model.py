"""A client's public keys, and what proves the client (SMART App Launch 2.2 §4.1, RFC 7523 §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import isfinite
from typing import Any, cast
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from services.interop.connections.model import new_secret
from services.interop.connections.naming import read_named
from services.interop.messages.model import Refusal, RefusedError
from services.interop.smart.keys import ALGORITHMS, PublicKey

LONGEST = timedelta(minutes=5)
"""Of an assertion, and of an access token."""

SKEW = timedelta(minutes=1)
"""By how much a client's clock may differ from ours."""

_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
"""Header members that nobody here knows are passed over (RFC 7515 §4)."""

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_UNPROVEN = Refusal(
    "invalid_client",
    "client_assertion",
    "let iss and sub be the registered client_id, kid a registered key, and sign with that key",
)
"""One answer for every reason, so that nobody learns which clients exist."""


@dataclass(frozen=True, slots=True)
class ClientId:
    """`msc_<practice uuid hex>_<connection uuid hex>`: names where its keys may be looked up."""

    practice_id: UUID
    connection_id: UUID

    @classmethod
    def read(cls, text: str) -> ClientId | None:
        found = read_named(f"{text}_", "msc")
        return None if found is None or found[2] else cls(found[0], found[1])

    def write(self) -> str:
        return f"msc_{self.practice_id.hex}_{self.connection_id.hex}"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`mst_<practice uuid hex>_<connection uuid hex>_<secret>`, like a connection's key."""

    practice_id: UUID
    connection_id: UUID
    secret: str = field(repr=False)

    @classmethod
    def new(cls, client: ClientId) -> AccessToken:
        return cls(client.practice_id, client.connection_id, new_secret())

    @classmethod
    def read(cls, text: str) -> AccessToken | None:
        found = read_named(text, "mst")
        return None if found is None else cls(*found)

    def write(self) -> str:
        return f"mst_{self.practice_id.hex}_{self.connection_id.hex}_{self.secret}"

    def digest(self) -> bytes:
        """The SHA-256 that is stored."""
        return sha256(self.write().encode()).digest()


@dataclass(frozen=True, slots=True)
class Client:
    """A connection's client."""

    id: ClientId
    keys: tuple[PublicKey, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Assertion:
    """Whom an assertion claims to be of, and with which key; nothing of it is proven."""

    client_id: ClientId
    algorithm: str
    kid: str = field(repr=False)
    written: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """An assertion that its client made, and that is in time."""

    jti_sha256: bytes
    expires_at: datetime
    """When it would be refused for its age; until then it is remembered."""


def read_assertion(form: Mapping[str, str]) -> Assertion:
    """Raises RefusedError for what can be told without knowing any client."""
    if form.get("grant_type") != "client_credentials":
        code = "unsupported_grant_type" if "grant_type" in form else "invalid_request"
        raise RefusedError(Refusal(code, "grant_type", "send client_credentials"))
    if form.get("client_assertion_type") != _JWT_BEARER:
        raise _refused("client_assertion_type", f"send {_JWT_BEARER}")
    if "client_assertion" not in form:
        raise _refused("client_assertion", "send a JWT that is signed with your private key")
    try:
        written = form["client_assertion"].encode("ascii")
        signed = jws.extract_compact(written, registry=_REGISTRY)
        claims: Any = json.loads(signed.payload)
    except (JoseError, ValueError, RecursionError):
        claims = None
    else:
        if isinstance(claims, dict):
            return _claimed(signed.headers(), cast(dict[str, Any], claims), form, written)
    raise _refused("client_assertion", "send a JWT: three base64url parts, a JSON object in each")


def decide_assertion(
    told: Assertion, client: Client | None, token_url: str, now: datetime
) -> Proven:
    """Whether the client made it, for us, now; raises RefusedError."""
    keys = [key for key in client.keys if key.kid == told.kid] if client is not None else []
    if len(keys) != 1 or keys[0].algorithm != told.algorithm:
        raise RefusedError(_UNPROVEN)
    claims = _verified(told, keys[0])
    if claims.get("aud") not in (token_url, [token_url]):
        raise _refused("client_assertion.aud", "send the token_endpoint of smart-configuration")
    expires = _instant(claims, "exp")
    if expires is None:
        raise _refused("client_assertion.exp", "send when it expires, in seconds since 1970")
    if expires + SKEW <= now:
        raise _refused("client_assertion.exp", "it has expired: sign a new one, and set your clock")
    _check_age(claims, expires, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise _refused("client_assertion.jti", "send a text that you never used before")
    return Proven(sha256(jti.encode("utf-8", "surrogatepass")).digest(), expires + SKEW)


def replayed() -> RefusedError:
    return _refused("client_assertion.jti", "it was used before: sign a new one for each request")


def unproven() -> RefusedError:
    return RefusedError(_UNPROVEN)


def _claimed(
    header: Mapping[str, Any], claims: Mapping[str, Any], form: Mapping[str, str], written: bytes
) -> Assertion:
    algorithm, kid, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _refused("client_assertion.alg", f"sign with {' or '.join(ALGORITHMS)}")
    if not isinstance(kid, str) or not kid:
        raise _refused("client_assertion.kid", "name the key that signs, as it was registered")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise _refused("client_assertion.typ", "send JWT")
    if "jku" in header:
        raise _refused("client_assertion.jku", "leave it out: keys are registered, not fetched")
    if "crit" in header:
        raise _refused("client_assertion.crit", "leave it out")
    if issuer != claims.get("sub"):
        raise _refused("client_assertion.sub", "send the client_id both as iss and as sub")
    client_id = ClientId.read(issuer) if isinstance(issuer, str) else None
    if client_id is None:
        raise _refused("client_assertion.iss", "send the client_id that you were given")
    if form.get("client_id", issuer) != issuer:
        raise _refused("client_id", "leave it out, or send the same as in the assertion")
    return Assertion(client_id, algorithm, kid, written)


def _verified(told: Assertion, key: PublicKey) -> dict[str, Any]:
    """The claims, once the key is found to have signed them."""
    opened = (RSAKey if key.members["kty"] == "RSA" else ECKey).import_key(dict(key.members))
    try:
        signed = jws.deserialize_compact(told.written, opened, registry=_REGISTRY)
    except (JoseError, ValueError):
        raise unproven() from None
    claims: dict[str, Any] = json.loads(signed.payload)
    return claims


def _check_age(claims: Mapping[str, Any], expires: datetime, now: datetime) -> None:
    fix = "let it expire at most five minutes after you sign it, and set your clock"
    if expires > now + LONGEST + SKEW:
        raise _refused("client_assertion.exp", fix)
    issued = _instant(claims, "iat") if "iat" in claims else now
    if issued is None or issued > now + SKEW:
        raise _refused("client_assertion.iat", "send when you sign it, and set your clock")
    if "iat" in claims and expires > issued + LONGEST:
        raise _refused("client_assertion.exp", fix)
    begins = _instant(claims, "nbf") if "nbf" in claims else now
    if begins is None or begins > now + SKEW:
        raise _refused("client_assertion.nbf", "leave it out, or send when you sign it")


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate (RFC 7519 §2); None where it is none."""
    told = claims.get(name)
    if isinstance(told, bool) or not isinstance(told, int | float) or not isfinite(told):
        return None
    return datetime.fromtimestamp(told, UTC) if 0 <= told < 2**35 else None


def _refused(where: str, fix: str) -> RefusedError:
    return RefusedError(Refusal("invalid_client", where, fix))
