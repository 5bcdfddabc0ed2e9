"""Everything on one machine: databases, topics, services and the world outside, ready to be fed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from libs.local.backends import Backends
from libs.local.demo.practices import PAYERS
from libs.local.run.processes import Command, Processes
from libs.service.migrations import as_service, migrate, provision
from libs.service.operators import hash_password, write_operators
from libs.service.process import service_names
from libs.service.topics import make_topics

FIRST_PORT = 8420
READY_SECONDS = 90


class NotReadyError(Exception):
    """A process did not become ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the world outside answers. Seconds."""

    payer_seconds: float
    submit_delay_seconds: float


@dataclass
class LocalPlatform:
    """The running platform: addresses, keys and processes."""

    home: Path
    backends: Backends
    processes: Processes
    ports: dict[str, int]
    databases: dict[str, str]
    operator_key: str
    demo_password: str

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def exchange(self) -> Path:
        return self.home / "exchange"

    @property
    def ehr_inbox(self) -> Path:
        """What the EHR stand-in was told, a file for each message."""
        return self.home / "ehr"

    @property
    def data_keys(self) -> Path:
        """The practices' data keys: without them, marked fields are lost."""
        return self.home / "data-keys"

    def client(self, service: str, practice_id: str | None = None) -> httpx.AsyncClient:
        """An HTTP client with the operator's key."""
        headers = {"authorization": f"Bearer {self.operator_key}"}
        if practice_id is not None:
            headers["x-practice-id"] = practice_id
        return httpx.AsyncClient(base_url=self.url(service), headers=headers, timeout=60)


@asynccontextmanager
async def platform(
    home: Path, backends: Backends, pace: Pace, *, first_port: int = FIRST_PORT
) -> AsyncIterator[LocalPlatform]:
    """Start everything in `home`, which keeps what must outlive a run; stop it at the end.

    Ports are the free ones from `first_port` on, so addresses stay the same from run to run.
    """
    kept = _kept_secrets(home)
    names = service_names()
    databases = {n: as_service(backends.postgres, n, kept[f"database.{n}"]) for n in names}
    processes = Processes(home / "logs")
    ports = _free_ports([*names, "mllp", "smtp", "ehr", "payer", "cards"], first_port)
    made = LocalPlatform(
        home, backends, processes, ports, databases, kept["operator_key"], kept["demo_password"]
    )
    _write_files(made, kept)
    await asyncio.gather(
        make_topics(backends.kafka), *[_migrate(backends, n, kept[f"database.{n}"]) for n in names]
    )
    try:
        for command in _commands(made, kept, pace):
            await processes.start(command)
        await asyncio.gather(*[_until_ready(made, name) for name in names])
        yield made
    finally:
        await processes.stop()
        (home / "platform.json").unlink(missing_ok=True)


async def _migrate(backends: Backends, service: str, password: str) -> None:
    await provision(backends.postgres, service, password)
    await migrate(backends.postgres, service)


def _commands(made: LocalPlatform, kept: dict[str, str], pace: Pace) -> list[Command]:
    exchange, ports = made.exchange, made.ports
    exchange.mkdir(parents=True, exist_ok=True)
    commands = [
        Command("payer", "libs.local.payer",
                ("--exchange", str(exchange), "--pace", str(pace.payer_seconds),
                 "--crossovers", "0.3", "--inquire-port", str(ports["payer"]))),
        Command("mail", "libs.local.mail",
                ("--port", str(ports["smtp"]), "--maildir", str(made.home / "mail"))),
        Command("ehr", "libs.local.ehr",
                ("--port", str(ports["ehr"]), "--folder", str(made.ehr_inbox))),
        Command("cards", "libs.local.cards",
                ("--port", str(ports["cards"]), "--folder", str(made.home / "cards"))),
    ]  # fmt: skip
    knobs = {
        "BILLING_EXCHANGE_DIR": str(exchange),
        "BILLING_SUBMIT_DELAY_SECONDS": str(pace.submit_delay_seconds),
        "BILLING_CARDS_URL": f"http://127.0.0.1:{ports['cards']}",
        # One payer answers at once, the others by file.
        "BILLING_INQUIRE_URLS": json.dumps(
            {PAYERS[0].payer_id: f"http://127.0.0.1:{ports['payer']}/"}
        ),
        "INTEROP_MLLP_PORT": str(ports["mllp"]),
        "INTEROP_SUBSCRIPTION_PRIVATE_ENDPOINTS": "true",  # whoever subscribes is here, too
        "ENGAGEMENT_NOTICES_FROM_HOUR": "0",  # nobody is woken here
        "ENGAGEMENT_NOTICES_UNTIL_HOUR": "24",
        "ENGAGEMENT_SMTP_HOST": "127.0.0.1",
        "ENGAGEMENT_SMTP_PORT": str(ports["smtp"]),
        "ENGAGEMENT_PUBLIC_URL": made.url("engagement"),
        "MAINSTAY_KAFKA": made.backends.kafka,
        "MAINSTAY_KEYS": str(made.data_keys),
        "MAINSTAY_OPERATORS": str(made.home / "operators.json"),
        "MAINSTAY_SESSION_SECRET": kept["session_secret"],
        "MAINSTAY_INSTANCE": "0",
        "MAINSTAY_LOG_FORMAT": "json",
    }
    for name in made.databases:
        own = {
            "MAINSTAY_DATABASE_URL": made.databases[name],
            "MAINSTAY_PORT": str(ports[name]),
        }
        commands.append(Command(name, "libs.cli", ("run", name), knobs | own))
    return commands


async def _until_ready(made: LocalPlatform, service: str) -> None:
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    async with httpx.AsyncClient(base_url=made.url(service)) as client:
        while asyncio.get_running_loop().time() < deadline:
            try:
                alive = (await client.get("/livez")).json()
                ours = alive.get("pid") == made.processes.pid(service)
                if ours and (await client.get("/readyz")).status_code == 200:
                    return  # an answer of somebody else's process on this port does not count
            except (httpx.TransportError, ValueError):
                pass
            if made.processes.died().get(service, 0) > 3:
                break
            await asyncio.sleep(0.1)
    raise NotReadyError(
        f"{service} did not become ready; the end of {made.processes.logs / service}.log:\n"
        + made.processes.last_lines(service)
    )


def _kept_secrets(home: Path) -> dict[str, str]:
    """Passwords and keys of this data directory: made once, readable by its owner alone."""
    path = home / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    wanted = ["operator_key", "session_secret", *[f"database.{n}" for n in service_names()]]
    for name in wanted:
        kept.setdefault(name, secrets.token_hex(24))
    kept.setdefault("demo_password", "demo-" + secrets.token_hex(4))
    home.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(kept, indent=1))
    return kept


def _write_files(made: LocalPlatform, kept: dict[str, str]) -> None:
    write_operators(
        made.home / "operators.json",
        [
            {"name": "demo", "role": "operator", "practices": None,
             "password_scrypt": hash_password(kept["demo_password"])},
            {"name": "launcher", "role": "admin", "practices": None,
             "key_sha256": hashlib.sha256(kept["operator_key"].encode()).hexdigest()},
        ],
    )  # fmt: skip
    path = made.home / "platform.json"
    path.touch(mode=0o600)
    path.write_text(
        json.dumps(
            {
                "kafka": made.backends.kafka,
                "databases": made.databases,
                "keys": str(made.data_keys.resolve()),
                "urls": {name: made.url(name) for name in made.databases},
                "operator_key": made.operator_key,
            }
        )
    )


def _free_ports(names: list[str], first: int) -> dict[str, int]:
    """A loopback port for each name: the same ones every time, where nobody else has them."""
    ports: dict[str, int] = {}
    candidate = first
    for name in names:
        while not _is_free(candidate):
            candidate += 1
        ports[name] = candidate
        candidate += 1
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
