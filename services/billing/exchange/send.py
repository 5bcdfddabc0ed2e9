"""Interchanges leave: numbered without a gap, kept sealed, put where their receiver takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import structlog

from libs.events.transport import Timer, UnitOfWork, Work
from libs.events.transport.steps import reached
from services.billing.claims.store import next_number
from services.billing.exchange.port import ExchangeError, Failure
from services.billing.exchange.ways import open_exchange
from services.billing.payers.model import Route

log = structlog.get_logger("billing.exchange")

SEND_TIMER = "send-interchange"
Kind = Literal["837", "270", "276"]
"""The transaction set (ST01), which is the end of the file's name too."""

ADD_INTERCHANGE = """
INSERT INTO interchange (practice_id, interchange_number, kind, payer_id, mailbox, content, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
READ_INTERCHANGE = """
SELECT kind, content, mailbox FROM interchange WHERE practice_id = $1 AND interchange_number = $2
"""
CONFIRM_SENT = """
UPDATE interchange SET sent_at = $3
 WHERE practice_id = $1 AND interchange_number = $2 AND sent_at IS NULL
"""
NOTE_UNSENT = """
UPDATE interchange SET failure = $3, failed_at = $4
 WHERE practice_id = $1 AND interchange_number = $2
"""


class Kept(NamedTuple):
    """An interchange as it was kept. `mailbox`: where it goes; None: the exchange directory."""

    kind: Kind
    content: bytes
    mailbox: str | None


async def send(
    uow: UnitOfWork, kind: Kind, payer_id: str, route: Route, write: Callable[[int], bytes]
) -> int:
    """Keep an interchange to a payer as `keep` does, and set it on its way once this commits."""
    number = await keep(uow, kind, payer_id, write, mailbox=route.mailbox)
    await uow.set_timer(SEND_TIMER, str(number), uow.now)
    return number


async def keep(
    uow: UnitOfWork,
    kind: Kind,
    payer_id: str,
    write: Callable[[int], bytes],
    *,
    mailbox: str | None = None,
) -> int:
    """Number an interchange to a payer and keep what `write` makes of the number; returns it
    (ISA13, GS06 and ST02).

    The count's row stays locked until the commit, so a transaction that fails uses up no number.
    """
    number = await next_number(uow.db, uow.practice_id, "interchange")
    reached("interchange.numbered")
    sealed = uow.seal(write(number), _place(number))
    row = uow.practice_id, number, kind, payer_id, mailbox, sealed, uow.now
    await uow.db.execute(ADD_INTERCHANGE, *row)
    reached("interchange.kept")
    return number


async def read_kept_interchange(uow: UnitOfWork, number: int) -> Kept:
    """What was kept under a number of this practice's."""
    row = await uow.db.fetchrow(READ_INTERCHANGE, uow.practice_id, number)
    assert row is not None, "an interchange is kept with its number"
    return Kept(row["kind"], uow.unseal(row["content"], _place(number)), row["mailbox"])


async def confirm_sent(uow: UnitOfWork, number: int) -> None:
    await uow.db.execute(CONFIRM_SENT, uow.practice_id, number, uow.now)


async def send_interchange(timer: Timer, work: Work) -> None:
    """Put the interchange's file where its receiver takes it; a failure is seen and tried again."""
    number = int(timer.key)
    async with work.unit_of_work(timer.practice_id) as uow:
        kept = await read_kept_interchange(uow, number)
    try:
        async with open_exchange(timer.practice_id, kept.mailbox) as exchange:
            await exchange.put(f"{number:09d}.{kept.kind}", kept.content)
    except ExchangeError as error:
        log.warning("interchange not sent", practice=str(timer.practice_id), number=number,
                    mailbox=kept.mailbox, failure=error.failure)  # fmt: skip
        async with work.unit_of_work(timer.practice_id) as uow:
            await _note_unsent(uow, number, error.failure)
        raise
    reached("interchange.put")
    async with work.unit_of_work(timer.practice_id) as uow:
        await confirm_sent(uow, number)
    reached("interchange.confirmed")


async def _note_unsent(uow: UnitOfWork, number: int, failure: Failure) -> None:
    await uow.db.execute(NOTE_UNSENT, uow.practice_id, number, failure, uow.now)


def _place(number: int) -> str:
    return f"interchange/{number}"
