"""What a provider adjustment is about: PLB03-1 by code, with our account for it and our label.

Source: 005010X221A1, PLB03-1 (X12 data element 426); FB by its section on balance forward
processing (1.10.2.12), WO and 72 by the one on claim overpayment recovery (1.10.2.17): a WO below
zero gives back what a later WO takes, and a 72 below zero acknowledges a refund that a WO offsets.
So these three keep one running balance a payer, which ends at zero. The labels are ours.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, NamedTuple

ProviderAdjustmentKind = Literal["payer-advance", "interest", "provider-adjustment"]


class ProviderAdjustmentMeaning(NamedTuple):
    """Where the money of an adjustment stands, and what to call it."""

    kind: ProviderAdjustmentKind
    label: str


_BALANCES = {
    "72": "a refund that the payer received",
    "FB": "balance carried forward, or taken from before",
    "WO": "overpayment, given back or recovered",
}
_OTHERS = {
    "50": "late charge",
    "51": "penalty for late filing",
    "90": "early payment allowance",
    "AH": "origination fee",
    "AM": "applied to the borrower's account",
    "AP": "benefits paid ahead",
    "B2": "rebate",
    "B3": "recovery allowance",
    "BD": "bad debt",
    "BN": "bonus",
    "C5": "temporary allowance",
    "CR": "interest on capitation",
    "CS": "adjustment",
    "CT": "capitation",
    "CV": "capital, passed through",
    "CW": "nurse anesthetists, passed through",
    "DM": "medical education (direct), passed through",
    "E3": "withholding",
    "FC": "allocated fund",
    "GO": "graduate medical education, passed through",
    "HM": "hemophilia clotting factor",
    "IP": "incentive premium",
    "IR": "withheld for the Internal Revenue Service",
    "IS": "interim settlement",
    "J1": "not reimbursable",
    "L3": "penalty",
    "LE": "levy",
    "LS": "lump sum",
    "OA": "organ acquisition, passed through",
    "OB": "offset for an affiliated provider",
    "PI": "periodic interim payment",
    "PL": "final payment",
    "RA": "retroactive adjustment",
    "RE": "return on equity",
    "SL": "student loan repayment",
    "TL": "third party liability",
    "WU": "recovery without a stated reason",
}
MEANINGS = MappingProxyType(
    {
        **{c: ProviderAdjustmentMeaning("payer-advance", x) for c, x in _BALANCES.items()},
        "L6": ProviderAdjustmentMeaning("interest", "interest owed"),
        **{c: ProviderAdjustmentMeaning("provider-adjustment", x) for c, x in _OTHERS.items()},
    }
)
"""PLB03-1 → meaning."""


def meaning_of_provider_adjustment(reason: str) -> ProviderAdjustmentMeaning | None:
    """The meaning of PLB03-1; None: the guide has no such code."""
    return MEANINGS.get(reason)
