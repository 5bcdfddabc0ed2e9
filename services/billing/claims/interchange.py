"""Claims as an 837P says them (X12 005010X222A1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from libs.events.contracts.interop import EncounterPosted
from services.billing.claims.model import Claim
from services.billing.x12 import plain_text, write_837p
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
    Submitter,
    Subscriber,
)

_RELATIONSHIPS = {"spouse": "01", "child": "19", "other": "G8"}
"""PAT01, individual relationship code."""


def write_interchange(
    number: int,
    practice: Mapping[str, Any],
    claims: Sequence[ProfessionalClaim],
    at: datetime,
) -> bytes:
    """One interchange of one practice to one payer; its number is that of group and set too."""
    payer = claims[0].payer
    return write_837p(
        ProfessionalClaims(
            sender_id=practice["tax_id"],
            receiver_id=payer.identifier[:15],
            interchange_control=number,
            group_control=number,
            transaction_control=number,
            written_at=at,
            usage="T",
            submitter=Submitter(plain_text(practice["name"]), practice["tax_id"],
                                "BILLING OFFICE", "8005550100"),
            receiver=Receiver(payer.name, payer.identifier),
            billing_provider=BillingProvider(
                plain_text(practice["name"]), practice["npi"], practice["tax_id"],
                Address(plain_text(practice["line"]), plain_text(practice["city"]),
                        practice["state"], practice["postal_code"]),
            ),
            claims=tuple(claims),
        )
    )  # fmt: skip


def professional_claim(
    claim: Claim,
    encounter: EncounterPosted,
    provider: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
) -> ProfessionalClaim:
    """A claim of the batch, from the visit as it was posted and the lines as they were priced."""
    coverage = encounter.coverage
    assert coverage is not None
    patient = _demographics(encounter)
    name = Person(plain_text(encounter.person.family), plain_text(encounter.person.given))
    is_self = coverage.relationship == "self"
    return ProfessionalClaim(
        control_number=claim.control_number,
        charge_cents=claim.charge_cents,
        place_of_service=encounter.place_of_service,
        subscriber=Subscriber(
            name=name,
            member_id=coverage.member_id,
            filing_code="CI",
            demographics=patient if is_self else None,
            group_number=coverage.group_number,
        ),
        payer=Payer(plain_text(coverage.payer_name), coverage.payer_id),
        rendering_provider=RenderingProvider(
            Person(plain_text(provider["family"]), plain_text(provider["given"])),
            provider["npi"],
            provider["taxonomy"],
        ),
        diagnoses=encounter.diagnoses,
        lines=tuple(
            ServiceLine(
                control_number=str(line["line_number"]),
                procedure=line["procedure_code"],
                charge_cents=line["charge_cents"],
                units=line["units"],
                service_on=encounter.service_on,
                diagnosis_pointers=tuple(line["diagnosis_pointers"]),
                modifiers=tuple(line["modifiers"]),
            )
            for line in lines
        ),
        patient=None
        if is_self
        else DependentPatient(name, _RELATIONSHIPS[coverage.relationship], patient),
    )


def _demographics(encounter: EncounterPosted) -> Demographics:
    """Nothing is made up: what the visit does not say stays empty, and the writer refuses it."""
    person = encounter.person
    place = Address(
        plain_text(person.address_line or ""),
        plain_text(person.city or ""),
        person.state or "",
        (person.postal_code or "").replace("-", ""),
    )
    return Demographics(place, person.birth_on, person.sex)
