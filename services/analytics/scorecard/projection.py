"""The scorecard's fold: what each event adds to its practice's service month.

Sums, and for appointments, for what waits and for what goes by another chart the last event of its
key: so the order between keys does not matter.
"""

from __future__ import annotations

from typing import Literal

from libs.events.contracts.agreements import (
    ManagementFeeAccrued,
    ManagementFeeReversed,
    PracticeOnboarded,
)
from libs.events.contracts.billing import (
    ChargesPosted,
    ClaimAccepted,
    ClaimDenied,
    ClaimHeld,
    ClaimPaid,
    ClaimRejected,
    ClaimReleased,
    ClaimSubmitted,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    EncounterPosted,
    PatientMerged,
    PatientUnmerged,
)
from libs.events.contracts.interop_connections import InterfaceDown, InterfaceUp
from libs.events.contracts.interop_queries import QueryAnswered, QueryOpened
from libs.events.contracts.payroll import ProductivityRecorded
from libs.events.contracts.values import month_of
from libs.events.transport import Fold, Projection
from services.analytics.scorecard.counting import (
    APPOINTMENT,
    CHART,
    FIGURE_EVENT,
    PRACTICE,
    SCORECARD,
    SEEN,
    WAITING,
    count,
    source_of,
    wait_for,
    wait_no_more,
)

BY_VIDEO = ("02", "10")  # CMS place of service: telehealth, the patient elsewhere or at home


def on_practice_onboarded(event: PracticeOnboarded, fold: Fold) -> None:
    fold.put(PRACTICE, (event.practice_id,), name=event.name)


def on_encounter_posted(event: EncounterPosted, fold: Fold) -> None:
    month = month_of(event.service_on)
    by_video = int(event.place_of_service in BY_VIDEO)
    count(event, fold, month, encounters=1, video_visits=by_video)
    fold.put(SEEN, (event.practice_id, month, event.patient_id, fold.event.id), **source_of(fold))


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


def on_query_opened(event: QueryOpened, fold: Fold) -> None:
    month = month_of(event.service_on)
    count(event, fold, month, queries_opened=1)
    wait_for(event, fold, "open_queries", event.query_id, month, event.reason)


def on_query_answered(event: QueryAnswered, fold: Fold) -> None:
    wait_no_more(event, fold, "open_queries", event.query_id)


def on_interface_down(event: InterfaceDown, fold: Fold) -> None:
    month, interface = month_of(event.down_on), event.connection_id
    count(event, fold, month)  # the month has a row, also before anything is counted in it
    wait_for(event, fold, "interfaces_down", interface, month, event.reason)


def on_interface_up(event: InterfaceUp, fold: Fold) -> None:
    wait_no_more(event, fold, "interfaces_down", event.connection_id)


def on_charges_posted(event: ChargesPosted, fold: Fold) -> None:
    """A visit that no payer pays for is the patient's to pay at once."""
    count(
        event,
        fold,
        event.service_month,
        claims=1,
        charge_cents=event.charge_cents,
        patient_cents=event.charge_cents if event.payer_id is None else 0,
    )


def on_claim_held(event: ClaimHeld, fold: Fold) -> None:
    count(event, fold, event.service_month, claims_held=1)
    wait_for(event, fold, "claims_on_hold", event.claim_id, event.service_month, event.reason)


def on_claim_released(event: ClaimReleased, fold: Fold) -> None:
    count(event, fold, event.service_month, claims_released=1)
    wait_no_more(event, fold, "claims_on_hold", event.claim_id)


def on_claim_submitted(event: ClaimSubmitted, fold: Fold) -> None:
    count(event, fold, event.service_month, claims_submitted=1)


def on_claim_accepted(event: ClaimAccepted, fold: Fold) -> None:
    count(event, fold, event.service_month, claims_accepted=1)


def on_claim_rejected(event: ClaimRejected, fold: Fold) -> None:
    count(event, fold, event.service_month, claims_rejected=1)


def on_payment_posted(event: PaymentPosted, fold: Fold) -> None:
    _count_payment(event, fold, 1)


def on_payment_reversed(event: PaymentReversed, fold: Fold) -> None:
    """A reversal repeats the posting's amounts; here they leave again."""
    _count_payment(event, fold, -1)


def _count_payment(event: PaymentPosted | PaymentReversed, fold: Fold, sign: int) -> None:
    count(
        event,
        fold,
        event.service_month,
        paid_cents=sign * event.paid_cents,
        adjusted_cents=sign * event.adjusted_cents,
        patient_cents=sign * event.patient_cents,
        denied_cents=sign * event.denied_cents,
    )


def on_claim_paid(event: ClaimPaid, fold: Fold) -> None:
    count(event, fold, event.service_month, adjudicated=1, clean=int(event.first_pass))


def on_claim_denied(event: ClaimDenied, fold: Fold) -> None:
    count(event, fold, event.service_month, adjudicated=1, denied=1)


def on_productivity_recorded(event: ProductivityRecorded, fold: Fold) -> None:
    count(
        event,
        fold,
        event.service_month,
        work_rvu_hundredths=event.work_rvu_hundredths,
        pay_cents=event.pay_cents,
    )


def on_management_fee_accrued(event: ManagementFeeAccrued, fold: Fold) -> None:
    count(event, fold, event.service_month, fee_cents=event.fee_cents)


def on_management_fee_reversed(event: ManagementFeeReversed, fold: Fold) -> None:
    count(event, fold, event.service_month, fee_cents=-event.fee_cents)


scorecard = Projection(
    name="scorecard",
    version=2,
    tables=(PRACTICE, SCORECARD, FIGURE_EVENT, APPOINTMENT, WAITING, SEEN, CHART),
    on=(
        on_practice_onboarded,
        on_encounter_posted,
        on_patient_merged,
        on_patient_unmerged,
        on_appointment_booked,
        on_appointment_changed,
        on_appointment_cancelled,
        on_appointment_missed,
        on_appointment_completed,
        on_query_opened,
        on_query_answered,
        on_interface_down,
        on_interface_up,
        on_charges_posted,
        on_claim_held,
        on_claim_released,
        on_claim_submitted,
        on_claim_accepted,
        on_claim_rejected,
        on_payment_posted,
        on_payment_reversed,
        on_claim_paid,
        on_claim_denied,
        on_productivity_recorded,
        on_management_fee_accrued,
        on_management_fee_reversed,
    ),
)
