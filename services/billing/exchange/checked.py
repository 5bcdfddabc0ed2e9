"""An 837P is read again before it leaves: what does not come back as it was meant stays here."""

from __future__ import annotations

from io import BytesIO
from typing import Literal

from services.billing.x12 import X12Error, read_batches, write_837p
from services.billing.x12.claims_837p import ProfessionalClaims


class InterchangeDiffersError(RuntimeError):
    """Our own reader understood another thing than was meant; nothing of it may be sent."""

    code: Literal["read-back-differs"] = "read-back-differs"

    def __init__(self, what: Literal["unreadable", "counts", "totals", "content"]) -> None:
        super().__init__(f"{self.code}: {what}")
        self.what = what


def write_checked(batch: ProfessionalClaims) -> bytes:
    """The interchange's bytes, once they were read back equal: claims, sums, and all the rest."""
    content = write_837p(batch)
    compare(batch, content)
    return content


def compare(meant: ProfessionalClaims, content: bytes) -> None:
    """Raises InterchangeDiffersError where the bytes do not say what was meant."""
    try:
        read = read_batches(BytesIO(content))
    except X12Error:
        raise InterchangeDiffersError("unreadable") from None
    claims = [claim for batch in read for claim in batch.claims]
    if len(claims) != len(meant.claims):
        raise InterchangeDiffersError("counts")
    if sum(c.charge_cents for c in claims) != sum(c.charge_cents for c in meant.claims):
        raise InterchangeDiffersError("totals")
    if read != [meant]:
        raise InterchangeDiffersError("content")
