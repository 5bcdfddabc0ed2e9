"""Visits as an EHR may tell them, and the practice that decides on them: without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from libs.events.examples import interop as examples
from services.interop.connections.model import CodeRow, Profile
from services.interop.encounters.decide import About, Decision, Known, decide
from services.interop.encounters.model import (
    Credit,
    Question,
    SourceCode,
    SourceLine,
    ToldVisit,
    ToldVoid,
    Visit,
    VoidReason,
)
from services.interop.encounters.translate import HCPCS, ICD_10_CM, SNOMED_CT, translator
from services.interop.patients.model import KnownPatient

PATIENT = KnownPatient(
    examples.PRACTICE, examples.PATIENT, "MRN-1001", examples.PERSON, examples.COVERAGE
)
ABOUT = About(
    practice_id=examples.PRACTICE,
    encounter_id=examples.ENCOUNTER,
    connection_id=examples.CONNECTION,
    patient=PATIENT,
    is_coverage_known=True,
    translate=translator(
        Profile(codes=(CodeRow(system=SNOMED_CT, code="1", kind="diagnosis", target="I10"),))
    ),
    due_on=date(2026, 3, 16),
)
UNMAPPED = Question("unmapped-diagnosis", SNOMED_CT, "2")


def line(procedure: str = "G0439", number: str | None = None, **more: Any) -> SourceLine:
    code = SourceCode(system=HCPCS, code=procedure)
    return SourceLine(procedure=code, transaction_id=number, **more)


def told(*lines: SourceLine, diagnosis: str = "1", **changes: Any) -> ToldVisit:
    """A visit told whole, unless `is_whole` or `credits` say otherwise."""
    about = {name: changes.pop(name) for name in ("credits", "is_whole") if name in changes}
    system = ICD_10_CM if "." in diagnosis else SNOMED_CT
    fields: dict[str, Any] = {
        "service_on": date(2026, 3, 2),
        "place_of_service": "11",
        "provider_npi": examples.NPI,
        "diagnoses": (SourceCode(system=system, code=diagnosis),),
        "lines": lines or (line(),),
        "coverage": None,
        "coverage_is_told": False,
        "source": "hl7v2",
        **changes,
    }
    if about:
        fields["lines"] = lines
    visit = Visit(**fields)
    return ToldVisit(examples.ENCOUNTER, examples.PATIENT, visit, "PV1-19", "V1", **about)


def added(*lines: SourceLine, **changes: Any) -> ToldVisit:
    """A batch of charges, as an additive EHR sends it."""
    return told(*lines, is_whole=False, **changes)


def credited(*lines: SourceLine, charges: tuple[SourceLine, ...] = ()) -> ToldVisit:
    back = tuple(Credit(one, f"FT1[{place}]") for place, one in enumerate(lines, 1))
    return told(*charges, credits=back, is_whole=False)


def void(reason: VoidReason = "cancelled") -> ToldVoid:
    return ToldVoid(examples.ENCOUNTER, reason)


def after(*all_told: ToldVisit | ToldVoid, about: About = ABOUT) -> list[Decision]:
    """The decisions on each, one after the other."""
    known: Known | None = None
    found: list[Decision] = []
    for one in all_told:
        found.append(decide(known, one, about))
        known = found[-1].now
    return found


def answered(known: Known, question: Question, answer: str) -> Known:
    left = tuple(one for one in known.open if one != question)
    return replace(known, open=left, answers={**known.answers, question: answer})
