"""Which way leads to a receiver: the exchange directory, or a mailbox of the practice's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from services.billing.exchange.directory import Directory, ExchangeSettings
from services.billing.exchange.mailboxes import mailbox_of
from services.billing.exchange.port import Exchange
from services.billing.exchange.sftp import open_sftp


@asynccontextmanager
async def open_exchange(practice_id: UUID, mailbox: str | None) -> AsyncIterator[Exchange]:
    """`mailbox`: by its name; None: the directory. Raises ExchangeError."""
    folder = folder_of(practice_id)
    if mailbox is None:
        yield Directory(folder)
        return
    where = mailbox_of(practice_id, mailbox)
    async with open_sftp(where, folder / "fetched" / mailbox, folder / "inbound") as sftp:
        yield sftp


def folder_of(practice_id: UUID) -> Path:
    return ExchangeSettings().exchange_dir / str(practice_id)
