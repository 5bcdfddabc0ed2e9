"""An 835 is posted once, and only if it balances: first it is read to its end, then posted.

Source: X12 005010X221A1 section 1.10.2 (balancing). Two passes over the stream keep memory flat:
the first tells whether every line, claim and payment comes out to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork
from services.billing.answers.refusals import RefusedFileError
from services.billing.claims.model import Claim
from services.billing.claims.store import lock_by_control
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post
from services.billing.remittances import store
from services.billing.remittances.claim import post_decision, post_reversal
from services.billing.remittances.model import REVERSAL, Obstacle, decide, obstacle
from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    read_835,
)


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment whose claims are being posted."""

    remittance_id: UUID
    header: RemittanceHeader


async def post_remittances(uow: UnitOfWork, stream: BinaryIO) -> str:
    """Post every payment of a file that was not posted before; `duplicate` where none was new.

    Raises RefusedFileError where one does not balance or repeats a trace number with other content:
    the file then posts nothing.
    """
    contents = _read_through(stream)
    stream.seek(0)
    payment: Payment | None = None
    place = new = 0
    for said in read_835(stream):
        place += 1
        if isinstance(said, RemittanceHeader):
            payment = await _open(uow, said, contents.pop(0))
            new += payment is not None
        elif payment is None or isinstance(said, RemittanceTrailer):
            continue  # a payment that was posted before
        elif isinstance(said, ProviderAdjustment):
            await _adjust_provider(uow, payment, place, said)
        else:
            await _post_claim(uow, payment, place, said)
    return "posted" if new else "duplicate"


def _read_through(stream: BinaryIO) -> list[bytes]:
    """A digest of what each payment says, once all of them are known to balance.

    The envelope's control numbers are left out: a payer that sends a payment again wraps it anew.
    """
    digests: list[bytes] = []
    content = sha256()
    for said in read_835(stream):
        if isinstance(said, RemittanceHeader):
            content = sha256()
            said = replace(said, interchange_control="", transaction_control="")
        content.update(repr(said).encode())
        if isinstance(said, RemittanceTrailer):
            if not said.balanced:
                first = said.unbalanced[0]
                raise RefusedFileError(
                    f"unbalanced-{first.level}",
                    f"segment {first.segment_number}",
                    "Ask the payer for a corrected file: its amounts do not add up.",
                )
            digests.append(content.digest())
    return digests


async def _open(uow: UnitOfWork, header: RemittanceHeader, content: bytes) -> Payment | None:
    name = f"{header.payer_id or header.payer_name}/{header.payer_trace_id}/{header.trace_number}"
    remittance_id = uuid5(uow.practice_id, f"remittance/{name}")
    known = await store.add_remittance(
        uow.db, uow.practice_id, remittance_id, header, content, uow.now
    )
    if known is None:
        return Payment(remittance_id, header)
    if known != content:
        raise RefusedFileError(
            "trace-number-reused",
            "TRN02",
            "Ask the payer whether this replaces the payment that had its number before.",
        )
    return None


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
    reason = await (_reverse if said.status == REVERSAL else _decide)(
        uow, payment, payment_id, claim, said
    )
    if reason is None:
        return
    # For a person to work. The money came and is kept apart, so that the ledger says so.
    await store.add_unmatched(uow.db, uow.practice_id, payment.remittance_id, place, said, reason)
    if said.paid_cents:
        entry = ledger.unapplied(uow.practice_id, payment.remittance_id, place, said.paid_cents)
        await post(uow.db, entry, uow.now)


async def _decide(
    uow: UnitOfWork, payment: Payment, payment_id: UUID, claim: Claim | None, said: RemittedClaim
) -> Obstacle | None:
    closed = await store.closed_cents(uow.db, uow.practice_id, claim.claim_id) if claim else 0
    reason = obstacle(claim, said, decide(said), closed)
    if reason is not None or claim is None:
        return reason
    await post_decision(
        uow, claim, said, payment.remittance_id, payment_id, payment.header.trace_number
    )
    return None


async def _reverse(
    uow: UnitOfWork, payment: Payment, payment_id: UUID, claim: Claim | None, said: RemittedClaim
) -> Obstacle | None:
    if claim is None:
        return "unknown-claim"
    taken_back = decide(said).turned()
    found = await store.find_to_reverse(uow.db, uow.practice_id, claim.claim_id, taken_back)
    if found is None:
        return "nothing-to-reverse"
    await post_reversal(uow, claim, found, payment_id, payment.header.trace_number)
    return None
