"""A key opens its own connection, until it is changed, and nothing else."""

from __future__ import annotations

import httpx
import pytest

from libs.events.examples import interop as examples
from services.interop.connections.model import ConnectionKey, new_secret
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, SECRET, OpenConnection


async def _send(interop: Harness, key: str | None) -> httpx.Response:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/partner",
        "type": "interop.patient-registered.v1",
        "data": examples.patient_registered().model_dump(mode="json"),
    }
    async with interop.http(key=key) as client:
        return await client.post(
            "/events", json=event, headers={"content-type": "application/cloudevents+json"}
        )


async def test_the_right_key_opens(interop: Harness, open_connection: OpenConnection) -> None:
    assert (await _send(interop, await open_connection())).status_code == 202


async def test_wrong_unknown_foreign_and_missing_keys_get_one_answer(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection()
    keys = [
        ConnectionKey(examples.PRACTICE, examples.CONNECTION, new_secret()).write(),
        ConnectionKey(examples.PRACTICE, examples.QUERY, SECRET).write(),
        ConnectionKey(OTHER_PRACTICE, examples.CONNECTION, SECRET).write(),
        "msk_not-a-key",
        "harness-operator-key",
        None,
    ]
    answers = [await _send(interop, key) for key in keys]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_a_key_of_another_interface_does_not_open(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    assert (await _send(interop, key)).status_code == 401


async def test_after_rotation_only_the_new_key_opens(
    interop: Harness, open_connection: OpenConnection
) -> None:
    old = await open_connection()
    async with interop.http(examples.PRACTICE) as client:
        answer = await client.post(f"/connections/{examples.CONNECTION}/rotate-key", json={})
    new = answer.json()["api_key"]
    assert new != old
    assert (await _send(interop, old)).status_code == 401
    assert (await _send(interop, new)).status_code == 202


async def test_a_connection_shows_when_it_was_heard_and_how_much_it_sent(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await _send(interop, key)
    async with interop.http(key=key) as client:
        await client.post(
            "/events", content=b"{", headers={"content-type": "application/cloudevents+json"}
        )
    async with interop.http(examples.PRACTICE) as client:
        shown = (await client.get("/connections")).json()[0]
    assert (shown["received"], shown["refused"]) == (2, 1)
    assert shown["last_seen_at"] == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize(
    "text", ["", "msk", "msk___", "msk_x_y_z", f"msk_{'g' * 32}_{'0' * 32}_{SECRET}", "é" * 200]
)
def test_what_is_no_key_is_read_as_none(text: str) -> None:
    assert ConnectionKey.read(text) is None


def test_a_secret_may_hold_underscores() -> None:
    key = ConnectionKey(examples.PRACTICE, examples.CONNECTION, "a_b" * 15)
    assert ConnectionKey.read(key.write()) == key
    assert "a_b" not in repr(key)
