"""Each way of not proving a client is refused with its fix; what may differ is taken."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE
from tests.interop.smart.proving import (
    EC,
    JWT_BEARER,
    RSA,
    TOKEN_URL,
    Key,
    ask,
    claims,
    client_id,
    counted,
    error_of,
    form,
    sign,
)

Change = Callable[[Harness], str]


def _signed(key: Key = EC, **changes: Any) -> Change:
    return lambda interop: sign(claims(interop, **changes), key)


def _headed(key: Key = EC, **header: Any) -> Change:
    return lambda interop: sign(claims(interop), key, **header)


def _in(seconds: int, name: str, **changes: Any) -> Change:
    def change(interop: Harness) -> str:
        at = int(interop.clock.now().timestamp()) + seconds
        return sign(claims(interop, **{name: at}, **changes))

    return change


def _by_hand(alg: str, signature: Callable[[bytes], bytes], **more: Any) -> Change:
    def change(interop: Harness) -> str:
        header = {"alg": alg, "kid": "rsa-1", "typ": "JWT", **more}
        parts = [json.dumps(part).encode() for part in (header, claims(interop))]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        return (signed + b"." + base64.urlsafe_b64encode(signature(signed))).decode()

    return change


def _tampered(interop: Harness) -> str:
    head, _, signature = sign(claims(interop)).split(".")
    more = json.dumps(claims(interop, extra=1)).encode()
    return ".".join([head, base64.urlsafe_b64encode(more).rstrip(b"=").decode(), signature])


PEM = RSA.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
STRANGER = ECKey.generate_key("P-384", {"kid": "ec-1"})
RSA_STRANGER = RSAKey.generate_key(2048, {"kid": "ec-1"})
SHAPE = "three base64url parts"
UNPROVEN = "let iss and sub be the registered client_id"

REFUSED: dict[str, tuple[Change, str]] = {
    "no JWT": (lambda _: "nothing", SHAPE),
    "a JWT of no object": (lambda _: sign(b"[1]"), SHAPE),
    "a JWT that is no JSON": (lambda _: sign(b"{"), SHAPE),
    "a JWT that is too deep": (lambda _: sign(b'{"a":' + b"[" * 5000), SHAPE),
    "characters of no JWT": (lambda _: "ä.b.c", SHAPE),
    "alg none": (_by_hand("none", lambda _: b""), ".alg"),
    "alg none, with a signature": (_by_hand("none", lambda _: b"x"), ".alg"),
    "HS256 with the public key as secret": (
        _by_hand("HS256", lambda s: hmac.digest(PEM, s, "sha256")),
        ".alg",
    ),
    "HS384 with the public key as secret": (
        _by_hand("HS384", lambda s: hmac.digest(PEM, s, "sha384")),
        ".alg",
    ),
    "RS384 that is an HMAC": (_by_hand("RS384", lambda s: hmac.digest(PEM, s, "sha384")), UNPROVEN),
    "RS384 without a signature": (_by_hand("RS384", lambda _: b""), UNPROVEN),
    "RS256": (_headed(RSA, alg="RS256"), ".alg"),
    "PS384": (_headed(RSA, alg="PS384"), ".alg"),
    "no kid": (_headed(kid=None), ".kid"),
    "a kid that is no text": (_by_hand("ES384", lambda _: b"", kid=1), ".kid"),
    "a kid of the other algorithm": (_by_hand("ES384", lambda _: b""), UNPROVEN),
    "an unknown kid": (_headed(kid="ec-9"), UNPROVEN),
    "another key under a known kid": (_signed(STRANGER), UNPROVEN),
    "a key of another kind under a known kid": (_signed(RSA_STRANGER), UNPROVEN),
    "changed claims": (_tampered, UNPROVEN),
    "another typ": (_headed(typ="at+jwt"), ".typ"),
    "a jku": (_headed(jku="https://elsewhere.example/keys"), ".jku"),
    "a crit": (_by_hand("RS384", lambda _: b"", crit=["exp"], exp=1), ".crit"),
    "no iss": (_signed(iss=None), ".sub"),
    "no sub": (_signed(sub=None), ".sub"),
    "neither": (_signed(iss=None, sub=None), ".iss"),
    "another sub": (_signed(sub=client_id(OTHER_PRACTICE)), ".sub"),
    "an iss of no client": (_signed(iss="us", sub="us"), ".iss"),
    "an iss with more behind": (_signed(iss=client_id() + "_x", sub=client_id() + "_x"), ".iss"),
    "a client of another practice": (
        _signed(iss=client_id(OTHER_PRACTICE), sub=client_id(OTHER_PRACTICE)),
        UNPROVEN,
    ),
    "no aud": (_signed(aud=None), ".aud"),
    "the base as aud": (_signed(aud=TOKEN_URL.removesuffix("/token")), ".aud"),
    "another server as aud": (_signed(aud="https://elsewhere.example/fhir/token"), ".aud"),
    "two auds": (_signed(aud=[TOKEN_URL, "https://elsewhere.example/token"]), ".aud"),
    "no exp": (_signed(exp=None), ".exp"),
    "an exp that is no number": (_signed(exp="soon"), ".exp"),
    "an exp that never is": (_signed(exp=float("nan")), ".exp"),
    "an exp for ever": (_signed(exp=10**30), ".exp"),
    "an exp that is true": (_signed(exp=True), ".exp"),
    "an old one": (_in(-60, "exp"), ".exp"),
    "one for too long": (_in(361, "exp"), ".exp"),
    "one that was to live for longer": (_in(-10, "iat"), ".exp"),
    "one that is signed in the future": (_in(61, "iat"), ".iat"),
    "an iat that is no number": (_signed(iat="now"), ".iat"),
    "one that begins later": (_in(61, "nbf"), ".nbf"),
    "an nbf that is no number": (_signed(nbf=[]), ".nbf"),
    "no jti": (_signed(jti=None), ".jti"),
    "an empty jti": (_signed(jti=""), ".jti"),
    "a jti that is no text": (_signed(jti=7), ".jti"),
}


async def test_what_does_not_prove_the_client_is_refused_with_its_fix(
    interop: Harness, client: None
) -> None:
    for name, (change, fix) in REFUSED.items():
        assertion = change(interop)
        answer = await ask(interop, form(assertion))
        assert error_of(answer) == "invalid_client", name
        assert fix in answer.json()["error_description"], name
        for value in (*assertion.split("."), "elsewhere", OTHER_PRACTICE.hex, "ec-9"):
            assert len(value) < 3 or value not in answer.text, name
    assert await counted(interop) == (0, 0), "nothing of it was kept"


GOOD: dict[str, Change] = {
    "an aud in a list": _signed(aud=[TOKEN_URL]),
    "half a character": _signed(jti="\ud800"),
    "a clock that is a minute ahead": _in(360, "exp"),
    "a clock that is nearly a minute behind": _in(-59, "exp"),
    "iat of a clock that is ahead": _in(60, "iat"),
    "nbf of a clock that is ahead": _in(60, "nbf"),
    "iat and nbf": _in(0, "iat", nbf=0),
    "a header that nobody knows": _headed(x="y"),
    "no typ": _headed(typ=None),
}


async def test_what_may_differ_is_taken(interop: Harness, client: None) -> None:
    for name, change in GOOD.items():
        answer = await ask(interop, form(change(interop)))
        assert answer.status_code == 200, f"{name}: {answer.text}"


MALFORMED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no grant_type": ({"grant_type": None}, "invalid_request", "client_credentials"),
    "an empty grant_type": ({"grant_type": ""}, "invalid_request", "client_credentials"),
    "another grant": ({"grant_type": "password"}, "unsupported_grant_type", "client_credentials"),
    "no client_assertion_type": ({"client_assertion_type": None}, "invalid_client", JWT_BEARER),
    "another type of assertion": ({"client_assertion_type": "saml"}, "invalid_client", JWT_BEARER),
    "no assertion": ({"client_assertion": None}, "invalid_client", "client_assertion"),
    "another client_id": ({"client_id": "else"}, "invalid_client", "client_id"),
    "no scope": ({"scope": None}, "invalid_scope", "system/TYPE.LETTERS"),
    "too much": ({"more": "x" * 20_000}, "invalid_request", "16384 bytes"),
}


NO_FORM = "application/x-www-form-urlencoded"
BODIES = [
    ("application/json", b"{}"),
    ("", b"grant_type=client_credentials"),
    (NO_FORM, b"grant_type=client_credentials&grant_type=x"),
    (NO_FORM, b"grant_type=\xff"),
    (NO_FORM, b"&".join(b"a%d=1" % i for i in range(60))),
    (NO_FORM, b""),
]


async def test_a_request_that_is_none_is_refused_with_its_fix(
    interop: Harness, client: None
) -> None:
    for name, (changes, error, fix) in MALFORMED.items():
        answer = await ask(interop, form(sign(claims(interop)), **changes))
        assert error_of(answer) == error, name
        assert fix in answer.json()["error_description"], name
    for kind, body in BODIES:
        async with interop.http(key=None) as http:
            answer = await http.post(TOKEN_URL, content=body, headers={"content-type": kind})
        assert error_of(answer) == "invalid_request", body
