"""The work list: money and decisions that fit no claim of ours, and what to do about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from libs.events.contracts import Contract
from libs.events.contracts.billing_remittances import DismissReason, RefundReason, UnmatchedReason
from libs.events.contracts.values import ClaimId
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.remittances.model import Action, actions
from services.billing.remittances.place import AfterPlace, read_place
from services.billing.unmatched import resolve
from services.billing.unmatched.store import Kept, Resolution, list_unmatched

routes = APIRouter(prefix="/unmatched-remittances", tags=["remittances"])
Known = Annotated[Caller, Depends(known_caller)]


class UnmatchedRemittance(Contract):
    """A remitted claim that a person must look at; its money stands in unapplied cash."""

    remittance_id: UUID
    place: int
    """Counted through the file: which of its claims."""
    control_number: str
    """CLP01, as the payer said it."""
    payer_claim_number: str
    """CLP07."""
    status: str
    """CLP02, claim status code."""
    charge_cents: int
    paid_cents: int
    reason: UnmatchedReason
    actions: tuple[Action, ...]
    """What can be done about it; none: it was done."""
    payer_id: str
    trace_number: str
    paid_on: date
    warning: str | None
    resolution: Resolution | None
    resolved_for: str | None
    claim_id: UUID | None
    """The claim that it was applied to."""
    resolved_by: str | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, kept: Kept) -> UnmatchedRemittance:
        said, payment = kept.said, kept.payment
        return cls(
            remittance_id=payment.remittance_id,
            place=kept.place,
            control_number=said.control_number,
            payer_claim_number=said.payer_claim_control_number,
            status=said.status,
            charge_cents=said.charge_cents,
            paid_cents=said.paid_cents,
            reason=kept.reason,
            actions=() if kept.resolution else actions(said.paid_cents),
            payer_id=payment.payer_id,
            trace_number=payment.trace_number,
            paid_on=kept.paid_on,
            warning=kept.warning,
            resolution=kept.resolution,
            resolved_for=kept.resolved_for,
            claim_id=kept.claim_id,
            resolved_by=kept.resolved_by,
            resolved_at=kept.resolved_at,
        )


class Apply(Contract):
    """The claim of the practice that the payer meant."""

    claim_id: ClaimId


class Refund(Contract):
    """Why the payer gets its money back."""

    reason: RefundReason


class Dismiss(Contract):
    """Why nothing is needed."""

    reason: DismissReason


@routes.get("")
async def list_unmatched_remittances(
    uow: Uow,
    state: Literal["open", "resolved"] = "open",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: AfterPlace = None,
) -> list[UnmatchedRemittance]:
    """Oldest payment first; `after` is REMITTANCE_ID/PLACE of the last one seen."""
    rows = await list_unmatched(
        uow, resolved=state == "resolved", after=read_place(after), limit=limit
    )
    return [UnmatchedRemittance.of(kept) for kept in rows]


@routes.post("/{remittance_id}/{place}/apply")
async def apply_to_claim(
    remittance_id: UUID,
    place: int,
    command: Annotated[Apply, json_body(Apply)],
    uow: Uow,
    caller: Known,
) -> UnmatchedRemittance:
    """Post on this claim what the payer decided; repeating is harmless."""
    kept = await resolve.apply_to_claim(uow, remittance_id, place, command.claim_id, caller.name)
    return UnmatchedRemittance.of(kept)


@routes.post("/{remittance_id}/{place}/refund")
async def refund(
    remittance_id: UUID,
    place: int,
    command: Annotated[Refund, json_body(Refund)],
    uow: Uow,
    caller: Known,
) -> UnmatchedRemittance:
    """Give the money back to its payer; repeating is harmless."""
    kept = await resolve.refund(uow, remittance_id, place, command.reason, caller.name)
    return UnmatchedRemittance.of(kept)


@routes.post("/{remittance_id}/{place}/dismiss")
async def dismiss(
    remittance_id: UUID,
    place: int,
    command: Annotated[Dismiss, json_body(Dismiss)],
    uow: Uow,
    caller: Known,
) -> UnmatchedRemittance:
    """Close one that moved no money; repeating is harmless."""
    kept = await resolve.dismiss(uow, remittance_id, place, command.reason, caller.name)
    return UnmatchedRemittance.of(kept)
