"""What a restart cures and what it does not; and when a process is ready to be sent work.

Readiness: partitions are assigned, the database answers, and no consumer has stopped.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from libs.events.transport.runtime import Running, running
from libs.events.transport.service import Service
from libs.events.transport.work import UnitOfWork, partition_for
from libs.service.migrations import in_database
from libs.service.process import make_app
from libs.service.settings import Settings
from tests.transport.ledger import LEDGER, ORDERS, PRACTICE, MoveOrdered, ledger, order, teller
from tests.transport.platform import TestPlatform, eventually

STUCK_AFTER = 1.0
RETRIED_WITHIN = 6.0
"""Longer than a consumer rests between two tries while the database is away."""
PLACE = f"{LEDGER} {ORDERS.name}/{partition_for('account-0', ORDERS.partitions)}"


def start(
    platform: TestPlatform,
    service: Service,
    instance: str | None = "0",
    stuck_after: float = STUCK_AFTER,
) -> AbstractAsyncContextManager[Running]:
    return running(
        service,
        dsn=platform.dsn_of(service),
        kafka=platform.kafka,
        instance=instance,
        stuck_after_seconds=stuck_after,
    )


async def probe(started: Running, path: str) -> tuple[int, dict[str, Any]]:
    """What Kubernetes is told at `path`."""
    app = made(started.service)
    app.state.running = started
    return await probe_app(app, path)


def made(service: Service) -> FastAPI:
    """Its routes, before anything runs behind them."""
    return make_app(service, Settings.model_validate({"database_url": "none", "kafka": "none"}))


async def probe_app(app: FastAPI, path: str) -> tuple[int, dict[str, Any]]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


async def answers(started: Running, path: str, status: int) -> dict[str, Any]:
    """The body, as soon as the probe answers with this status."""

    async def look() -> dict[str, Any]:
        code, body = await probe(started, path)
        return body if code == status else {}

    return await eventually(look, what=f"{path} answers {status}")


async def stays_alive(started: Running, seconds: float = 4 * STUCK_AFTER) -> None:
    """For much longer than a stuck partition is given."""
    for _ in range(int(5 * seconds)):
        code, body = await probe(started, "/livez")
        assert (code, body["status"]) == (200, "alive"), body
        await asyncio.sleep(0.2)


async def place(publishing: Running, *numbers: int) -> None:
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number in numbers:
            await uow.publish(order("account-0", number, 5))


async def handled(platform: TestPlatform, count: int) -> None:
    async def look() -> bool:
        row = await platform.ledger_row("SELECT sum(handled) AS n FROM checkpoint")
        return row is not None and (row["n"] or 0) >= count

    await eventually(look, what=f"{count} events are handled")


async def test_while_it_starts_a_process_is_alive_and_not_ready(platform: TestPlatform) -> None:
    assert await probe_app(made(ledger), "/readyz") == (503, {"status": "starting"})
    code, body = await probe_app(made(ledger), "/livez")
    assert (code, body) == (200, {"status": "alive", "pid": os.getpid()})


async def test_a_process_that_only_serves_requests_waits_for_no_partitions(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger, worker=False) as started:
        assert await probe(started, "/readyz") == (200, {"status": "ready"})
        assert (await probe(started, "/livez"))[0] == 200


async def test_a_handler_that_hangs_fails_the_liveness_probe_which_names_its_partition(
    platform: TestPlatform,
) -> None:
    go_on = asyncio.Event()

    async def hang(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        await go_on.wait()

    async with platform.start(teller) as publishing:
        async with start(platform, Service(name=LEDGER, handlers=[hang])) as started:
            await answers(started, "/readyz", 200)
            await place(publishing, 1)
            stuck = await answers(started, "/livez", 503)
            assert stuck["status"] == "stuck"
            assert list(stuck["seconds"]) == [PLACE]
            assert stuck["seconds"][PLACE] >= STUCK_AFTER
            go_on.set()
            await answers(started, "/livez", 200)


async def test_an_idle_consumer_is_alive_and_ready_however_long_it_idles(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, start(platform, ledger) as started:
        await place(publishing, 1)
        await handled(platform, 2)
        await stays_alive(started)
        assert await probe(started, "/readyz") == (200, {"status": "ready"})


async def test_a_consumer_that_never_catches_up_is_alive_as_long_as_it_moves(
    platform: TestPlatform,
) -> None:
    """There is always a next record; each takes much less than a stuck one is given."""
    begun, stuck_after = asyncio.Event(), 3 * STUCK_AFTER

    async def dawdle(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        begun.set()
        await asyncio.sleep(stuck_after / 6)

    dawdling = Service(name=LEDGER, handlers=[dawdle])
    async with platform.start(teller) as publishing:
        async with start(platform, dawdling, stuck_after=stuck_after) as started:
            await answers(started, "/readyz", 200)
            await place(publishing, 0)
            for number in range(1, 12):
                await begun.wait()
                begun.clear()
                await place(publishing, number)
                code, body = await probe(started, "/livez")
                assert (code, body["status"]) == (200, "alive"), body


async def test_a_stopped_consumer_is_alive_and_not_ready_whatever_its_lag(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        async with start(platform, ledger) as started:
            await answers(started, "/readyz", 200)
            await started.consumers[0].breaker.stop("a test wants it")
            await place(publishing, 1)
            await stays_alive(started)
            body = await answers(started, "/readyz", 503)
            assert body == {
                "status": "consumers stopped",
                "consumers": {LEDGER: "a test wants it"},
            }


async def test_while_the_database_is_away_the_process_is_alive_and_not_ready(
    platform: TestPlatform,
) -> None:
    name = platform.ledger_dsn.rpartition("/")[2]
    admin = await asyncpg.connect(in_database(platform.admin_dsn, "postgres"))
    try:
        async with (
            platform.start(teller) as publishing,
            start(platform, ledger, stuck_after=RETRIED_WITHIN) as started,
        ):
            await answers(started, "/readyz", 200)
            await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            await place(publishing, 1)
            await stays_alive(started, 1.6 * RETRIED_WITHIN)
            body = await answers(started, "/readyz", 503)
            assert body == {"status": "the database does not answer"}
            await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
            await handled(platform, 2)
            await answers(started, "/readyz", 200)
    finally:
        await admin.close()


async def test_a_process_is_ready_when_its_partitions_are_taken_up_or_the_group_gave_it_none(
    platform: TestPlatform,
) -> None:
    async with platform.superuser_of(platform.ledger_dsn) as locker:
        async with locker.transaction():
            await locker.execute("LOCK TABLE checkpoint")
            async with AsyncExitStack() as replicas:
                first = await replicas.enter_async_context(start(platform, ledger))
                body = await answers(first, "/readyz", 503)
                assert body["status"] == "consumers join their group"
                assert body["consumers"] == [LEDGER, f"{LEDGER}.totals"]
                await locker.execute("ROLLBACK")
                await locker.execute("BEGIN")
                await answers(first, "/readyz", 200)
                others = [
                    await replicas.enter_async_context(start(platform, ledger, None))
                    for _ in range(ORDERS.partitions)
                ]
                for replica in (first, *others):
                    await answers(replica, "/readyz", 200)
