"""Three brokers and a PostgreSQL that may be killed, each behind a proxy that may cut it off.

Clients see only the proxies: each broker advertises its own. Brokers speak to one another on
listeners of their own. Every topic has three replicas, and two of them must have a batch before it
is acknowledged. PostgreSQL commits for real, but without fsync: a process is killed, not a machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from libs.local.backends import kafka, postgres
from libs.local.backends.artifacts import cache_directory, ensure, kafka_jars, postgres_build
from libs.local.backends.errors import BackendError
from libs.local.backends.ground import User, server_user, within_reach
from libs.local.backends.java import Java, find_java
from libs.local.backends.native import reachable_java
from libs.local.backends.servers import Program, Server
from tests.chaos.proxy import Proxy

BROKERS = 3
CLUSTER_ID = "Y2hhb3MtY2x1c3Rlci0wMA"
# Later lines win over the earlier ones of one broker alone.
SETTINGS = """\
node.id={node}
listeners=CLIENT://127.0.0.1:{client},BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{quorum}
advertised.listeners=CLIENT://127.0.0.1:{proxy},BROKER://127.0.0.1:{broker}
inter.broker.listener.name=BROKER
listener.security.protocol.map=CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
replica.lag.time.max.ms=5000
group.min.session.timeout.ms=2000
"""


class Machine:
    """One server that is killed and started again, on the same port with the same files."""

    def __init__(self, program: Program, user: User | None, answers: Callable[[], bool]) -> None:
        self.name = program.name
        self._program = program
        self._user = user
        self._answers = answers
        self._server: Server | None = None

    @property
    def runs(self) -> bool:
        return self._server is not None and self._server.runs

    def begin(self) -> None:
        """Start it, without waiting until it answers."""
        self._server = Server(self._program, self._user)

    async def until_ready(self) -> None:
        server = self._server
        assert server is not None
        await asyncio.to_thread(server.wait_until, self._answers, Event())

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Signal the server's own process: for PostgreSQL the postmaster."""
        assert self._server is not None
        assert self._server.identity is not None
        os.kill(self._server.identity.pid, how)

    async def start_again(self) -> None:
        """Start it once the killed one has gone; BackendError where it does not come back."""
        server = self._server
        assert server is not None
        while server.runs:
            await asyncio.sleep(0.05)
        for _ in range(20):
            self.begin()
            try:
                await self.until_ready()
            except BackendError:
                # Orphans of a killed postmaster hold the data directory for a moment.
                await asyncio.sleep(0.5)
            else:
                return
        raise BackendError(f"{self.name} does not come back; see {self._program.log}")

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


@dataclass
class Cluster:
    """Addresses through the proxies, for services; direct ones, for those who check."""

    brokers: list[Machine]
    broker_proxies: list[Proxy]
    postgres: Machine
    postgres_proxy: Proxy
    admin_dsn: str

    @property
    def kafka(self) -> str:
        return ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.broker_proxies)


@asynccontextmanager
async def cluster(data: Path) -> AsyncIterator[Cluster]:
    """The cluster, ready; its files are under `data`, which the caller removes."""
    user = server_user()
    home = within_reach(data.resolve(), user)
    cache = within_reach(cache_directory(), user)
    jars = ensure([*kafka_jars(), postgres_build()], cache, progress=True)
    java = reachable_java(find_java(), cache, user)
    async with AsyncExitStack() as stack:
        base = postgres_machine(home / "postgres-1", cache, jars[-1], user)
        clients = [kafka.free_port() for _ in range(BROKERS)]
        proxies = [await stack.enter_async_context(Proxy.listening(port)) for port in clients]
        brokers = _brokers(home, jars[:-1], java, user, proxies)
        database, admin_dsn = base
        port = int(admin_dsn.rpartition(":")[2].partition("/")[0])
        proxy = await stack.enter_async_context(Proxy.listening(port))
        machines = [*brokers, database]
        for machine in machines:
            stack.callback(machine.stop)
            machine.begin()
        await asyncio.gather(*[machine.until_ready() for machine in machines])
        yield Cluster(brokers, proxies, database, proxy, admin_dsn)


def _brokers(
    home: Path, jars: list[Path], java: Java, user: User | None, proxies: list[Proxy]
) -> list[Machine]:
    nodes = range(1, BROKERS + 1)
    quorum = [kafka.free_port() for _ in nodes]
    voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in zip(nodes, quorum, strict=True))
    jar = next(jar for jar in jars if jar.name.startswith("kafka_"))
    template = jar.with_name(f"{jar.stem}-formatted")
    made: list[Machine] = []
    for node, proxy in zip(nodes, proxies, strict=True):
        own = _own_directory(home / f"kafka-{node}", user)
        kafka.prepare(own, template, jars, java, user)
        meta = own / "kafka" / kafka.META
        text = re.sub(r"(?m)^cluster\.id=.*$", f"cluster.id={CLUSTER_ID}", meta.read_text())
        meta.write_text(re.sub(r"(?m)^node\.id=.*$", f"node.id={node}", text))
        program = kafka.program(own, jars, java, port=proxy.server_port, durable=True)
        with (own / "kafka.properties").open("a") as settings:
            settings.write(
                SETTINGS.format(
                    node=node,
                    client=proxy.server_port,
                    broker=kafka.free_port(),
                    quorum=quorum[node - 1],
                    proxy=proxy.port,
                    voters=voters,
                )
            )
        bootstrap = f"127.0.0.1:{proxy.port}"
        made.append(Machine(program, user, lambda at=bootstrap: kafka.answers(at, CLUSTER_ID)))
    return made


def postgres_machine(
    home: Path, cache: Path, build: Path, user: User | None
) -> tuple[Machine, str]:
    """A PostgreSQL that may be killed, not begun yet, and its administrator's DSN."""
    own = _own_directory(home, user)
    binaries = postgres.unpack(build, cache)
    password = postgres.prepare(own, binaries, user)
    port = kafka.free_port()
    program = postgres.program(own, binaries, port=port, durable=True)
    quick = Program(
        name=program.name,
        command=(*program.command, "-c", "fsync=off"),
        directory=program.directory,
        log=program.log,
        mark=program.mark,
        stops=((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)),
    )
    dsn = f"postgresql://{postgres.SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
    return Machine(quick, user, lambda: postgres.answers(own, dsn)), dsn


def _own_directory(home: Path, user: User | None) -> Path:
    for name in ("logs", "scratch"):
        (home / name).mkdir(parents=True, exist_ok=True)
    if user:
        os.chown(home / "scratch", user.uid, user.gid)
    return home
