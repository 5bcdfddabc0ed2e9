"""What a told visit makes of a known one: posted, corrected, unchanged, waiting, or voided.

Pure: the same for a message that is taken and for one that is only inspected.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.interop import (
    EncounterCorrected,
    EncounterPosted,
    EncounterReplaced,
    EncounterVoided,
)
from libs.events.contracts.interop_queries import QueryOpened, QueryWithdrawn
from libs.events.contracts.values import ConnectionId, EncounterId, PracticeId
from services.interop.encounters.credits import changed
from services.interop.encounters.model import (
    Answers,
    Complete,
    Question,
    ToldVisit,
    ToldVoid,
    Translate,
    Visit,
    VoidReason,
    complete,
    posted,
)
from services.interop.patients.model import KnownPatient

State = Literal["waiting", "posted", "voided"]


@dataclass(frozen=True, slots=True)
class Known:
    """A visit as it stands; one that waits may have been posted before, and that still stands."""

    patient_id: UUID
    visit: Visit
    state: State
    standing: EncounterPosted | None = None
    """What was posted last, under the id of the event that said so; None: nothing, or voided."""
    was_posted: bool = False
    open: tuple[Question, ...] = ()
    answers: Answers = field(default_factory=dict[Question, str])


@dataclass(frozen=True, slots=True)
class About:
    """What a decision needs to know beside the visit."""

    practice_id: UUID
    encounter_id: UUID
    connection_id: UUID
    patient: KnownPatient
    is_coverage_known: bool
    """Of the patient: a payer, or that the patient pays."""
    translate: Translate
    due_on: date
    """By when a question that is asked now should be answered."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How the visit stands from now on, and what is said about it, in order."""

    now: Known | None
    """None: nothing is known of it, and nothing was to be done."""
    opened: tuple[Question, ...] = ()
    withdrawn: tuple[Question, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def waits(self) -> bool:
        return self.now is not None and self.now.state == "waiting"


def decide(known: Known | None, told: ToldVisit | ToldVoid, about: About) -> Decision:
    """What becomes of a visit that is sent, first, again, changed or taken back.

    Raises RefusedError for credits of what it does not have.
    """
    if isinstance(told, ToldVoid):
        return _void(known, told.reason, about)
    visit = told.visit if told.is_whole else changed(_left(known), told)
    is_voided = known is None or known.state == "voided"
    if told.credits and not visit.lines:
        return _void(known and replace(known, visit=visit), "credited", about)
    if known is not None and not is_voided:
        if visit == known.visit and told.patient_id == known.patient_id:
            return Decision(known)
        return _stand(replace(known, visit=visit, patient_id=told.patient_id), about)
    if known is not None and not told.is_whole and not visit.lines:
        return Decision(known)  # what was credited, sent again
    before = known or Known(told.patient_id, visit, "waiting")
    return _stand(replace(before, visit=visit, patient_id=told.patient_id), about)


def look_again(known: Known, about: About) -> Decision:
    """What an answer, or news of who pays, makes of a visit that waits."""
    return _stand(known, about) if known.state == "waiting" else Decision(known)


def correction(event: EncounterPosted, standing: EncounterPosted | None) -> EncounterCorrected:
    """The whole new state of a visit, and what it replaces."""
    told = {name: getattr(event, name) for name in EncounterPosted.model_fields}
    made = EncounterCorrected(**told, replaces=standing and replaced(standing))
    return made.with_event_id(event.event_id)


def replaced(standing: EncounterPosted) -> EncounterReplaced:
    return EncounterReplaced(
        event_id=standing.event_id,
        service_on=standing.service_on,
        provider_npi=standing.provider_npi,
    )


def _left(known: Known | None) -> Visit | None:
    """What charges are added to, and credits taken from: of a voided visit nothing is left."""
    if known is None or known.state != "voided":
        return known and known.visit
    return known.visit.model_copy(update={"lines": (), "diagnoses": ()})


def _stand(known: Known, about: About) -> Decision:
    """The visit as it is told now: posted or corrected, or waiting for what it lacks."""
    found = complete(
        known.visit,
        about.translate,
        known.answers,
        is_coverage_known=about.is_coverage_known,
    )
    lacking = () if isinstance(found, Complete) else tuple(found)
    opened = tuple(question for question in lacking if question not in known.open)
    withdrawn = tuple(question for question in known.open if question not in lacking)
    asked = (
        *(_withdrawn(question, about) for question in withdrawn),
        *(_opened(question, known.visit, about) for question in opened),
    )
    if not isinstance(found, Complete):
        waits = replace(known, state="waiting", open=lacking)
        return Decision(waits, opened, withdrawn, asked)
    event = posted(
        known.visit,
        found,
        practice_id=about.practice_id,
        encounter_id=about.encounter_id,
        patient=about.patient,
    )
    settled = replace(known, state="posted", open=(), standing=event, was_posted=True)
    if event == known.standing:
        same = replace(settled, standing=known.standing)
        return Decision(same, opened, withdrawn, asked)
    said = correction(event, known.standing) if known.was_posted else event
    return Decision(settled, opened, withdrawn, (*asked, said))


def _void(known: Known | None, reason: VoidReason, about: About) -> Decision:
    """Take a visit back; one that was never posted only asks nothing any more."""
    if known is None or known.state == "voided":
        return Decision(known)
    asked: tuple[Event, ...] = tuple(_withdrawn(question, about) for question in known.open)
    now = replace(known, state="voided", standing=None, open=())
    if known.standing is None:
        return Decision(now, (), known.open, asked)
    said = EncounterVoided(
        practice_id=PracticeId(about.practice_id),
        encounter_id=EncounterId(about.encounter_id),
        patient_id=known.standing.patient_id,
        reason=reason,
        replaces=replaced(known.standing),
    )
    return Decision(now, (), known.open, (*asked, said))


def _opened(question: Question, visit: Visit, about: About) -> QueryOpened:
    return QueryOpened(
        practice_id=PracticeId(about.practice_id),
        query_id=question.id_for(about.encounter_id),
        encounter_id=EncounterId(about.encounter_id),
        connection_id=ConnectionId(about.connection_id),
        reason=question.reason,
        asked=question.asked,
        code_system=question.system,
        code=question.code,
        service_on=visit.service_on,
        due_on=about.due_on,
    )


def _withdrawn(question: Question, about: About) -> QueryWithdrawn:
    return QueryWithdrawn(
        practice_id=PracticeId(about.practice_id),
        query_id=question.id_for(about.encounter_id),
        encounter_id=EncounterId(about.encounter_id),
    )
