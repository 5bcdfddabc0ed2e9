"""What a person does about a remitted claim that fits none of ours: apply, refund or dismiss it.

The row of the work list is its own command's id: the same again changes nothing, and something else
about a resolved one raises RefusedError.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.billing_remittances import (
    CashApplied,
    CashRefunded,
    DismissReason,
    RefundReason,
    UnmatchedRemittanceDismissed,
)
from libs.events.contracts.values import ClaimId, PaymentId, PracticeId, RemittanceId
from libs.events.transport import UnitOfWork
from libs.service.refused import RefusedError, UnknownError
from services.billing.claims.store import lock_many
from services.billing.coordination.model import decide_in_order, speaker
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post
from services.billing.remittances.changes import Changes
from services.billing.remittances.claim import post_decision, post_reversal
from services.billing.remittances.model import (
    REVERSAL,
    Standing,
    obstacle_to_applying,
    to_reverse,
)
from services.billing.remittances.store import read_standings
from services.billing.unmatched.store import Kept, lock_unmatched, resolve


async def apply_to_claim(
    uow: UnitOfWork, remittance_id: UUID, place: int, claim_id: UUID, by: str
) -> Kept:
    """Post on this claim what the 835 said; its money comes out of unapplied cash."""
    kept = await _lock(uow, remittance_id, place)
    if kept.resolution is not None:
        return _as_before(kept, kept.resolution == "applied" and kept.claim_id == claim_id)
    payment_id = await _post(uow, kept, await _standing(uow, claim_id))
    event = CashApplied(
        **_named(uow, kept),
        payer_id=kept.payment.payer_id,
        claim_id=ClaimId(claim_id),
        payment_id=PaymentId(payment_id),
        applied_on=uow.now.date(),
        cents=kept.said.paid_cents,
    )
    await _take_out(uow, kept, event)
    await uow.publish(event)
    return await resolve(uow, kept, "applied", reason=None, claim_id=claim_id, by=by)


async def refund(
    uow: UnitOfWork, remittance_id: UUID, place: int, reason: RefundReason, by: str
) -> Kept:
    """The money goes back to its payer."""
    kept = await _lock(uow, remittance_id, place)
    if kept.resolution is not None:
        return _as_before(kept, (kept.resolution, kept.resolved_for) == ("refunded", reason))
    if kept.said.paid_cents <= 0:
        raise RefusedError("there is no money to give back")
    event = CashRefunded(
        **_named(uow, kept),
        payer_id=kept.payment.payer_id,
        reason=reason,
        refunded_on=uow.now.date(),
        cents=kept.said.paid_cents,
    )
    await _take_out(uow, kept, event)
    await uow.publish(event)
    return await resolve(uow, kept, "refunded", reason=reason, claim_id=None, by=by)


async def dismiss(
    uow: UnitOfWork, remittance_id: UUID, place: int, reason: DismissReason, by: str
) -> Kept:
    """Nothing more is needed; only where no money moved."""
    kept = await _lock(uow, remittance_id, place)
    if kept.resolution is not None:
        return _as_before(kept, (kept.resolution, kept.resolved_for) == ("dismissed", reason))
    if kept.said.paid_cents:
        raise RefusedError("it moved money: apply it to a claim, or refund it")
    await uow.publish(
        UnmatchedRemittanceDismissed(
            **_named(uow, kept), reason=reason, dismissed_on=uow.now.date()
        )
    )
    return await resolve(uow, kept, "dismissed", reason=reason, claim_id=None, by=by)


async def _lock(uow: UnitOfWork, remittance_id: UUID, place: int) -> Kept:
    kept = await lock_unmatched(uow, remittance_id, place)
    if kept is None:
        raise UnknownError("there is no such remitted claim")
    return kept


def _as_before(kept: Kept, same: bool) -> Kept:
    if not same:
        raise RefusedError(f"it was {kept.resolution} already, and otherwise")
    return kept


async def _standing(uow: UnitOfWork, claim_id: UUID) -> Standing:
    claims = await lock_many(uow.db, uow.practice_id, [claim_id])
    if not claims:
        raise UnknownError("there is no such claim")
    return (await read_standings(uow.db, uow.practice_id, claims))[claim_id]


async def _post(uow: UnitOfWork, kept: Kept, standing: Standing) -> UUID:
    """Gives the posting that was made or taken back."""
    said, changes = kept.said, Changes(kept.payment)
    payment_id = uuid5(kept.payment.remittance_id, str(kept.place))
    if said.status == REVERSAL:
        place = speaker(standing.claim, kept.payment.payer_id, said.status)
        found = to_reverse(standing, said, place)
        if found is None:
            raise RefusedError("nothing-to-reverse: no posting of the claim paid this much")
        await post_reversal(uow, standing, found, payment_id, changes)
        payment_id = found.payment_id
    else:
        made = decide_in_order(standing, said)
        reason = obstacle_to_applying(standing, said, made)
        if reason is not None or made is None:
            raise RefusedError(f"{reason}: the claim cannot take this decision")
        await post_decision(uow, standing, said, made, payment_id, changes)
    await changes.save(uow)
    return payment_id


async def _take_out(uow: UnitOfWork, kept: Kept, event: CashApplied | CashRefunded) -> None:
    kind = "cash-applied" if isinstance(event, CashApplied) else "cash-refunded"
    entry = ledger.unapplied_no_more(
        uow.practice_id, event.remittance_id, kept.place, event.cents, kind=kind,
        payer_id=event.payer_id, event_id=event.event_id,
    )  # fmt: skip
    await post(uow.db, entry, uow.now)


def _named(uow: UnitOfWork, kept: Kept) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(uow.practice_id),
        "remittance_id": RemittanceId(kept.payment.remittance_id),
        "place": kept.place,
    }
