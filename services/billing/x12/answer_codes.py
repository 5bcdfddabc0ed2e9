"""What the codes of payers' answers mean to us, in our own words.

Category codes are those of external code list 507, status codes of list 508 (277CA and 277 STC01),
note codes of list I18 (TA105), set error codes of element 718 (999 IK502). The lists' own wording
is not reproduced, and of list 508 only what our desk meets often is named.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Literal

StatusMeaning = Literal[
    "received", "pending", "information-requested", "finalized", "finalized-paid",
    "finalized-denied", "rejected", "not-found", "cannot-say",
]  # fmt: skip

_MEANINGS: dict[str, StatusMeaning] = {
    "A0": "received", "A1": "received", "A2": "received", "A5": "received",
    "A3": "rejected", "A6": "rejected", "A7": "rejected", "A8": "rejected",
    "A4": "not-found", "D0": "not-found",
    "P3": "information-requested", "P4": "information-requested",
    "F1": "finalized-paid", "F2": "finalized-denied",
}  # fmt: skip
_BY_LETTER: dict[str, StatusMeaning] = {
    "P": "pending",
    "R": "information-requested",
    "F": "finalized",
}

_CATEGORIES = MappingProxyType(
    {
        "A0": "passed on to another",
        "A1": "received, not yet taken in",
        "A2": "taken in for adjudication",
        "A3": "returned as it cannot be processed",
        "A4": "not found",
        "A5": "split into several claims",
        "A6": "rejected: something is missing",
        "A7": "rejected: something is wrong",
        "A8": "rejected: parts contradict one another",
        "D0": "the search found nothing",
        "F0": "decided",
        "F1": "decided: paid",
        "F2": "decided: denied",
        "F3": "decided anew",
        "F4": "decided: no payment will follow",
        "P0": "pending before adjudication",
        "P1": "in process",
        "P2": "in review",
        "P3": "waiting for what the provider was asked for",
        "P4": "waiting for what the patient was asked for",
        "P5": "held by the payer",
    }
)
_STATUSES = MappingProxyType(
    {
        "0": "",
        "3": "adjudicated, payment or denial is on its way",
        "16": "forwarded",
        "19": "received",
        "20": "accepted for processing",
        "21": "missing or invalid information",
        "24": "not approved as an electronic submitter",
        "26": "this party is not found",
        "33": "the subscriber is not found",
        "35": "the claim is not found",
        "88": "not eligible for the benefits on the day",
        "97": "the patient's eligibility is not found",
        "123": "additional information is needed",
        "158": "the patient's date of birth",
        "178": "the charge",
        "187": "the day of service",
        "247": "the line",
        "255": "the diagnosis",
        "317": "the patient's medical record",
        "453": "a modifier",
        "454": "a procedure",
        "496": "the submitter is not approved for this provider",
        "500": "the postal code",
        "562": "a National Provider Identifier",
        "746": "a duplicate submission",
    }
)
_INTERCHANGE_NOTES = MappingProxyType(
    {
        "000": "no error",
        "001": "the control numbers of header and trailer differ",
        "002": "the standard is not supported",
        "003": "the version is not supported",
        "004": "the segment terminator is invalid",
        "005": "the sender's qualifier is invalid",
        "006": "the sender's id is invalid",
        "007": "the receiver's qualifier is invalid",
        "008": "the receiver's id is invalid",
        "009": "the receiver's id is not known",
        "010": "the authorization qualifier is invalid",
        "011": "the authorization is invalid",
        "012": "the security qualifier is invalid",
        "013": "the security information is invalid",
        "014": "the date is invalid",
        "015": "the time is invalid",
        "016": "the repetition separator or standards id is invalid",
        "017": "the version is invalid",
        "018": "the control number is invalid",
        "019": "the request for an answer is invalid",
        "020": "the usage indicator is invalid",
        "021": "the number of groups is wrong",
        "022": "the control structure is invalid",
        "023": "the file ends too early",
        "024": "the content is invalid (a group's header, for example)",
        "025": "the control number was used before",
        "026": "the element separator is invalid",
        "027": "the component separator is invalid",
        "028": "the delivery date is invalid",
        "029": "the delivery time is invalid",
        "030": "the delivery time code is invalid",
        "031": "the grade of service is invalid",
    }
)
_SET_ERRORS = MappingProxyType(
    {
        "1": "the transaction set is not supported",
        "2": "its trailer is missing",
        "3": "the control numbers of header and trailer differ",
        "4": "the number of segments is wrong",
        "5": "one or more segments are in error",
        "6": "its name is missing or invalid",
        "7": "its control number is missing or invalid",
        "23": "its control number is not unique in its group",
        "I5": "one or more segments are against the guide",
        "I6": "the guide is not supported",
    }
)

_CATEGORY = re.compile(r"[A-Z][0-9]{1,2}[A-Z]?")


def meaning_of_status(category: str) -> StatusMeaning:
    """What a status category says; `cannot-say` of an error of the asking, or of one unknown."""
    if not _CATEGORY.fullmatch(category):
        return "cannot-say"
    return _MEANINGS.get(category) or _BY_LETTER.get(category[0], "cannot-say")


def in_words(source: str, category: str | None, code: str | None) -> str:
    """An answer's codes for a person; what is not in our words is named by its number."""
    match source:
        case "TA1":
            return _INTERCHANGE_NOTES.get(category or "", f"note code {category}")
        case "999":
            return _SET_ERRORS.get(category or "", f"error code {category}") if category else ""
        case _:
            said = _CATEGORIES.get(category or "", f"category {category}")
            about = _STATUSES.get(code or "0", f"status code {code}")
            return f"{said} ({about})" if about else said
