"""What working a denial is worth: how likely the payer is to allow it after all."""

from __future__ import annotations

from collections.abc import Mapping

from libs.events.contracts.billing_denials import DenialCategory

AT_FIRST: Mapping[DenialCategory, int] = {
    "authorization": 450,
    "bundling": 350,
    "coding": 650,
    "coordination-of-benefits": 700,
    "credentialing": 500,
    "duplicate": 300,
    "eligibility": 450,
    "medical-necessity": 400,
    "missing-information": 750,
    "non-covered": 150,
    "timely-filing": 200,
    "benefit-limit": 150,
    "pending": 500,
    "other": 300,
}
"""Of a thousand denials of a category, how many are overturned when worked: where a practice has
no outcomes of its own yet. Our assumption and no measured figure: what only lacks data is mended
more easily than what a plan does not cover."""
WEIGHT = 10
"""How many outcomes of its own outweigh the assumption (additive smoothing, after Laplace)."""


def likelihood(category: DenialCategory, overturned: int, worked: int) -> int:
    """Of a thousand: the practice's own share of overturned, drawn to the assumption by few.

    `worked`: denials of the category that a later decision or an appeal's answer settled;
    `overturned`: those of them that the payer allowed, wholly or in part.
    """
    return (1000 * overturned + WEIGHT * AT_FIRST[category]) // (worked + WEIGHT)


def likelihoods(outcomes: Mapping[str, tuple[int, int]]) -> dict[DenialCategory, int]:
    """For every category; `outcomes`: overturned and worked, by category."""
    return {
        category: likelihood(category, *outcomes.get(category, (0, 0))) for category in AT_FIRST
    }
