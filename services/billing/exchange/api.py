"""What could not be sent or fetched: `GET /unsent-interchanges`, `GET /mailboxes`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.contracts.values import PayerId
from libs.service.http import Uow
from services.billing.exchange.mailboxes import load_mailboxes
from services.billing.exchange.port import FIXES, ExchangeError, Failure
from services.billing.exchange.send import Kind
from services.billing.payers.model import MailboxName

routes = APIRouter(tags=["exchange"])

LIST_UNSENT = """
SELECT interchange_number, kind, payer_id, mailbox, made_at, failure, failed_at FROM interchange
 WHERE practice_id = $1 AND sent_at IS NULL AND failure IS NOT NULL AND interchange_number > $2
 ORDER BY interchange_number LIMIT $3
"""
LIST_LOOKS = """
SELECT mailbox, looked_at, failure FROM mailbox_look WHERE practice_id = $1
"""


class UnsentInterchange(Contract):
    """An interchange that its receiver does not have yet. It is tried again by itself."""

    interchange_number: int
    kind: Kind
    payer_id: PayerId
    mailbox: MailboxName | None
    """None: the exchange directory."""
    made_at: datetime
    failure: Failure
    fix: str
    failed_at: datetime


class MailboxView(Contract):
    """A mailbox of the practice's and the last look into it. Never where it is, nor who logs in."""

    mailbox: MailboxName
    looked_at: datetime | None
    failure: Failure | None
    fix: str | None


@routes.get("/unsent-interchanges")
async def list_unsent_interchanges(
    uow: Uow,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[UnsentInterchange]:
    """By number; `after` is the last number of the page before."""
    rows = await uow.db.fetch(LIST_UNSENT, uow.practice_id, after, limit)
    return [UnsentInterchange(**dict(row), fix=FIXES[row["failure"]]) for row in rows]


@routes.get("/mailboxes")
async def list_mailboxes(
    uow: Uow,
    after: MailboxName | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MailboxView]:
    """By name; `after` is the last name of the page before."""
    looks = {row["mailbox"]: dict(row) for row in await uow.db.fetch(LIST_LOOKS, uow.practice_id)}
    try:
        found = load_mailboxes()
    except ExchangeError as error:
        raise HTTPException(503, str(error)) from None
    own = [name for name, mailbox in found.items() if mailbox.practice_id == uow.practice_id]
    page = [name for name in sorted(own) if after is None or name > after][:limit]
    return [_view(name, looks.get(name)) for name in page]


def _view(name: str, look: Mapping[str, Any] | None) -> MailboxView:
    if look is None:
        return MailboxView(mailbox=name, looked_at=None, failure=None, fix=None)
    return MailboxView(**look, fix=FIXES.get(look["failure"]))
