"""One transaction set in its group and interchange: delimiters * : ~ ^, no line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from services.billing.x12.characters import code, text
from services.billing.x12.errors import RefusedElementError


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Who sends an interchange to whom, and when."""

    sender_id: str
    """ISA06 and GS02, qualifier ZZ."""
    receiver_id: str
    """ISA08."""
    written_at: datetime
    usage: Literal["P", "T"]
    """ISA15: production or test."""
    receiver_qualifier: str = "ZZ"
    """ISA07: what kind of number `receiver_id` is (30 a tax number, 27 and 28 Medicare's…)."""
    receiver_application: str | None = None
    """GS03; None: as `receiver_id`."""


class TransactionSet(NamedTuple):
    """What an interchange holds, as its group says it."""

    functional_id: str
    """GS01, such as HS for a 270."""
    name: str
    """ST01."""
    version: str
    """GS08 and ST03."""


class Controls(NamedTuple):
    """The control numbers of interchange, group and set; all are the caller's."""

    interchange: int
    """ISA13."""
    group: int
    """GS06."""
    transaction: int
    """ST02."""

    @classmethod
    def of(cls, number: int) -> Controls:
        """One number for the three."""
        return cls(number, number, number)


def enclose(
    way: Addressed, holds: TransactionSet, controls: Controls, body: Sequence[str]
) -> bytes:
    """The whole file as ASCII; `body` are the segments between ST and SE."""
    at, (interchange, group, transaction) = way.written_at, controls
    for number, element in zip(controls, ("ISA13", "GS06", "ST02"), strict=True):
        if not 1 <= number <= 999_999_999:
            raise RefusedElementError("out-of-range", element, "1 to 999999999 is expected.")
    sender = text(way.sender_id, "ISA06", 15, 2)
    receiver = text(way.receiver_id, "ISA08", 15, 2)
    qualifier = code(way.receiver_qualifier, "ISA07", 2, 2)
    application = text(way.receiver_application or receiver, "GS03", 15, 2)
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*{qualifier}*{receiver:15}"
        f"*{at:%y%m%d}*{at:%H%M}*^*00501*{interchange:09d}*0*{way.usage}*:",
        f"GS*{holds.functional_id}*{sender}*{application}*{at:%Y%m%d}*{at:%H%M}*{group}*X"
        f"*{holds.version}",
        f"ST*{holds.name}*{transaction:04d}*{holds.version}",
        *body,
        f"SE*{len(body) + 2}*{transaction:04d}",
        f"GE*1*{group}",
        f"IEA*1*{interchange:09d}",
        "",
    ]
    return "~".join(segments).encode("ascii")


def refuse_repeats(numbers: Sequence[str], element: str, things: str) -> None:
    """The answer names each thing by the number that we gave it, so no two may share one."""
    if len(set(numbers)) != len(numbers):
        raise RefusedElementError("duplicate", element, f"Two {things} share a number.")
