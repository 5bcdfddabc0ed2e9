"""One click, without sign-in, by the link in the mail (RFC 8058)."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from libs.events.contracts.engagement import ConsentWithdrawn
from libs.events.examples.interop import PRACTICE, appointment_booked
from services.engagement.consents.model import new_token, practice_of
from tests.engagement.commands import messages, token_of
from tests.harness import Harness

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def test_a_post_withdraws_consent_without_a_sign_in(consenting: Harness) -> None:
    await consenting.receive(appointment_booked())
    token = await token_of(consenting)
    async with consenting.http(key=None) as client:
        answer = await client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert answer.status_code == 200, answer.text
    assert len(await consenting.published(ConsentWithdrawn)) == 1
    assert await messages(consenting) == [("cancelled", "no-consent")]


async def test_many_clicks_withdraw_once(consenting: Harness) -> None:
    token = await token_of(consenting)
    async with consenting.http(key=None) as client:
        answers = await asyncio.gather(
            *[client.post(f"/unsubscribe/{token}", data=ONE_CLICK) for _ in range(5)]
        )
    assert {a.status_code for a in answers} == {200}
    assert len(await consenting.published(ConsentWithdrawn)) == 1


async def test_a_get_only_asks(consenting: Harness) -> None:
    token = await token_of(consenting)
    async with consenting.http(key=None) as client:
        answer = await client.get(f"/unsubscribe/{token}")
    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert await consenting.published(ConsentWithdrawn) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_unknown_tokens_all_answer_alike(consenting: Harness, method: str) -> None:
    real = await token_of(consenting)
    unknown = [
        new_token(PRACTICE),
        new_token(uuid4()),
        uuid4().hex + real[32:],
        real[:-1],
        real + "a",
        "nothing",
    ]
    async with consenting.http(key=None) as client:
        answers = [await client.request(method, f"/unsubscribe/{token}") for token in unknown]
    assert {(a.status_code, a.text) for a in answers} == {(404, answers[0].text)}
    assert await consenting.published(ConsentWithdrawn) == []


def test_a_token_names_its_practice_and_is_never_the_same() -> None:
    one, other = new_token(PRACTICE), new_token(PRACTICE)
    assert practice_of(one) == practice_of(other) == PRACTICE
    assert one != other
