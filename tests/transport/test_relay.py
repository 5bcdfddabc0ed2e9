"""Laws 3 and 4 on the sender's side: gapless sequences, duplicates named, failures survived."""

from __future__ import annotations

import asyncio

import pytest

from libs.events.transport.faults import PublishRefusedError
from tests.transport.ledger import MOVES, ORDERS, PRACTICE, order, teller
from tests.transport.outboxes import all_sent, place_unsent, sequences, waiting
from tests.transport.platform import TestPlatform, end, eventually, ledger, records_of
from tests.transport.test_laws import assert_all_moved_once

RELAYS = """
SELECT count(*) FROM pg_stat_activity
 WHERE application_name LIKE 'teller-% relay' AND datname = current_database()
"""


async def test_what_a_killed_relay_had_sent_is_sent_again_and_dropped_by_its_sequence(
    platform: TestPlatform,
) -> None:
    cents = await place_unsent(platform, 60)
    victim = await platform.process("teller:dying")
    try:
        assert await asyncio.wait_for(victim.wait(), 30) == -9
    finally:
        await end(victim)
    assert await waiting(platform) == 60, "it died between the send and the delete"
    sent_before = len(await records_of(platform.kafka, ORDERS))
    assert sent_before > 0

    async with platform.start(teller), platform.start(ledger):
        await assert_all_moved_once(platform, 60, cents)
        await all_sent(platform)
        again = await sequences(platform, ORDERS)
        assert sum(map(len, again.values())) == 60 + sent_before, "the topic holds duplicates"
        for places in again.values():
            assert sorted(set(places)) == list(range(1, len(set(places)) + 1))


async def test_a_relay_whose_producer_fails_and_cannot_even_be_stopped_begins_anew(
    platform: TestPlatform,
) -> None:
    """The producer is replaced, whatever it says; the connection and its leases stay."""
    await place_unsent(platform, 10)
    victim = await platform.process("teller:sick")
    try:
        await all_sent(platform)
        async with platform.superuser_of(platform.teller_dsn) as db:
            assert await db.fetchval(RELAYS) == 1, "the failed attempt left no connection behind"
    finally:
        await end(victim)
    assert sum(map(len, (await sequences(platform, ORDERS)).values())) == 10


async def test_a_transaction_that_is_rolled_back_leaves_no_gap_in_the_sequence(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        for number in range(12):
            try:
                async with publishing.work.unit_of_work(PRACTICE) as uow:
                    await uow.publish(order("account-0", number, 1))
                    if number % 3 == 1:
                        await uow.db.execute(
                            "SELECT nextval(pg_get_serial_sequence('outbox', 'id'))"
                        )
                        raise LookupError
            except LookupError:
                continue
        await all_sent(platform)
    [places] = [p for p in (await sequences(platform, ORDERS)).values() if p]
    assert places == list(range(1, 9))


async def test_an_event_that_nobody_could_keep_is_refused_when_it_is_published(
    platform: TestPlatform,
) -> None:
    """A NUL would make each consumer park it; a text that merely looks like one goes through."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            with pytest.raises(PublishRefusedError, match="NUL"):
                await uow.publish(order("account-\0", 1, 5))
            await uow.publish(order("account-\\u0000", 1, 5))

        async def moved() -> bool:
            row = await platform.ledger_row("SELECT seen FROM account WHERE account <> 'cash'")
            return row is not None and row["seen"] == "1 "

        await eventually(moved, what="it is handled")
        await eventually(lambda: records_of(platform.kafka, MOVES), what="what it said is sent")
