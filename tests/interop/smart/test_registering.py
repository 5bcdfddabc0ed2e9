"""An operator gives a connection the public keys of its client, and nothing else passes as one."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.fhir.asking import send
from tests.interop.smart.proving import (
    EC,
    RSA,
    ask,
    claims,
    client_id,
    error_of,
    form,
    jwks,
    register,
    sign,
    token,
)


async def test_a_client_is_its_connections_and_is_shown(interop: Harness, key: str) -> None:
    given = (await register(interop, jwks())).json()
    assert given["client_id"] == client_id()
    assert given["keys"] == [
        {"kid": "rsa-1", "algorithm": "RS384"},
        {"kid": "ec-1", "algorithm": "ES384"},
    ]
    async with interop.http(examples.PRACTICE) as client:
        path = f"/connections/{given['client_id'].rpartition('_')[2]}/smart-client"
        assert (await client.get(path)).json() == given


async def test_only_a_fhir_connection_of_the_practice_has_one(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(kind="cloudevents")
    assert (await register(interop, jwks())).status_code == 409
    answer = await register(interop, jwks(), practice_id=OTHER_PRACTICE)
    assert answer.status_code == 404


PUBLIC = EC.as_dict(private=False)
SMALL = RSAKey(generate_private_key(65537, 1024).public_key(), None).as_dict(private=False)
UNSUITABLE: dict[str, tuple[Any, str]] = {
    "a private EC key": (EC.as_dict(private=True), "public part only"),
    "a private RSA key": (RSA.as_dict(private=True), "public part only"),
    "a secret": (OctKey.generate_key(384, {"kid": "s"}).as_dict(), "public part only"),
    "a secret without its value": ({"kty": "oct", "kid": "s"}, "kty"),
    "an Ed25519 key": (
        OKPKey.generate_key("Ed25519", {"kid": "e"}).as_dict(private=False),
        "kty",
    ),
    "another curve": (
        ECKey.generate_key("P-256", {"kid": "p"}).as_dict(private=False),
        "P-384",
    ),
    "a short RSA key": (SMALL | {"kid": "r"}, "2048 to 4096"),
    "a point beside the curve": (PUBLIC | {"x": PUBLIC["y"]}, "can be read"),
    "an even exponent": (RSA.as_dict(private=False) | {"e": "AQAA"}, "can be read"),
    "no modulus": ({"kty": "RSA", "kid": "r", "e": "AQAB"}, "kty, n, e"),
    "a number as modulus": ({"kty": "RSA", "kid": "r", "n": 7, "e": "AQAB"}, "kty, n, e"),
    "no kid": ({k: v for k, v in PUBLIC.items() if k != "kid"}, "kid"),
    "an empty kid": (PUBLIC | {"kid": ""}, "kid"),
    "a kid that PostgreSQL cannot keep": (PUBLIC | {"kid": "a\0b"}, "kid"),
    "another algorithm": (PUBLIC | {"alg": "ES256"}, "ES384"),
    "a key for encryption": (PUBLIC | {"use": "enc"}, "sig"),
    "a key that signs": (PUBLIC | {"key_ops": ["sign"]}, "verify"),
    "a text": ("key", "JWK"),
}


NO_SETS: list[Any] = [
    {},
    {"keys": []},
    {"keys": {}},
    {"keys": [PUBLIC, PUBLIC]},
    {"keys": [PUBLIC | {"kid": str(i)} for i in range(11)]},
]


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_what_is_no_set_of_suitable_keys_is_refused_with_its_place(
    interop: Harness, key: str
) -> None:
    for name, (wrong, fix) in UNSUITABLE.items():
        answer = await register(interop, {"keys": [RSA.as_dict(private=False), wrong]})
        assert answer.status_code == 422, name
        assert "jwks.keys[1]" in answer.text, name
        assert fix in answer.text, name
    for wrong in NO_SETS:
        assert (await register(interop, wrong)).status_code == 422, wrong
    async with interop.http(examples.PRACTICE) as client:
        path = f"/connections/{client_id().rpartition('_')[2]}/smart-client"
        assert (await client.get(path)).json() is None, "no key of them was taken"


async def test_members_that_make_no_key_are_not_kept(interop: Harness, key: str) -> None:
    more = {"use": "sig", "key_ops": ["verify"], "alg": "ES384", "x5c": ["certificate"]}
    assert (await register(interop, {"keys": [PUBLIC | more]})).status_code == 200
    async with interop.uow(examples.PRACTICE) as uow:
        kept = await uow.db.fetchval("SELECT keys::text FROM smart_client")
    assert "certificate" not in kept
    await token(interop)


async def test_replaced_keys_prove_nothing_and_end_the_tokens(
    interop: Harness, client: None
) -> None:
    old = await token(interop)
    assert (await send(interop, old, "GET", "/Patient")).status_code == 200
    new = ECKey.generate_key("P-384", {"kid": "ec-2"})
    assert (await register(interop, jwks(new))).json()["client_id"] == client_id()
    assert (await send(interop, old, "GET", "/Patient")).status_code == 401
    assert error_of(await ask(interop, form(sign(claims(interop))))) == "invalid_client"
    assert (await ask(interop, form(sign(claims(interop), new)))).status_code == 200


async def test_the_same_keys_again_end_nothing(interop: Harness, client: None) -> None:
    old = await token(interop)
    interop.clock.move_to(interop.clock.now().replace(minute=1))
    before = (await register(interop, jwks())).json()
    assert (await register(interop, jwks())).json() == before
    assert (await send(interop, old, "GET", "/Patient")).status_code == 200


async def test_a_removed_client_gets_no_token_and_its_used_assertions_stay_used(
    interop: Harness, client: None
) -> None:
    assertion = sign(claims(interop))
    old = (await ask(interop, form(assertion))).json()["access_token"]
    assert (await register(interop, None)).json() is None
    assert (await send(interop, old, "GET", "/Patient")).status_code == 401
    assert error_of(await ask(interop, form(sign(claims(interop))))) == "invalid_client"
    await register(interop, jwks())
    assert "jti" in (await ask(interop, form(assertion))).json()["error_description"]
