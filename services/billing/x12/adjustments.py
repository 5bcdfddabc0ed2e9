"""What an adjustment means for us: expected, the patient's, or a denial to be worked.

Group codes are those of 835 CAS01; reason codes are CARCs (external code list 139). The labels are
ours; the list's own wording is not reproduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

AdjustmentKind = Literal["contractual", "patient_responsibility", "denial", "other_adjustment"]
DenialCategory = Literal[
    "authorization", "bundling", "coding", "coordination-of-benefits", "credentialing",
    "duplicate", "eligibility", "medical-necessity", "missing-information", "non-covered",
    "timely-filing", "benefit-limit", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdjustmentMeaning:
    """How to post an adjustment; `denial` names the cause where the kind is denial."""

    kind: AdjustmentKind
    label: str
    denial: DenialCategory | None = None


CONTRACTUAL = MappingProxyType(
    {
        "24": "paid by capitation",
        "44": "prompt-payment discount",
        "45": "above the contract's fee schedule",
        "59": "reduced: several procedures on one day",
        "90": "ingredient cost",
        "91": "dispensing fee",
        "94": "paid above the charge",
        "102": "major medical adjustment",
        "103": "promotional discount",
        "104": "managed care withholding",
        "105": "tax withholding",
        "131": "negotiated discount",
        "132": "demonstration project",
        "144": "incentive",
        "161": "provider performance bonus",
        "172": "paid by specialty",
        "223": "set by law",
        "237": "set by law as a penalty",
        "253": "sequestration",
        "B10": "reduced: part of another procedure",
        "P12": "workers' compensation fee schedule",
    }
)
"""CARC → our label: a difference that the contract or the law intends."""

_CAUSES: dict[DenialCategory, dict[str, str]] = {
    "authorization": {
        "15": "authorization number missing or not for this",
        "39": "authorization was refused",
        "197": "no authorization beforehand",
        "198": "beyond what was authorized",
        "243": "not authorized by the network's physician",
        "284": "authorization does not cover this",
        "296": "authorization was changed",
        "302": "authorization had run out",
    },
    "bundling": {
        "97": "part of a service already paid",
        "231": "cannot be done on the same day",
        "234": "not paid on its own",
        "236": "combination not allowed on one day",
        "B15": "needs another service first",
    },
    "coding": {
        "4": "modifier missing or wrong",
        "5": "place of service does not fit",
        "6": "procedure does not fit the age",
        "7": "procedure does not fit the sex",
        "8": "procedure does not fit the specialty",
        "9": "diagnosis does not fit the age",
        "10": "diagnosis does not fit the sex",
        "11": "diagnosis does not fit the procedure",
        "12": "diagnosis does not fit the provider",
        "146": "diagnosis not valid on the day",
        "181": "procedure code not valid on the day",
        "182": "modifier not valid on the day",
        "199": "revenue and procedure code do not fit",
    },
    "coordination-of-benefits": {
        "19": "belongs to workers' compensation",
        "20": "belongs to a liability carrier",
        "21": "belongs to a no-fault carrier",
        "22": "another payer comes first",
        "109": "another payer or contractor is responsible",
    },
    "credentialing": {
        "38": "not from the assigned or authorized provider",
        "52": "provider may not refer, prescribe or perform",
        "170": "not paid for this type of provider",
        "171": "not paid for this provider at this place",
        "183": "referring provider is not eligible",
        "184": "ordering provider is not eligible",
        "185": "rendering provider is not eligible",
        "242": "not from a network provider",
        "B7": "provider not eligible on the day",
    },
    "duplicate": {"18": "exact duplicate"},
    "eligibility": {
        "13": "day of death is before the service",
        "26": "before coverage began",
        "27": "after coverage ended",
        "31": "patient not known as insured",
        "32": "not an eligible dependent",
        "33": "no dependent coverage",
        "34": "no newborn coverage",
        "177": "eligibility requirements not met",
        "200": "during a lapse of coverage",
    },
    "medical-necessity": {
        "50": "not seen as medically necessary",
        "55": "seen as experimental",
        "56": "not seen as proven effective",
        "150": "documentation does not support the level",
        "151": "documentation does not support so many",
        "152": "documentation does not support the length",
    },
    "missing-information": {
        "16": "information missing or wrong",
        "129": "prior processing information wrong",
        "163": "attachment not received",
        "206": "NPI missing",
        "207": "NPI has a wrong format",
        "208": "NPI does not match",
        "226": "information asked of the provider is missing",
        "227": "information asked of the patient is missing",
        "252": "attachment needed",
    },
    "non-covered": {
        "49": "routine examination not covered",
        "51": "pre-existing condition",
        "53": "relative or household member",
        "54": "several physicians not covered",
        "96": "not covered",
        "167": "diagnosis not covered",
        "204": "not in the patient's plan",
        "256": "not in the contract",
        "272": "coverage guidelines not met",
    },
    "timely-filing": {"29": "filed too late", "164": "attachment came too late"},
    "benefit-limit": {
        "35": "lifetime maximum reached",
        "119": "benefit maximum of the period reached",
        "149": "lifetime maximum of the service reached",
        "222": "more than the contract's number of units",
        "273": "coverage limits exceeded",
    },
    "other": {
        "A1": "claim or service denied",
        "A8": "cannot be grouped",
        "B20": "done by another provider",
        "P4": "no workers' compensation coverage",
    },
}
DENIALS = MappingProxyType(
    {
        code: AdjustmentMeaning("denial", label, category)
        for category, codes in _CAUSES.items()
        for code, label in codes.items()
    }
)
"""CARC → meaning of a denial that somebody can act on."""

PATIENT = MappingProxyType(
    {"1": "deductible", "2": "coinsurance", "3": "copayment", "66": "blood deductible"}
)


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
