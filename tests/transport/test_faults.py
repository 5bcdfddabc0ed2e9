"""What passes by itself parks nothing and loses nothing; what can never be read parks alone."""

from __future__ import annotations

import random

import pytest
from aiokafka import AIOKafkaProducer

from libs.events.transport.database import Db, Pool
from libs.events.transport.faults import is_transient
from libs.events.transport.work import partition_for
from tests.transport.ledger import ORDERS, ledger, teller
from tests.transport.platform import TestPlatform, eventually
from tests.transport.test_laws import ACCOUNTS, assert_all_moved_once, place_orders

END_CONNECTIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def parked_count(platform: TestPlatform) -> int:
    row = await platform.ledger_row("SELECT count(*) AS n FROM parked_event")
    assert row is not None
    return row["n"]


async def handled(platform: TestPlatform) -> int:
    row = await platform.ledger_row("SELECT coalesce(sum(handled), 0) AS n FROM checkpoint")
    assert row is not None
    return int(row["n"])


async def test_connections_that_break_in_the_middle_of_batches_lose_and_double_nothing(
    platform: TestPlatform,
) -> None:
    cents = 0
    async with (
        platform.start(teller) as publishing,
        platform.start(ledger),
        platform.superuser_of(platform.teller_dsn) as tellers,
        platform.superuser_of(platform.ledger_dsn) as ledgers,
    ):
        for round_ in range(8):
            before = await handled(platform)
            cents += await place_orders(publishing, 100, first=100 * round_)

            async def moving(before: int = before) -> bool:
                return await handled(platform) > before

            await eventually(moving, what="events flow")
            assert await ledgers.fetchval(END_CONNECTIONS) > 0
            if round_ % 2:
                await tellers.execute(END_CONNECTIONS)
                await until_connected(publishing.pool)
        await assert_all_moved_once(platform, 800, cents)
    assert await parked_count(platform) == 0


async def until_connected(pool: Pool) -> None:
    """What a person does whose request met a broken connection: tries again."""

    async def connected() -> bool:
        try:
            return await pool.fetchval("SELECT true")
        except Exception as error:
            if not is_transient(error):
                raise
            return False

    await eventually(connected)


READ_ONLY = (
    "ALTER DATABASE {} SET default_transaction_read_only = on",
    "ALTER DATABASE {} RESET ALL",
)
NO_RIGHTS = (
    "REVOKE SELECT, UPDATE ON checkpoint FROM ledger",
    "GRANT SELECT, UPDATE ON checkpoint TO ledger",
)


@pytest.mark.parametrize("fault", [READ_ONLY, NO_RIGHTS], ids=["read-only", "no-rights"])
async def test_a_database_that_refuses_its_checkpoints_for_a_while_loses_and_parks_nothing(
    platform: TestPlatform, fault: tuple[str, str]
) -> None:
    """As while a standby is promoted, or rights are mended: no event is to blame."""
    async with (
        platform.start(teller) as publishing,
        platform.start(ledger),
        platform.superuser_of(platform.ledger_dsn) as db,
    ):
        name = await db.fetchval("SELECT quote_ident(current_database())")
        cents = await place_orders(publishing, 50)
        await assert_all_moved_once(platform, 50, cents)
        before = await rollbacks(db)
        await db.execute(fault[0].format(name))
        await db.execute(END_CONNECTIONS)
        cents += await place_orders(publishing, 50, first=50)

        async def tried() -> bool:
            return await rollbacks(db) > before + 8

        await eventually(tried, what="the consumer tries")
        await db.execute(fault[1].format(name))
        await db.execute(END_CONNECTIONS)
        cents += await place_orders(publishing, 50, first=100)
        await assert_all_moved_once(platform, 150, cents)
    assert await parked_count(platform) == 0


async def test_statements_that_time_out_behind_a_lock_park_nothing(
    platform: TestPlatform,
) -> None:
    async with platform.superuser_of(platform.ledger_dsn) as db:
        name = await db.fetchval("SELECT quote_ident(current_database())")
        await db.execute(f"ALTER DATABASE {name} SET statement_timeout = '500ms'")
        async with platform.start(teller) as publishing, platform.start(ledger):
            before = await rollbacks(db)
            async with db.transaction():
                await db.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
                cents = await place_orders(publishing, 30)

                async def tried() -> bool:
                    return await rollbacks(db) > before + 4

                await eventually(tried, what="the consumer tries")
            await assert_all_moved_once(platform, 30, cents)
    assert await parked_count(platform) == 0


async def rollbacks(db: Db) -> int:
    await db.execute("SELECT pg_stat_clear_snapshot()")
    return await db.fetchval(
        "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    )


Bytes = bytes | None
UNREADABLE: dict[str, tuple[Bytes, Bytes, list[tuple[str, Bytes]]]] = {
    "no key": (None, b"{}", []),
    "no value": (b"k", None, []),
    "a header without a value": (b"k", b"{}", [("ce_type", None), ("ce_sequence", None)]),
    "a NUL in the key": (b"k\0", b"{}", []),
    "a key that is no UTF-8": (b"\xff\xfe", b"{}", []),
    "a key too long for an index": (random.Random(1).randbytes(9_000), b"{}", []),
    "a NUL in a header": (b"k", b"{}", [("ce_id", b"\0")]),
    "a backslash in a header": (b"k", b"{}", [("x-path", b"C:\\u0000")]),
    "a header that is no UTF-8": (b"k", b"{}", [("ce_id", b"\xff")]),
    "a sequence beyond bigint": (b"k", b"{}", [("ce_sequence", b"0001-" + b"9" * 20)]),
    "a sequence of many digits": (b"k", b"{}", [("ce_sequence", b"0001-" + b"9" * 9_000)]),
    "not JSON": (b"k", b"{", []),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_a_record_that_can_never_be_read_parks_and_holds_up_nobody(
    platform: TestPlatform, what: str
) -> None:
    key, value, headers = UNREADABLE[what]
    async with platform.start(ledger), platform.start(teller) as publishing:
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
        await producer.start()
        partition = partition_for(ACCOUNTS[0], ORDERS.partitions)
        await producer.send_and_wait(
            ORDERS.name, value, key=key, partition=partition, headers=headers
        )
        await producer.stop()
        cents = await place_orders(publishing, 9)
        await assert_all_moved_once(platform, 9, cents)
    async with platform.ledger_db() as db:
        [parked] = await db.fetch("SELECT error, payload FROM parked_event")
    assert parked["payload"] == value, "the original bytes are kept"
    assert parked["error"].startswith("UnreadableEventError: ")
