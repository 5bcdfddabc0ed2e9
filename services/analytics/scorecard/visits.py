"""What the scorecard makes of visits, of appointments and of whose they are."""

from __future__ import annotations

from typing import Literal

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    EncounterCorrected,
    EncounterPosted,
    EncounterVoided,
    PatientMerged,
    PatientUnmerged,
)
from libs.events.contracts.values import month_of
from libs.events.transport import Fold
from services.analytics.scorecard.counting import APPOINTMENT, CHART, SEEN, count, source_of

BY_VIDEO = ("02", "10")  # CMS place of service: telehealth, the patient elsewhere or at home


def on_encounter_posted(event: EncounterPosted, fold: Fold) -> None:
    count(event, fold, month_of(event.service_on), encounters=1)
    _see(event, fold)


def on_encounter_corrected(event: EncounterCorrected, fold: Fold) -> None:
    """Counted once, in the month that it is of now; after a void it counts again."""
    _see(event, fold)
    month, before = month_of(event.service_on), event.replaces
    if before is None:
        count(event, fold, month, encounters=1)
    elif (was := month_of(before.service_on)) != month:
        count(event, fold, was, encounters=-1)
        count(event, fold, month, encounters=1)


def on_encounter_voided(event: EncounterVoided, fold: Fold) -> None:
    fold.put(SEEN, (event.practice_id, event.encounter_id), counts=False)
    if event.replaces is not None:
        count(event, fold, month_of(event.replaces.service_on), encounters=-1)


def _see(event: EncounterPosted | EncounterCorrected, fold: Fold) -> None:
    """Who was seen, when and how: the last event of the visit stands for it."""
    fold.put(
        SEEN,
        (event.practice_id, event.encounter_id),
        counts=True,
        service_month=month_of(event.service_on),
        patient_id=event.patient_id,
        by_video=event.place_of_service in BY_VIDEO,
        event_id=fold.event.id,
        **source_of(fold),
    )


def on_patient_merged(event: PatientMerged, fold: Fold) -> None:
    """Its key is the merged chart, and it names the last survivor: the last of a key is right."""
    fold.put(CHART, (event.practice_id, event.patient_id), survivor_id=event.survivor_id)


def on_patient_unmerged(event: PatientUnmerged, fold: Fold) -> None:
    fold.put(CHART, (event.practice_id, event.patient_id), survivor_id=event.patient_id)


def on_appointment_booked(event: AppointmentBooked, fold: Fold) -> None:
    _appointment_is(event, fold, "booked")


def on_appointment_changed(event: AppointmentChanged, fold: Fold) -> None:
    """It may be in another month now, and is counted there alone."""
    _appointment_is(event, fold, "booked")


def on_appointment_cancelled(event: AppointmentCancelled, fold: Fold) -> None:
    _appointment_is(event, fold, "cancelled" if event.reason == "cancelled" else "in-error")


def on_appointment_missed(event: AppointmentMissed, fold: Fold) -> None:
    _appointment_is(event, fold, "missed")


def on_appointment_completed(event: AppointmentCompleted, fold: Fold) -> None:
    _appointment_is(event, fold, "completed")


def _appointment_is(
    event: AppointmentBooked
    | AppointmentChanged
    | AppointmentCancelled
    | AppointmentMissed
    | AppointmentCompleted,
    fold: Fold,
    state: Literal["booked", "missed", "cancelled", "in-error", "completed"],
) -> None:
    """The last event about an appointment says what became of it, and when it was for."""
    month = month_of(event.starts_on)
    count(event, fold, month)
    fold.put(
        APPOINTMENT,
        (event.practice_id, event.appointment_id),
        service_month=month,
        state=state,
        event_id=fold.event.id,
        **source_of(fold),
    )
