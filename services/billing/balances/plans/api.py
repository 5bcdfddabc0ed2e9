"""Payment plans: what a patient owes in monthly instalments."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from libs.events.contracts import PHI, Contract
from libs.events.contracts.billing_balances import PaymentPlanAgreed
from libs.events.contracts.values import PatientId, PracticeId, Short
from libs.service.http import Uow, json_body
from services.billing.balances.plans import store
from services.billing.balances.plans.follow import end_plan, plan_instalment
from services.billing.balances.plans.model import Plan
from services.billing.balances.statements.issue import due_now
from services.billing.balances.store import PatientAccount, lock_account
from services.billing.patients.store import list_charts

routes = APIRouter(prefix="/payment-plans", tags=["payment plans"])


class AgreePlan(Contract):
    """Everything that the account owes now, in equal monthly instalments.

    With a `card_token` each is charged on its day, else the patient pays it until then.
    """

    plan_id: UUID
    account_id: PatientId
    instalments: Annotated[int, Field(ge=2, le=60)]
    first_due_on: date
    card_token: Annotated[Short | None, PHI] = None


class PlanView(Contract):
    """A plan, and the instalment that is due next."""

    plan_id: UUID
    account_id: UUID
    state: str
    total_cents: int
    instalments: int
    instalment_cents: int
    first_due_on: date
    next_number: int
    missed_in_a_row: int
    has_card: bool

    @classmethod
    def of(cls, plan: Plan) -> PlanView:
        return cls(**{name: getattr(plan, name) for name in cls.model_fields})


@routes.post("", status_code=201)
async def agree_plan(command: Annotated[AgreePlan, json_body(AgreePlan)], uow: Uow) -> PlanView:
    """The same again changes nothing. 409: other content under the id, a plan that runs already,
    or nothing to pay."""
    account = await lock_account(uow.db, uow.practice_id, command.account_id)
    digest = hashlib.sha256(command.model_dump_json().encode()).digest()
    known = await store.find_command(uow.db, uow.practice_id, command.plan_id)
    if known is not None and known != digest:
        raise HTTPException(409, "another plan has this plan_id")
    if known is None:
        if await store.find_active(uow.db, uow.practice_id, account.charts):
            raise HTTPException(409, "the account has a plan already")
        await _agree(command, uow, account, digest)
    return await _view(uow, command.plan_id)


@routes.get("")
async def list_plans(
    uow: Uow,
    account_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PlanView]:
    """In the order in which they were agreed; `after` is the last one of the page before."""
    charts = None
    if account_id is not None:
        charts = await list_charts(uow.db, uow.practice_id, account_id)
    found = await store.list_plans(uow.db, uow.practice_id, charts, limit, after)
    return [PlanView.of(plan) for plan in found]


@routes.post("/{plan_id}/cancel")
async def cancel_plan(plan_id: UUID, uow: Uow) -> PlanView:
    """What is still open is billed again."""
    locked = await store.lock_plan(uow.db, uow.practice_id, plan_id)
    if locked is None:
        raise HTTPException(404, "there is no such plan")
    _, plan = locked
    if plan.state in ("completed", "defaulted"):
        raise HTTPException(409, "the plan is over")
    if plan.state == "active":
        await end_plan(uow, plan, "cancelled")
    return await _view(uow, plan_id)


async def _agree(command: AgreePlan, uow: Uow, account: PatientAccount, digest: bytes) -> None:
    due = await due_now(uow, account.charts)
    total = sum(claim.patient_cents for claim in due)
    if total < command.instalments:
        raise HTTPException(409, "the account owes too little for a plan")
    plan = Plan(
        practice_id=uow.practice_id,
        plan_id=command.plan_id,
        account_id=account.account_id,
        claims=tuple(claim.claim_id for claim in due),
        total_cents=total,
        instalments=command.instalments,
        first_due_on=command.first_due_on,
        next_number=1,
        missed_in_a_row=0,
        state="active",
        has_card=command.card_token is not None,
    )
    await store.add_plan(uow, plan, digest, command.card_token)
    agreed = PaymentPlanAgreed(
        practice_id=PracticeId(uow.practice_id),
        plan_id=plan.plan_id,
        account_id=PatientId(account.account_id),
        instalments=plan.instalments,
        instalment_cents=plan.instalment_cents,
        first_due_on=plan.first_due_on,
    )
    await uow.publish(agreed)
    await plan_instalment(uow, plan, 1)


async def _view(uow: Uow, plan_id: UUID) -> PlanView:
    plan = await store.find_plan(uow.db, uow.practice_id, plan_id)
    assert plan is not None
    return PlanView.of(plan)
