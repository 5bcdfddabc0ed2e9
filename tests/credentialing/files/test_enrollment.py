"""A payer's approval: for credentialed clinicians only, and one at a time for each payer."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from libs.events.contracts.credentialing import ProviderEnrolled
from libs.events.examples import credentialing as examples
from libs.events.examples.interop import PRACTICE
from services.credentialing.files.model import Enrollment
from tests.credentialing.files.commands import credential, enroll, open_file
from tests.harness import Harness


@pytest.fixture
async def credentialed(credentialing: Harness) -> Harness:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        await credential(client)
    return credentialing


async def test_an_enrollment_is_published(credentialed: Harness) -> None:
    async with credentialed.http(PRACTICE) as client:
        answer = await enroll(client)
    assert answer.status_code == 201, answer.text
    assert answer.json()["enrollments"] == [
        {"payer_id": "BUCKEYE01", "effective_on": "2025-07-01", "ends_on": None}
    ]
    [published] = await credentialed.published(ProviderEnrolled)
    assert published.model_dump() == examples.provider_enrolled().model_dump()


async def test_a_provider_who_is_not_credentialed_is_not_enrolled(credentialing: Harness) -> None:
    async with credentialing.http(PRACTICE) as client:
        await open_file(client)
        answer = await enroll(client)
    assert answer.status_code == 409
    assert await credentialing.published_all() == []


async def test_nor_is_one_whose_credentialing_has_expired_by_then(credentialed: Harness) -> None:
    async with credentialed.http(PRACTICE) as client:
        last = await enroll(client, effective_on="2028-06-01", ends_on="2029-01-01")
        after = await enroll(client, effective_on="2028-06-02", payer_id="OTHER01")
    assert (last.status_code, after.status_code) == (201, 409)


async def test_overlapping_enrollments_with_one_payer_are_refused(credentialed: Harness) -> None:
    async with credentialed.http(PRACTICE) as client:
        first = await enroll(client, effective_on="2025-07-01", ends_on="2026-01-01")
        overlapping = await enroll(client, effective_on="2025-12-31")
        following = await enroll(client, effective_on="2026-01-01")
        elsewhere = await enroll(client, effective_on="2025-07-01", payer_id="OTHER01")
    statuses = [a.status_code for a in (first, overlapping, following, elsewhere)]
    assert statuses == [201, 409, 201, 201]
    assert len(await credentialed.published(ProviderEnrolled)) == 3


async def test_two_enrollments_at_once_never_overlap(credentialed: Harness) -> None:
    async with credentialed.http(PRACTICE) as client:
        answers = await asyncio.gather(
            *[enroll(client, effective_on=f"2025-08-{day:02}") for day in range(1, 9)]
        )
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    assert len(await credentialed.published(ProviderEnrolled)) == 1


async def test_the_same_enrollment_again_publishes_once(credentialed: Harness) -> None:
    async with credentialed.http(PRACTICE) as client:
        answers = await asyncio.gather(*[enroll(client) for _ in range(4)])
    assert {a.status_code for a in answers} == {201}
    assert len(await credentialed.published(ProviderEnrolled)) == 1


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ((1, None), (9, None), True),
        ((1, 9), (9, None), False),
        ((1, 9), (8, 10), True),
        ((5, 6), (1, None), True),
        ((5, 6), (1, 5), False),
    ],
)
def test_overlap_is_of_half_open_ranges(
    one: tuple[int, int | None], other: tuple[int, int | None], overlaps: bool
) -> None:
    a, b = _enrollment(*one), _enrollment(*other)
    assert a.overlaps(b) is b.overlaps(a) is overlaps


def _enrollment(effective: int, ends: int | None) -> Enrollment:
    return Enrollment("P1", date(2026, 1, effective), date(2026, 1, ends) if ends else None)
