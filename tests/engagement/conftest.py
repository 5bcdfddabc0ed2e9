"""engagement under test: its service on a fresh database, and a mail relay on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.interop import PRACTICE, patient_registered
from tests.engagement.commands import set_policy
from tests.engagement.relay import Relay, listening
from tests.harness import Harness


@pytest.fixture
async def relay(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    async with listening(Relay()) as started:
        monkeypatch.setenv("ENGAGEMENT_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("ENGAGEMENT_SMTP_PORT", str(started.port))
        monkeypatch.setenv("ENGAGEMENT_PUBLIC_URL", "https://reach.mainstay.example")
        yield started


@pytest.fixture
async def engagement(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("engagement")


@pytest.fixture
async def consenting(engagement: Harness) -> Harness:
    """A practice whose intake form asks for consent, and a patient who registered there."""
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
    await engagement.given(practice_onboarded(), patient_registered())
    return engagement
