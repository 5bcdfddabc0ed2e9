"""A question as a 270 puts it (X12 005010X279A1), from what is known of the member; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.billing.eligibility.model import KeptInquiry, Member
from services.billing.payers.way import Way
from services.billing.x12 import plain_text
from services.billing.x12.claims_837p import Person
from services.billing.x12.write_270 import AskedPerson, Inquiries, Inquiry, write_270


def trace_of(inquiry_id: UUID) -> str:
    """TRN02: the inquiry's id, which is about nobody."""
    return inquiry_id.hex.upper()


def inquiry_of(trace: str) -> UUID | None:
    """The id that a trace is; None for a trace that is none of ours."""
    if len(trace) != 32 or not trace.isascii() or not trace.isalnum():
        return None
    try:
        return UUID(hex=trace)
    except ValueError:
        return None


def question(inquiry: KeptInquiry, member: Member) -> Inquiry:
    """What is asked about one patient."""
    patient = AskedPerson(_name(member.family, member.given), member.birth_on, member.sex)
    insured = member.coverage.subscriber
    is_self = member.coverage.relationship == "self"
    subscriber = patient if is_self else None
    if not is_self and insured is not None:
        name = _name(insured.family, insured.given)
        subscriber = AskedPerson(name, insured.birth_on, insured.sex or "U")
    return Inquiry(
        trace_number=trace_of(inquiry.inquiry_id),
        member_id=member.coverage.member_id,
        subscriber=subscriber,
        dependent=None if is_self else patient,
        service_on=inquiry.service_on,
        service_types=inquiry.service_types,
    )


def write_questions(number: int, way: Way, questions: Sequence[Inquiry], at: datetime) -> bytes:
    """One interchange of one practice to one payer; raises RefusedElementError."""
    practice, route = way.practice, way.route
    return write_270(
        Inquiries(
            sender_id=route.submitter_id,
            receiver_id=route.receiver_id,
            control=number,
            written_at=at,
            usage=route.usage,
            payer=way.payer,
            provider_name=plain_text(practice["name"]),
            provider_npi=practice["npi"],
            trace_origin=f"1{practice['tax_id']}",
            inquiries=tuple(questions),
            receiver_qualifier=route.receiver_qualifier,
            receiver_application=route.receiver_application,
        )
    )


def _name(family: str, given: str) -> Person:
    return Person(plain_text(family), plain_text(given) or None)
