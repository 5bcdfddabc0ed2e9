"""An 835 is posted once, and only if it balances: first it is read to its end, then posted.

Source: X12 005010X221A1 section 1.10.2 (balancing). Two passes over the stream keep memory flat:
the first tells whether every line, claim and payment comes out to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork
from services.billing.claims.store import lock_by_control
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post
from services.billing.remittances import store
from services.billing.remittances.claim import is_postable, post_decision, post_reversal
from services.billing.remittances.model import REVERSAL
from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    read_835,
)


class RefusedRemittanceError(Exception):
    """A file that posts nothing: a closed code, where, and what to do."""

    def __init__(self, code: str, place: str, fix: str) -> None:
        super().__init__(code)
        self.code = code
        self.place = place
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment whose claims are being posted."""

    remittance_id: UUID
    header: RemittanceHeader


async def post_remittances(uow: UnitOfWork, stream: BinaryIO, sha256: bytes) -> str:
    """Post every payment of a file that was not posted before; `duplicate` where none was new."""
    _refuse_unbalanced(stream)
    stream.seek(0)
    payment: Payment | None = None
    place = new = 0
    for said in read_835(stream):
        place += 1
        if isinstance(said, RemittanceHeader):
            payment = await _open(uow, said, sha256)
            new += payment is not None
        elif payment is None or isinstance(said, RemittanceTrailer):
            continue  # a payment that was posted before
        elif isinstance(said, ProviderAdjustment):
            await _adjust_provider(uow, payment, place, said)
        else:
            await _post_claim(uow, payment, place, said)
    return "posted" if new else "duplicate"


def _refuse_unbalanced(stream: BinaryIO) -> None:
    for said in read_835(stream):
        if isinstance(said, RemittanceTrailer) and not said.balanced:
            first = said.unbalanced[0]
            raise RefusedRemittanceError(
                f"unbalanced-{first.level}",
                f"segment {first.segment_number}",
                "ask the payer for a corrected file: its amounts do not add up",
            )


async def _open(uow: UnitOfWork, header: RemittanceHeader, sha256: bytes) -> Payment | None:
    name = f"{header.payer_id or header.payer_name}/{header.payer_trace_id}/{header.trace_number}"
    remittance_id = uuid5(uow.practice_id, f"remittance/{name}")
    added = await store.add_remittance(
        uow.db, uow.practice_id, remittance_id, header, sha256, uow.now
    )
    return Payment(remittance_id, header) if added else None


async def _adjust_provider(
    uow: UnitOfWork, payment: Payment, place: int, said: ProviderAdjustment
) -> None:
    if said.cents:
        entry = ledger.provider_adjustment(
            uow.practice_id, payment.remittance_id, place, said.cents
        )
        await post(uow.db, entry, uow.now)


async def _post_claim(uow: UnitOfWork, payment: Payment, place: int, said: RemittedClaim) -> None:
    claim = await lock_by_control(uow.db, uow.practice_id, said.control_number)
    payment_id = uuid5(payment.remittance_id, str(place))
    trace_number = payment.header.trace_number
    if claim is not None and said.status == REVERSAL:
        found = await store.find_to_reverse(
            uow.db, uow.practice_id, claim.claim_id, -said.paid_cents
        )
        if found is not None:
            await post_reversal(uow, claim, found, payment_id, trace_number)
            return
    elif claim is not None and await is_postable(uow, claim, said):
        await post_decision(uow, claim, said, payment.remittance_id, payment_id, trace_number)
        return
    # For a person to work: unknown here, or more than the claim's charge. The money is kept apart.
    await store.add_unmatched(uow.db, uow.practice_id, payment.remittance_id, place, said)
    if said.paid_cents:
        entry = ledger.unapplied(uow.practice_id, payment.remittance_id, place, said.paid_cents)
        await post(uow.db, entry, uow.now)
