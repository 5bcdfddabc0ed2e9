"""What a provider adjustment is about, and what settles it.

Source: 005010X221A1, PLB03-2. A balance is carried forward under the trace number of its payment
(FB, 1.10.2.12), and a later FB of the other sign and the same reference takes it. A recovery names
the claim by the payer's number for it, or by ours (WO, 72; 1.10.2.17): what is given back below
zero and taken later stands under one reference, too. Some payers put several of these numbers into
one reference, with blanks between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.billing.x12 import (
    ProviderAdjustment,
    ProviderAdjustmentMeaning,
    meaning_of_provider_adjustment,
)

FORWARDED = "FB"
UNKNOWN = ProviderAdjustmentMeaning("provider-adjustment", "a code that the guide does not have")


class OpenAdjustment(NamedTuple):
    """An earlier adjustment, and what of its cents nothing has settled yet."""

    remittance_id: UUID
    place: int
    open_cents: int


class Settled(NamedTuple):
    """So much of an earlier adjustment is settled, above zero whichever sign it has."""

    earlier: OpenAdjustment
    cents: int

    @property
    def left_cents(self) -> int:
        """What of the earlier one is open then."""
        before = self.earlier.open_cents
        return before - self.cents if before > 0 else before + self.cents


class Settlement(NamedTuple):
    """What an adjustment settles, and what of itself stays open."""

    settled: tuple[Settled, ...]
    open_cents: int


NOTHING_SETTLED = Settlement((), 0)


def meaning_of(reason: str) -> ProviderAdjustmentMeaning:
    """A code that nobody knows moves money all the same: it stands apart, and is told."""
    return meaning_of_provider_adjustment(reason) or UNKNOWN


def is_settled_later(reason: str) -> bool:
    """Whether it opens or settles a balance; all else is over when it is posted."""
    return meaning_of(reason).kind == "payer-advance"


def settle(cents: int, earlier: Sequence[OpenAdjustment]) -> Settlement:
    """Let an adjustment settle earlier ones of the other sign, as far as it goes, in their order.

    `earlier`: those of the same payer and reference.
    """
    settled: list[Settled] = []
    left = cents
    for one in earlier:
        if left * one.open_cents < 0:
            part = min(abs(left), abs(one.open_cents))
            settled.append(Settled(one, part))
            left += part if left < 0 else -part
    return Settlement(tuple(settled), left)


def claims_named(said: ProviderAdjustment) -> list[str]:
    """The numbers by which its reference may name a claim; a balance forward names none."""
    return [] if said.reason == FORWARDED else numbers_in(said.reference)


def numbers_in(reference: str) -> list[str]:
    """The reference itself, and its words where it has several."""
    return list(dict.fromkeys(number for number in (reference, *reference.split()) if number))
