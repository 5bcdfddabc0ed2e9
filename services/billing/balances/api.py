"""Which patients owe something, and how far they have been asked for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.balances.model import Balance
from services.billing.balances.store import (
    PatientAccount,
    list_accounts,
    read_accounts,
    read_balances,
)

routes = APIRouter(prefix="/patient-balances", tags=["patient balances"])


class PatientBalance(Contract):
    """An account: `due_cents` of `owed_cents` may be asked for now, the rest waits for a payer."""

    account_id: UUID
    owed_cents: int
    due_cents: int
    agency_cents: int
    notices: int
    """The last notice of the series that runs; 0: none."""
    hold: str | None

    @classmethod
    def of(cls, account: PatientAccount, claims: Sequence[Balance]) -> PatientBalance:
        return cls(
            account_id=account.account_id,
            owed_cents=sum(claim.patient_cents for claim in claims),
            due_cents=sum(claim.patient_cents for claim in claims if claim.is_due),
            agency_cents=sum(claim.agency_cents for claim in claims),
            notices=account.notices,
            hold=account.hold,
        )


@routes.get("")
async def list_patient_balances(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: UUID | None = None,
) -> list[PatientBalance]:
    """Accounts that owe something, by their ids; `after` is the last one of the page before."""
    owing = await list_accounts(uow.db, uow.practice_id, limit, after)
    accounts = await read_accounts(uow.db, uow.practice_id, owing)
    charts = [chart for account in accounts for chart in account.charts]
    of_chart: dict[UUID, list[Balance]] = defaultdict(list)
    for claim in await read_balances(uow.db, uow.practice_id, charts):
        of_chart[claim.patient_id].append(claim)
    return [
        PatientBalance.of(account, [c for chart in account.charts for c in of_chart[chart]])
        for account in accounts
    ]
