"""Questions about claims become the bytes of one 276 (005010X212)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.billing.x12.amounts import dollars
from services.billing.x12.asking import Asking
from services.billing.x12.characters import code, text
from services.billing.x12.claims_837p import Person, Sex
from services.billing.x12.enclose import Controls, TransactionSet, enclose, refuse_repeats
from services.billing.x12.errors import RefusedElementError
from services.billing.x12.persons import born, person

_SET = TransactionSet("HR", "276", "005010X212")


@dataclass(frozen=True, slots=True)
class AskedPatient:
    """A patient as the payer finds one (2100D or 2100E)."""

    name: Person
    born_on: date
    sex: Sex


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """A question about one claim (2200D, or 2200E where the patient is not the subscriber)."""

    trace_number: str
    """Ours (TRN02), echoed in the 277; unique, and about nobody."""
    control_number: str
    """CLM01 of the claim (REF*EJ)."""
    payer_claim_number: str | None
    """The payer's own, where it told one (REF*1K)."""
    charge_cents: int
    service_on: date
    member_id: str
    patient: AskedPatient
    is_subscriber: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQuestions(Asking):
    """One 276."""

    questions: tuple[StatusQuestion, ...]


def write_276(asked: StatusQuestions) -> bytes:
    """The whole file as ASCII; RefusedElementError names the element that cannot be written."""
    if not asked.questions:
        raise RefusedElementError("missing", "2200D", "At least one question is required.")
    refuse_repeats([one.trace_number for one in asked.questions], "2200D TRN02", "questions")
    return enclose(asked, _SET, Controls.of(asked.control), list(_segments(asked)))


def _segments(asked: StatusQuestions) -> Iterator[str]:
    at, payer = asked.written_at, asked.payer
    yield f"BHT*0010*13*{asked.control}*{at:%Y%m%d}*{at:%H%M}"
    yield "HL*1**20*1"
    name = text(payer.name, "2100A NM103", 60)
    yield f"NM1*PR*2*{name}*****PI*{text(payer.identifier, '2100A NM109', 80)}"
    yield "HL*2*1*21*1"
    provider = text(asked.provider_name, "2100B NM103", 60)
    yield f"NM1*41*2*{provider}*****46*{text(asked.sender_id, '2100B NM109', 80)}"
    yield "HL*3*2*19*1"
    yield f"NM1*1P*2*{provider}*****XX*{code(asked.provider_npi, '2100C NM109', 10, 10)}"
    level = 3
    for question in asked.questions:
        level += 1
        patient = question.patient
        if question.is_subscriber:
            yield f"HL*{level}*3*22*0"
            yield born(patient.born_on, patient.sex)
            member = text(question.member_id, "2100D NM109", 80)
            yield f"{person('NM1*IL*1', patient.name, '2100D')}*MI*{member}"
        else:
            # Of the subscriber only the member's number is known.
            yield f"HL*{level}*3*22*1"
            yield f"NM1*IL*1******MI*{text(question.member_id, '2100D NM109', 80)}"
            level += 1
            yield f"HL*{level}*{level - 1}*23"
            yield born(patient.born_on, patient.sex)
            yield person("NM1*QC*1", patient.name, "2100E").rstrip("*")
        yield from _claim(question)


def _claim(question: StatusQuestion) -> Iterator[str]:
    yield f"TRN*1*{text(question.trace_number, '2200D TRN02', 50)}"
    if question.payer_claim_number is not None:
        yield f"REF*1K*{text(question.payer_claim_number, '2200D REF*1K', 50)}"
    yield f"REF*EJ*{text(question.control_number, '2200D REF*EJ', 50)}"
    yield f"AMT*T3*{dollars(question.charge_cents, '2200D AMT*T3')}"
    yield f"DTP*472*D8*{question.service_on:%Y%m%d}"
