"""Throwaway containers for tests, by testcontainers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, cast

from libs.local.backends import kafka, postgres
from libs.local.backends.errors import BackendError

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
READY_SECONDS = 120.0
LISTENERS = "HOST://:9092,PLAINTEXT://127.0.0.1:9093,CONTROLLER://127.0.0.1:9094"


def kafka_environment(port: int) -> dict[str, str]:
    """The native broker's settings as the image takes them, reachable on the host's `port`.

    A second listener is for the broker itself, which inside its container cannot reach the first
    at the address that is right for everybody else.
    """
    native = kafka.SETTINGS.format(broker=9093, controller=9094, data="/var/lib/kafka/data")
    settings = dict(line.split("=", 1) for line in native.splitlines())
    settings |= {
        "listeners": LISTENERS,
        "advertised.listeners": f"HOST://127.0.0.1:{port},PLAINTEXT://127.0.0.1:9093",
        "listener.security.protocol.map": "HOST:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
    named = {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in settings.items()}
    return named | {"KAFKA_HEAP_OPTS": "-Xmx384m"}


def postgres_environment(password: str) -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": password,
        "POSTGRES_INITDB_ARGS": "--auth=scram-sha-256 --locale=C --locale-provider=builtin "
        "--builtin-locale=C.UTF-8",
    }


@contextmanager
def throwaway() -> Iterator[tuple[str, str]]:
    """Bootstrap servers and administrator's DSN; the containers and their data go at the end."""
    # Imported late: it takes a second, which nobody else should pay.
    from testcontainers.core.container import DockerContainer

    kafka_port, postgres_port = kafka.free_port(), kafka.free_port()
    password = secrets.token_urlsafe(24)
    broker = DockerContainer(KAFKA_IMAGE).with_envs(**kafka_environment(kafka_port))
    server = DockerContainer(POSTGRES_IMAGE).with_envs(**postgres_environment(password))
    settings = [flag for setting in postgres.THROWAWAY for flag in ("-c", setting)]
    server = server.with_command(["postgres", "-c", "max_connections=300", *settings])
    server = server.with_kwargs(shm_size="256m")
    _bind(broker, 9092, kafka_port)
    _bind(server, 5432, postgres_port)
    brokers = f"127.0.0.1:{kafka_port}"
    dsn = f"postgresql://{postgres.SUPERUSER}:{password}@127.0.0.1:{postgres_port}/postgres"
    with broker, server:
        _wait_for("PostgreSQL", server, lambda: postgres.lets_in(dsn))
        _wait_for("Kafka", broker, lambda: kafka.answers(brokers, cluster_id=None))
        yield brokers, dsn


def _bind(container: DockerContainer, inside: int, port: int) -> None:
    # Docker takes (address, port); the type here knows only the port, which means all addresses.
    container.ports[f"{inside}/tcp"] = cast("int", ("127.0.0.1", port))


def _wait_for(name: str, container: DockerContainer, answers: Callable[[], bool]) -> None:
    deadline = monotonic() + READY_SECONDS
    while not answers():
        if monotonic() > deadline:
            last = b"".join(container.get_logs())[-2000:].decode(errors="replace")
            raise BackendError(f"the container of {name} did not answer in time:\n{last}")
        sleep(0.1)
