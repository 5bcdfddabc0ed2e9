"""A client that proves itself gets a token; each way of not proving it is refused with its fix."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE
from tests.interop.fhir.asking import codes, send
from tests.interop.fhir.test_bad_bundles import PATIENT
from tests.interop.smart.proving import (
    CONNECTION,
    EC,
    RSA,
    Key,
    ask,
    claims,
    client_id,
    counted,
    error_of,
    form,
    jwks,
    register,
    sign,
    token,
)


@pytest.mark.parametrize("key_", [RSA, EC], ids=["RS384", "ES384"])
async def test_a_signed_assertion_gets_a_token_that_opens_for_five_minutes(
    interop: Harness, client: None, key_: Key
) -> None:
    answer = await ask(interop, form(sign(claims(interop), key_)))
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    given = answer.json()
    access = given.pop("access_token")
    assert given == {"token_type": "bearer", "expires_in": 300, "scope": "system/*.crus"}
    assert (await send(interop, access, "POST", "/Patient", PATIENT)).status_code == 201
    interop.clock.move_to(interop.clock.now() + timedelta(seconds=299))
    assert (await send(interop, access, "GET", "/Patient/p1")).status_code == 200
    interop.clock.move_to(interop.clock.now() + timedelta(seconds=1))
    ended = await send(interop, access, "GET", "/Patient/p1")
    assert (ended.status_code, codes(ended)) == (401, ["login"])
    assert ended.headers["www-authenticate"] == 'Bearer error="invalid_token"'


STRANGER = ECKey.generate_key("P-384", {"kid": "ec-1"})


async def test_an_assertion_is_used_up_by_its_first_answer(interop: Harness, client: None) -> None:
    assertion = sign(claims(interop))
    assert (await ask(interop, form(assertion))).status_code == 200
    again = await ask(interop, form(assertion))
    assert (error_of(again), "used before" in again.text) == ("invalid_client", True)
    refused = sign(claims(interop))
    assert error_of(await ask(interop, form(refused, "system/Nothing.r"))) == "invalid_scope"
    assert "used before" in (await ask(interop, form(refused))).text


async def test_of_the_same_assertion_at_once_one_is_taken(interop: Harness, client: None) -> None:
    same = form(sign(claims(interop)))
    answers = await asyncio.gather(*(ask(interop, same) for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [200, 400, 400, 400, 400, 400]
    assert await counted(interop) == (1, 1)


async def test_keys_that_are_replaced_meanwhile_leave_no_token_behind(
    interop: Harness, client: None
) -> None:
    asked = [ask(interop, form(sign(claims(interop)))) for _ in range(6)]
    new = ECKey.generate_key("P-384", {"kid": "ec-2"})
    answers = await asyncio.gather(*asked[:3], register(interop, jwks(new)), *asked[3:])
    given = [one.json()["access_token"] for one in answers if "access_token" in one.json()]
    for access in given:
        assert (await send(interop, access, "GET", "/Patient")).status_code == 401


async def test_a_jti_stays_used_for_as_long_as_its_assertion_would_be_taken(
    interop: Harness, client: None
) -> None:
    """And is then forgotten, with the tokens that have ended."""
    ahead = int((interop.clock.now() + timedelta(seconds=360)).timestamp())
    assertion = sign(claims(interop, exp=ahead))
    assert (await ask(interop, form(assertion))).status_code == 200
    begun = interop.clock.now()
    interop.clock.move_to(begun + timedelta(seconds=419))
    await token(interop)
    assert "used before" in (await ask(interop, form(assertion))).text
    assert await counted(interop) == (2, 1)
    interop.clock.move_to(begun + timedelta(seconds=420))
    assert "it has expired" in (await ask(interop, form(assertion))).text
    await token(interop)
    assert await counted(interop) == (2, 2)


async def test_clients_may_choose_the_same_jti(
    interop: Harness, client: None, open_connection: Any
) -> None:
    await open_connection(kind="fhir", practice_id=OTHER_PRACTICE)
    await register(interop, jwks(), practice_id=OTHER_PRACTICE)
    await token(interop, jti="1")
    other = client_id(OTHER_PRACTICE)
    await token(interop, jti="1", iss=other, sub=other)


async def test_client_id_may_be_sent_beside_the_assertion(interop: Harness, client: None) -> None:
    told = form(sign(claims(interop)), client_id=client_id())
    assert (await ask(interop, told)).status_code == 200


async def test_a_shut_connection_gets_no_token_and_its_tokens_open_nothing(
    interop: Harness, client: None
) -> None:
    access = await token(interop)
    for step, told in (("suspend", "suspended"), ("close", "closed")):
        async with interop.http(examples.PRACTICE) as http:
            moved = await http.post(f"/connections/{CONNECTION}/{step}")
            assert moved.status_code == 200
        answer = await ask(interop, form(sign(claims(interop))))
        assert (error_of(answer), told in answer.text) == ("unauthorized_client", True)
        for method, path, body in (("GET", "/Patient", None), ("POST", "/Patient", PATIENT)):
            turned = await send(interop, access, method, path, body)
            assert (turned.status_code, codes(turned)) == (403, ["forbidden"])
    stranger = await ask(interop, form(sign(claims(interop), STRANGER)))
    assert "closed" not in stranger.text, "who is not known is told nothing of the connection"


async def test_a_token_opens_its_own_practice_only(
    interop: Harness, client: None, open_connection: Any
) -> None:
    await open_connection(kind="fhir", practice_id=OTHER_PRACTICE)
    access = await token(interop)
    assert (await send(interop, access, "POST", "/Patient", PATIENT)).status_code == 201
    foreign = access.replace(examples.PRACTICE.hex, OTHER_PRACTICE.hex)
    other_connection = access.replace(CONNECTION.hex, examples.QUERY.hex)
    for wrong in (foreign, other_connection, access + "x", access[:-1], f"mst_{'0' * 40}"):
        answer = await send(interop, wrong, "GET", "/Patient/p1")
        assert answer.status_code == 401


async def test_a_token_opens_no_other_door(interop: Harness, client: None) -> None:
    access = await token(interop)
    async with interop.http(examples.PRACTICE, key=access) as http:
        assert (await http.get("/connections")).status_code == 401
        kind = {"content-type": "application/cloudevents+json"}
        assert (await http.post("/events", json={}, headers=kind)).status_code == 401


async def test_the_connections_key_goes_on_beside_a_client(
    interop: Harness, key: str, client: None
) -> None:
    assert (await send(interop, key, "POST", "/Patient", PATIENT)).status_code == 201
    access = await token(interop)
    read = await send(interop, access, "GET", "/Patient/p1")
    assert read.status_code == 200, "one connection, by either way"
