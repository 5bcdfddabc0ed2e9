"""A real backup of a publisher's PostgreSQL, restored twice: nothing twice, nothing dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from libs.service.migrations import as_service
from tests.cli.mainstay import mainstay
from tests.databases import PASSWORD, Databases
from tests.transport.ledger import ORDERS, TELLER
from tests.transport.outboxes import (
    all_sent,
    in_flight,
    outbox_of,
    place_unsent,
    places,
    publishing,
    relaying,
    take_all,
    waiting,
)
from tests.transport.platform import TestPlatform, ledger, records_of
from tests.transport.restoring import Backup, OwnPostgres, own_postgres
from tests.transport.test_laws import assert_all_moved_once, place_orders


@dataclass
class Bank:
    """A teller whose database is on a server of its own, and a ledger that hears it all along."""

    platform: TestPlatform
    server: OwnPostgres
    ordered: int = 0
    cents: int = 0

    async def order(self, count: int) -> None:
        """Orders in the outbox; nobody sends them yet."""
        self.cents += await place_unsent(self.platform, count, first=self.ordered)
        self.ordered += count

    async def number_what_waits(self) -> None:
        """As a relay that is killed before it sends leaves it: in places, in flight."""
        async with outbox_of(self.platform) as outbox:
            assert await outbox.number_next(await take_all(outbox, timedelta(minutes=1)))
        assert await in_flight(self.platform) > 0

    async def order_until(self, taken: asyncio.Future[Backup]) -> Backup:
        """Order on and on until the backup is taken."""
        async with publishing(self.platform) as teller:
            while not taken.done():
                self.cents += await place_orders(teller, 5, first=self.ordered)
                self.ordered += 5
        return await taken

    async def send_and_hear(self) -> None:
        """All that was ever ordered has its effect once, in order."""
        async with publishing(self.platform) as teller, relaying(self.platform, teller.work):
            await all_sent(self.platform)
        await assert_all_moved_once(self.platform, self.ordered, self.cents)

    async def raise_epoch(self) -> None:
        databases = {TELLER: self.platform.teller_dsn}
        kafka = self.platform.kafka
        told = await mainstay("outbox", "raise-epoch", TELLER, kafka=kafka, databases=databases)
        assert told.code == 0, told.text

    async def timeline(self) -> int:
        async with self.platform.teller_db() as db:
            return await db.fetchval("SELECT current_timeline()")


@pytest.fixture
async def bank(platform: TestPlatform, tmp_path: Path) -> AsyncIterator[Bank]:
    async with own_postgres(tmp_path / "own") as server:
        database = await Databases(server.admin_dsn).template("teller")
        dsn = as_service(server.admin_dsn, "teller", PASSWORD, database=database)
        on_own = replace(platform, teller_dsn=dsn, admin_dsn=server.admin_dsn)
        async with platform.start(ledger):
            yield Bank(on_own, server)


async def test_a_base_backup_restored_twice_is_noticed_each_time_by_its_new_timeline(
    bank: Bank,
) -> None:
    await sent_and_in_flight(bank)
    backup = await bank.order_until(asyncio.ensure_future(bank.server.base_backup()))
    await a_future_that_is_lost(bank)
    for _ in range(2):
        await bank.server.restore(backup)
        assert await bank.timeline() == 2
        await goes_on(bank)
    await two_epochs_began(bank)


async def test_a_cold_copy_restored_twice_goes_on_where_a_person_raises_the_epoch(
    bank: Bank,
) -> None:
    await sent_and_in_flight(bank)
    backup = await bank.server.cold_copy()
    await a_future_that_is_lost(bank)
    for _ in range(2):
        await bank.server.restore(backup)
        assert await bank.timeline() == 1, "nobody could tell it from what it was"
        await bank.raise_epoch()
        await goes_on(bank)
    await two_epochs_began(bank)


async def sent_and_in_flight(bank: Bank) -> None:
    """What the backup holds: 40 were heard, 30 have their places and were not sent yet."""
    await bank.order(40)
    await bank.send_and_hear()
    await bank.order(30)
    await bank.number_what_waits()


async def a_future_that_is_lost(bank: Bank) -> None:
    """After the backup all of it is sent and heard, and more."""
    await bank.order(30)
    await bank.send_and_hear()


async def goes_on(bank: Bank) -> None:
    assert await waiting(bank.platform) >= 30, "it has forgotten that these were sent"
    await bank.order(20)
    await bank.send_and_hear()


async def two_epochs_began(bank: Bank) -> None:
    for of_one in (await places(bank.platform)).values():
        lengths = [sum(epoch == which for epoch, _ in of_one) for which in (1, 2, 3)]
        first, second, third = lengths
        assert of_one == [
            *((1, n + 1) for n in range(first)),
            *((2, n) for n in range(second)),
            *((3, n) for n in range(third)),
        ], "in order, without a gap, each epoch from its mark on"
        assert min(lengths) > 1
    marks = 2 * ORDERS.partitions
    assert len(await records_of(bank.platform.kafka, ORDERS)) == bank.ordered + marks
