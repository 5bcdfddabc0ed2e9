"""The loops of one claim in an 837P: subscriber, patient, claim; the rest stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.billing.x12.amounts import dollars
from services.billing.x12.characters import code, optional_text, text
from services.billing.x12.claim_837p_cob import insurance_type, line_adjudications, other_payers
from services.billing.x12.claim_837p_lines import service_line
from services.billing.x12.claim_837p_providers import (
    address,
    referring_provider,
    rendering_provider,
    service_facility,
)
from services.billing.x12.claims_837p import (
    Attachment,
    Demographics,
    DependentPatient,
    ProfessionalClaim,
    Subscriber,
)
from services.billing.x12.claims_837p_cob import PayerSequence
from services.billing.x12.code_lists import (
    ATTACHMENT_TRANSMISSIONS,
    ATTACHMENT_TYPES,
    PLACES_OF_SERVICE,
)
from services.billing.x12.errors import RefusedElementError
from services.billing.x12.persons import person

MOST_DIAGNOSES = 12
MOST_LINES = 50
MOST_ATTACHMENTS = 10
_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{0,4}")


def claim_segments(claim: ProfessionalClaim, level: int) -> Iterator[str]:
    """All segments of one claim; `level` is the HL number of its subscriber (parent: HL 1)."""
    patient = claim.patient
    _refuse_unborn(claim)
    yield f"HL*{level}*1*22*{0 if patient is None else 1}"
    yield from _subscriber(claim.subscriber, claim.sequence, is_patient=patient is None)
    payer = claim.payer
    payer_name = text(payer.name, "2010BB NM103", 60)
    yield f"NM1*PR*2*{payer_name}*****PI*{text(payer.identifier, '2010BB NM109', 80, 2)}"
    if patient is not None:
        yield f"HL*{level + 1}*{level}*23*0"
        yield from _patient(patient)
    yield from _claim(claim)
    if claim.referring_provider is not None:
        yield from referring_provider(claim.referring_provider)
    if claim.rendering_provider is not None:
        yield from rendering_provider(claim.rendering_provider)
    if claim.service_facility is not None:
        yield from service_facility(claim.service_facility)
    yield from other_payers(claim)
    for number, line in enumerate(claim.lines, 1):
        yield f"LX*{number}"
        yield from service_line(line, len(claim.diagnoses))
        yield from line_adjudications(claim, line)


def _refuse_unborn(claim: ProfessionalClaim) -> None:
    known = claim.subscriber.demographics if claim.patient is None else claim.patient.demographics
    if known is None or not claim.lines:
        return  # refused further on
    if known.born_on > min(line.service_on for line in claim.lines):
        loop = "2010BA" if claim.patient is None else "2010CA"
        message = "The patient was born after the day of the service."
        raise RefusedElementError("out-of-range", f"{loop} DMG02", message)


def _subscriber(
    subscriber: Subscriber, sequence: PayerSequence, *, is_patient: bool
) -> Iterator[str]:
    group = optional_text(subscriber.group_number, "2000B SBR03", 50)
    filing = code(subscriber.filing_code, "2000B SBR09", 1, 2)
    kind = insurance_type(subscriber.insurance_type, filing, sequence, "2000B SBR05")
    yield f"SBR*{sequence}*{'18' if is_patient else ''}*{group}**{kind}****{filing}"
    member = text(subscriber.member_id, "2010BA NM109", 80, 2)
    yield f"{person('NM1*IL*1', subscriber.name, '2010BA')}*MI*{member}"
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
    yield person("NM1*QC*1", patient.name, "2010CA").rstrip("*")
    yield from _demographics(patient.demographics, "2010CA")


def _demographics(known: Demographics, loop: str) -> Iterator[str]:
    yield from address(known.address, loop)
    yield f"DMG*D8*{known.born_on:%Y%m%d}*{code(known.sex, f'{loop} DMG03', 1, 1)}"


def _claim(claim: ProfessionalClaim) -> Iterator[str]:
    if not 1 <= len(claim.lines) <= MOST_LINES:
        raise RefusedElementError("out-of-range", "2400", f"1 to {MOST_LINES} lines are expected.")
    if len({line.control_number for line in claim.lines}) != len(claim.lines):
        raise RefusedElementError("duplicate", "2400 REF02", "Two lines share a control number.")
    if sum(line.charge_cents for line in claim.lines) != claim.charge_cents:
        raise RefusedElementError("sum", "2300 CLM02", "The charge is not the sum of the lines.")
    if not claim.charge_cents:
        raise RefusedElementError("out-of-range", "2300 CLM02", "Nothing is charged.")
    control_number = text(claim.control_number, "2300 CLM01", 20)
    charge = dollars(claim.charge_cents, "2300 CLM02")
    place = code(claim.place_of_service, "2300 CLM05", 2, 2)
    if place not in PLACES_OF_SERVICE:
        raise RefusedElementError("format", "2300 CLM05", "A CMS place of service is expected.")
    # Signature on file, assignment accepted, benefits assigned, release of information.
    yield f"CLM*{control_number}*{charge}***{place}:B:{claim.frequency}*Y*A*Y*Y"
    yield from _attachments(claim.attachments)
    if claim.prior_authorization is not None:
        yield f"REF*G1*{text(claim.prior_authorization, '2300 REF*G1', 50)}"
    if claim.payer_claim_control_number is not None:
        yield f"REF*F8*{text(claim.payer_claim_control_number, '2300 REF*F8', 50)}"
    elif claim.frequency != "1":
        message = "A replaced or voided claim is named by the payer's number for it."
        raise RefusedElementError("missing", "2300 REF*F8", message)
    yield _diagnoses(claim.diagnoses)


def _attachments(attachments: tuple[Attachment, ...]) -> Iterator[str]:
    if len(attachments) > MOST_ATTACHMENTS:
        message = f"At most {MOST_ATTACHMENTS} attachments are allowed."
        raise RefusedElementError("out-of-range", "2300 PWK", message)
    for one in attachments:
        if one.report_type not in ATTACHMENT_TYPES:
            raise RefusedElementError("format", "2300 PWK01", "A code of the guide is expected.")
        if one.transmission not in ATTACHMENT_TRANSMISSIONS:
            raise RefusedElementError("format", "2300 PWK02", "A code of the guide is expected.")
        if one.control_number is not None:
            number = text(one.control_number, "2300 PWK06", 50, 2)
            yield f"PWK*{one.report_type}*{one.transmission}***AC*{number}"
        elif one.transmission == "AA":
            yield f"PWK*{one.report_type}*AA"
        else:
            message = "What is sent has a control number."
            raise RefusedElementError("missing", "2300 PWK06", message)


def _diagnoses(diagnoses: tuple[str, ...]) -> str:
    if not 1 <= len(diagnoses) <= MOST_DIAGNOSES:
        message = f"1 to {MOST_DIAGNOSES} diagnoses are expected."
        raise RefusedElementError("out-of-range", "2300 HI", message)
    if not all(_DIAGNOSIS.fullmatch(diagnosis) for diagnosis in diagnoses):
        raise RefusedElementError("format", "2300 HI", "An ICD-10-CM code is expected.")
    bare = [diagnosis.replace(".", "") for diagnosis in diagnoses]
    return "*".join(["HI", f"ABK:{bare[0]}", *(f"ABF:{other}" for other in bare[1:])])
