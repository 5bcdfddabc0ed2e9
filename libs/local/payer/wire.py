"""The envelope around an answer, and amounts as X12 writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from libs.local.payer.reading import Interchange


@dataclass(frozen=True, slots=True)
class Envelope:
    """How an answer travels: GS01, GS08, ST01 and the control number of ISA13, GS06 and ST02."""

    functional_id: str
    version: str
    transaction_set: str
    control: int


def dollars(cents: int) -> str:
    """Cents as an X12 amount, always with two decimals where there are any."""
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"


def answer_control(answered: Interchange, number: int) -> int:
    """A control number of its own for the `number`th answer to an interchange."""
    return (answered.interchange * 100 + number) % 1_000_000_000


def lone_interchange(answered: Interchange, control: int, on: date, answer: str) -> bytes:
    """An interchange without a group: one segment, a TA1."""
    rows = [_isa(answered, control, on), answer, f"IEA*0*{control:09d}"]
    return ("~\n".join(rows) + "~\n").encode("ascii")


def _isa(answered: Interchange, control: int, on: date) -> str:
    """Sender and receiver are those of what is answered, turned round."""
    return (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{answered.receiver:15}*ZZ*{answered.sender:15}"
        f"*{on:%y%m%d}*1200*^*00501*{control:09d}*0*{answered.usage}*:"
    )


def interchange(answered: Interchange, envelope: Envelope, on: date, body: Sequence[str]) -> bytes:
    """The file: sender and receiver are those of what is answered, turned round."""
    control, version = envelope.control, envelope.version
    sender, receiver = answered.receiver, answered.sender
    transaction = f"{control % 10_000:04d}"
    # The 835 guide uses ST with two elements; the others repeat their version in ST03.
    st = f"ST*{envelope.transaction_set}*{transaction}"
    if envelope.transaction_set != "835":
        st += f"*{version}"
    rows = [
        _isa(answered, control, on),
        f"GS*{envelope.functional_id}*{sender}*{receiver}*{on:%Y%m%d}*1200*{control}*X*{version}",
        st,
        *body,
        f"SE*{len(body) + 2}*{transaction}",
        f"GE*1*{control}",
        f"IEA*1*{control:09d}",
    ]
    return ("~\n".join(rows) + "~\n").encode("ascii")
