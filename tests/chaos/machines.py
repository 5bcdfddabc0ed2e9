"""Faults of the servers and of the network between them and the pair."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.cluster import Cluster
from tests.chaos.proxy import Direction, Proxy
from tests.chaos.run import Run, Strike, VoidError, until

LINGER_SECONDS = 0.4
STRIKE_SECONDS = 10
"""How long a cut connection may stay silent before the cut counts as none."""
FIND_COMMITTING = """
SELECT pid FROM pg_stat_activity
 WHERE query LIKE 'COMMIT%' AND state = 'active' AND datname = current_database()
"""


def _cluster(run: Run) -> Cluster:
    assert run.stage.cluster is not None, "only where the servers are the run's own"
    return run.stage.cluster


async def kill_postgres(run: Run, rng: random.Random) -> None:
    """SIGKILL of the postmaster, or the immediate stop that its supervisor would send."""
    postgres = _cluster(run).postgres
    await run.strikes_now()
    postgres.kill(rng.choice((signal.SIGKILL, signal.SIGQUIT)))
    await asyncio.sleep(rng.uniform(0, 2))
    await postgres.start_again()


async def kill_a_backend_in_commit(run: Run, rng: random.Random) -> None:
    """SIGKILL of the one process that is committing: the server ends all others and recovers."""
    role = rng.choice(("teller", "ledger"))
    async with _committing(run, role) as backend:
        await run.strikes_now()
        os.kill(backend, signal.SIGKILL)


async def leave_commits_unheard(run: Run, rng: random.Random) -> None:
    """The answers to COMMIT are lost: whoever asked does not know, and must find out."""
    proxy = _cluster(run).postgres_proxy
    async with _committing(run, rng.choice(("teller", "ledger"))):
        await run.strikes_now()
        await _cut([proxy], Direction.from_server, LINGER_SECONDS * 2, loses=1)


@asynccontextmanager
async def _committing(run: Run, role: str) -> AsyncIterator[int]:
    """A backend that is inside a COMMIT now; commits linger for that, until the context ends."""
    async with run.stage.look(role) as db:
        await db.execute("INSERT INTO lingering VALUES ($1)", LINGER_SECONDS)
    try:

        async def find() -> int | None:
            async with run.stage.look(role) as db:
                return await db.fetchval(FIND_COMMITTING)

        yield await until(find, 20)
    finally:
        await until(lambda: _hurry(run, role), 60)


async def _hurry(run: Run, role: str) -> bool:
    async with run.stage.look(role) as db:
        await db.execute("DELETE FROM lingering")
    return True


async def kill_a_broker(run: Run, rng: random.Random) -> None:
    """One of three, whichever it leads; two replicas go on."""
    broker = rng.choice(_cluster(run).brokers)
    await run.strikes_now()
    broker.kill()
    await asyncio.sleep(rng.uniform(0, 6))
    await broker.start_again()


async def stop_a_broker(run: Run, rng: random.Random) -> None:
    """A broker that answers nobody, for longer than the controller waits; then it goes on."""
    broker = rng.choice(_cluster(run).brokers)
    await run.strikes_now()
    broker.kill(signal.SIGSTOP)
    await asyncio.sleep(rng.uniform(2, 7))
    broker.kill(signal.SIGCONT)


def _cut_postgres(direction: Direction) -> Strike:
    async def strike(run: Run, rng: random.Random) -> None:
        await run.strikes_now()
        await _cut([_cluster(run).postgres_proxy], direction, rng.uniform(0.5, 4), rng.random())

    return strike


def _cut_kafka(direction: Direction) -> Strike:
    async def strike(run: Run, rng: random.Random) -> None:
        await run.strikes_now()
        proxies = await _busy(_cluster(run).broker_proxies)
        chosen = rng.sample(proxies, rng.randint(1, len(proxies)))
        await _cut(chosen, direction, rng.uniform(0.5, 4), rng.random())

    return strike


async def _busy(proxies: list[Proxy]) -> list[Proxy]:
    """Those that pass something on: a broker that was started again may lead no partition yet."""
    before = [proxy.passed for proxy in proxies]

    async def find() -> list[Proxy]:
        return [p for p, passed in zip(proxies, before, strict=True) if p.passed > passed]

    return await until(find, STRIKE_SECONDS)


async def _cut(proxies: list[Proxy], direction: Direction, seconds: float, loses: float) -> None:
    """Cut for so long, or until that has hit something, and mend: bytes are lost, or (where `loses`
    is below a half) only late."""
    before = sum(proxy.struck for proxy in proxies)

    async def struck() -> bool:
        return sum(proxy.struck for proxy in proxies) > before

    for proxy in proxies:
        (proxy.lose if loses >= 0.5 else proxy.hold)(direction)
    try:
        await asyncio.sleep(seconds)
        await until(struck, STRIKE_SECONDS)
    except TimeoutError:
        raise VoidError("nothing went through the cut connections") from None
    finally:
        for proxy in proxies:
            proxy.mend()


async def reset_connections(run: Run, rng: random.Random) -> None:
    cluster = _cluster(run)
    proxies = [*cluster.broker_proxies, cluster.postgres_proxy]
    await run.strikes_now()
    before = sum(proxy.struck for proxy in proxies)
    for proxy in rng.sample(proxies, rng.randint(1, len(proxies))):
        proxy.reset()
    if sum(proxy.struck for proxy in proxies) == before:
        raise VoidError("nothing was connected")


async def slow_network(run: Run, rng: random.Random) -> None:
    cluster = _cluster(run)
    proxies = [*cluster.broker_proxies, cluster.postgres_proxy]
    await run.strikes_now()
    for proxy in proxies:
        proxy.delay(rng.uniform(0.01, 0.1))
    await asyncio.sleep(rng.uniform(1, 3))
    for proxy in proxies:
        proxy.mend()


MACHINE_FAULTS: dict[str, Strike] = {
    "kill PostgreSQL": kill_postgres,
    "kill a backend in COMMIT": kill_a_backend_in_commit,
    "COMMIT unheard": leave_commits_unheard,
    "kill a broker": kill_a_broker,
    "stop a broker": stop_a_broker,
    "cut to PostgreSQL": _cut_postgres(Direction.to_server),
    "cut from PostgreSQL": _cut_postgres(Direction.from_server),
    "cut to Kafka": _cut_kafka(Direction.to_server),
    "cut from Kafka": _cut_kafka(Direction.from_server),
    "reset connections": reset_connections,
    "slow network": slow_network,
}
