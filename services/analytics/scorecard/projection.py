"""The scorecard's fold: what each event adds to its practice's service month.

Sums, and for appointments, for what waits and for what goes by another chart the last event of its
key: so the order between keys does not matter.
"""

from __future__ import annotations

from libs.events.contracts.agreements import (
    ManagementFeeAccrued,
    ManagementFeeReversed,
    PracticeOnboarded,
)
from libs.events.contracts.billing import (
    ChargesPosted,
    ChargesReversed,
    ClaimAccepted,
    ClaimDenied,
    ClaimPaid,
    ClaimRejected,
    ClaimSubmitted,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.contracts.billing_balances import (
    PatientPaymentApplied,
    PatientPaymentUnapplied,
)
from libs.events.contracts.billing_cob import PatientShareLifted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.contracts.billing_ledger import BalanceWrittenOff, WriteOffReversed
from libs.events.contracts.interop_connections import InterfaceDown, InterfaceUp
from libs.events.contracts.interop_queries import QueryAnswered, QueryOpened, QueryWithdrawn
from libs.events.contracts.payroll import ProductivityRecorded, ProductivityReversed
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
    wait_for,
    wait_no_more,
)
from services.analytics.scorecard.visits import (
    on_appointment_booked,
    on_appointment_cancelled,
    on_appointment_changed,
    on_appointment_completed,
    on_appointment_missed,
    on_encounter_corrected,
    on_encounter_posted,
    on_encounter_voided,
    on_patient_merged,
    on_patient_unmerged,
)


def on_practice_onboarded(event: PracticeOnboarded, fold: Fold) -> None:
    fold.put(PRACTICE, (event.practice_id,), name=event.name)


def on_query_opened(event: QueryOpened, fold: Fold) -> None:
    month = month_of(event.service_on)
    count(event, fold, month, queries_opened=1)
    wait_for(event, fold, "open_queries", event.query_id, month, event.reason)


def on_query_answered(event: QueryAnswered, fold: Fold) -> None:
    wait_no_more(event, fold, "open_queries", event.query_id)


def on_query_withdrawn(event: QueryWithdrawn, fold: Fold) -> None:
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


def on_charges_reversed(event: ChargesReversed, fold: Fold) -> None:
    """A reversal repeats the posting's amounts; here they leave again."""
    count(
        event,
        fold,
        event.service_month,
        claims=-1,
        charge_cents=-event.charge_cents,
        patient_cents=-event.charge_cents if event.payer_id is None else 0,
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


def on_balance_written_off(event: BalanceWrittenOff, fold: Fold) -> None:
    _count_write_off(event, fold, 1)


def on_write_off_reversed(event: WriteOffReversed, fold: Fold) -> None:
    _count_write_off(event, fold, -1)


def _count_write_off(event: BalanceWrittenOff | WriteOffReversed, fold: Fold, sign: int) -> None:
    """What a patient does not have to pay any more leaves the patients' share."""
    count(
        event,
        fold,
        event.service_month,
        written_off_cents=sign * event.cents,
        patient_cents=-sign * event.cents if event.owed_by == "patient" else 0,
    )


def on_patient_share_lifted(event: PatientShareLifted, fold: Fold) -> None:
    """A further payer is asked for it first."""
    count(event, fold, event.service_month, patient_cents=-event.cents)


def on_patient_payment_applied(event: PatientPaymentApplied, fold: Fold) -> None:
    """A patient's money counts when a claim takes it, in the month of that claim's visit."""
    count(event, fold, event.service_month, patient_paid_cents=event.cents)


def on_patient_payment_unapplied(event: PatientPaymentUnapplied, fold: Fold) -> None:
    count(event, fold, event.service_month, patient_paid_cents=-event.cents)


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


def on_productivity_reversed(event: ProductivityReversed, fold: Fold) -> None:
    count(
        event,
        fold,
        event.service_month,
        work_rvu_hundredths=-event.work_rvu_hundredths,
        pay_cents=-event.pay_cents,
    )


def on_management_fee_accrued(event: ManagementFeeAccrued, fold: Fold) -> None:
    count(event, fold, event.service_month, fee_cents=event.fee_cents)


def on_management_fee_reversed(event: ManagementFeeReversed, fold: Fold) -> None:
    count(event, fold, event.service_month, fee_cents=-event.fee_cents)


scorecard = Projection(
    name="scorecard",
    version=5,
    tables=(PRACTICE, SCORECARD, FIGURE_EVENT, APPOINTMENT, WAITING, SEEN, CHART),
    on=(
        on_practice_onboarded,
        on_encounter_posted,
        on_patient_merged,
        on_patient_unmerged,
        on_encounter_corrected,
        on_encounter_voided,
        on_appointment_booked,
        on_appointment_changed,
        on_appointment_cancelled,
        on_appointment_missed,
        on_appointment_completed,
        on_query_opened,
        on_query_answered,
        on_query_withdrawn,
        on_interface_down,
        on_interface_up,
        on_charges_posted,
        on_charges_reversed,
        on_claim_held,
        on_claim_released,
        on_claim_submitted,
        on_claim_accepted,
        on_claim_rejected,
        on_payment_posted,
        on_payment_reversed,
        on_balance_written_off,
        on_write_off_reversed,
        on_patient_share_lifted,
        on_patient_payment_applied,
        on_patient_payment_unapplied,
        on_claim_paid,
        on_claim_denied,
        on_productivity_recorded,
        on_productivity_reversed,
        on_management_fee_accrued,
        on_management_fee_reversed,
    ),
)
