"""What an appeal says for each category of denial, and what it lays before the payer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from libs.events.contracts.billing_denials import DenialCategory


@dataclass(frozen=True, slots=True)
class Argument:
    """`asks`: what the payer is to do. `shows_diagnoses`: a letter says no more of the patient
    than its argument needs (45 CFR 164.502(b), minimum necessary)."""

    says: tuple[str, ...]
    asks: str
    enclosures: tuple[str, ...] = ()
    shows_diagnoses: bool = False


_AGAIN = "Please process the services again and pay them as the plan provides."

ARGUMENTS: Mapping[DenialCategory, Argument] = {
    "medical-necessity": Argument(
        (
            "The services were ordered and given for the diagnoses named above, and the record of "
            "the visit shows the findings, the history and the plan that led to them.",
            "Where a coverage policy was applied, please name it with its number and the "
            "criterion that you see as not met, and have a clinician of the same specialty "
            "review the record.",
        ),
        "Please reverse the decision and pay the services as medically necessary.",
        ("Medical record of the date of service", "Orders and results that it refers to"),
        shows_diagnoses=True,
    ),
    "timely-filing": Argument(
        (
            "The claim was sent within the time for filing. The dates above are those of the "
            "electronic submission and of the acknowledgement with which it was taken in; the "
            "number of the claim is in both.",
        ),
        "Please accept the claim as filed in time and process it.",
        ("Electronic claim acknowledgement (277CA)", "Record of the submission (837P)"),
    ),
    "authorization": Argument(
        (
            "The services were authorized, or could not be authorized beforehand for the reason "
            "given below. The number and the dates of the authorization, where there is one, are "
            "in the enclosures.",
        ),
        "Please apply the authorization, or grant one for the date of service, and pay the "
        "services.",
        ("Authorization, or the request for it with its answer",),
    ),
    "bundling": Argument(
        (
            "The denied service is separate from the one that it was counted with: it was a "
            "distinct procedure, with work of its own, as the record shows. The modifiers on the "
            "claim say so where the coding rules provide one.",
        ),
        "Please pay the service on its own.",
        ("Procedure notes of the date of service",),
    ),
    "coordination-of-benefits": Argument(
        (
            "As far as the practice knows, your plan is responsible in the order in which the "
            "claim was sent. What other payers decided is enclosed where they did.",
        ),
        "Please update the coordination of benefits and process the claim.",
        ("Remittance of the other payer",),
    ),
    "coding": Argument(
        (
            "The codes on the claim are those in force on the date of service, and they describe "
            "what the record shows. The claim was looked over again before this letter.",
        ),
        _AGAIN,
        ("Medical record of the date of service",),
        shows_diagnoses=True,
    ),
    "eligibility": Argument(
        (
            "The practice verified the patient's coverage with the member's number above, and it "
            "was told that coverage was in force on the date of service.",
        ),
        "Please look at the member's eligibility again and process the claim.",
        ("Record of the eligibility check (271)", "Copy of the member's card"),
    ),
    "credentialing": Argument(
        ("The clinician was credentialed and enrolled with your plan on the date of service.",),
        "Please correct the provider's record and process the claim.",
        ("Confirmation of enrollment",),
    ),
    "duplicate": Argument(
        (
            "The claim is no duplicate: it stands for a service of its own, or the claim that it "
            "was compared with was never paid.",
        ),
        "Please name the claim and the payment that you see as the first, or pay this one.",
    ),
    "missing-information": Argument(
        ("What you asked for is enclosed, or was on the claim as it was sent.",),
        _AGAIN,
        ("The information that was asked for",),
    ),
    "non-covered": Argument(
        (
            "The services are covered by the patient's plan as the practice understands it. If "
            "they are not, please name the exclusion in the plan's document.",
        ),
        _AGAIN,
    ),
    "benefit-limit": Argument(
        (
            "The limit was not reached by the services that the plan has paid, or it provides an "
            "exception that the record supports.",
        ),
        "Please send the count of services that the limit was compared with, or pay the services.",
        ("Medical record of the date of service",),
    ),
    "pending": Argument(("The decision on this claim is outstanding.",), _AGAIN),
    "other": Argument(
        ("The practice does not see a reason for the denial in what you sent.",),
        "Please explain the decision with the rule that it rests on, or pay the services.",
    ),
}
"""Category → argument: our words, for a person to add to."""
