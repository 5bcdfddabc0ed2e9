"""Whether codes exist on the day of service, and stand where they may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.billing.scrub.model import ClaimFacts, Finding, rule
from services.billing.x12.code_lists import PLACES_OF_SERVICE

PLACES_SINCE = {
    "02": date(2017, 1, 1),
    "10": date(2022, 1, 1),
    "19": date(2016, 1, 1),
    "27": date(2023, 10, 1),
    "58": date(2020, 1, 1),
}
"""The places of service that came later, and the first day on which they may be told."""


def diagnosis_place(position: int) -> str:
    """The element of the HI segment; positions count from 1."""
    return f"2300 HI{position:02d}-2"


@rule(
    "diagnosis-code",
    "Diagnoses are billable ICD-10-CM codes on the day of service",
    "45 CFR 162.1002(c); ICD-10-CM Official Guidelines I.B.2; X12 005010X222A1 2300 HI",
)
def diagnosis_code(facts: ClaimFacts) -> Iterator[Finding]:
    """Outside the edition's dates a code is not judged; that the edition lacks it is a hint."""
    listed = facts.diagnosis_list
    for position, code in enumerate(facts.diagnoses, 1):
        if code in listed.valid:
            continue
        what = (
            "is a category that needs further characters; code it to the highest number of "
            "characters"
            if code in listed.incomplete
            else "is not in the code list; ask the clinician for a code that is in force"
        )
        hint = "" if listed.judges else " The edition is not that of the day of service: check it."
        yield Finding(
            diagnosis_place(position),
            f"Diagnosis {position} {what} (ICD-10-CM, {listed.edition}).{hint}",
            severity=None if listed.judges else "warning",
        )


@rule(
    "procedure-code",
    "Procedures are in the practice's own HCPCS and CPT list on the day of service",
    "45 CFR 162.1002(a)(5), (b)(1); X12 005010X222A1 2400 SV101-2",
)
def procedure_code(facts: ClaimFacts) -> Iterator[Finding]:
    listed = facts.procedure_list
    if listed is None:
        return
    for line in facts.lines:
        if line.procedure not in listed.valid:
            yield Finding(
                "2400 SV101-2",
                f"{line.procedure} is not in the list {listed.edition} on the day of service. "
                "Correct the code, or load a list that has it.",
                line.number,
            )


@rule(
    "place-of-service",
    "The place of service is in CMS's code set on the day of service",
    "CMS Place of Service Codes for Professional Claims; X12 005010X222A1 2300 CLM05-1",
)
def place_of_service(facts: ClaimFacts) -> Iterator[Finding]:
    place = facts.place_of_service
    since = PLACES_SINCE.get(place)
    if place not in PLACES_OF_SERVICE or (since is not None and facts.service_on < since):
        yield Finding(
            "2300 CLM05-1",
            "There is no such place of service on the day of service. Correct it in the visit.",
        )


@rule(
    "diagnosis-pointers",
    "Each line points at diagnoses that the claim has, each once",
    "X12 005010X222A1 2400 SV107",
)
def diagnosis_pointers(facts: ClaimFacts) -> Iterator[Finding]:
    most = len(facts.diagnoses)
    for line in facts.lines:
        if any(not 1 <= pointer <= most for pointer in line.pointers):
            yield Finding(
                "2400 SV107",
                f"The line points at a diagnosis that the claim does not have; it has {most}. "
                "Correct the line's diagnosis pointers.",
                line.number,
            )
        elif len(set(line.pointers)) != len(line.pointers):
            yield Finding(
                "2400 SV107",
                "The line points at one diagnosis twice. Leave one of the pointers out.",
                line.number,
                "warning",
            )


@rule(
    "diagnosis-twice",
    "No diagnosis is told twice",
    "ICD-10-CM Official Guidelines I.B.12; X12 005010X222A1 2300 HI",
    "warning",
)
def diagnosis_twice(facts: ClaimFacts) -> Iterator[Finding]:
    if len(set(facts.diagnoses)) == len(facts.diagnoses):
        return
    for position, code in enumerate(facts.diagnoses, 1):
        first = facts.diagnoses.index(code) + 1
        if first < position:
            yield Finding(
                diagnosis_place(position),
                f"Diagnosis {position} is the same as diagnosis {first}. Tell it once.",
            )


@rule(
    "external-cause-first",
    "An external cause is never the first diagnosis",
    "ICD-10-CM Official Guidelines I.C.20.a.6",
)
def external_cause_first(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.diagnoses and facts.diagnoses[0][:1] in ("V", "W", "X", "Y"):
        yield Finding(
            diagnosis_place(1),
            "The first diagnosis is an external cause. Put the condition that was treated first.",
        )
