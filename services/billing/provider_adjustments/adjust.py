"""What a payment keeps or adds for no claim (835 PLB): to its account, told, kept and followed."""

from __future__ import annotations

from libs.events.contracts.billing_remittances import ProviderAdjustmentPosted
from libs.events.contracts.values import PracticeId, RemittanceId
from libs.events.transport import UnitOfWork
from services.billing.ledger import model as ledger
from services.billing.ledger.model import Account
from services.billing.ledger.store import post
from services.billing.provider_adjustments import store
from services.billing.provider_adjustments.model import (
    NOTHING_SETTLED,
    claims_named,
    is_settled_later,
    meaning_of,
    numbers_in,
    settle,
)
from services.billing.remittances.changes import Payment
from services.billing.x12 import ProviderAdjustment


async def adjust_provider(
    uow: UnitOfWork, payment: Payment, place: int, said: ProviderAdjustment
) -> None:
    """Keep it, with what it settles and names; where it moves money, post and tell it."""
    db, practice_id, payer_id = uow.db, uow.practice_id, payment.payer_id
    settlement = NOTHING_SETTLED
    if is_settled_later(said.reason):
        settlement = settle(said.cents, await store.lock_open(uow, payer_id, said.reference))
    await store.add(
        uow,
        payment,
        place,
        said,
        kind=meaning_of(said.reason).kind,
        open_cents=settlement.open_cents,
        claim_id=await store.find_claim(db, practice_id, payer_id, claims_named(said)),
        original_id=await store.find_remittance(
            db, practice_id, payer_id, numbers_in(said.reference)
        ),
    )
    await store.keep_settled(db, practice_id, payment, place, settlement.settled)
    if said.cents:
        await _post(uow, payment, place, said)


async def _post(uow: UnitOfWork, payment: Payment, place: int, said: ProviderAdjustment) -> None:
    kind = meaning_of(said.reason).kind
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
