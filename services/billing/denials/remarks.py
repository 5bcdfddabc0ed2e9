"""RARC → what it changes of a denial's way.

A remark (remittance advice remark code, external code list 411, as of August 2026) makes a general
reason exact, above all CARC 16, 96, 125, 252 and A1. Only those that change the action are here;
the labels are ours. Alerts that only inform are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from libs.events.contracts.billing_denials import DenialCategory, DenialOwner, NextAction


@dataclass(frozen=True, slots=True)
class RemarkMeaning:
    """What a remark says, and what follows; None leaves what the reason says."""

    label: str
    category: DenialCategory | None = None
    owner: DenialOwner | None = None
    action: NextAction | None = None
    appealable: bool | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    category: DenialCategory | None
    owner: DenialOwner | None
    action: NextAction | None
    labels: dict[str, str]
    appealable: bool | None = None


_GROUPS = (
    _Group("coding", "coding", "correct-and-resubmit", {
        "M20": "HCPCS code missing or wrong",
        "M51": "procedure code missing or wrong",
        "M53": "days or units missing or wrong",
        "M64": "further diagnosis missing or wrong",
        "M67": "further procedure missing or wrong",
        "M76": "diagnosis missing or wrong",
        "M77": "place of service missing or wrong",
        "M81": "code to the highest specificity",
        "M84": "codes must be those in force on the day",
        "MA63": "principal diagnosis missing or wrong",
        "MA66": "principal procedure missing or wrong",
        "N34": "wrong form or format for the service",
        "N56": "procedure does not fit the service or the day",
        "N61": "bill on separate claims",
        "N63": "bill on separate lines",
        "N65": "procedure not on file for the day",
        "N74": "bill each month on its own claim",
        "N122": "add-on code without its service",
        "N149": "bill all on one claim",
        "N184": "bill technical and professional parts apart",
        "N200": "bill the professional part apart",
        "N301": "procedure's date missing or wrong",
        "N345": "dates do not fit the units",
        "N350": "unlisted procedure is not described",
        "N430": "procedure does not fit the units",
        "N519": "modifiers do not go together",
        "N569": "not paid for this diagnosis",
        "N572": "reporting codes or modifiers missing",
        "N657": "another code describes the service",
        "N769": "diagnosis needs a side",
        "N822": "modifier missing",
        "N823": "modifier incomplete or wrong",
        "N850": "narrative missing",
    }),
    _Group("bundling", "coding", "correct-and-resubmit", {
        "M15": "part of the same procedure",
        "M80": "not on the day of another service",
        "M97": "paid to the facility at this place",
        "M144": "part of the surgery's allowance",
        "N19": "incidental to the main procedure",
        "N20": "not with another service of the day",
        "N390": "not billed on its own",
        "N431": "not with this procedure",
        "N525": "within another service's global period",
        "N702": "like a service decided before",
        "N703": "does not go with a claim before",
    }),
    _Group("missing-information", "billing", "correct-and-resubmit", {
        "M47": "payer's claim number missing or wrong",
        "M52": "first day of service missing or wrong",
        "M54": "total charge missing or wrong",
        "M56": "payer's identifier missing or wrong",
        "M59": "last day of service missing or wrong",
        "M79": "charge missing or wrong",
        "MA31": "billing period missing or wrong",
        "MA69": "remarks missing or wrong",
        "MA100": "day of first symptoms missing or wrong",
        "MA112": "group practice missing or wrong",
        "MA114": "place where it was done missing or wrong",
        "N142": "send a new claim, no replacement",
        "N152": "replacement's information missing or wrong",
        "N264": "ordering provider's name missing or wrong",
        "N265": "ordering provider's NPI missing or wrong",
        "N285": "referring provider's name missing or wrong",
        "N286": "referring provider's NPI missing or wrong",
        "N292": "facility's name missing or wrong",
        "N293": "facility's NPI missing or wrong",
        "N294": "facility's address missing or wrong",
        "N297": "supervising provider's NPI missing or wrong",
        "N379": "claim and lines do not agree",
        "N380": "send a corrected claim",
        "N517": "send a new claim with what was asked for",
        "N574": "ordering or referring provider may not do so",
        "N575": "ordering or referring provider's name does not match",
        "N779": "replaced before it was decided",
        "N798": "void the claim and send a new one",
    }),
    _Group("missing-information", "front-desk", "correct-and-resubmit", {
        "MA27": "member's number or name missing or wrong",
        "MA36": "patient's name missing or wrong",
        "MA37": "patient's address missing or wrong",
        "MA39": "patient's sex missing or wrong",
        "MA60": "relationship to the insured missing or wrong",
        "MA61": "social security number missing or wrong",
        "MA75": "patient's signature missing",
        "N305": "day of the accident missing or wrong",
        "N329": "patient's birth date missing or wrong",
        "N340": "subscriber's birth date missing or wrong",
        "N382": "patient's identifier missing or wrong",
        "N778": "primary care physician missing",
    }),
    _Group("missing-information", "clinician", "send-records", {
        "M29": "operative note missing",
        "M30": "pathology report missing",
        "M31": "radiology report missing",
        "M60": "certificate of necessity missing",
        "M127": "medical record missing",
        "M135": "plan of treatment missing or wrong",
        "M141": "certified plan of care missing",
        "N205": "what was sent cannot be read",
        "N206": "records do not match the claim",
        "N233": "operative note incomplete",
        "N237": "medical record incomplete",
        "N366": "opened again once the information is sent",
        "N391": "emergency records missing",
        "N393": "progress notes missing",
        "N394": "progress notes incomplete",
        "N395": "laboratory report missing",
        "N455": "physician's order missing",
        "N457": "diagnostic report missing",
        "N463": "supporting data missing",
        "N464": "supporting data incomplete",
        "N705": "documentation incomplete",
        "N706": "documentation missing",
        "N707": "orders incomplete",
        "N708": "orders missing",
        "N709": "notes incomplete",
        "N710": "notes missing",
        "N713": "report incomplete",
        "N714": "report missing",
        "N715": "chart incomplete",
        "N716": "chart missing",
        "N729": "medical record missing",
        "N730": "medical record incomplete",
        "N791": "history and physical missing",
        "N900": "therapy notes missing",
    }),
    _Group("medical-necessity", "clinician", "appeal", {
        "M25": "information does not support the level",
        "M26": "information does not support the level",
        "N10": "found by a review",
        "N115": "a local coverage determination",
        "N163": "record does not support the code",
        "N180": "criteria of the category not met",
        "N386": "a national coverage determination",
        "N661": "documentation does not show necessity",
    }),
    _Group("authorization", "front-desk", "ask-authorization", {
        "M62": "authorization number missing or wrong",
        "N54": "does not agree with what was authorized",
        "N175": "review organization's approval missing",
        "N188": "approved level does not match the code",
        "N351": "outside the approved days",
        "N475": "referral form missing",
        "N489": "referral form missing",
        "N630": "referral not authorized",
        "N758": "authorization was decided otherwise",
    }),
    _Group("coordination-of-benefits", "billing", "bill-next-payer", {
        "MA04": "primary payer's decision missing",
        "MA64": "we are third: first and second payers' decisions missing",
        "MA83": "primary or secondary is not said",
        "MA92": "other insurance's plan missing",
        "N4": "prior payer's remittance missing or wrong",
        "N5": "prior payer's remittance came, the claim did not",
        "N8": "crossover without the claim's data",
        "N36": "primary payer's rules come first",
        "N48": "does not agree with the other carrier",
        "N104": "another contractor's area",
        "N245": "other insurance's plan incomplete",
        "N374": "Part B remittance needed",
        "N418": "claim went to the wrong payer",
        "N479": "prior payer's explanation missing",
        "N480": "prior payer's explanation incomplete",
        "N598": "health plan is primary",
        "N747": "another payer's area",
    }),
    _Group("eligibility", "front-desk", "ask-eligibility", {
        "N30": "patient not eligible for the service",
        "N52": "not enrolled in the plan on the day",
        "N155": "other insurance must be told",
        "N179": "payer waits for the member's answer",
        "N191": "payer's insurance record must be updated",
        "N197": "subscriber must update the payer's record",
        "N375": "dependent's questionnaire missing",
        "N619": "premium was not paid",
        "N650": "policy not in force on the day",
    }),
    _Group("credentialing", "credentialing", "correct-and-resubmit", {
        "M143": "license must be updated with the payer",
        "MA12": "no right to bill for who did it",
        "MA113": "tax number does not match",
        "MA120": "laboratory certificate number missing or wrong",
        "N51": "no electronic agreement on file",
        "N55": "rules for group billing not followed",
        "N198": "clinician not affiliated with the payee",
        "N209": "tax number missing or wrong",
        "N255": "billing provider's taxonomy missing or wrong",
        "N257": "billing provider's NPI missing or wrong",
        "N258": "billing provider's address missing or wrong",
        "N288": "clinician's taxonomy missing or wrong",
        "N289": "clinician's name missing or wrong",
        "N290": "clinician's NPI missing or wrong",
        "N516": "NPI and tax number do not match",
        "N521": "provider does not match the payer's record",
        "N570": "credentialing data missing or wrong",
        "N761": "provider may not be paid for it",
        "N767": "enrollment with the state's Medicaid needed",
        "N808": "not for this type or specialty",
        "N831": "enrollment was not revalidated",
        "N836": "payee is not registered",
    }),
    _Group("benefit-limit", "billing", "write-off-review", {
        "M86": "same or similar service paid within the time",
        "M90": "once in twelve months",
        "N117": "once in a lifetime",
        "N362": "more units than the maximum",
        "N435": "more than allowed without documentation",
        "N587": "benefits are used up",
        "N640": "more than allowed within the time",
    }),
    _Group("non-covered", "billing", "write-off-review", {
        "N216": "not in the patient's part of the plan",
        "N383": "seen as cosmetic",
        "N425": "excluded by law",
        "N428": "not at this place of service",
        "N429": "seen as routine",
        "N643": "not in the state's schedule",
        "N776": "not covered as telehealth",
    }),
    _Group("duplicate", "payer", "none", {
        "N111": "was decided on another claim",
        "N522": "duplicate of a crossover claim",
    }),
    _Group(None, "billing", "appeal", {
        "N185": "payer asks not to send it again",
        "N368": "the decision must be appealed",
    }, appealable=True),
    _Group(None, None, None, {
        "MA01": "may be appealed within 120 days",
        "MA02": "may be appealed within 180 days",
        "N1": "may be appealed in writing",
        "N210": "may be appealed",
    }, appealable=True),
    _Group(None, "billing", "write-off-review", {
        "MA44": "decided by law, no appeal",
        "N83": "demonstration project, no appeal",
        "N211": "may not be appealed",
    }, appealable=False),
    _Group("missing-information", "billing", "correct-and-resubmit", {
        "MA130": "cannot be processed; a new claim is needed",
        "N704": "may not be appealed, but sent again corrected",
    }, appealable=False),
)  # fmt: skip

REMARKS = MappingProxyType(
    {
        code: RemarkMeaning(label, group.category, group.owner, group.action, group.appealable)
        for group in _GROUPS
        for code, label in group.labels.items()
    }
)
"""RARC → its meaning."""
