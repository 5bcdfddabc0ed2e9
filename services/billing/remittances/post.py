"""An 835 is posted once, and only if it balances: first it is read to its end, then posted.

Source: X12 005010X221A1 section 1.10.2 (balancing). Two passes over the stream keep memory flat:
the first tells whether every line, claim and payment comes out to the cent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import BinaryIO
from uuid import uuid5

from libs.events.transport import UnitOfWork
from services.billing.answers.refusals import RefusedFileError
from services.billing.deposits.handlers import expect_deposit
from services.billing.remittances import store
from services.billing.remittances.changes import Payment
from services.billing.remittances.model import REVERSAL
from services.billing.remittances.plausible import Doubt, doubt_claim, doubt_payment
from services.billing.remittances.provider import adjust_provider
from services.billing.remittances.run import InPosting, Remitted, post_run
from services.billing.remittances.settings import refuse_strangers
from services.billing.x12 import (
    ProviderAdjustment,
    Remittance835Event,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    read_835,
)

CLAIMS_IN_A_RUN = 500
"""Posted together: a statement for each table, and not for each claim."""


@dataclass
class Content:
    """What the first reading keeps of a payment: enough to know it again, and to post in order."""

    digest: bytes = b""
    reversals: Counter[str] = field(default_factory=lambda: Counter[str]())


async def post_remittances(
    uow: UnitOfWork, stream: BinaryIO, *, claims_in_a_run: int = CLAIMS_IN_A_RUN
) -> str:
    """Post every payment of a file that was not posted before; `duplicate` where none was new.

    Raises RefusedFileError where one does not balance or repeats a trace number with other content:
    the file then posts nothing.
    """
    contents = _read_through(stream, uow.now.date())
    stream.seek(0)
    posting: InPosting | None = None
    run: list[Remitted] = []
    new = 0
    for place, said in enumerate(read_835(stream), 1):
        if posting is not None and run and _ends_run(said, len(run), claims_in_a_run):
            await post_run(uow, posting, run)
            run = []
        if isinstance(said, RemittanceHeader):
            posting = await _open(uow, said, contents.pop(0))
            new += posting is not None
        elif posting is None or isinstance(said, RemittanceTrailer):
            continue  # a payment that was posted before
        elif isinstance(said, ProviderAdjustment):
            await adjust_provider(uow, posting.payment, place, said)
        else:
            run.append(Remitted(place, said))
    return "posted" if new else "duplicate"


def _ends_run(said: Remittance835Event, length: int, most: int) -> bool:
    return length >= most or not isinstance(said, RemittedClaim)


def _read_through(stream: BinaryIO, today: date) -> list[Content]:
    """What each payment says, once all of them are known to balance and to be plausible.

    The envelope is left out of the digest: a payer that sends a payment again wraps it anew.
    """
    contents: list[Content] = []
    claims, digest = 0, sha256()
    for said in read_835(stream):
        match said:
            case RemittanceHeader():
                refuse_strangers(said)
                _hold(doubt_payment(said, today), "the payment")
                contents.append(Content())
                claims, digest = 0, sha256()
                said = replace(
                    said, interchange_control="", transaction_control="", sender="", usage=""
                )
            case RemittedClaim():
                claims += 1
                _hold(doubt_claim(said), f"claim {claims} of the payment")
                if said.status == REVERSAL:
                    contents[-1].reversals[said.control_number] += 1
            case RemittanceTrailer():
                _hold_unbalanced(said)
            case ProviderAdjustment():
                pass
        digest.update(repr(said).encode())
        if isinstance(said, RemittanceTrailer):
            contents[-1].digest = digest.digest()
    return contents


def _hold(doubt: Doubt | None, where: str) -> None:
    if doubt is not None:
        raise RefusedFileError(doubt.code, f"{where}: {doubt.element}", doubt.fix)


def _hold_unbalanced(trailer: RemittanceTrailer) -> None:
    if trailer.balanced:
        return
    first = trailer.unbalanced[0]
    line = f", line {first.line_number} of the claim" if first.line_number else ""
    raise RefusedFileError(
        f"unbalanced-{first.level}",
        f"segment {first.segment_number}{line}",
        "Ask the payer for a corrected file: its amounts do not add up.",
    )


async def _open(uow: UnitOfWork, header: RemittanceHeader, content: Content) -> InPosting | None:
    name = f"{header.payer}/{header.payer_trace_id}/{header.trace_number}"
    remittance_id = uuid5(uow.practice_id, f"remittance/{name}")
    known = await store.add_remittance(
        uow.db, uow.practice_id, remittance_id, header, content.digest, uow.now
    )
    if known is None:
        await expect_deposit(uow, remittance_id, header)
        payment = Payment(remittance_id, header.payer, header.trace_number, header.paid_on)
        return InPosting(payment, content.reversals)
    if known != content.digest:
        raise RefusedFileError(
            "trace-number-reused",
            "TRN02",
            "Ask the payer whether this replaces the payment that had its number before.",
        )
    return None
