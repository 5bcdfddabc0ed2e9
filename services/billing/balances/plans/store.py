"""The SQL of payment plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.balances.plans.model import Plan, PlanState
from services.billing.balances.store import PatientAccount, lock_with_account

COLUMNS = """practice_id, plan_id, account_id, claims, total_cents, instalments, first_due_on,
       next_number, missed_in_a_row, state, card IS NOT NULL AS has_card"""
ADD_PLAN = """
INSERT INTO payment_plan (practice_id, plan_id, account_id, claims, total_cents, instalments,
                          first_due_on, state, card, command_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9)
"""
FIND_COMMAND = """
SELECT command_sha256 FROM payment_plan WHERE practice_id = $1 AND plan_id = $2
"""
FIND_PLAN = f"SELECT {COLUMNS} FROM payment_plan WHERE practice_id = $1 AND plan_id = $2"
FIND_ACTIVE = f"""
SELECT {COLUMNS} FROM payment_plan
 WHERE practice_id = $1 AND account_id = ANY ($2::uuid[]) AND state = 'active'
"""
READ_CARD = "SELECT card FROM payment_plan WHERE practice_id = $1 AND plan_id = $2"
ADVANCE = """
UPDATE payment_plan SET next_number = $3, missed_in_a_row = $4
 WHERE practice_id = $1 AND plan_id = $2
"""
SET_STATE = "UPDATE payment_plan SET state = $3 WHERE practice_id = $1 AND plan_id = $2"
LIST_PLANS = f"""
SELECT {COLUMNS} FROM payment_plan
 WHERE practice_id = $1 AND ($2::uuid[] IS NULL OR account_id = ANY ($2))
   AND ($3::uuid IS NULL OR made > (SELECT made FROM payment_plan
                                     WHERE practice_id = $1 AND plan_id = $3))
 ORDER BY made LIMIT $4
"""


async def add_plan(uow: UnitOfWork, plan: Plan, command_sha256: bytes, token: str | None) -> None:
    card = uow.seal(token.encode(), _place(plan.plan_id)) if token else None
    await uow.db.execute(
        ADD_PLAN, plan.practice_id, plan.plan_id, plan.account_id, list(plan.claims),
        plan.total_cents, plan.instalments, plan.first_due_on, card, command_sha256,
    )  # fmt: skip


async def find_command(db: Db, practice_id: UUID, plan_id: UUID) -> bytes | None:
    return await db.fetchval(FIND_COMMAND, practice_id, plan_id)


async def find_plan(db: Db, practice_id: UUID, plan_id: UUID) -> Plan | None:
    row = await db.fetchrow(FIND_PLAN, practice_id, plan_id)
    return _plan(dict(row)) if row else None


async def lock_plan(db: Db, practice_id: UUID, plan_id: UUID) -> tuple[PatientAccount, Plan] | None:
    """A plan and its account."""
    return await lock_with_account(db, practice_id, lambda: find_plan(db, practice_id, plan_id))


async def find_active(db: Db, practice_id: UUID, charts: Sequence[UUID]) -> list[Plan]:
    """One, or of merged charts perhaps several."""
    rows = await db.fetch(FIND_ACTIVE, practice_id, list(charts))
    return [_plan(dict(row)) for row in rows]


async def read_card(uow: UnitOfWork, plan_id: UUID) -> str:
    sealed = await uow.db.fetchval(READ_CARD, uow.practice_id, plan_id)
    return uow.unseal(sealed, _place(plan_id)).decode()


async def advance(db: Db, plan: Plan, next_number: int, missed_in_a_row: int) -> None:
    await db.execute(ADVANCE, plan.practice_id, plan.plan_id, next_number, missed_in_a_row)


async def set_state(db: Db, plan: Plan, state: PlanState) -> None:
    await db.execute(SET_STATE, plan.practice_id, plan.plan_id, state)


async def list_plans(
    db: Db, practice_id: UUID, charts: Sequence[UUID] | None, limit: int, after: UUID | None
) -> list[Plan]:
    given = list(charts) if charts is not None else None
    rows = await db.fetch(LIST_PLANS, practice_id, given, after, limit)
    return [_plan(dict(row)) for row in rows]


def _place(plan_id: UUID) -> str:
    return f"plan/{plan_id}"


def _plan(row: dict[str, Any]) -> Plan:
    row["claims"] = tuple(row["claims"])
    return Plan(**row)
