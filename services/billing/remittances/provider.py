"""What a payment keeps or adds for no claim (835 PLB): to its account, told and kept."""

from __future__ import annotations

from libs.events.contracts.billing_remittances import ProviderAdjustmentPosted
from libs.events.contracts.values import PracticeId, RemittanceId
from libs.events.transport import UnitOfWork
from services.billing.ledger import model as ledger
from services.billing.ledger.model import Account
from services.billing.ledger.store import post
from services.billing.remittances.changes import Payment
from services.billing.x12 import (
    ProviderAdjustment,
    ProviderAdjustmentMeaning,
    meaning_of_provider_adjustment,
)

ADD_ADJUSTMENT = """
INSERT INTO provider_adjustment (practice_id, remittance_id, place, reason, kind, period_on, cents)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
UNKNOWN = ProviderAdjustmentMeaning("provider-adjustment", "a code that the guide does not have")


def meaning_of(reason: str) -> ProviderAdjustmentMeaning:
    """A code that nobody knows moves money all the same: it stands apart, and is told."""
    return meaning_of_provider_adjustment(reason) or UNKNOWN


async def adjust_provider(
    uow: UnitOfWork, payment: Payment, place: int, said: ProviderAdjustment
) -> None:
    """Keep it; where it moves money, post and tell it."""
    kind = meaning_of(said.reason).kind
    await uow.db.execute(
        ADD_ADJUSTMENT, uow.practice_id, payment.remittance_id, place, said.reason, kind,
        said.fiscal_period_on, said.cents,
    )  # fmt: skip
    if not said.cents:
        return
    event = ProviderAdjustmentPosted(
        practice_id=PracticeId(uow.practice_id),
        remittance_id=RemittanceId(payment.remittance_id),
        place=place,
        payer_id=payment.payer_id,
        trace_number=payment.trace_number,
        reason=said.reason,
        kind=kind,
        posted_on=uow.now.date(),
        cents=said.cents,
    )
    entry = ledger.provider_adjustment(
        uow.practice_id, payment.remittance_id, place, Account(kind), said.cents,
        payer_id=payment.payer_id, event_id=event.event_id,
    )  # fmt: skip
    await post(uow.db, entry, uow.now)
    await uow.publish(event)
