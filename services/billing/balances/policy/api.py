"""Set how a practice bills its patients; its next cycle follows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException

from libs.service.http import Uow, json_body
from services.billing.balances.policy import store
from services.billing.balances.policy.model import BalancePolicy, problem_of
from services.billing.balances.statements.issue import plan_cycle

routes = APIRouter(prefix="/balance-policy", tags=["patient balances"])


@routes.put("")
async def set_balance_policy(
    policy: Annotated[BalancePolicy, json_body(BalancePolicy)], uow: Uow
) -> BalancePolicy:
    """The whole policy; it holds for what happens from now on."""
    problem = problem_of(policy)
    if problem is not None:
        raise HTTPException(422, problem)
    await store.set_policy(uow.db, uow.practice_id, policy, uow.now)
    await plan_cycle(uow, policy)
    return policy


@routes.get("")
async def show_balance_policy(uow: Uow) -> BalancePolicy:
    policy = await store.find_policy(uow.db, uow.practice_id)
    if policy is None:
        raise HTTPException(404, "the practice has no balance policy yet")
    return policy
