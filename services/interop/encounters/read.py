"""From what an EHR wrote of a visit to the visit as it is kept; codes stay the EHR's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from libs.events.contracts.interop import Coverage, Source
from libs.events.contracts.values import Npi
from services.interop.connections.model import Connection
from services.interop.encounters.model import SourceCode, SourceLine, Visit, encounter_id_of
from services.interop.encounters.post import ToldVisit
from services.interop.messages.model import Refusal, RefusedError
from services.interop.patients.model import KnownPatient

_NPI: TypeAdapter[Any] = TypeAdapter(Npi)


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """A clinician as the EHR wrote it: its own id, and the NPI where it names one."""

    ehr_id: str
    npi: str | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A charge; `diagnoses` are 1-based places in the visit's diagnoses."""

    system: str
    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[int, ...] = ()
    charge_cents: int | None = None


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


def read_visit(
    facts: VisitFacts,
    patient: KnownPatient,
    coverage: Coverage | None,
    *,
    coverage_is_told: bool,
    connection: Connection,
    source: Source,
) -> ToldVisit:
    """Raises RefusedError where a line points at no diagnosis, ValidationError for other values."""
    _check_pointers(facts)
    visit = Visit(
        service_on=facts.service_on,
        place_of_service=_place_of_service(facts.visit_class, connection),
        provider_npi=npi_of(facts.providers, connection),
        diagnoses=tuple(SourceCode(system=s, code=c) for s, c in facts.diagnoses),
        lines=tuple(
            SourceLine(
                procedure=SourceCode(system=line.system, code=line.code),
                modifiers=line.modifiers,
                units=line.units,
                diagnoses=line.diagnoses,
            )
            for line in facts.lines
        ),
        coverage=coverage,
        coverage_is_told=coverage_is_told,
        source=source,
        ehr_charge_cents=_charged(facts.lines),
    )
    return ToldVisit(
        encounter_id=encounter_id_of(
            connection.practice_id, connection.source_system, facts.reference
        ),
        patient_id=patient.patient_id,
        visit=visit,
        where=facts.where,
        reference=facts.reference,
    )


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


def _place_of_service(visit_class: str | None, connection: Connection) -> str:
    profile = connection.profile
    return profile.places_of_service.get(visit_class or "", profile.default_place_of_service)


def _charged(lines: Iterable[LineFacts]) -> int | None:
    """What the EHR asked for the visit, where it says so for every line."""
    amounts = [line.charge_cents for line in lines]
    told = [amount for amount in amounts if amount is not None]
    return sum(told) if told and len(told) == len(amounts) else None


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
