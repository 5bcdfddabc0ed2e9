"""What an 837P says of a claim's other payers (005010X222A1, loops 2320, 2330A, 2330B and 2430)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from services.billing.x12.remittance import ADJUSTMENT_GROUPS, RemittedAdjustment

if TYPE_CHECKING:
    from services.billing.x12.claims_837p import Payer, Person

PayerSequence = Literal["P", "S", "T"]
"""SBR01: the primary, the secondary, the tertiary payer."""


def in_order(adjustments: Iterable[RemittedAdjustment]) -> tuple[RemittedAdjustment, ...]:
    """As an 837P says them: group by group, and nothing that is zero."""
    said = [adjustment for adjustment in adjustments if adjustment.cents]
    return tuple(sorted(said, key=lambda each: ADJUSTMENT_GROUPS.index(each.group)))


@dataclass(frozen=True, slots=True)
class OtherSubscriber:
    """Whom another payer insures (2330A); `relationship` is the patient's to them (SBR02)."""

    name: Person
    member_id: str
    relationship: str
    filing_code: str
    group_number: str | None = None
    insurance_type: str | None = None
    """SBR05, as of the claim's own payer."""


@dataclass(frozen=True, slots=True)
class LineAdjudication:
    """What a payer decided of one of our lines (2430); `line` is our control number of it."""

    line: str
    paid_cents: int
    procedure: str
    modifiers: tuple[str, ...]
    units: Decimal
    adjustments: tuple[RemittedAdjustment, ...]

    @property
    def adjusted_cents(self) -> int:
        return sum(adjustment.cents for adjustment in self.adjustments)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """What a payer decided of the claim before, as its 835 said.

    `adjustments` are those of the claim itself; without `lines` it decided on the claim only.
    """

    paid_cents: int
    decided_on: date
    adjustments: tuple[RemittedAdjustment, ...]
    lines: tuple[LineAdjudication, ...]
    payer_claim_number: str | None = None


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """A payer that this claim does not go to: it decided before, or may be asked afterwards."""

    sequence: PayerSequence
    payer: Payer
    subscriber: OtherSubscriber
    adjudication: Adjudication | None = None
