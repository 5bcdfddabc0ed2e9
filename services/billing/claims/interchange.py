"""Claims as an 837P says them (X12 005010X222A1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.people import Coverage
from services.billing.claims.model import Claim
from services.billing.claims.others import RELATIONSHIPS, coverage_of, insurance_type
from services.billing.office.model import BillingOffice, Facility
from services.billing.payers.model import PayerTerms, Route
from services.billing.x12 import plain_text
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
    ReferringProvider,
    RenderingProvider,
    ServiceFacility,
    ServiceLine,
    Submitter,
    Subscriber,
)
from services.billing.x12.claims_837p_cob import OtherPayer


class Named(Protocol):
    """Whoever has a name in two parts."""

    @property
    def family(self) -> str: ...

    @property
    def given(self) -> str: ...


@dataclass(frozen=True, slots=True)
class BilledBy:
    """Who bills a claim and on what terms; `facility`: where the service was, if elsewhere."""

    npi: str
    terms: PayerTerms
    facility: Facility | None


def interchange_of(
    number: int,
    practice: Mapping[str, Any],
    office: BillingOffice,
    route: Route,
    claims: Sequence[ProfessionalClaim],
    at: datetime,
) -> ProfessionalClaims:
    """One interchange of one practice to one receiver; its number is that of group and set too."""
    receiver, name = route.receiver, plain_text(practice["name"])
    payer = claims[0].payer
    return ProfessionalClaims(
        sender_id=route.submitter_id,
        receiver_id=route.receiver_id,
        interchange_control=number,
        group_control=number,
        transaction_control=number,
        # X12 times carry no zone and end with the minute.
        written_at=at.replace(second=0, microsecond=0, tzinfo=None),
        usage=route.usage,
        submitter=Submitter(
            name, route.submitter_id, plain_text(office.contact_name), office.contact_phone
        ),
        receiver=Receiver(plain_text(receiver.name), receiver.identifier)
        if receiver
        else Receiver(payer.name, payer.identifier),
        billing_provider=BillingProvider(
            name,
            practice["npi"],
            practice["tax_id"],
            _address(practice),
            route.billing_taxonomy,
        ),
        claims=tuple(claims),
        receiver_qualifier=route.receiver_qualifier,
        receiver_application=route.receiver_application,
    )


def professional_claim(
    claim: Claim,
    encounter: EncounterPosted,
    provider: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    billed_by: BilledBy,
    others: tuple[OtherPayer, ...],
) -> ProfessionalClaim:
    """A claim of the batch, from the visit as it was posted and the lines as they were priced."""
    coverage = coverage_of(claim, encounter)
    patient = _demographics(encounter)
    name = _name(encounter.person)
    is_self = coverage.relationship == "self"
    is_first = claim.payer_sequence == "P"  # an authorization is the first payer's
    terms, facility, sent_by = billed_by.terms, billed_by.facility, encounter.referring
    return ProfessionalClaim(
        control_number=claim.control_number,
        charge_cents=claim.charge_cents,
        place_of_service=encounter.place_of_service,
        subscriber=Subscriber(
            name=_subscriber_name(coverage) or name,
            member_id=coverage.member_id,
            filing_code=terms.filing_code,
            demographics=patient if is_self else None,
            group_number=coverage.group_number,
            insurance_type=insurance_type(coverage, claim.payer_sequence, terms.filing_code),
        ),
        payer=Payer(plain_text(terms.name or coverage.payer_name), coverage.payer_id),
        rendering_provider=_rendering_provider(provider, billed_by.npi),
        diagnoses=tuple(code.replace(".", "") for code in encounter.diagnoses),
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
        else DependentPatient(name, RELATIONSHIPS[coverage.relationship], patient),
        prior_authorization=encounter.prior_authorization if is_first else None,
        referring_provider=ReferringProvider(_name(sent_by), sent_by.npi) if sent_by else None,
        service_facility=facility
        and ServiceFacility(
            plain_text(facility.name), _address(facility.address.model_dump()), facility.npi
        ),
        sequence=claim.payer_sequence,
        others=others,
    )


def _rendering_provider(provider: Mapping[str, Any], billing_npi: str) -> RenderingProvider | None:
    """None where the clinician bills in person: 2310B is sent only where it says something else."""
    if provider["npi"] == billing_npi:
        return None
    name = Person(plain_text(provider["family"]), plain_text(provider["given"]))
    return RenderingProvider(name, provider["npi"], provider["taxonomy"])


def _subscriber_name(coverage: Coverage) -> Person | None:
    """The insured person's, where that is not the patient and was told."""
    if coverage.relationship == "self" or coverage.subscriber is None:
        return None
    return _name(coverage.subscriber)


def _name(told: Named) -> Person:
    return Person(plain_text(told.family), plain_text(told.given))


def _address(place: Mapping[str, Any]) -> Address:
    line, city = plain_text(place["line"]), plain_text(place["city"])
    return Address(line, city, place["state"], place["postal_code"])


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
