"""Connections, and which practices a transaction may see.

Row-level security compares each row with `mainstay.practices`, set inside the transaction only
(`set_config(..., true)`), so a connection handed back to the pool sees nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Db: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

NO_PRACTICE = UUID(int=0)
"""Stands for the practice of a record that cannot be read."""

LONGEST_STANDSTILL_SECONDS = 300
"""Longer than any transmission takes, which acts outside with its timer's row locked."""

SET_PRACTICES = "SELECT set_config('mainstay.practices', $1, true)"
SET_TRANSPORT = "SELECT set_config('mainstay.transport', 'on', true)"


async def see_practices(db: Db, practices: Iterable[UUID]) -> None:
    """Let this transaction see these practices' rows, and no others."""
    await db.execute(SET_PRACTICES, ",".join(map(str, practices)))


@asynccontextmanager
async def transport_transaction(pool: Pool) -> AsyncIterator[Db]:
    """A transaction of the mechanism itself: sees outbox, timers and parked events of all."""
    async with pool.acquire() as db, db.transaction():
        await db.execute(SET_TRANSPORT)
        yield db


def session_settings(name: str) -> dict[str, str]:
    """Settings of every session; `name` shows in pg_stat_activity.

    Whoever vanished without a word or stands still inside a transaction is given up by the server:
    its locks would keep whoever has taken over its work waiting.
    """
    return {
        "application_name": name,
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        # While an answer is not acknowledged there are no keepalives, but sending it again.
        "tcp_user_timeout": "25s",
        "idle_in_transaction_session_timeout": f"{LONGEST_STANDSTILL_SECONDS}s",
    }


async def open_pool(dsn: str, *, name: str, most: int = 12) -> Pool:
    """Open a pool; `name` shows in pg_stat_activity."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=most,
        command_timeout=60,
        server_settings=session_settings(name),
    )


async def take_lock(db: Db, try_lock: str, *arguments: Any) -> None:
    """Wait for a session lock; whoever holds it loses it with its connection."""
    while not await db.fetchval(try_lock, *arguments):
        await asyncio.sleep(0.5)
