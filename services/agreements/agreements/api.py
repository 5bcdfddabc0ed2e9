"""Sign an agreement; payments that waited for it accrue their fees in the same transaction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.agreements import AgreementSigned
from libs.events.contracts.values import AgreementId, PracticeId
from libs.service.http import Uow, json_body
from services.agreements.agreements import store
from services.agreements.agreements.model import (
    Agreement,
    ForbiddenError,
    RefusedError,
    decide_signing,
)
from services.agreements.fees import accrue
from services.agreements.fees import store as fees
from services.agreements.practices import store as practices

routes = APIRouter(prefix="/agreements", tags=["agreements"])


class SignAgreement(Contract):
    """A share of collections from a day on. Send `rate` as text, such as "0.065"."""

    agreement_id: AgreementId
    model: Literal["percentage-of-collections"] = "percentage-of-collections"
    rate: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
    effective_on: date


class AgreementView(Contract):
    agreement_id: UUID
    model: str
    rate: Decimal
    effective_on: date

    @classmethod
    def of(cls, agreement: Agreement) -> AgreementView:
        return cls(
            agreement_id=agreement.agreement_id,
            model=agreement.model,
            rate=agreement.rate.normalize(),  # 0.065 and 0.065000 are written alike
            effective_on=agreement.effective_on,
        )


@routes.post("", status_code=201)
async def sign_agreement(
    command: Annotated[SignAgreement, json_body(SignAgreement)], uow: Uow
) -> AgreementView:
    """Sign an agreement; publishes AgreementSigned once. 422: the state forbids it; 409: terms."""
    await fees.lock_account(uow.db, uow.practice_id)
    practice = await practices.find_practice(uow.db, uow.practice_id)
    if practice is None:
        raise HTTPException(404, "there is no such practice: onboard it first")
    agreement = Agreement(command.agreement_id, command.model, command.rate, command.effective_on)
    try:
        is_new = decide_signing(
            agreement,
            await store.list_agreements(uow.db, uow.practice_id),
            state=practice.address.state,
            changes_accrued=await fees.has_accrued_under_older(
                uow.db, uow.practice_id, agreement.effective_on
            ),
        )
    except ForbiddenError as forbidden:
        raise HTTPException(422, str(forbidden)) from None
    except RefusedError as refused:
        raise HTTPException(409, str(refused)) from None
    if is_new:
        await store.add_agreement(uow.db, uow.practice_id, agreement, uow.now)
        await uow.publish(
            AgreementSigned(
                practice_id=PracticeId(uow.practice_id),
                agreement_id=command.agreement_id,
                model=command.model,
                rate=command.rate,
                effective_on=command.effective_on,
            )
        )
        await accrue.accrue_waiting_fees(uow)
    return AgreementView.of(agreement)


@routes.get("")
async def list_agreements(uow: Uow) -> list[AgreementView]:
    """The practice's agreements, by effective day; the last one that is effective is in force."""
    found = await store.list_agreements(uow.db, uow.practice_id)
    return [AgreementView.of(agreement) for agreement in found]
