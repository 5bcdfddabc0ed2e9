"""The mailboxes that receivers keep for a practice on SFTP servers: settings, never data.

The file holds no secret: it names the mounted files that do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

import asyncssh
import structlog
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts import Contract
from libs.events.transport.faults import describe
from services.billing.exchange.port import ExchangeError
from services.billing.payers.model import MailboxName

log = structlog.get_logger("billing.exchange")

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class MailboxSettings(BaseSettings):
    """BILLING_MAILBOXES: a JSON file, mailboxes by name; key and password files are beside it."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    mailboxes: Path | None = None


class Mailbox(Contract):
    """Where a receiver takes one practice's files and leaves its own."""

    practice_id: UUID
    host: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: Text
    known_hosts: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    """The server's key as a line of OpenSSH's known_hosts; any other key is refused."""
    key_file: Text | None = None
    """Our private key, without a passphrase."""
    password_file: Text | None = None
    """For a receiver that takes no keys."""
    outbound: Text
    """The server's folder for our files."""
    inbound: Text
    """The server's folder with files for us."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        keys, *_ = asyncssh.import_known_hosts(self.known_hosts).match(self.host, "", self.port)
        if not keys:
            raise ValueError("known_hosts has no key for this host and port")
        if (self.key_file is None) == (self.password_file is None):
            raise ValueError("a mailbox names a key_file or a password_file")
        return self


def _lie_apart(found: dict[str, Mailbox]) -> dict[str, Mailbox]:
    """Of two practices in one folder neither could tell its files from the other's."""
    for side in ("outbound", "inbound"):
        places = {(m.host, m.port, m.user, getattr(m, side)) for m in found.values()}
        if len(places) < len(found):
            raise ValueError(f"two mailboxes share their {side} folder")
    return found


_BY_NAME = TypeAdapter(Annotated[dict[MailboxName, Mailbox], AfterValidator(_lie_apart)])


def load_mailboxes() -> dict[str, Mailbox]:
    """All mailboxes by name, none without the file; raises ExchangeError where it is no such."""
    path = MailboxSettings().mailboxes
    if path is None or not path.exists():
        return {}
    try:
        return _BY_NAME.validate_json(path.read_bytes())
    except ValidationError as error:
        log.error("mailboxes unreadable", error=describe(error))
        raise ExchangeError("mailboxes-unreadable") from None


def mailbox_of(practice_id: UUID, name: str) -> Mailbox:
    """A mailbox of this practice's; raises ExchangeError, also for another practice's."""
    found = load_mailboxes().get(name)
    if found is None or found.practice_id != practice_id:
        raise ExchangeError("not-set-up")
    return found


def credential(name: str) -> Path:
    """A file that a mailbox names: it is beside the file of mailboxes."""
    path = MailboxSettings().mailboxes
    assert path is not None, "who has a mailbox was told of it"
    return path.parent / name
