"""Who bills, who treated, who referred."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from services.billing.scrub.model import ClaimFacts, Finding, rule


@lru_cache(maxsize=4096)  # a practice's clinicians come again and again
def is_npi(number: str) -> bool:
    """Ten digits whose last one checks the others, with 80840 before them (45 CFR 162.406)."""
    if len(number) != 10 or not (number.isascii() and number.isdigit()) or number[0] not in "12":
        return False
    total = 24  # what the prefix 80840 adds
    for place, digit in enumerate(number):
        doubled = int(digit) * (1 if place % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


@rule(
    "npi-check-digit",
    "Billing, rendering and referring NPI have a right check digit",
    "45 CFR 162.406; X12 005010X222A1 2010AA, 2310B and 2310A NM109",
)
def npi_check_digit(facts: ClaimFacts) -> Iterator[Finding]:
    for number, place, whose in (
        (facts.billing_npi, "2010AA NM109", "practice"),
        (facts.rendering_npi, "2310B NM109", "rendering clinician"),
        (facts.referring_npi, "2310A NM109", "referring clinician"),
    ):
        if number is not None and not is_npi(number):
            yield Finding(
                place,
                f"The number of the {whose} is no National Provider Identifier: its check digit is "
                "wrong. Look the number up in the NPI registry and correct it.",
            )
