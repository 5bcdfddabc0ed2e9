"""Charges = payments + adjustments + given up + balance, at every step of any story, by two books.

A hundred thousand steps here; `make fuzz` takes ten million.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.billing.ledger import model as ledger
from services.billing.ledger.model import Entry
from services.billing.writeoffs.model import OpenBalance
from tests.billing.oracle import books
from tests.billing.oracle.walk import DifferenceError, walk

STEPS = 100_000
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_the_journal_is_what_a_pencil_would_say_at_every_step(part: int) -> None:
    taken = walk(seed=part, steps=STEPS // PARTS)
    assert sum(taken.values()) == STEPS // PARTS
    assert len(taken) == 9, taken
    assert min(taken.values()) > STEPS // PARTS // 100, taken


def _patients_part_stays(made: Callable[..., Entry]) -> Callable[..., Entry]:
    """A reversal that leaves the patient owing, and takes it from the payer."""

    def entry(*given: Any, **named: Any) -> Entry:
        right = made(*given, **named)
        if not named["undo"]:
            return right
        lines = dict(right.lines)
        left = lines.pop(ledger.Account.PATIENT_RECEIVABLE)
        lines[ledger.Account.PAYER_RECEIVABLE] += left
        return replace(right, lines=lines)

    return entry


def _turned(made: Callable[..., Entry]) -> Callable[..., Entry]:
    """Entries with every sign turned."""

    def entry(*given: Any, **named: Any) -> Entry:
        right = made(*given, **named)
        return replace(right, lines={account: -cents for account, cents in right.lines.items()})

    return entry


PLANTED: dict[str, tuple[object, str, Any]] = {
    "a second decision is posted": (books, "obstacle", lambda *_: None),
    "any posting is taken back": (
        books,
        "to_reverse",
        lambda standing, *_: next(iter(standing.postings), None),
    ),
    "a denial is taken for a settlement": (books, "denial_of", lambda *_: None),
    "a reversal leaves the patient's part": (
        ledger,
        "decision",
        _patients_part_stays(ledger.decision),
    ),
    "more is given up than is owed": (
        books,
        "OpenBalance",
        lambda *_: OpenBalance(10**9, 10**9, 0),
    ),
    "a provider adjustment is turned": (
        ledger,
        "provider_adjustment",
        _turned(ledger.provider_adjustment),
    ),
    "a refund is turned": (ledger, "unapplied_no_more", _turned(ledger.unapplied_no_more)),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_each_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, planted = PLANTED[fault]
    monkeypatch.setattr(where, name, planted)
    with pytest.raises(DifferenceError, match="seed 1, practice"):
        walk(seed=1, steps=2_000)
