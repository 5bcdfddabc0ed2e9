"""Receivers' mailboxes are looked into: what waits there is fetched, taken, and then removed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from libs.events.transport import Work
from services.billing.answers.read import take_waiting
from services.billing.exchange.mailboxes import load_mailboxes
from services.billing.exchange.model import next_look
from services.billing.exchange.port import ExchangeError, Failure
from services.billing.exchange.ways import open_exchange

log = structlog.get_logger("billing.answers")

FIND_LOOK = """
SELECT looked_at, failure, failures FROM mailbox_look WHERE practice_id = $1 AND mailbox = $2
"""
NOTE_LOOK = """
INSERT INTO mailbox_look (practice_id, mailbox, looked_at, failure, failures)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (practice_id, mailbox) DO UPDATE
   SET looked_at = excluded.looked_at, failure = excluded.failure, failures = excluded.failures
"""
AT_ONCE = 4
"""Mailboxes that are open side by side."""


class Look(NamedTuple):
    """The last look into a mailbox."""

    looked_at: datetime
    failure: Failure | None
    failures: int


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
            row = await uow.db.fetchrow(FIND_LOOK, practice_id, mailbox)
        last = Look(*row) if row else None
        if last and work.now() < next_look(last.looked_at, last.failures):
            return
        failure = await _look(work, practice_id, mailbox)
        failures = (last.failures if last else 0) + 1 if failure else 0
        async with work.unit_of_work(practice_id) as uow:
            await uow.db.execute(NOTE_LOOK, practice_id, mailbox, uow.now, failure, failures)


async def _look(work: Work, practice_id: UUID, mailbox: str) -> Failure | None:
    try:
        async with open_exchange(practice_id, mailbox) as exchange:
            failure = await take_waiting(work, practice_id, exchange)
    except ExchangeError as error:
        failure = error.failure
    if failure:
        log.warning(
            "mailbox not emptied", practice=str(practice_id), mailbox=mailbox, failure=failure
        )
    return failure
