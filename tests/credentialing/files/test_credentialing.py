"""The committee's decision makes a clinician credentialed, once, for at most 36 months."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from libs.events.contracts.credentialing import ProviderCredentialed
from libs.events.examples import credentialing as examples
from libs.events.examples.interop import PRACTICE
from tests.credentialing.files.commands import PROVIDER, credential, open_file
from tests.harness import Harness


async def test_a_decision_is_published_with_the_whole_file(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        assert (await open_file(client)).status_code == 201
        answer = await credential(client)
    assert answer.status_code == 201, answer.text
    assert answer.json()["credentialed"] is True
    [published] = await credentialing.published(ProviderCredentialed)
    assert published.model_dump() == examples.provider_credentialed().model_dump()


async def test_opening_a_file_alone_says_nothing_to_others(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        answer = await open_file(client)
    assert answer.json()["credentialed"] is False
    assert await credentialing.published_all() == []


async def test_the_same_commands_again_answer_the_same_and_publish_once(
    credentialing: Harness,
) -> None:
    async with credentialing.http(PRACTICE) as client:
        for _ in range(2):
            opened = await open_file(client)
            assert opened.status_code == 201
        answers = [await credential(client) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 201]
    assert len({a.text for a in answers}) == 1
    assert len(await credentialing.published(ProviderCredentialed)) == 1


async def test_two_identical_decisions_at_once_publish_once(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        opened = await asyncio.gather(*[open_file(client) for _ in range(6)])
        answers = await asyncio.gather(*[credential(client) for _ in range(6)])
    assert {a.status_code for a in opened + answers} == {201}
    assert len(await credentialing.published(ProviderCredentialed)) == 1


@pytest.mark.parametrize(
    ("credentialed_on", "expires_on", "status"),
    [
        ("2025-06-02", "2028-06-02", 201),
        ("2025-06-02", "2028-06-03", 409),
        ("2024-02-29", "2027-02-28", 201),
        ("2024-02-29", "2027-03-01", 409),
        ("2025-06-02", "2025-06-02", 409),
    ],
)
async def test_a_cycle_lasts_36_months_to_the_day(
    credentialing: Harness, credentialed_on: str, expires_on: str, status: int
) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        answer = await credential(client, credentialed_on=credentialed_on, expires_on=expires_on)
    assert answer.status_code == status, answer.text
    published = await credentialing.published(ProviderCredentialed)
    assert len(published) == (1 if status == 201 else 0)


async def test_a_refusal_names_the_standard(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        answer = await credential(client, expires_on="2029-01-01")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "NCQA" in answer.json()["title"]


async def test_recredentialing_is_a_new_decision_and_the_old_one_stays(
    credentialing: Harness,
) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        await credential(client, credentialed_on="2022-06-02", expires_on="2025-06-02")
        answer = await credential(client)
        older = await credential(client, credentialed_on="2021-01-04", expires_on="2023-01-04")
    assert [d["credentialed_on"] for d in answer.json()["decisions"]] == [
        "2022-06-02",
        "2025-06-02",
    ]
    assert older.status_code == 409
    assert len(await credentialing.published(ProviderCredentialed)) == 2


async def test_another_decision_of_the_same_day_is_refused(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        await credential(client)
        answer = await credential(client, expires_on="2027-06-02")
    assert answer.status_code == 409


async def test_one_file_per_id_and_per_npi(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        other_content = await open_file(client, given="Ada")
        known_npi = await open_file(client, provider_id=str(uuid4()))
    assert (other_content.status_code, known_npi.status_code) == (409, 409)


async def test_a_foreign_file_answers_like_a_missing_one(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        missing = await credential(client, uuid4())
    async with credentialing.http(uuid4()) as client:
        foreign = await credential(client, PROVIDER)
        shown = await client.get(f"/providers/{PROVIDER}")
        listed = await client.get("/providers")
    assert (missing.status_code, missing.json()) == (foreign.status_code, foreign.json())
    assert foreign.status_code == shown.status_code == 404
    assert listed.json() == []


async def test_a_wrong_npi_is_refused_without_repeating_it(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        answer = await open_file(client, npi="1234567890")
    assert answer.status_code == 422
    assert "1234567890" not in answer.text


async def test_history_cannot_be_edited(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        await credential(client)
    for statement in ("UPDATE decision SET expires_on = expires_on", "DELETE FROM decision"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with credentialing.uow(PRACTICE) as uow:
                await uow.db.execute(statement)
