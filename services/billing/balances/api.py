"""Which patients owe something, and how far they have been asked for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.balances.store import account_of, list_accounts, read_account, read_balances

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


@routes.get("")
async def list_patient_balances(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: UUID | None = None,
) -> list[PatientBalance]:
    """Accounts that owe something, by their ids; `after` is the last one of the page before."""
    found: list[PatientBalance] = []
    for account_id in await list_accounts(uow.db, uow.practice_id, limit, after):
        _, charts = await account_of(uow.db, uow.practice_id, account_id)
        claims = await read_balances(uow.db, uow.practice_id, charts)
        notices, hold = await read_account(uow.db, uow.practice_id, account_id)
        found.append(
            PatientBalance(
                account_id=account_id,
                owed_cents=sum(claim.patient_cents for claim in claims),
                due_cents=sum(claim.patient_cents for claim in claims if claim.is_due),
                agency_cents=sum(claim.agency_cents for claim in claims),
                notices=notices,
                hold=hold,
            )
        )
    return found
