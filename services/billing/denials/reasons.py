"""Codes → the way of a denial: category, cause, owner, next action, deadline, appeal.

Pure data and one function. The reason (CARC with its group) sets the category, the category the
way; a reason may differ from its category, and a remark (RARC) from both. A code that nobody knows
is category `other`, owner billing: it is never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from libs.events.contracts.billing_denials import DenialCategory, DenialOwner, NextAction
from services.billing.denials.remarks import REMARKS, RemarkMeaning
from services.billing.x12 import RemittedAdjustment
from services.billing.x12.adjustments import DENIALS

Basis = Literal["appeal", "correction", "none"]
"""What the next action has to be in time for: the payer's limit for appeals, or for corrected
claims; none where nobody here can act."""

UNKNOWN = "reason code not known"


@dataclass(frozen=True, slots=True)
class Way:
    """How a denial is worked."""

    category: DenialCategory
    cause: str
    owner: DenialOwner
    action: NextAction
    basis: Basis
    appealable: bool


_BY_CATEGORY: dict[DenialCategory, tuple[DenialOwner, NextAction, bool]] = {
    "authorization": ("front-desk", "ask-authorization", True),
    "bundling": ("coding", "correct-and-resubmit", True),
    "coding": ("coding", "correct-and-resubmit", True),
    "coordination-of-benefits": ("billing", "bill-next-payer", False),
    "credentialing": ("credentialing", "correct-and-resubmit", True),
    "duplicate": ("billing", "appeal", True),
    "eligibility": ("front-desk", "ask-eligibility", True),
    "medical-necessity": ("clinician", "appeal", True),
    "missing-information": ("billing", "correct-and-resubmit", True),
    "non-covered": ("billing", "write-off-review", True),
    "timely-filing": ("billing", "appeal", True),
    "benefit-limit": ("billing", "write-off-review", True),
    "pending": ("payer", "none", False),
    "other": ("billing", "appeal", True),
}
_FORWARDED: tuple[DenialOwner, NextAction, bool] = ("payer", "none", False)
_RECORDS: tuple[DenialOwner, NextAction, bool] = ("clinician", "send-records", True)
_PATIENT: tuple[DenialOwner, NextAction, bool] = ("billing", "bill-patient", False)
_FINAL: tuple[DenialOwner, NextAction, bool] = ("billing", "write-off-review", False)
_BY_REASON: dict[str, tuple[DenialOwner, NextAction, bool]] = {
    **dict.fromkeys(("290", "291", "292", "298", "300", "305", "B11"), _FORWARDED),
    **dict.fromkeys(("112", "148", "163", "226", "250", "251", "252", "B12"), _RECORDS),
    **dict.fromkeys(("100", "293", "294"), _PATIENT),
    **dict.fromkeys(("138", "213", "233", "285", "286"), _FINAL),
    "140": ("front-desk", "correct-and-resubmit", True),
    "227": ("front-desk", "ask-eligibility", True),
    "239": ("billing", "correct-and-resubmit", True),
    "276": ("billing", "write-off-review", True),
    "B4": ("billing", "write-off-review", True),
}
"""CARC → where it differs from its category."""
_APPEALED_WITHOUT_A_CONTRACT = frozenset({"non-covered", "benefit-limit"})
"""Group PI: the payer reduces on its own, no contract takes it off (005010X221A1, CAS01)."""


def way_of(adjustments: Sequence[RemittedAdjustment], remarks: Sequence[str]) -> Way:
    """The way of a denial, by the refused adjustment of the most cents and all its remarks.

    `adjustments`: those that refuse, at least one.
    """
    deciding = deciding_of(adjustments)
    way = _by_reason(deciding.group, deciding.reason)
    said = [REMARKS[code] for code in remarks if code in REMARKS]
    # What is wrong comes before a remark that only says whether an appeal is possible.
    acting = sorted((r for r in said if r.action), key=lambda r: r.appealable is not None)
    way = _with_remark(way, acting[0]) if acting else way
    for remark in said:
        if remark.appealable is not None:
            way = replace(way, appealable=remark.appealable)
    return way


def deciding_of(adjustments: Sequence[RemittedAdjustment]) -> RemittedAdjustment:
    """The adjustment that a denial is sorted by: of the most cents, the first among equals."""
    return max(adjustments, key=lambda adjustment: adjustment.cents)


def _by_reason(group: str, reason: str) -> Way:
    known = DENIALS.get(reason)
    category = (known.denial if known else None) or "other"
    owner, action, appealable = _BY_REASON.get(reason, _BY_CATEGORY[category])
    if group == "PI" and category in _APPEALED_WITHOUT_A_CONTRACT:
        action = "appeal"
    cause = known.label if known else UNKNOWN
    return Way(category, cause, owner, action, _basis_of(action), appealable)


def _with_remark(way: Way, remark: RemarkMeaning) -> Way:
    action = remark.action or way.action
    return Way(
        category=remark.category or way.category,
        cause=f"{way.cause}: {remark.label}",
        owner=remark.owner or way.owner,
        action=action,
        basis=_basis_of(action),
        appealable=way.appealable,
    )


def _basis_of(action: NextAction) -> Basis:
    if action == "none":
        return "none"
    return "appeal" if action in ("appeal", "write-off-review") else "correction"
