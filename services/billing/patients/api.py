"""A patient's account: what is open of all their claims, under whichever chart they came."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.balances.model import Balance
from services.billing.balances.store import read_balances
from services.billing.patients.store import list_charts

routes = APIRouter(prefix="/patients", tags=["patients"])


class AccountClaim(Contract):
    """A claim, the chart that its visit named, and what payer and patient owe of it."""

    claim_id: UUID
    patient_id: UUID
    service_on: date
    state: str
    charge_cents: int
    payer_cents: int
    patient_cents: int

    @classmethod
    def of(cls, claim: Balance) -> AccountClaim:
        return cls(**{name: getattr(claim, name) for name in cls.model_fields})


class Account(Contract):
    """`patient_id` is the chart that the patient goes by; `charts` are all of theirs."""

    patient_id: UUID
    charts: tuple[UUID, ...]
    payer_cents: int
    patient_cents: int
    claims: tuple[AccountClaim, ...]


@routes.get("/{patient_id}/account")
async def show_account(patient_id: UUID, uow: Uow) -> Account:
    """The same for each of a patient's charts; 404 where no claim of theirs is known."""
    charts = await list_charts(uow.db, uow.practice_id, patient_id)
    claims = await read_balances(uow.db, uow.practice_id, charts)
    if not claims:
        raise HTTPException(404, "there is no account of this patient")
    return Account(
        patient_id=charts[0],
        charts=tuple(charts),
        payer_cents=sum(claim.payer_cents for claim in claims),
        patient_cents=sum(claim.patient_cents for claim in claims),
        claims=tuple(AccountClaim.of(claim) for claim in claims),
    )
