"""The payers of a practice: `PUT /payers/{payer_id}`, `GET /payers`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.contracts.values import PayerId
from libs.service.http import Uow, json_body
from services.billing.claims.release import release_held_claims
from services.billing.exchange.mailboxes import mailbox_of
from services.billing.exchange.port import ExchangeError
from services.billing.payers import store
from services.billing.payers.model import PayerTerms

routes = APIRouter(prefix="/payers", tags=["payers"])


class PayerView(Contract):
    """A payer of the directory, and what was agreed with it."""

    payer_id: PayerId
    terms: PayerTerms


@routes.put("/{payer_id}")
async def set_payer(
    payer_id: PayerId, terms: Annotated[PayerTerms, json_body(PayerTerms)], uow: Uow
) -> PayerView:
    """Say how claims go to a payer, from the next interchange on. The same again changes nothing.

    Claims that could not be written before are looked at again. 422 for a mailbox that the practice
    does not have.
    """
    if terms.mailbox is not None:
        try:
            mailbox_of(uow.practice_id, terms.mailbox)
        except ExchangeError as error:
            raise HTTPException(422, str(error)) from None
    await store.put_payer(uow.db, uow.practice_id, payer_id, terms)
    await release_held_claims(uow)
    return PayerView(payer_id=payer_id, terms=terms)


@routes.get("")
async def list_payers(
    uow: Uow,
    after: PayerId | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[PayerView]:
    """By id; `after` is the last payer_id of the page before."""
    rows = await store.list_payers(uow.db, uow.practice_id, after, limit)
    return [PayerView(payer_id=payer_id, terms=terms) for payer_id, terms in rows]
