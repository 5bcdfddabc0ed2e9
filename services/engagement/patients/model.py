"""A patient as a message needs one: a first name, an address, a language; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from libs.events.contracts.people import Person

Language = Literal["en", "es"]

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
"""A dot-atom at a host name (RFC 5322 §3.4.1, RFC 1123 §2.1); no quoted local parts."""
LONGEST_ADDRESS = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""


@dataclass(frozen=True, slots=True)
class Patient:
    """`known` false: spoken of, but the patient's own record was not heard yet."""

    patient_id: UUID
    known: bool
    given: str | None
    email: str | None
    language: Language


def usable_address(email: str | None) -> str | None:
    """The address, or None where no mail can go to it: none, not ASCII, or not local@domain."""
    if email is None or len(email) > LONGEST_ADDRESS:
        return None
    return email if _ADDRESS.fullmatch(email) else None


def spoken_language(language: str) -> Language:
    """The language that we write in to one who speaks an ISO 639 language."""
    return "es" if language in ("es", "spa") else "en"


def patient_of(patient_id: UUID, person: Person) -> Patient:
    """What is kept of a person: no more than a message says, and where it goes."""
    return Patient(
        patient_id=patient_id,
        known=True,
        given=" ".join(person.given.split()) or "-",
        email=usable_address(person.email),
        language=spoken_language(person.language),
    )
