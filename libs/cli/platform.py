"""The platform file: where Kafka and each service's database answer, for tools that see them all.

JSON: `{"kafka": "host:port", "databases": {"billing": "postgresql://…", …}, "keys": "folder",
"urls": {"interop": "http://…"}, "operator_key": "…"}`, the last three where tools need them;
named by MAINSTAY_PLATFORM; `make run` writes `.local/home/platform.json`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import typer
from pydantic import Field, ValidationError

from libs.events.contracts import Contract
from libs.events.transport.database import SET_TRANSPORT, Db, session_settings
from libs.events.transport.keys import KeyDirectory, Keys

DEFAULT = Path(".local/home/platform.json")


class Platform(Contract):
    """Addresses of everything; secrets, so the file is its owner's alone."""

    kafka: str
    databases: dict[str, str]
    keys: str | None = None
    """Directory of the practices' data keys; without it, tools read no marked field."""

    urls: dict[str, str] = {}
    """Where each service answers over HTTP, and the key to ask it with."""
    operator_key: str | None = Field(default=None, repr=False)

    def data_keys(self) -> Keys | None:
        return KeyDirectory(Path(self.keys)) if self.keys else None

    def database(self, service: str) -> str:
        if service not in self.databases:
            raise typer.BadParameter(
                f"there is no service {service!r}; there are {', '.join(sorted(self.databases))}"
            )
        return self.databases[service]

    def chosen(self, service: str | None) -> list[str]:
        """This service, or every one."""
        if service is None:
            return sorted(self.databases)
        self.database(service)
        return [service]


def load_platform() -> Platform:
    """Read the platform file, or say how to get one."""
    path = Path(os.environ.get("MAINSTAY_PLATFORM", DEFAULT))
    try:
        return Platform.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise typer.BadParameter(
            f"{path} is not there: start `make run`, or set MAINSTAY_PLATFORM to a platform file"
        ) from None
    except ValidationError as error:
        raise typer.BadParameter(f"{path} is not a platform file: {error}") from None


@asynccontextmanager
async def transport_of(platform: Platform, service: str) -> AsyncIterator[Db]:
    """A transaction in a service's database that sees the mechanism's own tables."""
    settings = session_settings("mainstay")
    db = await asyncpg.connect(platform.database(service), server_settings=settings)
    try:
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            yield db
    finally:
        await db.close()
