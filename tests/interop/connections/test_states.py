"""Testing, live, suspended, closed: what each state takes, and which follows which."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import messages, order, post, send, shown


async def test_in_testing_messages_are_answered_as_if_live_and_have_no_effect(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(state="testing")
    assert await send(interop, key) == 202
    assert await send(interop, key, wrong=True) == 422
    assert await interop.published_all() == []
    assert sorted(m["fate"] for m in await messages(interop)) == ["refused", "rehearsed"]
    async with interop.uow(examples.PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT count(*) FROM patient") == 0


@pytest.mark.parametrize("kind", ["cloudevents", "fhir"])
async def test_a_suspended_connection_is_forbidden_over_http_and_keeps_nothing(
    interop: Harness, open_connection: OpenConnection, kind: str
) -> None:
    key = await open_connection(kind=kind)
    await order(interop, "suspend")
    if kind == "cloudevents":
        answer = await post(interop, key)
    else:
        async with interop.http(key=key) as client:
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": []}
            headers = {"content-type": "application/fhir+json"}
            answer = await client.post("/fhir", content=json.dumps(bundle), headers=headers)
    assert answer.status_code == 403
    assert "suspended" in answer.text
    assert await messages(interop) == []


@pytest.mark.parametrize(
    ("state", "way", "refused"),
    [
        ("testing", [], "suspend"),
        ("live", ["close"], "go-live"),
        ("live", ["close"], "suspend"),
    ],
)
async def test_a_step_that_leads_nowhere_is_refused_with_what_to_do(
    interop: Harness, open_connection: OpenConnection, state: str, way: list[str], refused: str
) -> None:
    await open_connection(state=state)
    for command in way:
        assert (await order(interop, command)).status_code == 200
    before = await shown(interop)
    answer = await order(interop, refused)
    assert answer.status_code == 409
    assert ("take it live first" if state == "testing" else "open another one") in answer.text
    assert await shown(interop) == before


async def test_a_command_again_changes_nothing(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection()
    for command in ("suspend", "go-live", "close"):
        first = await order(interop, command)
        interop.clock.advance(timedelta(hours=1))
        assert (await order(interop, command)).json() == first.json()


async def test_the_state_of_a_foreign_connection_is_nobodys_to_change(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection()
    async with interop.http(uuid4()) as client:
        answer = await client.post(f"/connections/{examples.CONNECTION}/suspend", json={})
    assert answer.status_code == 404
    assert (await shown(interop))["state"] == "live"
