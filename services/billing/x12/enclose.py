"""One transaction set in its group and interchange: delimiters * : ~ ^, no line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.billing.x12.characters import code, text
from services.billing.x12.errors import RefusedElementError


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Whom an interchange goes to, and what it holds. ISA13, GS06 and ST02 are one number."""

    sender_id: str
    """ISA06 and GS02, qualifier ZZ."""
    receiver_id: str
    control: int
    written_at: datetime
    usage: Literal["P", "T"]
    """ISA15: production or test."""
    functional_id: str
    """GS01, such as HS for a 270."""
    transaction_set: str
    version: str
    """GS08 and ST03."""
    receiver_qualifier: str = "ZZ"
    """ISA07."""
    receiver_application: str | None = None
    """GS03; None: as `receiver_id`."""


def enclose(envelope: Enclosure, body: Sequence[str]) -> bytes:
    """The whole file as ASCII; `body` are the segments between ST and SE."""
    at, number = envelope.written_at, envelope.control
    if not 1 <= number <= 999_999_999:
        raise RefusedElementError("out-of-range", "ISA13", "1 to 999999999 is expected.")
    sender = text(envelope.sender_id, "ISA06", 15, 2)
    receiver = text(envelope.receiver_id, "ISA08", 15, 2)
    qualifier = code(envelope.receiver_qualifier, "ISA07", 2, 2)
    application = text(envelope.receiver_application or receiver, "GS03", 15, 2)
    control = f"{number:04d}"
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*{qualifier}*{receiver:15}"
        f"*{at:%y%m%d}*{at:%H%M}*^*00501*{number:09d}*0*{envelope.usage}*:",
        f"GS*{envelope.functional_id}*{sender}*{application}*{at:%Y%m%d}*{at:%H%M}*{number}*X"
        f"*{envelope.version}",
        f"ST*{envelope.transaction_set}*{control}*{envelope.version}",
        *body,
        f"SE*{len(body) + 2}*{control}",
        f"GE*1*{number}",
        f"IEA*1*{number:09d}",
        "",
    ]
    return "~".join(segments).encode("ascii")
