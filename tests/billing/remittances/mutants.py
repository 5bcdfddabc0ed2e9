"""An 835 with one thing wrong: an amount, or a segment that was dropped, doubled or cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from libs.local.payer.answers import Answering
from libs.local.payer.claims import read_claims
from libs.local.payer.decisions import Policy
from services.billing.x12 import write_837p
from tests.billing.x12.batches import CHILD, batch, claim

MONEY = {"BPR": (2,), "CLP": (3, 4), "CAS": (3, 6, 9, 12, 15, 18), "SVC": (2, 3),
         "PLB": (4, 6, 8, 10, 12, 14)}  # fmt: skip
"""Where a segment that moves money has its amounts."""
TOLD_IN_FULL = {*MONEY, "TRN", "ISA", "GS*", "ST*", "SE*", "GE*", "IEA"}
"""Segments of which no part may be missing: money, the payment's number and the envelope."""
_SEGMENT_COUNT = re.compile(rb"SE\*([0-9]+)\*")


class Mutant(NamedTuple):
    """What was done, and the file that came of it."""

    what: str
    content: bytes


def remittance_of(seed: int, claims: int) -> bytes:
    """One payment of the payer simulator: paid, reduced, denied, with and without lines."""
    made = [
        replace(
            claim(f"C{seed:03d}N{n:03d}", lines=1 + (n + seed) % 3, cents=9_999 + 137 * n + seed),
            **({"patient": CHILD} if n % 4 == 3 else {}),
        )
        for n in range(claims)
    ]
    policy = Policy(seed=seed, denials=0.3, rejections=0.0)
    submission = read_claims(write_837p(batch(*made, interchange=seed + 1)))
    answers = {a.name[-4:]: a.content for a in Answering(policy, {"plb": 0.7}).remit(submission)}
    return answers[".835"]


def mutants(content: bytes) -> Iterator[Mutant]:
    """Every one of them; the counts of the envelope stay as they were."""
    rows = content.split(b"\n")[:-1]
    yield from _other_amounts(rows)
    for place, row in enumerate(rows):
        tag = row[:3].decode()
        yield Mutant(f"{place} {tag} dropped", _joined([*rows[:place], *rows[place + 1 :]]))
        yield Mutant(f"{place} {tag} doubled", _joined([*rows[: place + 1], *rows[place:]]))
        yield Mutant(f"cut before {place} {tag}", _joined(rows[:place]))
        yield Mutant(f"cut within {place} {tag}", _joined(rows[:place]) + row[: len(row) // 2])
        if tag in TOLD_IN_FULL:
            yield _halved(rows, place)


def _halved(rows: list[bytes], place: int) -> Mutant:
    """The segment's second half is gone; what follows it is there."""
    row = rows[place]
    changed = [*rows[:place], row[: len(row) // 2] + b"~", *rows[place + 1 :]]
    return Mutant(f"{place} {row[:3].decode()} halved", _joined(changed))


def halved(content: bytes) -> Iterator[Mutant]:
    """Each segment without its second half, whatever it says."""
    rows = content.split(b"\n")[:-1]
    return (_halved(rows, place) for place in range(len(rows)))


def recounted(content: bytes) -> Iterator[Mutant]:
    """Dropped and doubled segments of the transaction, with a count (SE01) that is right again."""
    rows = content.split(b"\n")[:-1]
    for place in range(3, len(rows) - 3):
        tag = rows[place][:3].decode()
        for what, changed in (
            ("dropped", [*rows[:place], *rows[place + 1 :]]),
            ("doubled", [*rows[: place + 1], *rows[place:]]),
        ):
            count = b"SE*%d*" % (len(changed) - 4)
            yield Mutant(
                f"{place} {tag} {what}", _SEGMENT_COUNT.sub(lambda _, c=count: c, _joined(changed))
            )


def _other_amounts(rows: list[bytes]) -> Iterator[Mutant]:
    for place, row in enumerate(rows):
        elements = row.rstrip(b"~").split(b"*")
        for element in MONEY.get(elements[0].decode(), ()):
            if element >= len(elements) or not elements[element]:
                continue
            for other in _others(elements[element]):
                changed = b"*".join([*elements[:element], other, *elements[element + 1 :]]) + b"~"
                what = f"{place} {elements[0].decode()}{element:02d} {other.decode()}"
                yield Mutant(what, _joined([*rows[:place], changed, *rows[place + 1 :]]))


def _others(amount: bytes) -> Iterator[bytes]:
    """A cent more, the other sign, a digit more, nothing, and what is no amount."""
    cents = round(float(amount) * 100) + 1
    yield b"%s%d.%02d" % (b"-" if cents < 0 else b"", abs(cents) // 100, abs(cents) % 100)
    if float(amount):
        yield amount[1:] if amount.startswith(b"-") else b"-" + amount
        yield b"1" + amount.lstrip(b"-")
    yield b""
    yield amount + b"E1"


def _joined(rows: list[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)
