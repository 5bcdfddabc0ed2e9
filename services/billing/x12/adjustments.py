"""What an adjustment means for us: expected, the patient's, or a denial to be worked.

Group codes are those of 835 CAS01; reason codes are CARCs (external code list 139). The labels are
ours; the list's own wording is not reproduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from services.billing.x12.denial_codes import CAUSES, DenialCategory

AdjustmentKind = Literal["contractual", "patient_responsibility", "denial", "other_adjustment"]


@dataclass(frozen=True, slots=True)
class AdjustmentMeaning:
    """How to post an adjustment; `denial` names the cause where the kind is denial."""

    kind: AdjustmentKind
    label: str
    denial: DenialCategory | None = None


CONTRACTUAL = MappingProxyType(
    {
        "24": "paid by capitation",
        "41": "contract's discount",
        "42": "above the fee schedule",
        "44": "prompt-payment discount",
        "45": "above the contract's fee schedule",
        "59": "reduced: several procedures on one day",
        "69": "day outlier",
        "70": "cost outlier",
        "74": "indirect medical education",
        "75": "direct medical education",
        "76": "disproportionate share",
        "89": "professional fees taken out",
        "90": "ingredient cost",
        "91": "dispensing fee",
        "94": "paid above the charge",
        "102": "major medical adjustment",
        "103": "promotional discount",
        "104": "managed care withholding",
        "105": "tax withholding",
        "118": "renal network's support",
        "121": "indemnification",
        "122": "psychiatric reduction",
        "130": "fee for the claim",
        "131": "negotiated discount",
        "132": "demonstration project",
        "134": "technical fees taken out",
        "137": "surcharges and taxes by regulation",
        "139": "subscriber works for the provider",
        "144": "incentive",
        "161": "provider performance bonus",
        "172": "paid by specialty",
        "205": "discount card's fee",
        "223": "set by law",
        "232": "transfer between institutions",
        "235": "sales tax",
        "237": "set by law as a penalty",
        "245": "performance program's withhold",
        "246": "code for reporting only",
        "253": "sequestration",
        "259": "dental or vision payment added",
        "260": "enhanced fee schedule",
        "262": "delivery cost",
        "263": "shipping cost",
        "264": "postage",
        "265": "administrative cost",
        "266": "compounding cost",
        "271": "reductions reported before",
        "278": "performance program not met",
        "281": "deductible waived by contract",
        "295": "pharmacy remuneration",
        "303": "cost sharing of a qualified Medicare beneficiary",
        "307": "fair price refund",
        "308": "funding agreement",
        "A2": "by contract",
        "A5": "capital cost outlier",
        "B10": "reduced: part of another procedure",
        "P5": "usual and customary fees",
        "P12": "workers' compensation fee schedule",
        "P18": "comparable service's allowance",
        "P19": "relative value of zero",
        "P22": "injury protection's rules",
        "P23": "injury protection's fee schedule",
        "P24": "preferred provider organization",
        "P25": "medical provider network",
        "P26": "voluntary provider network",
        "P28": "liability coverage's rules",
        "P29": "liability coverage's fee schedule",
    }
)
"""CARC → our label: a difference that the contract or the law intends."""

DENIALS = MappingProxyType(
    {
        code: AdjustmentMeaning("denial", label, category)
        for category, codes in CAUSES.items()
        for code, label in codes.items()
    }
)
"""CARC → meaning of a denial that somebody can act on."""

PATIENT = MappingProxyType(
    {
        "1": "deductible",
        "2": "coinsurance",
        "3": "copayment",
        "66": "blood deductible",
        "85": "interest",
        "142": "Medicaid share of cost",
        "201": "set-aside arrangement",
        "238": "time without coverage",
        "241": "low-income subsidy copayment",
        "247": "deductible at an institution",
        "248": "coinsurance at an institution",
        "275": "prior payer's cost sharing",
        "P3": "workers' compensation set-aside",
    }
)
"""CARC → our label: what the payer leaves to the patient (group PR)."""


def meaning_of(group: str, reason: str) -> AdjustmentMeaning:
    """The meaning of CAS01 `group` with CARC `reason` on a claim or line.

    The group decides first: PR is the patient's whatever the reason (005010X221A1, CAS01), CR
    corrects an earlier decision and denies nothing. Then the reason: a code we do not know under
    CO, OA or PI is `other_adjustment`, never silently written off as contractual.
    """
    if group == "PR":
        known = DENIALS.get(reason)
        label = PATIENT.get(reason) or (known.label if known else "patient responsibility")
        return AdjustmentMeaning("patient_responsibility", label)
    if group == "CR":
        return AdjustmentMeaning("other_adjustment", "correction or reversal")
    if reason in DENIALS:
        return DENIALS[reason]
    if reason in CONTRACTUAL and group in ("CO", "PI"):
        return AdjustmentMeaning("contractual", CONTRACTUAL[reason])
    if reason == "23":
        return AdjustmentMeaning("other_adjustment", "decided by a prior payer")
    return AdjustmentMeaning("other_adjustment", "other adjustment")
