"""The SQL of policies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.balances.policy.model import BalancePolicy

SET_POLICY = """
INSERT INTO balance_policy (practice_id, policy, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (practice_id) DO UPDATE
   SET policy = excluded.policy, changed_at = excluded.changed_at
"""
FIND_POLICY = "SELECT policy FROM balance_policy WHERE practice_id = $1"


async def set_policy(db: Db, practice_id: UUID, policy: BalancePolicy, at: datetime) -> None:
    await db.execute(SET_POLICY, practice_id, policy.model_dump_json(), at)


async def find_policy(db: Db, practice_id: UUID) -> BalancePolicy | None:
    """None: the practice has not said yet how it bills its patients."""
    text = await db.fetchval(FIND_POLICY, practice_id)
    return BalancePolicy.model_validate_json(text) if text is not None else None
