"""Keys, practices and roles; and errors that say what is wrong without saying it back."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from libs.service.migrations import in_database
from tests.databases import Databases
from tests.service.desk import Desk
from tests.service.people import (
    ADMIN_KEY,
    NO_PRACTICE_AT_ALL,
    ONE_PRACTICE_KEY,
    OTHER_PRACTICE,
    PRACTICE,
    VIEWER_KEY,
)

CANARY = "Eleanor-1963"


def note(words: str = "hello") -> dict[str, Any]:
    return {"note_id": str(uuid4()), "words": words}


async def test_a_key_opens_what_its_holder_may_do(desk: Desk) -> None:
    async with desk.client(ONE_PRACTICE_KEY) as client:
        written = note()
        answer = await client.post("/notes", json=written)
        assert (answer.status_code, answer.json()) == (201, {"words": "hello"})
        answer = await client.get(f"/notes/{written['note_id']}")
        assert (answer.status_code, answer.json()) == (200, {"words": "hello"})


@pytest.mark.parametrize("key", [None, "not-a-key"])
async def test_nobody_without_a_key_is_let_in_and_the_answer_names_the_scheme(
    desk: Desk, key: str | None
) -> None:
    async with desk.client(key) as client:
        for answer in (await client.post("/notes", json=note()), await client.get("/notes/x")):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


async def test_another_practice_and_one_that_is_not_there_answer_alike(desk: Desk) -> None:
    answers: set[tuple[int, str]] = set()
    for practice in (OTHER_PRACTICE, NO_PRACTICE_AT_ALL):
        async with desk.client(ONE_PRACTICE_KEY, practice=practice) as client:
            for answer in (
                await client.post("/notes", json=note()),
                await client.get(f"/notes/{uuid4()}"),
            ):
                answers.add((answer.status_code, answer.text))
    assert answers == {(404, '{"status":404,"title":"there is no such practice"}')}


async def test_a_note_of_another_practice_and_one_that_is_not_there_answer_alike(
    desk: Desk,
) -> None:
    written = note()
    async with desk.client(ADMIN_KEY, practice=OTHER_PRACTICE) as client:
        assert (await client.post("/notes", json=written)).status_code == 201
    async with desk.client(ADMIN_KEY, practice=PRACTICE) as client:
        foreign = await client.get(f"/notes/{written['note_id']}")
        missing = await client.get(f"/notes/{uuid4()}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


async def test_a_viewer_looks_and_does_not_act(desk: Desk) -> None:
    written = note()
    async with desk.client(ONE_PRACTICE_KEY) as client:
        await client.post("/notes", json=written)
    async with desk.client(VIEWER_KEY) as client:
        assert (await client.get(f"/notes/{written['note_id']}")).status_code == 200
        answer = await client.post("/notes", json=note())
        assert (answer.status_code, answer.json()["title"]) == (403, "viewers only look")


async def test_a_request_that_fails_leaves_nothing_behind(desk: Desk) -> None:
    async with desk.client(ONE_PRACTICE_KEY) as client:
        answer = await client.post("/notes", json=note("never"))
        assert answer.status_code == 500
        assert answer.json() == {"status": 500, "title": "an error of ours; it was logged"}
        written = note()
        assert (await client.post("/notes", json=written)).status_code == 201
        again = await client.post("/notes", json=written | {"words": CANARY})
        assert again.status_code == 500
        assert CANARY not in again.text


WRONG: dict[str, tuple[Any, str]] = {
    "too long": ({"words": CANARY * 5}, "body.words"),
    "another type": ({"words": [CANARY]}, "body.words"),
    "no uuid": ({"note_id": CANARY}, "body.note_id"),
    "nested": ({"signature": {"signed_by": {"name": CANARY}}}, "body.signature.signed_by"),
    "unknown field": ({"surname": CANARY}, "body.surname"),
    "unknown tag": ({"medium": {"kind": CANARY}}, "body.medium"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_body_that_does_not_fit_is_explained_without_its_values(
    desk: Desk, what: str
) -> None:
    change, where = WRONG[what]
    async with desk.client(ONE_PRACTICE_KEY) as client:
        answer = await client.post("/notes", json=note() | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["where"] for error in answer.json()["errors"]] == [where]
    assert CANARY not in answer.text


@pytest.mark.parametrize("body", [CANARY, f'{{"words": "{CANARY}"', "", "[]", '"\udcff'])
async def test_a_body_that_is_no_json_object_is_explained_without_quoting_it(
    desk: Desk, body: str
) -> None:
    async with desk.client(ONE_PRACTICE_KEY) as client:
        answer = await client.post("/notes", content=body.encode("utf-8", "surrogateescape"))
    assert answer.status_code == 422
    assert CANARY not in answer.text


async def test_a_practice_header_that_is_no_uuid_is_explained_without_quoting_it(
    desk: Desk,
) -> None:
    async with desk.client(ONE_PRACTICE_KEY, practice=None) as client:
        answer = await client.get(f"/notes/{uuid4()}", headers={"x-practice-id": CANARY})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == "header.x-practice-id"
        assert CANARY not in answer.text


async def test_while_the_database_is_away_the_answer_is_503_and_then_all_is_well_again(
    desk: Desk, databases: Databases
) -> None:
    name = desk.dsn.rpartition("/")[2]
    admin = await asyncpg.connect(in_database(databases.admin_dsn, "postgres"))
    try:
        async with desk.client(ONE_PRACTICE_KEY) as client:
            assert (await client.get("/readyz")).status_code == 200
            await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            for _ in range(2):  # the connection that was cut, and a new one
                answer = await client.post("/notes", json=note())
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"] == "1"
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json() == {"status": "the database does not answer"}
            assert (await client.get("/livez")).status_code == 200
            await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
            assert (await client.post("/notes", json=note())).status_code == 201
            assert (await client.get("/readyz")).json() == {"status": "ready"}
    finally:
        await admin.close()


async def test_the_openapi_document_tells_of_the_body_that_a_contract_reads(desk: Desk) -> None:
    async with desk.client() as client:
        document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/notes"]["post"]["requestBody"]
    ref: str = body["content"]["application/json"]["schema"]["$ref"]
    schemas = document["components"]["schemas"]
    write = schemas[ref.removeprefix("#/components/schemas/")]
    assert write["required"] == ["note_id", "words"]
    assert write["additionalProperties"] is False
    for text in json.dumps(document).split('"$ref": "')[1:]:
        assert text.partition('"')[0].removeprefix("#/components/schemas/") in schemas
