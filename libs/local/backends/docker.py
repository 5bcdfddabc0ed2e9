"""Kafka and PostgreSQL in containers.

`make run BACKEND=docker` runs deploy/compose.yaml in the foreground under a guardian, so that the
containers stop with the launcher however it ends; their volumes stay. Tests use testcontainers,
which removes everything.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from libs.local.backends import kafka, postgres
from libs.local.backends.artifacts import CHECKOUT
from libs.local.backends.containers import KAFKA_IMAGE, POSTGRES_IMAGE, throwaway
from libs.local.backends.errors import BackendError
from libs.local.backends.ground import within_reach
from libs.local.backends.records import DOCKER_PASSWORD, held, remember_servers, stop_leftovers
from libs.local.backends.servers import Program, Server

COMPOSE_FILE = str(CHECKOUT / "deploy" / "compose.yaml")
COMPOSE = ("compose", "-f", COMPOSE_FILE)
DAEMON_SECONDS = 2.0
PULL_SECONDS = 300.0


def why_not(environ: Mapping[str, str], *, pull: bool = True) -> str | None:
    """Why containers cannot be used here; None: they can."""
    client = shutil.which("docker", path=environ.get("PATH"))
    if client is None:
        return "there is no Docker client"
    if environ.get("DOCKER_HOST", "unix:").split(":")[0] not in {"unix", "npipe"}:
        return "the Docker daemon is on another machine"
    if not _succeeds(client, "version", "--format", "{{.Server.Version}}", within=DAEMON_SECONDS):
        return "no Docker daemon answers"
    for image in (KAFKA_IMAGE, POSTGRES_IMAGE):
        if _succeeds(client, "image", "inspect", image, within=DAEMON_SECONDS * 5):
            continue
        if not pull:
            return f"the Docker daemon does not have {image}"
        print(f"Pulling {image} …", file=sys.stderr)
        if not _succeeds(client, "pull", "-q", image, within=PULL_SECONDS):
            return f"the Docker daemon cannot pull {image}"
    return None


@contextmanager
def running(data: Path, *, durable: bool) -> Iterator[tuple[str, str]]:
    """Bootstrap servers of Kafka and the administrator's DSN of PostgreSQL, both ready.

    Raises:
        BackendError: no daemon, no images, or a container does not come up.
    """
    missing = why_not(os.environ)
    if missing:
        raise BackendError(
            f"BACKEND=docker: {missing}. Start Docker, or leave BACKEND unset to run without it."
        )
    if not durable:
        with throwaway() as addresses:
            yield addresses
        return
    if not _succeeds("docker", "compose", "version", within=DAEMON_SECONDS * 5):
        raise BackendError(
            "BACKEND=docker needs the compose plugin (`docker compose version` fails). Install it, "
            "or leave BACKEND unset to run without Docker."
        )
    home = within_reach(data.resolve(), None)
    with held(home):
        stop_leftovers(home)
        with _composed(home) as addresses:
            yield addresses


@contextmanager
def _composed(home: Path) -> Iterator[tuple[str, str]]:
    (home / "logs").mkdir(mode=0o700, exist_ok=True)
    ports = {"KAFKA": kafka.free_port(), "POSTGRES": kafka.free_port()}
    password = _password(home)
    environment = _environment(home, password) | {
        f"MAINSTAY_{name}_PORT": str(port) for name, port in ports.items()
    }
    program = Program(
        name="Docker compose",
        command=("docker", *COMPOSE, "up", "--no-color"),
        directory=home,
        log=home / "logs" / "compose.log",
        mark=COMPOSE_FILE,
        stops=((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0)),
        environment=environment,
    )
    brokers = f"127.0.0.1:{ports['KAFKA']}"
    dsn = f"postgresql://{postgres.SUPERUSER}:{password}@127.0.0.1:{ports['POSTGRES']}/postgres"
    server = Server(program, user=None)
    try:
        remember_servers(home, [i for i in (server.guardian, server.identity) if i])
        # Only our container has the password, and only our compose maps the other port.
        server.wait_until(lambda: postgres.lets_in(dsn), Event())
        server.wait_until(lambda: kafka.answers(brokers, cluster_id=None), Event())
        yield brokers, dsn
    finally:
        server.stop()
        subprocess.run(
            ["docker", *COMPOSE, "down"], env=environment, capture_output=True, check=False
        )
        stop_leftovers(home)


def down(home: Path, *, wipe: bool) -> None:
    """Remove the containers of that data directory; their volumes only with `wipe`.

    Raises:
        BackendError: no daemon answers, so they stay.
    """
    command = ["docker", *COMPOSE, "down", *(["--volumes"] if wipe else [])]
    environment = _environment(home, password="unused")
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise BackendError(f"the containers were not removed: {told.stderr.strip()[-500:]}")


def _environment(home: Path, password: str) -> dict[str, str]:
    """Each data directory has containers and volumes of its own."""
    project = f"mainstay-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
    return {**os.environ, "COMPOSE_PROJECT_NAME": project, "MAINSTAY_POSTGRES_PASSWORD": password}


def _password(home: Path) -> str:
    """Kept beside the data, because the volume remembers the first one that it was given."""
    path = home / DOCKER_PASSWORD
    if not path.exists():
        postgres.write_private(path, secrets.token_urlsafe(24))
    return path.read_text()


def _succeeds(*command: str, within: float) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=within).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
