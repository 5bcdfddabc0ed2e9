"""Applications for charity care, and their decision; above the limit two people decide."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from libs.events.contracts import PHI, Contract
from libs.events.contracts.billing_balances import FinancialAssistanceDecided
from libs.events.contracts.values import PatientId, PracticeId
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.balances.assistance import model, store
from services.billing.balances.assistance.model import (
    Application,
    ApplicationState,
    Region,
    discount_for,
    let_off_of,
    percent_of_guideline,
)
from services.billing.balances.dunning.collections import suspend
from services.billing.balances.model import Balance
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.policy.store import find_policy
from services.billing.balances.statements.issue import due_now
from services.billing.balances.store import lock_account
from services.billing.writeoffs.decide import write_off_as_decided
from services.billing.writeoffs.model import Wanted

routes = APIRouter(prefix="/assistance-applications", tags=["financial assistance"])


class Apply(Contract):
    """What a household said of itself; nothing of it is kept in clear."""

    application_id: UUID
    account_id: PatientId
    received_on: date
    household_size: Annotated[int, Field(ge=1, le=30), PHI]
    annual_income_cents: Annotated[int, Field(ge=0, le=10**12), PHI]
    region: Region = "contiguous"
    """Where the household lives: the guideline has a table for each."""


class Decide(Contract):
    """Approve at the scale's discount, or deny."""

    outcome: Literal["approved", "denied"]


class ApplicationView(Contract):
    """An application without the household's income."""

    application_id: UUID
    account_id: UUID
    received_on: date
    percent_of_guideline: int
    discount_percent: int
    state: str
    proposed_by: str | None
    decided_by: str | None

    @classmethod
    def of(cls, application: Application) -> ApplicationView:
        return cls(**{name: getattr(application, name) for name in cls.model_fields})


@routes.post("", status_code=201)
async def apply(command: Annotated[Apply, json_body(Apply)], uow: Uow) -> ApplicationView:
    """The same again changes nothing; the account is not dunned until it is decided, and under a
    hospital's policy an agency gives it back."""
    policy = await find_policy(uow.db, uow.practice_id)
    if policy is None or not policy.assistance_scale:
        raise HTTPException(409, "the practice's policy has no assistance_scale")
    account = await lock_account(uow.db, uow.practice_id, command.account_id)
    said = command.model_dump_json().encode()
    digest = hashlib.sha256(said).digest()
    known = await store.find_command(uow.db, uow.practice_id, command.application_id)
    if known is not None and known != digest:
        raise HTTPException(409, "another application has this application_id")
    if known is None:
        percent = percent_of_guideline(
            command.annual_income_cents, command.household_size, command.region,
            command.received_on,
        )  # fmt: skip
        application = Application(
            application_id=command.application_id,
            account_id=account.account_id,
            received_on=command.received_on,
            percent_of_guideline=percent,
            discount_percent=discount_for(percent, policy.assistance_scale),
            state="received",
            proposed_by=None,
            decided_by=None,
        )
        await store.add_application(uow, application, said, digest)
        if policy.hospital_policy is not None:
            await suspend(uow, account, command.received_on)
    return await _view(uow, command.application_id)


@routes.get("")
async def list_applications(
    uow: Uow,
    state: ApplicationState | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[ApplicationView]:
    """In the order in which they came; `after` is the last one of the page before."""
    found = await store.list_applications(uow.db, uow.practice_id, state, limit, after)
    return [ApplicationView.of(application) for application in found]


@routes.post("/{application_id}/decision")
async def decide(
    application_id: UUID,
    command: Annotated[Decide, json_body(Decide)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> ApplicationView:
    """What is due of the account is let off by the discount. Above the practice's limit the first
    person proposes, and another one decides."""
    locked = await store.lock_application(uow.db, uow.practice_id, application_id)
    if locked is None:
        raise HTTPException(404, "there is no such application")
    account, application = locked
    if application.state in ("approved", "denied"):
        if application.state != command.outcome:
            raise HTTPException(409, "it was decided otherwise; a write-off can be reversed")
        return ApplicationView.of(application)
    policy = await find_policy(uow.db, uow.practice_id) or BalancePolicy()
    due = await due_now(uow, account.charts) if command.outcome == "approved" else []
    parts = [(claim, _let_off(policy, application, claim)) for claim in due]
    cents = sum(part for _, part in parts)
    decided = model.decide(
        application, command.outcome, cents, policy.assistance_limit_cents, by=caller.name
    )
    await store.note_decision(uow.db, uow.practice_id, decided)
    if decided.state != "proposed":
        await _carry_out(uow, application, command, account.account_id, parts, caller.name)
    return ApplicationView.of(decided)


async def _carry_out(
    uow: Uow,
    application: Application,
    command: Decide,
    account_id: UUID,
    parts: list[tuple[Balance, int]],
    by: str,
) -> None:
    decided = FinancialAssistanceDecided(
        practice_id=PracticeId(uow.practice_id),
        application_id=application.application_id,
        account_id=PatientId(account_id),
        outcome=command.outcome,
        discount_percent=application.discount_percent if command.outcome == "approved" else 0,
    )
    await uow.publish(decided)
    for claim, cents in parts:
        if cents:
            wanted = Wanted(
                write_off_id=uuid5(application.application_id, str(claim.claim_id)),
                claim_id=claim.claim_id,
                owed_by="patient",
                reason="charity-care",
                cents=cents,
            )
            await write_off_as_decided(uow, wanted, by)


def _let_off(policy: BalancePolicy, application: Application, claim: Balance) -> int:
    hospital = policy.hospital_policy
    agb_percent = hospital.agb_percent if hospital else None
    return let_off_of(claim, application.discount_percent, agb_percent)


async def _view(uow: Uow, application_id: UUID) -> ApplicationView:
    application = await store.find_application(uow.db, uow.practice_id, application_id)
    assert application is not None
    return ApplicationView.of(application)
