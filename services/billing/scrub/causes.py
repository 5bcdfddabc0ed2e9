"""Which rule could have caught a denial: from the codes of the 835 back to the catalogue, and what
the rule would need to know of the payer to catch the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

BY_REASON = {
    "5": "place-of-service",
    "9": "diagnosis-age",
    "10": "diagnosis-sex",
    "14": "born-after-service",
    "15": "authorization-missing",
    "18": "duplicate-claim",
    "26": "coverage-inactive",
    "27": "coverage-inactive",
    "29": "timely-filing",
    "58": "place-of-service",
    "97": "ncci-pairs",
    "110": "service-in-future",
    "146": "diagnosis-code",
    "151": "mue-clinical",
    "181": "procedure-code",
    "197": "authorization-missing",
    "207": "npi-check-digit",
    "222": "mue-line",
    "231": "ncci-pairs",
    "236": "ncci-pairs",
}
"""Claim adjustment reason codes (CARC, X12 external code list 139)."""
BY_REMARK = {
    "M20": "procedure-code",
    "M53": "mue-line",
    "M62": "authorization-missing",
    "M64": "diagnosis-code",
    "M76": "diagnosis-code",
    "M77": "place-of-service",
    "MA63": "diagnosis-code",
    "N257": "npi-check-digit",
    "N286": "npi-check-digit",
    "N290": "npi-check-digit",
    "N362": "mue-clinical",
    "N519": "modifier-26-tc",
}
"""Remittance advice remark codes (RARC, list 411): they say what a general reason means."""
Effect = Literal["authorization-list", "filing-days", "recorded"]
"""What accepting a rule changes: the payer's list of procedures to be authorized, its days to file,
or nothing but the record. The other rules look at the visit, at CMS's tables, at the practice's
code lists and at what payers told of coverages; a denial tells nothing that these could be given.
"""
GENERAL = frozenset({"16", "125", "A1", "96", "151", "97"})
"""Reasons that a remark makes exact."""


def rule_for(carc: str, rarc: Sequence[str]) -> str | None:
    """The id of the rule that could have caught a denial with these codes; None: there is none."""
    if carc in GENERAL:
        for remark in rarc:
            if remark in BY_REMARK:
                return BY_REMARK[remark]
    return BY_REASON.get(carc)


def effect_of(rule_id: str, procedure: str | None) -> Effect:
    """What accepting the rule for a payer changes."""
    if rule_id == "authorization-missing" and procedure is not None:
        return "authorization-list"
    return "filing-days" if rule_id == "timely-filing" else "recorded"
