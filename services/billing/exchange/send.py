"""Interchanges leave: numbered without a gap, kept sealed, and written as files of the exchange."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.transport import Timer, UnitOfWork, Work
from services.billing.claims.store import next_number

SEND_TIMER = "send-interchange"
Kind = Literal["837", "270", "276"]
"""The transaction set (ST01), which is the end of the file's name too."""

ADD_INTERCHANGE = """
INSERT INTO interchange (practice_id, interchange_number, kind, payer_id, content, made_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
READ_INTERCHANGE = """
SELECT kind, content FROM interchange WHERE practice_id = $1 AND interchange_number = $2
"""
CONFIRM_SENT = """
UPDATE interchange SET sent_at = $3
 WHERE practice_id = $1 AND interchange_number = $2 AND sent_at IS NULL
"""


class ExchangeSettings(BaseSettings):
    """BILLING_EXCHANGE_DIR: the directory that the payer's files travel through."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    exchange_dir: Path = Path(".local/exchange")


async def send(uow: UnitOfWork, kind: Kind, payer_id: str, write: Callable[[int], bytes]) -> int:
    """Keep an interchange to a payer as `keep` does, and set it on its way once this commits."""
    number = await keep(uow, kind, payer_id, write)
    await uow.set_timer(SEND_TIMER, str(number), uow.now)
    return number


async def keep(uow: UnitOfWork, kind: Kind, payer_id: str, write: Callable[[int], bytes]) -> int:
    """Number an interchange to a payer and keep what `write` makes of the number; returns it
    (ISA13, GS06 and ST02).

    The count's row stays locked until the commit, so a transaction that fails uses up no number.
    """
    number = await next_number(uow.db, uow.practice_id, "interchange")
    sealed = uow.seal(write(number), _place(number))
    row = uow.practice_id, number, kind, payer_id, sealed, uow.now
    await uow.db.execute(ADD_INTERCHANGE, *row)
    return number


async def read_kept_interchange(uow: UnitOfWork, number: int) -> tuple[Kind, bytes]:
    """What was kept under a number of this practice's."""
    row = await uow.db.fetchrow(READ_INTERCHANGE, uow.practice_id, number)
    assert row is not None, "an interchange is kept with its number"
    return row["kind"], uow.unseal(row["content"], _place(number))


async def confirm_sent(uow: UnitOfWork, number: int) -> None:
    await uow.db.execute(CONFIRM_SENT, uow.practice_id, number, uow.now)


async def send_interchange(timer: Timer, work: Work) -> None:
    """Write the interchange's file, whole or not at all; again only where nobody has it yet."""
    number = int(timer.key)
    async with work.unit_of_work(timer.practice_id) as uow:
        kind, content = await read_kept_interchange(uow, number)
    _write_file(timer.practice_id, f"{number:09d}.{kind}", content)
    async with work.unit_of_work(timer.practice_id) as uow:
        await confirm_sent(uow, number)


def _place(number: int) -> str:
    return f"interchange/{number}"


def _write_file(practice_id: UUID, name: str, content: bytes) -> None:
    outbound = ExchangeSettings().exchange_dir / str(practice_id) / "outbound"
    outbound.mkdir(parents=True, exist_ok=True)
    if (outbound / name).exists() or (outbound / "taken" / name).exists():
        return
    part = outbound / f"{name}.part"
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(outbound / name)
