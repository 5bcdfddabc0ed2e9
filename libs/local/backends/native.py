"""Apache Kafka and PostgreSQL as plain processes: no container daemon, no root, no fixed port."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from libs.local.backends import kafka, postgres
from libs.local.backends.artifacts import (
    cache_directory,
    ensure,
    exclusively,
    kafka_jars,
    postgres_build,
)
from libs.local.backends.ground import User, reaches, server_user, sweep, within_reach
from libs.local.backends.java import Java, find_java
from libs.local.backends.records import held, remember_servers, stop_leftovers
from libs.local.backends.servers import Program, Server, StoppedEarlyError

PORT_TRIES = 3
KEPT: frozenset[str] = frozenset({"kafka", "postgres", postgres.PASSWORD})


@dataclass(slots=True)
class _Run:
    """The servers of one data directory while they run."""

    home: Path
    cache: Path
    user: User | None
    durable: bool
    servers: list[Server] = field(default_factory=list[Server])
    given_up: Event = field(default_factory=Event)
    _writing: Lock = field(default_factory=Lock)

    def start(self, make: Callable[[int], Program], ready: Callable[[int], bool]) -> int:
        """Run the program on a port that is free now; returns the port once it is ready.

        Somebody may take the port between our looking and the server's binding: then another.
        """
        for attempt in range(1, PORT_TRIES + 1):
            port = kafka.free_port()
            server = Server(make(port), self.user)
            with self._writing:
                self.servers.append(server)
                known = [i for s in self.servers for i in (s.guardian, s.identity) if i]
                remember_servers(self.home, known)
            try:
                server.wait_until(lambda port=port: ready(port), self.given_up)
                return port
            except StoppedEarlyError as failure:
                if "in use" not in failure.log_tail or attempt == PORT_TRIES:
                    raise
        raise AssertionError("unreachable")


@contextmanager
def running(data: Path, *, durable: bool, progress: bool) -> Iterator[tuple[str, str]]:
    """Bootstrap servers of Kafka and the administrator's DSN of PostgreSQL, both ready.

    Raises:
        BackendError: something is missing on this machine, or `data` is in use.
    """
    user = server_user()
    java = find_java()
    sweep()
    home = within_reach(data.resolve(), user)
    cache = within_reach(cache_directory(), user)
    with held(home):
        stop_leftovers(home)
        before = frozenset(name for name in KEPT if (home / name).exists())
        _tidy(home, user)
        jars = ensure([*kafka_jars(), postgres_build()], cache, progress=progress)
        run = _Run(home, cache, user, durable)
        succeeded = False
        try:
            addresses = _start_both(run, jars[:-1], jars[-1], reachable_java(java, cache, user))
            succeeded = True
            yield addresses
        finally:
            _stop(run, remove=frozenset() if succeeded else KEPT - before)


def _start_both(run: _Run, jars: list[Path], build: Path, java: Java) -> tuple[str, str]:
    def start_kafka() -> str:
        template = run.cache / f"{_kafka_jar(jars).stem}-formatted"
        cluster = kafka.prepare(run.home, template, jars, java, run.user)
        port = run.start(
            lambda port: kafka.program(run.home, jars, java, port=port, durable=run.durable),
            lambda port: kafka.answers(f"127.0.0.1:{port}", cluster),
        )
        return f"127.0.0.1:{port}"

    def start_postgres() -> str:
        binaries = postgres.unpack(build, run.cache)
        password = postgres.prepare(run.home, binaries, run.user)
        dsn = f"postgresql://{postgres.SUPERUSER}:{password}@127.0.0.1:{{}}/postgres"
        port = run.start(
            lambda port: postgres.program(run.home, binaries, port=port, durable=run.durable),
            lambda port: postgres.answers(run.home, dsn.format(port)),
        )
        return dsn.format(port)

    with ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(start_kafka), pool.submit(start_postgres)]
        try:
            # The first to fail is the one to tell of; the other is not waited for.
            done, _ = wait(starting, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            if not all(future.done() and not future.exception() for future in starting):
                run.given_up.set()
    return starting[0].result(), starting[1].result()


def _stop(run: _Run, remove: frozenset[str]) -> None:
    # No threads here: this may run while the interpreter shuts down, when there are no new ones.
    for server in run.servers:
        server.ask_to_stop()
    for server in run.servers:
        server.stop()
    stop_leftovers(run.home)
    shutil.rmtree(run.home / "scratch", ignore_errors=True)
    for name in remove:
        path = run.home / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _tidy(home: Path, user: User | None) -> None:
    (home / "logs").mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(home / "scratch", ignore_errors=True)
    (home / "scratch").mkdir()
    if user:
        os.chown(home / "scratch", user.uid, user.gid)


def reachable_java(java: Java, cache: Path, user: User | None) -> Java:
    """Java itself, or a copy in the cache where the servers' user cannot enter its directory."""
    if reaches(user, java.program.resolve().parent):
        return java
    copy = cache / f"java-{java.version}"
    with exclusively(cache):
        if not copy.exists():
            making = copy.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            shutil.copytree(java.home, making, symlinks=True)
            making.replace(copy)
    return Java(copy / "bin" / "java", java.version, copy)


def _kafka_jar(jars: list[Path]) -> Path:
    return next(jar for jar in jars if jar.name.startswith("kafka_"))
