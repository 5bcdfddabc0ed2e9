"""An 835 is read to its end before anything of it is posted: it balances, and it is plausible.

Source: X12 005010X221A1 section 1.10.2 (balancing). Memory stays flat, whatever the file's size.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import BinaryIO

from services.billing.answers.refusals import RefusedFileError
from services.billing.remittances.model import REVERSAL
from services.billing.remittances.plausible import Doubt, doubt_claim, doubt_payment
from services.billing.remittances.settings import refuse_strangers
from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    read_835,
)


@dataclass
class Content:
    """What the first reading keeps of a payment: enough to know it again, and to post in order."""

    digest: bytes = b""
    reversals: Counter[str] = field(default_factory=lambda: Counter[str]())


def read_through(stream: BinaryIO, today: date) -> list[Content]:
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
