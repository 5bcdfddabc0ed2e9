"""An agreement sets the rate in advance, where the state allows one."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from uuid import uuid4

from libs.events.contracts.agreements import AgreementSigned
from libs.events.examples import agreements as examples
from libs.events.examples.interop import PRACTICE
from services.agreements.agreements.model import Agreement, agreement_in_force
from tests.agreements.commands import onboard, sign
from tests.harness import Harness


async def test_a_signed_agreement_is_published(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        answer = await sign(client)
        listed = await client.get("/agreements")
    assert answer.status_code == 201, answer.text
    assert answer.json()["rate"] == "0.065"
    assert listed.json() == [answer.json()]
    [published] = await managed.published(AgreementSigned)
    assert published.model_dump() == examples.agreement_signed().model_dump()


async def test_new_york_forbids_a_percentage_and_the_answer_says_which_rule(
    agreements: Harness,
) -> None:
    async with agreements.http(PRACTICE) as client:
        await onboard(client, state="NY")
        answer = await sign(client)
        listed = await client.get("/agreements")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "8 NYCRR §29.1(b)(4)" in answer.json()["title"]
    assert listed.json() == []
    assert await agreements.published(AgreementSigned) == []


async def test_the_same_agreement_at_once_is_signed_once(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        answers = await asyncio.gather(*[sign(client) for _ in range(6)])
        rewritten = await sign(client, rate="0.065000")
    assert {a.text for a in answers} == {rewritten.text}
    assert {a.status_code for a in answers} == {201}
    assert len(await managed.published(AgreementSigned)) == 1


async def test_other_terms_under_the_same_id_are_refused(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        await sign(client)
        answer = await sign(client, rate="0.07")
    assert answer.status_code == 409


async def test_two_agreements_from_the_same_day_are_refused(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        await sign(client)
        answer = await sign(client, agreement_id=uuid4(), rate="0.07")
    assert answer.status_code == 409


async def test_a_practice_that_is_not_onboarded_signs_nothing(agreements: Harness) -> None:
    async with agreements.http(PRACTICE) as client:
        answer = await sign(client)
    assert answer.status_code == 404


async def test_a_rate_above_one_is_refused(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        answer = await sign(client, rate="6.5")
    assert answer.status_code == 422


def test_the_latest_effective_agreement_is_in_force() -> None:
    old = Agreement(uuid4(), "percentage-of-collections", Decimal("0.05"), date(2026, 1, 1))
    new = Agreement(uuid4(), "percentage-of-collections", Decimal("0.06"), date(2026, 3, 1))
    assert agreement_in_force([new, old], date(2025, 12, 31)) is None
    assert agreement_in_force([new, old], date(2026, 2, 28)) is old
    assert agreement_in_force([old, new], date(2026, 3, 1)) is new
