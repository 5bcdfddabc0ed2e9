"""Connections are opened, shown and given new keys; a key is told once and kept only as a hash."""

from __future__ import annotations

from typing import Any

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, SECRET

COMMAND: dict[str, Any] = {
    "connection_id": str(examples.CONNECTION),
    "kind": "hl7v2",
    "source_system": "ehr",
    "sending_application": "ADTApp",
    "sending_facility": "Main",
    "time_zone": "America/New_York",
    "profile": {
        "payers": {"BAV": {"payer_id": "BLUEADV", "payer_name": "Blue Advantage"}},
        "practitioners": {"1122": examples.NPI},
        "places_of_service": {"O": "11"},
    },
}


async def test_a_made_key_names_its_practice_and_connection_and_is_told_once(
    interop: Harness,
) -> None:
    async with interop.http(examples.PRACTICE) as client:
        opened = await client.post("/connections", json=COMMAND)
        again = await client.post("/connections", json=COMMAND)
        shown = await client.get(f"/connections/{examples.CONNECTION}")
    key: str = opened.json()["api_key"]
    prefix, practice, connection, secret = key.split("_", 3)
    assert opened.status_code == 201
    assert (prefix, practice, connection) == (
        "msk",
        examples.PRACTICE.hex,
        examples.CONNECTION.hex,
    )
    assert len(secret) >= 40
    assert (again.status_code, again.json()["api_key"]) == (200, None)
    assert shown.json()["api_key"] is None


async def test_only_a_hash_of_the_key_is_stored(interop: Harness) -> None:
    async with interop.http(examples.PRACTICE) as client:
        await client.post("/connections", json={**COMMAND, "secret": SECRET})
    async with interop.uow(examples.PRACTICE) as uow:
        row = await uow.db.fetchrow("SELECT c::text AS all, key_sha256 FROM connection c")
    assert row is not None
    assert SECRET not in row["all"]
    assert len(row["key_sha256"]) == 32


async def test_a_caller_that_brings_its_secret_may_open_again_and_gets_the_same(
    interop: Harness,
) -> None:
    command = {**COMMAND, "secret": SECRET}
    async with interop.http(examples.PRACTICE) as client:
        first = await client.post("/connections", json=command)
        second = await client.post("/connections", json=command)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.json()["api_key"].endswith(SECRET)


async def test_the_same_id_with_other_settings_or_another_secret_is_refused(
    interop: Harness,
) -> None:
    async with interop.http(examples.PRACTICE) as client:
        await client.post("/connections", json={**COMMAND, "secret": SECRET})
        moved = await client.post("/connections", json={**COMMAND, "time_zone": "Asia/Tokyo"})
        other = await client.post("/connections", json={**COMMAND, "secret": "t" * 40})
    assert (moved.status_code, other.status_code) == (409, 409)


async def test_settings_that_cannot_work_are_refused_by_field(interop: Harness) -> None:
    wrong = {
        **COMMAND,
        "time_zone": "Ohio",
        "profile": {"practitioners": {"1122": "1234567890"}},
    }
    nameless = {**COMMAND, "sending_facility": None}
    async with interop.http(examples.PRACTICE) as client:
        answer = await client.post("/connections", json=wrong)
        unnamed = await client.post("/connections", json=nameless)
    where = {error["where"] for error in answer.json()["errors"]}
    assert where == {"body.time_zone", "body.profile.practitioners.1122"}
    assert unnamed.status_code == 422
    assert "sending_facility" in unnamed.text


async def test_a_foreign_connection_looks_like_a_missing_one(interop: Harness) -> None:
    async with interop.http(examples.PRACTICE) as client:
        await client.post("/connections", json=COMMAND)
    async with interop.http(OTHER_PRACTICE) as client:
        foreign = await client.get(f"/connections/{examples.CONNECTION}")
        missing = await client.get(f"/connections/{examples.QUERY}")
        listed = await client.get("/connections")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()
    assert listed.json() == []
