"""A practice comes under management once."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.examples import agreements as examples
from libs.events.examples.interop import PRACTICE
from tests.agreements.commands import onboard
from tests.harness import Harness


async def test_onboarding_is_published_with_all_that_others_need(agreements: Harness) -> None:
    async with agreements.http(PRACTICE) as client:
        answer = await onboard(client)
        shown = await client.get(f"/practices/{PRACTICE}")
    assert answer.status_code == 201, answer.text
    assert shown.json() == answer.json()
    [published] = await agreements.published(PracticeOnboarded)
    assert published.model_dump() == examples.practice_onboarded().model_dump()


async def test_the_same_onboarding_at_once_is_published_once(agreements: Harness) -> None:
    async with agreements.http(PRACTICE) as client:
        answers = await asyncio.gather(*[onboard(client) for _ in range(6)])
    assert {a.status_code for a in answers} == {201}
    assert len(await agreements.published(PracticeOnboarded)) == 1


async def test_other_content_for_a_known_practice_is_refused(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        answer = await onboard(client, name="Another Name")
    assert answer.status_code == 409


async def test_a_practice_is_onboarded_in_its_own_name_only(agreements: Harness) -> None:
    async with agreements.http(uuid4()) as client:
        answer = await onboard(client)
    assert answer.status_code == 422
    assert await agreements.published_all() == []


async def test_an_unknown_time_zone_is_refused(agreements: Harness) -> None:
    async with agreements.http(PRACTICE) as client:
        answer = await onboard(client, time_zone="Ohio/Columbus")
    assert answer.status_code == 422
    assert "Ohio/Columbus" not in answer.text


async def test_a_foreign_practice_answers_like_a_missing_one(managed: Harness) -> None:
    async with managed.http(uuid4()) as client:
        foreign = await client.get(f"/practices/{PRACTICE}")
        missing = await client.get(f"/practices/{uuid4()}")
        listed = await client.get("/practices")
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert foreign.status_code == 404
    assert listed.json() == []
