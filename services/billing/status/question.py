"""Questions about claims as a 276 says them (005010X212)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.people import Coverage
from services.billing.claims.model import Claim
from services.billing.payers.way import Way
from services.billing.status.store import Question
from services.billing.x12 import plain_text
from services.billing.x12.claims_837p import Person
from services.billing.x12.write_276 import (
    AskedPatient,
    StatusQuestion,
    StatusQuestions,
    write_276,
)


def coverage_of(claim: Claim, encounter: EncounterPosted) -> Coverage | None:
    """The payer's coverage of the patient; None where the visit says nothing of it any more."""
    every = (encounter.coverage, *encounter.other_coverages)
    return next((one for one in every if one and one.payer_id == claim.payer_id), None)


def status_question(
    question: Question, claim: Claim, encounter: EncounterPosted, coverage: Coverage
) -> StatusQuestion:
    """What is asked about one claim."""
    person = encounter.person
    name = Person(plain_text(person.family), plain_text(person.given))
    return StatusQuestion(
        trace_number=question.trace_number,
        control_number=claim.control_number,
        payer_claim_number=claim.payer_claim_number,
        charge_cents=claim.charge_cents,
        service_on=claim.service_on,
        member_id=coverage.member_id,
        patient=AskedPatient(name, person.birth_on, person.sex),
        is_subscriber=coverage.relationship == "self",
    )


def write_questions(
    number: int, way: Way, questions: Sequence[StatusQuestion], at: datetime
) -> bytes:
    """One interchange of one practice to one payer; raises RefusedElementError."""
    practice, route = way.practice, way.route
    return write_276(
        StatusQuestions(
            sender_id=route.submitter_id,
            receiver_id=route.receiver_id,
            control=number,
            written_at=at,
            usage=route.usage,
            payer=way.payer,
            provider_name=plain_text(practice["name"]),
            provider_npi=practice["npi"],
            questions=tuple(questions),
            receiver_qualifier=route.receiver_qualifier,
            receiver_application=route.receiver_application,
        )
    )
