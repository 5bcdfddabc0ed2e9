"""From what an EHR wrote of a visit to the visit as it is kept; codes stay the EHR's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from libs.events.contracts.interop import Source
from libs.events.contracts.people import Coverage, ReferringProvider
from libs.events.contracts.values import Npi
from services.interop.connections.model import Connection, Profile
from services.interop.encounters.credits import charged
from services.interop.encounters.model import (
    Credit,
    SourceCode,
    SourceLine,
    ToldVisit,
    Visit,
    encounter_id_of,
)
from services.interop.messages.model import Refusal, RefusedError
from services.interop.patients.model import KnownPatient
from services.interop.patients.read import CoverageFacts, read_coverages

_NPI: TypeAdapter[Any] = TypeAdapter(Npi)


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """A clinician as the EHR wrote it: its own id, and the NPI where it names one."""

    ehr_id: str
    npi: str | None = None


@dataclass(frozen=True, slots=True)
class ReferringFacts:
    """Who sent the patient, as the EHR wrote it."""

    provider: ProviderFacts
    family: str
    given: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A charge, or a credit of one; `diagnoses` are 1-based places in the visit's diagnoses."""

    system: str
    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[int, ...] = ()
    charge_cents: int | None = None
    transaction_id: str | None = None
    transaction_where: str = ""
    is_credit: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit; `providers` the most telling first (who rendered, then who attended)."""

    reference: str
    service_on: date
    visit_class: str | None
    providers: tuple[ProviderFacts, ...]
    diagnoses: tuple[tuple[str, str], ...]
    """(code system, code), each once, the principal one first."""
    lines: tuple[LineFacts, ...]
    where: str
    referring: ReferringFacts | None = None


@dataclass(frozen=True, slots=True)
class Insurance:
    """Who pays for a visit, as its message tells."""

    coverages: tuple[Coverage, ...]
    """In the order in which they are asked; nobody: the patient pays."""
    is_told: bool
    authorization: str | None = field(default=None, repr=False)
    """The first payer's number for what it agreed to beforehand."""

    @property
    def first(self) -> Coverage | None:
        return self.coverages[0] if self.coverages else None


def insurance_of(told: Sequence[CoverageFacts], connection: Connection) -> Insurance:
    """What a message told of who pays, the primary first; RefusedError as in `read_coverages`."""
    authorization = told[0].authorization if told else None
    return Insurance(read_coverages(told, connection), bool(told), authorization)


def read_visit(
    facts: VisitFacts,
    patient: KnownPatient,
    insurance: Insurance,
    *,
    connection: Connection,
    source: Source,
) -> ToldVisit:
    """Raises RefusedError where a line points at no diagnosis, ValidationError for other values."""
    profile = connection.profile
    _check_pointers(facts)
    lines = [_line(line) for line in facts.lines if not line.is_credit]
    back = tuple(Credit(_line(one), one.where) for one in facts.lines if one.is_credit)
    is_whole = not back and (source != "hl7v2" or profile.charges_are == "snapshot")
    if not is_whole:
        _check_transaction_ids(facts)
    place = _place_of_service(facts.visit_class, profile)
    visit = Visit(
        service_on=facts.service_on,
        place_of_service=place,
        visit_class=facts.visit_class if place is None else None,
        provider_npi=npi_of(facts.providers, connection),
        diagnoses=tuple(SourceCode(system=s, code=c) for s, c in facts.diagnoses),
        lines=tuple(lines),
        coverage=insurance.first,
        coverage_is_told=insurance.is_told,
        other_coverages=insurance.coverages[1:],
        prior_authorization=insurance.authorization,
        referring=_referring(facts.referring, connection),
        source=source,
        ehr_charge_cents=charged(lines),
    )
    return ToldVisit(
        encounter_id=encounter_id_of(
            connection.practice_id, connection.source_system, facts.reference
        ),
        patient_id=patient.patient_id,
        visit=visit,
        where=facts.where,
        reference=facts.reference,
        credits=back,
        is_whole=is_whole,
    )


def _line(line: LineFacts) -> SourceLine:
    return SourceLine(
        procedure=SourceCode(system=line.system, code=line.code),
        modifiers=line.modifiers,
        units=line.units,
        diagnoses=line.diagnoses,
        transaction_id=line.transaction_id,
        charge_cents=line.charge_cents,
    )


def _referring(told: ReferringFacts | None, connection: Connection) -> ReferringProvider | None:
    """A claim names whom it can name by an NPI; who has none here is left out."""
    npi = npi_of((told.provider,), connection) if told else None
    if told is None or npi is None:
        return None
    return ReferringProvider(npi=npi, family=told.family, given=told.given)


def npi_of(providers: Sequence[ProviderFacts], connection: Connection) -> str | None:
    """The first NPI that is one: the practice's map's for the EHR's id, or the EHR's own."""
    for provider in providers:
        mapped = connection.profile.practitioners.get(provider.ehr_id)
        if mapped is not None:
            return mapped
        if provider.npi is not None and _is_npi(provider.npi):
            return provider.npi
    return None


def _is_npi(text: str) -> bool:
    try:
        _NPI.validate_python(text)
    except ValidationError:
        return False
    return True


def _place_of_service(visit_class: str | None, profile: Profile) -> str | None:
    """By the practice's map; its default where the EHR tells no class, or it maps none at all.

    None: the EHR tells a class that the map does not have, which only the practice can place.
    """
    if not visit_class or not profile.places_of_service:
        return profile.default_place_of_service
    return profile.places_of_service.get(visit_class)


def _check_transaction_ids(facts: VisitFacts) -> None:
    """Charges that add to a visit are told apart by their numbers, or one sent again counts twice.

    A credit may have its charge's number, so both kinds are counted apart.
    """
    seen: set[tuple[bool, str]] = set()
    for line in facts.lines:
        if not line.transaction_id:
            raise RefusedError(
                Refusal("transaction-id-missing", line.transaction_where, "number each transaction")
            )
        named = line.is_credit, line.transaction_id
        if named in seen:
            raise RefusedError(
                Refusal(
                    "transaction-id-twice", line.transaction_where, "number each transaction once"
                )
            )
        seen.add(named)


def _check_pointers(facts: VisitFacts) -> None:
    places = range(1, len(facts.diagnoses) + 1)
    if any(place not in places for line in facts.lines for place in line.diagnoses):
        raise RefusedError(
            Refusal(
                "pointer-without-diagnosis",
                facts.where,
                "point each line at diagnoses that the visit has",
            )
        )
