"""What payments kept or added for no claim, one by one: what it was for, and what is open of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.provider_adjustments.model import meaning_of
from services.billing.provider_adjustments.store import Adjusted, Wanted, list_adjustments
from services.billing.remittances.place import AfterPlace, read_place
from services.billing.x12.provider_adjustments import ProviderAdjustmentKind

routes = APIRouter(prefix="/provider-adjustments", tags=["remittances"])


class SettledWith(Contract):
    """An adjustment of the other sign, of the same payer and reference."""

    remittance_id: UUID
    place: int
    trace_number: str
    cents: int
    """What of the two is settled by one another, above zero."""


class ProviderAdjustmentView(Contract):
    """One PLB pair of an 835."""

    remittance_id: UUID
    """The payment that it came in."""
    place: int
    """Counted through the file."""
    payer_id: str
    trace_number: str
    paid_on: date
    posted_at: datetime
    reason: str
    """PLB03-1."""
    meaning: str
    """What the reason says, in our words."""
    kind: ProviderAdjustmentKind
    """The account that it went to; `payer-advance`: a balance that is settled later."""
    reference: str | None
    """PLB03-2; null: from before references were kept."""
    period_on: date
    """PLB02, the last day of the provider's fiscal year."""
    cents: int
    """Above zero: it lowered the payment (PLB04)."""
    open_cents: int
    """Of a balance, what nothing has settled yet. Below zero: the payer will take it back; above:
    it took what it had not announced."""
    settled_with: tuple[SettledWith, ...]
    claim_id: UUID | None
    """The claim that the reference names, by our number or the payer's."""
    original_remittance_id: UUID | None
    """The payment whose trace number the reference names."""

    @classmethod
    def of(cls, one: Adjusted) -> ProviderAdjustmentView:
        return cls(
            remittance_id=one.remittance_id,
            place=one.place,
            payer_id=one.payer_id,
            trace_number=one.trace_number,
            paid_on=one.paid_on,
            posted_at=one.posted_at,
            reason=one.reason,
            meaning=meaning_of(one.reason).label,
            kind=one.kind,
            reference=one.reference,
            period_on=one.period_on,
            cents=one.cents,
            open_cents=one.open_cents,
            settled_with=tuple(SettledWith(**with_._asdict()) for with_ in one.settled_with),
            claim_id=one.claim_id,
            original_remittance_id=one.original_id,
        )


@routes.get("")
async def list_provider_adjustments(
    uow: Uow,
    payer_id: str | None = None,
    reason: Annotated[str | None, Query(pattern=r"^[A-Z0-9]{1,3}$")] = None,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: AfterPlace = None,
) -> list[ProviderAdjustmentView]:
    """In the order of their posting; paid from a day on, and before another. `after` is
    REMITTANCE_ID/PLACE of the last one seen."""
    wanted = Wanted(payer_id, reason, from_on, to_on, is_open, read_place(after), limit)
    return [ProviderAdjustmentView.of(one) for one in await list_adjustments(uow, wanted)]
