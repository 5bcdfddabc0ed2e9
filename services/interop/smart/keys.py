"""The public keys of a client, as its JWK Set has them (RFC 7517; SMART App Launch 2.2 §4.1.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from services.interop.messages.model import Refusal, RefusedError

ALGORITHMS = ("RS384", "ES384")
MOST_KEYS = 10
SMALLEST_RSA, LARGEST_RSA = 2048, 4096
"""Bits of the modulus."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_ALGORITHM = {"RSA": "RS384", "EC": "ES384"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that a client signs with; `members` are those of its JWK that make the key."""

    kid: str
    algorithm: str
    members: Mapping[str, str] = field(repr=False)


def read_keys(told: Mapping[str, Any]) -> tuple[PublicKey, ...]:
    """The keys of a JWK Set; raises RefusedError with all that is wrong with any of them."""
    rows = told.get("keys")
    if not isinstance(rows, list) or not 1 <= len(cast(list[Any], rows)) <= MOST_KEYS:
        fix = f"send a JWK Set of 1 to {MOST_KEYS} public keys"
        raise RefusedError(Refusal("not-a-jwk-set", "jwks.keys", fix))
    found: list[PublicKey] = []
    refusals: list[Refusal] = []
    for place, row in enumerate(cast(list[Any], rows)):
        try:
            found.append(_read_key(row, f"jwks.keys[{place}]"))
        except RefusedError as refused:
            refusals += refused.refusals
    if refusals:
        raise RefusedError(*refusals)
    if len({key.kid for key in found}) < len(found):
        counted = Counter(key.kid for key in found)
        place = next(i for i, key in enumerate(found) if counted[key.kid] > 1)
        raise _refused(f"jwks.keys[{place}].kid", "give each key a kid of its own")
    return tuple(found)


def _read_key(row: Any, where: str) -> PublicKey:
    if not isinstance(row, dict):
        raise _refused(where, "send a JWK")
    told = cast(dict[str, Any], row)
    if _PRIVATE & told.keys():
        fix = "send the public part only; what was sent here is no secret any more: make a new key"
        raise _refused(where, fix)
    kind = told.get("kty")
    if kind not in ("RSA", "EC"):
        raise _refused(f"{where}.kty", "send an RSA key, or an EC key of the curve P-384")
    kid = told.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 200 or "\0" in kid:
        raise _refused(f"{where}.kid", "name the key, in 1 to 200 characters")
    algorithm = _ALGORITHM[kind]
    if told.get("alg", algorithm) != algorithm:
        raise _refused(f"{where}.alg", f"leave it out, or send {algorithm}")
    if told.get("use", "sig") != "sig":
        raise _refused(f"{where}.use", "leave it out, or send sig")
    if told.get("key_ops", ["verify"]) != ["verify"]:
        raise _refused(f"{where}.key_ops", "leave it out, or send verify alone")
    members = {name: told.get(name) for name in _MEMBERS[kind]}
    _check_strength(members, where)
    return PublicKey(kid, algorithm, cast(dict[str, str], members))


def _check_strength(members: dict[str, Any], where: str) -> None:
    """Also that it is a key at all: a point on the curve, numbers that make an RSA key."""
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    if texts.keys() != members.keys() or sum(map(len, texts.values())) > 2048:
        raise _refused(where, f"send {', '.join(members)} as base64url")
    if texts.get("crv", "P-384") != "P-384":
        raise _refused(f"{where}.crv", "send a key of the curve P-384")
    try:
        if texts["kty"] == "EC":
            ECKey.import_key(dict(texts)).raw_value  # noqa: B018 - reads the key, or raises
            return
        bits = RSAKey.import_key(dict(texts)).public_key.key_size
    except (JoseError, ValueError, TypeError):
        raise _refused(where, "send a public key that can be read") from None
    if not SMALLEST_RSA <= bits <= LARGEST_RSA:
        fix = f"send an RSA key of {SMALLEST_RSA} to {LARGEST_RSA} bits"
        raise _refused(f"{where}.n", fix)


def _refused(where: str, fix: str) -> RefusedError:
    return RefusedError(Refusal("unsuitable-key", where, fix))
