"""Diagnoses against the patient's age and sex. What is said names no diagnosis, age or sex."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.billing.scrub.model import ClaimFacts, Finding, rule
from services.billing.scrub.rules.codes import diagnosis_place

_GUIDELINES = "ICD-10-CM Official Guidelines"


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Codes that begin so are for patients of these ages, in years or in days of life."""

    starts: tuple[str, ...]
    youngest: int
    oldest: int
    in_days: bool = False


AGES = (
    AgeRange(("Z00110",), 0, 7, in_days=True),
    AgeRange(("Z00111",), 8, 28, in_days=True),
    AgeRange(("Z38",), 0, 0),
    AgeRange(("Z0012",), 0, 17),
    AgeRange(("Z000",), 15, 124),
    AgeRange(("O", "Z34", "Z3A"), 9, 64),
)
"""By the codes' own titles (Z00.110: under 8 days old, Z00.111: 8 to 28 days old, Z38: liveborn
infants), and by the age categories of CMS's Medicare Code Editor: newborn 0, pediatric 0 to 17,
maternity 9 to 64, adult 15 to 124 years."""
MATERNAL = ("O", "Z34", "Z37", "Z3A")
NEWBORN = ("P", "Z38")
FEMALE = (
    "C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58", "N7", "N80", "N81", "N82", "N83", "N84",
    "N85", "N86", "N87", "N88", "N89", "N90", "N91", "N92", "N93", "N94", "N95", "N96", "N97",
    "N98", "O", "Z0141", "Z34", "Z37", "Z3A",
)  # fmt: skip
MALE = (
    "C60", "C61", "C62", "C63", "N40", "N41", "N42", "N43", "N44", "N45", "N46", "N47", "N48",
    "N49", "N50", "N51", "N52", "N53",
)  # fmt: skip
"""Blocks of one sex's organs and of pregnancy (ICD-10-CM tabular list, chapters 2, 14, 15, 21)."""


@rule(
    "born-after-service",
    "The patient was born by the day of service",
    "X12 005010X222A1 2010BA and 2010CA DMG02",
)
def born_after_service(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.born_on > facts.service_on:
        yield Finding(
            "2010BA DMG02",
            "The birth date is after the day of service. Correct the one that is wrong.",
        )


@rule(
    "diagnosis-age",
    "Diagnoses are for the patient's age",
    f"CMS Medicare Code Editor, age conflict; {_GUIDELINES} I.C.15, I.C.21.c.13",
    overridable=True,
    effective_on=date(2015, 10, 1),
)
def diagnosis_age(facts: ClaimFacts) -> Iterator[Finding]:
    for position, code in enumerate(facts.diagnoses, 1):
        for group in AGES:
            if code.startswith(group.starts):
                age = facts.age_in_days if group.in_days else facts.age
                if not group.youngest <= age <= group.oldest:
                    yield Finding(
                        diagnosis_place(position),
                        f"Diagnosis {position} is for patients of another age. Check the birth "
                        "date, and ask the clinician for the right code.",
                    )
                break


@rule(
    "diagnosis-sex",
    "Diagnoses are for the patient's sex as it is registered",
    "ICD-10-CM tabular list, chapters 14 and 15",
    "warning",
    effective_on=date(2015, 10, 1),
)
def diagnosis_sex(facts: ClaimFacts) -> Iterator[Finding]:
    """Only a warning: what is registered may differ from what was treated, and rightly so."""
    other = {"F": MALE, "M": FEMALE}.get(facts.sex)
    if other is None:
        return
    for position, code in enumerate(facts.diagnoses, 1):
        if code.startswith(other):
            yield Finding(
                diagnosis_place(position),
                f"Diagnosis {position} is seldom told with the registered sex. Check both; where "
                "both are right, the payer may want modifier KX.",
            )


@rule(
    "maternal-and-newborn",
    "One claim is the mother's or the newborn's",
    f"{_GUIDELINES} I.C.15.a.2 and I.C.16.a.1",
    effective_on=date(2015, 10, 1),
)
def maternal_and_newborn(facts: ClaimFacts) -> Iterator[Finding]:
    if any(code.startswith(MATERNAL) for code in facts.diagnoses):
        for position, code in enumerate(facts.diagnoses, 1):
            if code.startswith(NEWBORN):
                yield Finding(
                    diagnosis_place(position),
                    f"Diagnosis {position} belongs on a newborn's record, and another one on the "
                    "mother's. Bill each patient's visit for itself.",
                )
