"""Which rule of the scrubber would have caught a denial before the claim went out."""

from __future__ import annotations

from collections.abc import Sequence

CAUGHT_BY = {
    "15": "authorization-missing",
    "18": "duplicate-claim",
    "26": "coverage-inactive",
    "27": "coverage-inactive",
    "29": "timely-filing",
    "97": "ncci-pairs",
    "146": "diagnosis-code",
    "181": "procedure-code",
    "197": "authorization-missing",
    "207": "npi-check-digit",
    "222": "mue-line",
    "236": "ncci-pairs",
}
"""CARC → the rule's id."""
ABOUT_A_PROCEDURE = frozenset({"authorization-missing", "ncci-pairs", "mue-line", "mue-clinical"})
"""Rules that are proposed for the procedure that was denied."""


def rule_for(reason: str, remarks: Sequence[str]) -> str | None:
    """The rule's id; None: no rule could have known."""
    return CAUGHT_BY.get(reason)
