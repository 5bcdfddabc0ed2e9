"""Whom payers are asked about, and what their answers say of a day; decisions without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from libs.events.contracts import Contract
from libs.events.contracts.interop import EncounterPosted, PatientRegistered, PatientUpdated
from libs.events.contracts.people import Coverage, Sex

Standing = Literal["active", "inactive", "unknown"]
Question = Literal["none", "open", "ended"]
"""Whether a payer was asked about a day, and whether it is still to answer."""


class Member(Contract):
    """An insured patient as a payer finds one: no more than a 270 says."""

    family: str
    given: str
    birth_on: date
    sex: Sex
    coverage: Coverage


def member_of(heard: PatientRegistered | PatientUpdated | EncounterPosted) -> Member | None:
    """None: the patient has no coverage that the practice knows of."""
    person = heard.person
    if heard.coverage is None:
        return None
    return Member(
        family=person.family,
        given=person.given,
        birth_on=person.birth_on,
        sex=person.sex,
        coverage=heard.coverage,
    )


class State(StrEnum):
    """Where an inquiry is: not sent, sent, or ended by an answer or by none."""

    WAITING = "waiting"
    ASKED = "asked"
    ANSWERED = "answered"
    REFUSED = "refused"


def question_of(states: Iterable[State]) -> Question:
    """What several inquiries about one day come to."""
    found = set(states)
    if found & {State.WAITING, State.ASKED}:
        return "open"
    return "ended" if found else "none"


@dataclass(frozen=True, slots=True)
class KeptInquiry:
    """An inquiry as its row holds it."""

    inquiry_id: UUID
    patient_id: UUID
    payer_id: str
    service_on: date
    service_types: tuple[str, ...]
    state: State
    reason: str | None
    notes: tuple[str, ...]
    """Why it was refused: AAA03/AAA04 of each rejection, or an element of the 270."""
    interchange_number: int | None
    made_at: datetime
    answered_at: datetime | None
    origin: str


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: of the day that was asked for, and of the plan's dates where it names them."""

    service_on: date
    status: Literal["active", "inactive"]
    starts_on: date | None
    ends_on: date | None


def standing_on(said: Iterable[Said], on: date) -> Standing:
    """Whether a coverage is in force on a day; the newest answer first, which decides.

    An answer speaks of the day that it was asked for, and of no later day unless it names an end.
    """
    for one in said:
        if (standing := _says_of(one, on)) != "unknown":
            return standing
    return "unknown"


def _says_of(said: Said, on: date) -> Standing:
    if on == said.service_on:
        return said.status
    if said.status == "active":
        first, last = said.starts_on or said.service_on, said.ends_on or said.service_on
        return "active" if first <= on <= last else "unknown"
    if said.ends_on is not None and said.ends_on < on:
        return "inactive"
    is_before = said.starts_on is not None and said.service_on <= on < said.starts_on
    return "inactive" if is_before else "unknown"
