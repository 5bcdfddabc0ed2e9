"""What the payer's own reader understood, in the words of the writer: for comparing both."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from libs.local.payer.claims import Claim, Line, Party, Submission
from services.billing.x12.claims_837p import (
    Address,
    BillingProvider,
    Demographics,
    DependentPatient,
    Payer,
    Person,
    ProfessionalClaim,
    ProfessionalClaims,
    Receiver,
    RenderingProvider,
    ServiceLine,
    Sex,
    Submitter,
    Subscriber,
)


def as_batch(read: Submission) -> ProfessionalClaims:
    """Every field of the batch, as the other implementation read it."""
    return ProfessionalClaims(
        sender_id=read.sender,
        receiver_id=read.receiver,
        interchange_control=read.interchange,
        group_control=int(read.group),
        transaction_control=int(read.transaction),
        written_at=datetime.strptime(read.written_date + read.written_time, "%Y%m%d%H%M"),  # noqa: DTZ007
        usage="P" if read.usage == "P" else "T",
        submitter=Submitter(
            read.submitter.name, read.submitter.identifier, read.contact, read.phone
        ),
        receiver=Receiver(read.receiver_party.name, read.receiver_party.identifier),
        billing_provider=BillingProvider(
            read.billing.name,
            read.billing.identifier,
            read.employer_number,
            _address(read.billing),
        ),
        claims=tuple(_claim(claim) for claim in read.claims),
    )


def without_points(batch: ProfessionalClaims) -> list[tuple[str, ...]]:
    """Diagnoses as they travel: X12 leaves the point of ICD-10-CM out."""
    return [tuple(code.replace(".", "") for code in c.diagnoses) for c in batch.claims]


def _claim(read: Claim) -> ProfessionalClaim:
    subscriber = read.subscriber
    assert read.frequency in ("1", "7", "8")
    return ProfessionalClaim(
        control_number=read.number,
        charge_cents=read.charge_cents,
        place_of_service=read.place,
        subscriber=Subscriber(
            _person(subscriber),
            subscriber.identifier,
            read.filing_code,
            _demographics(subscriber) if subscriber.born else None,
            read.group_number or None,
        ),
        payer=Payer(read.payer.name, read.payer.identifier),
        rendering_provider=RenderingProvider(
            _person(read.rendering), read.rendering.identifier, read.taxonomy
        ),
        diagnoses=tuple(read.diagnoses),
        lines=tuple(_line(line) for line in read.lines),
        patient=_patient(read),
        frequency=read.frequency,
        payer_claim_control_number=read.original_number or None,
        prior_authorization=read.authorization or None,
    )


def _patient(read: Claim) -> DependentPatient | None:
    if read.patient is None:
        assert read.relationship == "18"
        return None
    return DependentPatient(_person(read.patient), read.relationship, _demographics(read.patient))


def _line(read: Line) -> ServiceLine:
    return ServiceLine(
        control_number=read.control_number,
        procedure=read.procedure,
        charge_cents=read.charge_cents,
        units=read.units,
        service_on=_day(read.service_date),
        diagnosis_pointers=tuple(read.pointers),
        modifiers=tuple(read.modifiers),
    )


def _person(read: Party) -> Person:
    return Person(read.name, read.first or None, read.middle or None)


def _address(read: Party) -> Address:
    return Address(read.street, read.city, read.state, read.postal_code)


def _demographics(read: Party) -> Demographics:
    return Demographics(_address(read), _day(read.born), cast("Sex", read.sex))


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
