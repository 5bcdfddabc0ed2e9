"""The loops of one claim in an 837P: subscriber, patient, claim, clinician, lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.billing.x12.characters import code, optional_text, text
from services.billing.x12.claims_837p import (
    Address,
    Demographics,
    DependentPatient,
    Person,
    ProfessionalClaim,
    RenderingProvider,
    ServiceLine,
    Subscriber,
)
from services.billing.x12.code_lists import PLACES_OF_SERVICE, STATES
from services.billing.x12.errors import RefusedElementError

MOST_DIAGNOSES = 12
MOST_LINES = 50
_MOST_CENTS = 10**10 - 1  # HIPAA guides limit amounts to eight digits before the point
_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{0,4}")


def claim_segments(claim: ProfessionalClaim, level: int) -> Iterator[str]:
    """All segments of one claim; `level` is the HL number of its subscriber (parent: HL 1)."""
    patient = claim.patient
    yield f"HL*{level}*1*22*{0 if patient is None else 1}"
    yield from _subscriber(claim.subscriber, is_patient=patient is None)
    payer = claim.payer
    payer_name = text(payer.name, "2010BB NM103", 60)
    yield f"NM1*PR*2*{payer_name}*****PI*{text(payer.identifier, '2010BB NM109', 80, 2)}"
    if patient is not None:
        yield f"HL*{level + 1}*{level}*23*0"
        yield from _patient(patient)
    yield from _claim(claim)
    yield from _rendering_provider(claim.rendering_provider)
    for number, line in enumerate(claim.lines, 1):
        yield f"LX*{number}"
        yield from _line(line, len(claim.diagnoses))


def address(place: Address, loop: str) -> Iterator[str]:
    """N3 and N4."""
    yield f"N3*{text(place.line, f'{loop} N301', 55)}"
    city = text(place.city, f"{loop} N401", 30, 2)
    state = code(place.state, f"{loop} N402", 2, 2)
    if state not in STATES:
        raise RefusedElementError("format", f"{loop} N402", "A state's code is expected.")
    postal_code = code(place.postal_code, f"{loop} N403", 5, 9)
    if len(postal_code) not in (5, 9) or not postal_code.isdigit():
        raise RefusedElementError("format", f"{loop} N403", "5 or 9 digits are expected.")
    yield f"N4*{city}*{state}*{postal_code}"


def dollars(cents: int, element: str) -> str:
    """Cents as X12 writes an amount: exact, without trailing zeros."""
    if not 0 <= cents <= _MOST_CENTS:
        message = "An amount from 0 to 99,999,999.99 is expected."
        raise RefusedElementError("out-of-range", element, message)
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)


def _subscriber(subscriber: Subscriber, *, is_patient: bool) -> Iterator[str]:
    group = optional_text(subscriber.group_number, "2000B SBR03", 50)
    filing = code(subscriber.filing_code, "2000B SBR09", 1, 2)
    yield f"SBR*P*{'18' if is_patient else ''}*{group}******{filing}"
    member = text(subscriber.member_id, "2010BA NM109", 80, 2)
    yield f"{_person('NM1*IL*1', subscriber.name, '2010BA')}*MI*{member}"
    if subscriber.demographics is not None:
        yield from _demographics(subscriber.demographics, "2010BA")
    elif is_patient:
        raise RefusedElementError("missing", "2010BA N301", "The patient's address is required.")


def _patient(patient: DependentPatient) -> Iterator[str]:
    relationship = code(patient.relationship, "2000C PAT01", 2, 2)
    if relationship == "18":
        message = "18 (self) is written as the subscriber."
        raise RefusedElementError("format", "2000C PAT01", message)
    yield f"PAT*{relationship}"
    yield _person("NM1*QC*1", patient.name, "2010CA").rstrip("*")
    yield from _demographics(patient.demographics, "2010CA")


def _demographics(known: Demographics, loop: str) -> Iterator[str]:
    yield from address(known.address, loop)
    yield f"DMG*D8*{known.born_on:%Y%m%d}*{code(known.sex, f'{loop} DMG03', 1, 1)}"


def _person(start: str, name: Person, loop: str) -> str:
    """NM101 to NM107; prefix and suffix stay empty."""
    last = text(name.last_name, f"{loop} NM103", 60)
    first = optional_text(name.first_name, f"{loop} NM104", 35)
    middle = optional_text(name.middle_name, f"{loop} NM105", 25)
    return f"{start}*{last}*{first}*{middle}**"


def _claim(claim: ProfessionalClaim) -> Iterator[str]:
    if not 1 <= len(claim.lines) <= MOST_LINES:
        raise RefusedElementError("out-of-range", "2400", f"1 to {MOST_LINES} lines are expected.")
    if len({line.control_number for line in claim.lines}) != len(claim.lines):
        raise RefusedElementError("duplicate", "2400 REF02", "Two lines share a control number.")
    if sum(line.charge_cents for line in claim.lines) != claim.charge_cents:
        raise RefusedElementError("sum", "2300 CLM02", "The charge is not the sum of the lines.")
    control_number = text(claim.control_number, "2300 CLM01", 20)
    charge = dollars(claim.charge_cents, "2300 CLM02")
    place = code(claim.place_of_service, "2300 CLM05", 2, 2)
    if place not in PLACES_OF_SERVICE:
        raise RefusedElementError("format", "2300 CLM05", "A CMS place of service is expected.")
    # Signature on file, assignment accepted, benefits assigned, release of information.
    yield f"CLM*{control_number}*{charge}***{place}:B:{claim.frequency}*Y*A*Y*Y"
    if claim.prior_authorization is not None:
        yield f"REF*G1*{text(claim.prior_authorization, '2300 REF*G1', 50)}"
    if claim.payer_claim_control_number is not None:
        yield f"REF*F8*{text(claim.payer_claim_control_number, '2300 REF*F8', 50)}"
    elif claim.frequency != "1":
        message = "A replaced or voided claim is named by the payer's number for it."
        raise RefusedElementError("missing", "2300 REF*F8", message)
    yield _diagnoses(claim.diagnoses)


def _diagnoses(diagnoses: tuple[str, ...]) -> str:
    if not 1 <= len(diagnoses) <= MOST_DIAGNOSES:
        message = f"1 to {MOST_DIAGNOSES} diagnoses are expected."
        raise RefusedElementError("out-of-range", "2300 HI", message)
    if not all(_DIAGNOSIS.fullmatch(diagnosis) for diagnosis in diagnoses):
        raise RefusedElementError("format", "2300 HI", "An ICD-10-CM code is expected.")
    bare = [diagnosis.replace(".", "") for diagnosis in diagnoses]
    return "*".join(["HI", f"ABK:{bare[0]}", *(f"ABF:{other}" for other in bare[1:])])


def _rendering_provider(provider: RenderingProvider) -> Iterator[str]:
    npi = code(provider.npi, "2310B NM109", 10, 10)
    yield f"{_person('NM1*82*1', provider.name, '2310B')}*XX*{npi}"
    yield f"PRV*PE*PXC*{code(provider.taxonomy, '2310B PRV03', 10, 10)}"


def _line(line: ServiceLine, diagnoses: int) -> Iterator[str]:
    if not 1 <= len(line.diagnosis_pointers) <= 4 or not all(
        1 <= pointer <= diagnoses for pointer in line.diagnosis_pointers
    ):
        message = "1 to 4 pointers to the claim's diagnoses are expected."
        raise RefusedElementError("out-of-range", "2400 SV107", message)
    if not 1 <= line.units <= 9999:
        raise RefusedElementError("out-of-range", "2400 SV104", "1 to 9999 units are expected.")
    if len(line.modifiers) > 4:
        raise RefusedElementError("out-of-range", "2400 SV101", "At most 4 modifiers are allowed.")
    procedure = ":".join(
        [
            "HC",
            code(line.procedure, "2400 SV101-02", 5, 5),
            *(code(modifier, "2400 SV101-03", 2, 2) for modifier in line.modifiers),
        ]
    )
    pointers = ":".join(map(str, line.diagnosis_pointers))
    charge = dollars(line.charge_cents, "2400 SV102")
    yield f"SV1*{procedure}*{charge}*UN*{line.units}***{pointers}"
    yield f"DTP*472*D8*{line.service_on:%Y%m%d}"
    yield f"REF*6R*{text(line.control_number, '2400 REF02', 30)}"
