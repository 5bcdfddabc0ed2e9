"""From what an EHR wrote of a patient and their insurance to what the practice knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import get_args

from libs.events.contracts.people import (
    Coverage,
    MedicareSecondary,
    Person,
    Relationship,
    Sex,
    Subscriber,
)
from services.interop.connections.model import Connection, Payer
from services.interop.messages.model import Refusal, RefusedError
from services.interop.patients.model import KnownPatient, patient_id_of
from services.interop.patients.states import state_code


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """A patient as the EHR wrote it; `where` is the place in the message."""

    mrn: str = field(repr=False)
    authority: str | None
    """Who gave the chart number; None: the EHR itself."""
    family: str = field(repr=False)
    given: str = field(repr=False)
    birth_on: date = field(repr=False)
    sex: Sex
    where: str
    address_line: str | None = field(default=None, repr=False)
    city: str | None = field(default=None, repr=False)
    state: str | None = None
    postal_code: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    language: str | None = None
    untold: frozenset[str] = frozenset()
    """The fields of a Person that the message says nothing of; None in another deletes it."""


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """Who pays, as the EHR wrote it: the payer's codes and names, the most telling first."""

    payers: tuple[str, ...]
    where: str
    member_id: str | None = field(default=None, repr=False)
    member_where: str | None = None
    """None: where the payer stands."""
    relationship: Relationship = "self"
    group_number: str | None = field(default=None, repr=False)
    subscriber: Subscriber | None = field(default=None, repr=False)
    """The insured person, where it is told and not the patient."""
    authorization: str | None = field(default=None, repr=False)
    """The payer's number for what it agreed to beforehand."""
    medicare_secondary: str | None = None
    """Why another payer comes before this Medicare, by X12's code; other codes tell nothing."""


_WHY_SECONDARY: dict[str, MedicareSecondary] = {code: code for code in get_args(MedicareSecondary)}

MOST_COVERAGES = 3
"""The primary, the secondary and the tertiary (X12 837 SBR01); who comes after is not asked."""


def read_patient(
    facts: PatientFacts, coverage: Coverage | None, connection: Connection
) -> KnownPatient:
    """Raises pydantic's ValidationError where a value does not fit its contract."""
    authority = facts.authority or connection.source_system
    return KnownPatient(
        practice_id=connection.practice_id,
        patient_id=patient_id_of(connection.practice_id, authority, facts.mrn),
        mrn=facts.mrn,
        person=Person(
            family=facts.family,
            given=facts.given,
            birth_on=facts.birth_on,
            sex=facts.sex,
            address_line=_short(facts.address_line),
            city=_short(facts.city),
            state=state_code(facts.state),
            postal_code=_postal_code(facts.postal_code),
            phone=_phone(facts.phone),
            email=facts.email if facts.email and "@" in facts.email else None,
            language=_language(facts.language),
        ),
        coverage=coverage,
    )


def read_coverages(facts: Sequence[CoverageFacts], connection: Connection) -> tuple[Coverage, ...]:
    """Who pays, in the order in which they are asked, each once; nobody: the patient.

    After a first one that means self-pay nobody is asked; of the others such a one is passed over.
    Raises RefusedError for a payer that the profile does not know: it is never taken for self-pay.
    """
    plans: dict[tuple[str, str], Coverage] = {}
    for told in facts[:MOST_COVERAGES]:
        coverage = _coverage(told, connection)
        if coverage is not None:
            plans.setdefault((coverage.payer_id, coverage.member_id), coverage)
        elif not plans:
            return ()
    return tuple(plans.values())


def _coverage(told: CoverageFacts, connection: Connection) -> Coverage | None:
    """A coverage; None where the profile says that its payer means self-pay."""
    profile = connection.profile
    if any(name in profile.self_pay for name in told.payers):
        return None
    payer: Payer | None = next(
        (profile.payers[name] for name in told.payers if name in profile.payers), None
    )
    if payer is None:
        raise RefusedError(
            Refusal(
                "payer-unknown",
                told.where,
                "this payer is not in the connection's payer map; add it, then send this again",
            )
        )
    if not told.member_id:
        raise RefusedError(
            Refusal(
                "member-id-missing",
                told.member_where or told.where,
                "send the member's number with the payer",
            )
        )
    return Coverage(
        payer_id=payer.payer_id,
        payer_name=payer.payer_name,
        member_id=told.member_id,
        relationship=told.relationship,
        group_number=_short(told.group_number),
        subscriber=told.subscriber if told.relationship != "self" else None,
        medicare_secondary=_WHY_SECONDARY.get(told.medicare_secondary or ""),
    )


def _short(text: str | None) -> str | None:
    return text.strip()[:200] or None if text else None


def _postal_code(text: str | None) -> str | None:
    digits = re.sub(r"\D", "", text or "")
    return digits if len(digits) in (5, 9) else None


def _phone(text: str | None) -> str | None:
    digits = re.sub(r"\D", "", text or "")
    if not 7 <= len(digits) <= 15:
        return None
    return "+" + digits if (text or "").strip().startswith("+") else digits


def _language(text: str | None) -> str:
    """ISO 639 from a language tag (en-US); English where it is not one."""
    code = (text or "").strip().lower().replace("_", "-").partition("-")[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) else "en"
