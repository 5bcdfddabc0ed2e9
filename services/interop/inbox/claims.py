"""What became of each visit's claim, folded from what billing says: for the pages to show.

Services do not ask one another, so what a page shows of a claim is what was heard of it. Of every
connection's visits, whereas `writeback/` follows those whose EHR asks to be told; nothing is
decided by it, and it is rebuilt from the log.
"""

from __future__ import annotations

from libs.events.contracts.agreements import PracticeOnboarded
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
from libs.events.contracts.billing_claims import ClaimReplaced, ClaimVoided, ClaimVoidSent
from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled, PatientShareLifted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.contracts.billing_ledger import BalanceWrittenOff, WriteOffReversed
from libs.events.contracts.values import ClaimId, PracticeId
from libs.events.transport import Fold, Projection, Table

PRACTICE = Table("practice", keys=("practice_id",), values=("name",))
CLAIM = Table(
    "claim",
    keys=("practice_id", "claim_id"),
    sums=("charge_cents", "paid_cents", "adjusted_cents", "patient_cents"),
    values=("encounter_id", "payer_id", "state"),
)

THE_PATIENT = ""
"""In place of a payer's id: a value that was put cannot become null again."""


def on_practice_onboarded(event: PracticeOnboarded, fold: Fold) -> None:
    fold.put(PRACTICE, (event.practice_id,), name=event.name)


def on_charges_posted(event: ChargesPosted, fold: Fold) -> None:
    fold.put(PRACTICE, (event.practice_id,))
    claim = event.practice_id, event.claim_id
    payer_id = event.payer_id or THE_PATIENT
    fold.put(CLAIM, claim, encounter_id=event.encounter_id, payer_id=payer_id)
    owed = 0 if event.payer_id else event.charge_cents
    fold.add(CLAIM, claim, charge_cents=event.charge_cents, patient_cents=owed)


def on_charges_reversed(event: ChargesReversed, fold: Fold) -> None:
    owed = 0 if event.payer_id else event.charge_cents
    claim = event.practice_id, event.claim_id
    fold.add(CLAIM, claim, charge_cents=-event.charge_cents, patient_cents=-owed)


def on_claim_held(event: ClaimHeld, fold: Fold) -> None:
    """A claim may be held before it is priced."""
    fold.put(PRACTICE, (event.practice_id,))
    claim = event.practice_id, event.claim_id
    fold.put(CLAIM, claim, encounter_id=event.encounter_id, state=f"held: {event.reason}")


def on_claim_released(event: ClaimReleased, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "ready", fold)


def on_claim_submitted(event: ClaimSubmitted, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "submitted", fold)


def on_claim_accepted(event: ClaimAccepted, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "accepted", fold)


def on_claim_rejected(event: ClaimRejected, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "rejected", fold)


def on_claim_replaced(event: ClaimReplaced, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "submitted", fold)


def on_claim_void_sent(event: ClaimVoidSent, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "void-sent", fold)


def on_claim_voided(event: ClaimVoided, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "voided", fold)


def on_payment_posted(event: PaymentPosted, fold: Fold) -> None:
    _pay(event, fold, 1)


def on_payment_reversed(event: PaymentReversed, fold: Fold) -> None:
    _pay(event, fold, -1)
    _stand(event.practice_id, event.claim_id, "submitted", fold)


def on_balance_written_off(event: BalanceWrittenOff, fold: Fold) -> None:
    _take_off(event, fold, event.cents if event.owed_by == "patient" else 0, adjusted=event.cents)


def on_write_off_reversed(event: WriteOffReversed, fold: Fold) -> None:
    of_patient = event.cents if event.owed_by == "patient" else 0
    _take_off(event, fold, -of_patient, adjusted=-event.cents)


def on_patient_payment_applied(event: PatientPaymentApplied, fold: Fold) -> None:
    _take_off(event, fold, event.cents, paid=event.cents)


def on_patient_payment_unapplied(event: PatientPaymentUnapplied, fold: Fold) -> None:
    _take_off(event, fold, -event.cents, paid=-event.cents)


def on_claim_paid(event: ClaimPaid, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "paid", fold)


def on_claim_denied(event: ClaimDenied, fold: Fold) -> None:
    _stand(event.practice_id, event.claim_id, "denied", fold)


def on_patient_share_lifted(event: PatientShareLifted, fold: Fold) -> None:
    """A further payer is asked for it first."""
    fold.add(CLAIM, (event.practice_id, event.claim_id), patient_cents=-event.cents)


def on_claim_forwarded(event: ClaimForwarded, fold: Fold) -> None:
    """The next payer has it, or is to have it."""
    state = "submitted" if event.crossed_over else "ready"
    fold.put(CLAIM, (event.practice_id, event.claim_id), payer_id=event.to_payer_id, state=state)


def on_claim_recalled(event: ClaimRecalled, fold: Fold) -> None:
    claim = event.practice_id, event.claim_id
    fold.put(CLAIM, claim, payer_id=event.to_payer_id, state="submitted")


def _stand(practice_id: PracticeId, claim_id: ClaimId, state: str, fold: Fold) -> None:
    fold.put(CLAIM, (practice_id, claim_id), state=state)


def _take_off(
    event: BalanceWrittenOff | WriteOffReversed | PatientPaymentApplied | PatientPaymentUnapplied,
    fold: Fold,
    of_patient: int,
    *,
    adjusted: int = 0,
    paid: int = 0,
) -> None:
    """The practice may not be known yet: another topic brings it."""
    fold.put(PRACTICE, (event.practice_id,))
    fold.add(
        CLAIM,
        (event.practice_id, event.claim_id),
        adjusted_cents=adjusted,
        paid_cents=paid,
        patient_cents=-of_patient,
    )


def _pay(event: PaymentPosted | PaymentReversed, fold: Fold, sign: int) -> None:
    fold.add(
        CLAIM,
        (event.practice_id, event.claim_id),
        paid_cents=sign * event.paid_cents,
        adjusted_cents=sign * event.adjusted_cents,
        patient_cents=sign * event.patient_cents,
    )


CLAIMS = Projection(
    name="claims",
    version=3,
    tables=(PRACTICE, CLAIM),
    on=(
        on_practice_onboarded,
        on_charges_posted,
        on_charges_reversed,
        on_claim_held,
        on_claim_released,
        on_claim_submitted,
        on_claim_accepted,
        on_claim_rejected,
        on_claim_replaced,
        on_claim_void_sent,
        on_claim_voided,
        on_payment_posted,
        on_payment_reversed,
        on_balance_written_off,
        on_write_off_reversed,
        on_patient_payment_applied,
        on_patient_payment_unapplied,
        on_claim_paid,
        on_claim_denied,
        on_patient_share_lifted,
        on_claim_forwarded,
        on_claim_recalled,
    ),
)
