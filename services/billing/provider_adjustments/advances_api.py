"""What payments moved beside claims: each payer's running balance."""

from __future__ import annotations

from fastapi import APIRouter

from libs.events.contracts import Contract
from libs.service.http import Uow

routes = APIRouter(prefix="/payer-advances", tags=["remittances"])

SUM_ADVANCES = """
SELECT e.payer_id, sum(l.cents)::bigint AS cents
  FROM journal_line l JOIN journal_entry e USING (practice_id, entry_id)
 WHERE l.practice_id = $1 AND l.account = 'payer-advance' AND e.payer_id IS NOT NULL
 GROUP BY e.payer_id HAVING sum(l.cents) <> 0 ORDER BY e.payer_id
"""


class PayerAdvance(Contract):
    """What a payer gave ahead and will take back, below zero; above: took and did not announce."""

    payer_id: str
    cents: int


@routes.get("")
async def list_payer_advances(uow: Uow) -> list[PayerAdvance]:
    """Payers with an open balance of PLB FB, WO and 72; at most one row a payer."""
    rows = await uow.db.fetch(SUM_ADVANCES, uow.practice_id)
    return [PayerAdvance(**dict(row)) for row in rows]
