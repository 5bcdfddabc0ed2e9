"""Receivers' mailboxes are looked into: what waits there is fetched, taken, and then removed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from libs.events.transport import Work
from libs.events.transport.database import Db
from services.billing.answers.read import take_files
from services.billing.exchange.mailboxes import load_mailboxes
from services.billing.exchange.model import next_look
from services.billing.exchange.port import ExchangeError, Failure, Waiting
from services.billing.exchange.ways import open_exchange

log = structlog.get_logger("billing.answers")

FIND_LOOK = """
SELECT looked_at, failure, failures, waiting FROM mailbox_look
 WHERE practice_id = $1 AND mailbox = $2
"""
NOTE_LOOK = """
INSERT INTO mailbox_look (practice_id, mailbox, looked_at, failure, failures, waiting)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (practice_id, mailbox) DO UPDATE
   SET looked_at = excluded.looked_at, failure = excluded.failure, failures = excluded.failures,
       waiting = excluded.waiting
"""
AT_ONCE = 4
"""Mailboxes that are open side by side."""


@dataclass(slots=True)
class Look:
    """A look into a mailbox. `failures`: how many in a row came to nothing, with this one."""

    looked_at: datetime | None = None
    failure: Failure | None = None
    failures: int = 0
    waiting: Sequence[Waiting] = field(default_factory=list[Waiting])


async def look_into_mailboxes(work: Work) -> None:
    """Look into every mailbox that is due; none waits for another that does not answer."""
    hands = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as looks:
        for name, mailbox in load_mailboxes().items():
            looks.create_task(_look_when_due(work, mailbox.practice_id, name, hands))


async def _look_when_due(
    work: Work, practice_id: UUID, mailbox: str, hands: asyncio.Semaphore
) -> None:
    async with hands:
        async with work.unit_of_work(practice_id) as uow:
            last = await _find_last(uow.db, practice_id, mailbox)
        if last.looked_at and work.now() < next_look(last.looked_at, last.failures):
            return
        look = await _look(work, practice_id, mailbox, last)
        async with work.unit_of_work(practice_id) as uow:
            await uow.db.execute(
                NOTE_LOOK, practice_id, mailbox, uow.now, look.failure, look.failures,
                json.dumps(look.waiting),
            )  # fmt: skip


async def _look(work: Work, practice_id: UUID, mailbox: str, last: Look) -> Look:
    """Take what is as it was at the last look: nobody is writing it any more."""
    look = Look(waiting=last.waiting)
    try:
        async with open_exchange(practice_id, mailbox) as exchange:
            look.waiting = await exchange.list()
            settled = [file for file in look.waiting if file in last.waiting]
            look.failure = await take_files(work, practice_id, exchange, settled)
    except ExchangeError as error:
        look.failure = error.failure
    if look.failure:
        look.failures = last.failures + 1
        log.warning("mailbox not emptied", practice=str(practice_id), mailbox=mailbox,
                    failure=look.failure)  # fmt: skip
    return look


async def _find_last(db: Db, practice_id: UUID, mailbox: str) -> Look:
    row = await db.fetchrow(FIND_LOOK, practice_id, mailbox)
    if row is None:
        return Look()
    waiting = [Waiting(*one) for one in json.loads(row["waiting"])]
    return Look(row["looked_at"], row["failure"], row["failures"], waiting)
