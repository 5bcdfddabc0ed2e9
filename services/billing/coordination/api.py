"""`POST /claims/{id}/coverages` and `/forward`: what a biller does about further payers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.claims.api import ClaimView
from services.billing.coordination.commands import (
    ForwardDenial,
    TellCoverage,
    forward_denial,
    tell_coverage,
)

routes = APIRouter(prefix="/claims", tags=["claims"])
Person = Annotated[Caller, Depends(known_caller)]


@routes.post("/{claim_id}/coverages", status_code=202)
async def tell(
    claim_id: UUID,
    command: Annotated[TellCoverage, json_body(TellCoverage)],
    uow: Uow,
    caller: Person,
) -> ClaimView:
    """Say who pays at a place. What the payer before left to the patient is asked of that payer,
    where it takes a claim of that day still. Repeating changes nothing.
    """
    return ClaimView.of(await tell_coverage(uow, claim_id, command, caller.name))


@routes.post("/{claim_id}/forward", status_code=202)
async def forward(
    claim_id: UUID,
    command: Annotated[ForwardDenial, json_body(ForwardDenial)],
    uow: Uow,
    caller: Person,
) -> ClaimView:
    """Ask the next payer for what was denied: the denial is taken for final. Repeating changes
    nothing.
    """
    return ClaimView.of(await forward_denial(uow, claim_id, command, caller.name))
