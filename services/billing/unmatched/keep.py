"""What fits none of ours waits for a person, and its money stands in unapplied cash."""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.contracts.billing_remittances import CashUnapplied
from libs.events.contracts.values import PracticeId, RemittanceId
from libs.events.transport import UnitOfWork
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post_all
from services.billing.remittances.changes import Payment
from services.billing.unmatched.store import Unmatched, add_unmatched


async def keep_unmatched(uow: UnitOfWork, payment: Payment, found: Sequence[Unmatched]) -> None:
    """Put them on the work list; the ledger says that their money came."""
    if not found:
        return
    await add_unmatched(uow, payment.remittance_id, found)
    entries: list[ledger.Entry] = []
    for unmatched in found:
        if not unmatched.said.paid_cents:
            continue
        event = _unapplied(uow, payment, unmatched)
        entries.append(
            ledger.unapplied(
                uow.practice_id, payment.remittance_id, unmatched.place, event.cents,
                payer_id=payment.payer_id, event_id=event.event_id,
            )
        )  # fmt: skip
        await uow.publish(event)
    await post_all(uow.db, entries, uow.now)


def _unapplied(uow: UnitOfWork, payment: Payment, unmatched: Unmatched) -> CashUnapplied:
    return CashUnapplied(
        practice_id=PracticeId(uow.practice_id),
        remittance_id=RemittanceId(payment.remittance_id),
        place=unmatched.place,
        payer_id=payment.payer_id,
        trace_number=payment.trace_number,
        reason=unmatched.reason,
        posted_on=uow.now.date(),
        cents=unmatched.said.paid_cents,
    )
