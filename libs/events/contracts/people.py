"""People and what pays for them, as events about patients and visits say it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from libs.events.contracts.base import PHI, Contract
from libs.events.contracts.values import Npi, PayerId, Short, StateCode

Sex = Literal["F", "M", "U"]
Relationship = Literal["self", "spouse", "child", "other"]


class Person(Contract):
    """A patient as a claim and a message need to know one."""

    family: Annotated[Short, PHI]
    given: Annotated[Short, PHI]
    birth_on: Annotated[date, PHI]
    sex: Sex
    address_line: Annotated[Short | None, PHI] = None
    city: Annotated[Short | None, PHI] = None
    state: StateCode | None = None
    postal_code: Annotated[str | None, PHI] = None
    """Five or nine digits."""
    phone: Annotated[str | None, PHI] = None
    """Digits with an optional leading +."""
    email: Annotated[str | None, PHI] = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = "en"
    """ISO 639."""


class Subscriber(Contract):
    """The insured person, where that is not the patient (X12 837 loop 2010BA, HL7 v2 IN1-16)."""

    family: Annotated[Short, PHI]
    given: Annotated[Short, PHI]
    birth_on: Annotated[date | None, PHI] = None
    sex: Sex | None = None


MedicareSecondary = Literal["12", "13", "14", "15", "16", "41", "42", "43", "47"]
"""Why another payer comes before Medicare (X12 data element 1336, 837 SBR05): 12 and 43 the group
health plan of somebody working, for age or disability; 13 end-stage renal disease; 14 and 47
no-fault and other liability insurance; 15 workers' compensation; 16 Public Health Service; 41 black
lung; 42 the Veterans Administration."""


class Coverage(Contract):
    """What pays for a visit: the payer and the member's number with it."""

    payer_id: PayerId
    payer_name: Short
    member_id: Annotated[Short, PHI]
    relationship: Relationship = "self"
    group_number: Annotated[Short | None, PHI] = None
    subscriber: Subscriber | None = None
    """The insured person, where that is not the patient; None: not told, or the patient."""
    medicare_secondary: MedicareSecondary | None = None
    """Of Medicare, where another payer comes before it; None: not told, or another payer."""


class ReferringProvider(Contract):
    """Who sent the patient (X12 837 loop 2310A, HL7 v2 PV1-8)."""

    npi: Npi
    family: Short
    given: Short
