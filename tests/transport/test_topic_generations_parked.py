"""A key that is parked when its topic grows: what comes on the successor waits behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.events.transport.rebuild import rebuild
from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.growing import (
    LIVE,
    all_kept,
    ask,
    firing,
    kiln_and_shelf,
    parked,
    parked_are,
    read_shown,
)
from tests.transport.kiln import (
    FIRST,
    SECOND,
    SHELF,
    cracked,
    fire,
    pots_of,
    published_to,
    shelf,
    shown,
)
from tests.transport.platform import TestPlatform, eventually


@pytest.fixture
async def platform(databases: Databases, addresses: Addresses) -> AsyncIterator[TestPlatform]:
    async with kiln_and_shelf(databases, addresses.kafka) as made:
        yield made


async def test_followers_on_the_successor_wait_behind_a_key_that_is_parked_before_it(
    platform: TestPlatform,
) -> None:
    """Also where another replica handles them; a retry carries all out in order."""
    pots = pots_of(0, FIRST, count=4) + pots_of(1, FIRST, count=4)
    bad = pots[0]
    cracked.add((bad, 1))
    async with firing(platform) as work:
        async with platform.start(shelf), platform.start(shelf, instance=None):
            with published_to(FIRST):
                await fire(work, pots)
            await parked_are(platform, SHELF, [(bad, FIRST.name, False)])
            await fire(work, pots)
            await fire(work, pots)
            behind = [(bad, SECOND.name, True)] * 2
            await parked_are(platform, SHELF, [(bad, FIRST.name, False), *behind])
            cracked.clear()
            for consumer in (SHELF, LIVE):
                await ask(platform, consumer, bad, "retry")
            await all_kept(platform)


async def test_what_parks_on_the_successor_is_retried_there(platform: TestPlatform) -> None:
    """Also where the topic has no such partition, or parked something at the same place."""
    before = pots_of(0, FIRST, count=1)
    after = pots_of(0, SECOND, prefix="same", count=1) + pots_of(4, SECOND, prefix="far", count=1)
    cracked.update((pot, 1) for pot in before + after)
    async with firing(platform) as work, platform.start(shelf):
        with published_to(FIRST):
            await fire(work, before)
        await fire(work, after)
        stood = {(before[0], FIRST.name, False), *((pot, SECOND.name, False) for pot in after)}
        for consumer in (SHELF, LIVE):

            async def all_parked(consumer: str = consumer) -> bool:
                return set(await parked(platform, consumer)) == stood

            await eventually(all_parked, what=f"{consumer} has parked all three")
        cracked.clear()
        for consumer in (SHELF, LIVE):
            for pot in before + after:
                await ask(platform, consumer, pot, "retry")
        await all_kept(platform)


async def test_a_retry_and_a_discard_on_the_successor_are_of_the_event_that_stood_there(
    platform: TestPlatform,
) -> None:
    bad = pots_of(0, FIRST, count=1)[0]
    async with firing(platform) as work:
        async with platform.start(shelf):
            cracked.add((bad, 1))
            with published_to(FIRST):
                await fire(work, [bad, "pot-other"])
            await parked_are(platform, LIVE, [(bad, FIRST.name, False)])
            cracked.add((bad, 2))
            for _ in range(3):
                await fire(work, [bad, "pot-other"])
            await parked_are(
                platform, LIVE, [(bad, FIRST.name, False)] + [(bad, SECOND.name, True)] * 3
            )
            await ask(platform, LIVE, bad, "discard")  # what follows is tried next, and fails
            after = [(bad, SECOND.name, False), *[(bad, SECOND.name, True)] * 2]
            await parked_are(platform, LIVE, after)
            await ask(platform, LIVE, bad, "discard")
            await parked_are(platform, LIVE, [])
            assert (await read_shown(platform))[bad] == (2, 4)
    again = rebuild(SHELF, shown, dsn=platform.ledger_dsn, kafka=platform.kafka)
    assert await asyncio.wait_for(again, 60) == 2
    assert (await read_shown(platform))[bad] == (2, 4)
