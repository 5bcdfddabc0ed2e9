"""Whoever vanished without a word is given up by the server, and its heir goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from libs.cli.platform import Platform, transport_of
from libs.events.transport import Job, checkpoints
from libs.events.transport.as_of import as_of
from libs.events.transport.service import Service
from libs.events.transport.work import Work
from tests.chaos.proxy import Direction, Proxy
from tests.transport.ledger import LEDGER, TELLER, ledger, move_cents, teller, totals
from tests.transport.platform import TestPlatform, end, eventually, start_victim
from tests.transport.rebuilding import begin_again, move, shows
from tests.transport.test_laws import assert_all_moved_once, place_orders
from tests.transport.victim import STANDSTILL_SECONDS

# The last statement is a batch's first: the victim stops after it, and not a moment before.
IN_HAND = """
SELECT count(*) FROM pg_stat_activity
 WHERE application_name = $1 AND datname = current_database() AND state = 'idle in transaction'
   AND query = $2
"""
GIVES_UP = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "idle_in_transaction_session_timeout": "5min",
}


async def test_who_vanished_in_a_transaction_keeps_its_heir_waiting_no_longer_than_is_set(
    platform: TestPlatform,
) -> None:
    """The proxy answers for it on the wire, so that only the transaction's own limit is left."""
    before, colon, after = platform.ledger_dsn.rpartition(":")
    port, slash, database = after.partition("/")

    async def stands() -> bool:
        async with platform.ledger_db() as db:
            return await db.fetchval(IN_HAND, LEDGER, checkpoints.MOVE) > 0

    async def gone() -> bool:
        return not await stands()

    async with Proxy.listening(int(port)) as proxy:
        through = f"{before}{colon}{proxy.port}{slash}{database}"
        victim = await start_victim("ledger:standing", through, platform.kafka)
        try:
            async with platform.start(teller) as publishing:
                cents = await place_orders(publishing, 20)
                await eventually(stands, what="a batch is in hand")
                for direction in Direction:
                    proxy.hold(direction)
                await end(victim)
                assert await stands(), "the server knows nothing of it"
                async with platform.start(ledger):
                    await eventually(gone, within_seconds=STANDSTILL_SECONDS + 10)
                    await assert_all_moved_once(platform, 20, cents)
        finally:
            await end(victim)


async def look_outside(work: Work) -> None:
    """A job that finds nothing to do."""


async def test_every_session_has_the_settings_on_the_server(
    platform: TestPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every kind of connection that a service or a command opens, asked of the server itself."""
    found: dict[str, dict[str, str]] = {}
    connect = asyncpg.connect

    async def connect_and_ask(*arguments: Any, **named: Any) -> Any:
        db = await connect(*arguments, **named)
        name = await db.fetchval("SHOW application_name")
        found[name] = {setting: await db.fetchval(f"SHOW {setting}") for setting in GIVES_UP}
        return db

    monkeypatch.setattr(asyncpg, "connect", connect_and_ask)
    monkeypatch.setattr(asyncpg.connection, "connect", connect_and_ask)  # the pools'
    job = Job(name="outside", every_seconds=60, run=look_outside)
    working = Service(name=LEDGER, handlers=[move_cents], projections=[totals], jobs=[job])
    async with platform.start(teller) as publishing, platform.start(working):
        await move(publishing, 20)
        await shows(platform, 20)
        await begin_again(platform)
        await as_of(
            LEDGER, totals, datetime.now(UTC), dsn=platform.ledger_dsn, kafka=platform.kafka
        )
    command = Platform(kafka=platform.kafka, databases={LEDGER: platform.ledger_dsn})
    async with transport_of(command, LEDGER):
        pass
    found.pop("", None)  # this test's own
    assert found.keys() == {
        *(TELLER, f"{TELLER} relay", LEDGER, f"{LEDGER} relay", f"{LEDGER} job outside"),
        *(f"{LEDGER} {act}{of}" for act in ("rebuild", "as-of") for of in ("", " lock")),
        "mainstay",
    }
    for name, settings in found.items():
        assert settings == GIVES_UP, name
