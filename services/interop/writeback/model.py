"""How a visit's claim stands, what each of billing's events changes, and what an answer means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

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
from services.interop.messages.model import Refusal, RefusedError

Status = Literal[
    "OPEN", "HELD", "SUBMITTED", "ACCEPTED", "REJECTED", "PAID", "DENIED", "SELFPAY", "VOID"
]
"""What PV1-41 says; table 0117 is the site's own (HL7 v2.5.1 §3.4.3.41)."""

Told = (
    ChargesPosted
    | ChargesReversed
    | ClaimHeld
    | ClaimReleased
    | ClaimSubmitted
    | ClaimAccepted
    | ClaimRejected
    | PaymentPosted
    | PaymentReversed
    | ClaimPaid
    | ClaimDenied
    | BalanceWrittenOff
    | WriteOffReversed
    | ClaimReplaced
    | ClaimVoidSent
    | ClaimVoided
    | PatientShareLifted
    | ClaimForwarded
    | ClaimRecalled
)
ToldOfPatient = PatientPaymentApplied | PatientPaymentUnapplied


@dataclass(frozen=True, slots=True)
class Account:
    """A visit's claim: what was charged, what of it is paid by payers and the patient, taken off,
    and still left to the patient."""

    claim_id: UUID
    encounter_id: UUID
    connection_id: UUID
    patient_id: UUID
    payer_id: str | None = None
    """None: the patient pays, or nobody told yet."""
    status: Status = "OPEN"
    charge_cents: int = 0
    adjusted_cents: int = 0
    paid_cents: int = 0
    patient_cents: int = 0


def decide_account(account: Account, told: Told | ToldOfPatient) -> Account:
    """The account after the event; each carries all that the EHR is told, not what changed."""
    match told:
        case ChargesPosted():
            charged = replace(account, charge_cents=told.charge_cents, payer_id=told.payer_id)
            if told.payer_id is not None:
                return replace(charged, status="OPEN") if account.status == "VOID" else charged
            owed = account.patient_cents + told.charge_cents
            return replace(charged, status="SELFPAY", patient_cents=owed)
        case ChargesReversed():
            return _voided(account, told)
        case PaymentPosted():
            return _paid(account, told, 1)
        case PaymentReversed():
            taken_back = _paid(account, told, -1)
            # What a payer takes back of a void visit leaves it void.
            return (
                taken_back if account.status == "VOID" else replace(taken_back, status="SUBMITTED")
            )
        case ClaimHeld():
            return replace(account, status="HELD", payer_id=told.payer_id)
        case ClaimReleased():
            return replace(account, status="OPEN")
        case ClaimSubmitted() | ClaimReplaced():
            return replace(account, status="SUBMITTED")
        case ClaimVoidSent() | ClaimVoided():
            return replace(account, status="VOID")
        case ClaimAccepted():
            return replace(account, status="ACCEPTED")
        case ClaimRejected():
            return replace(account, status="REJECTED")
        case ClaimPaid():
            return replace(account, status="PAID")
        case ClaimDenied():
            return replace(account, status="DENIED")
        case BalanceWrittenOff():
            return _written_off(account, told, 1)
        case WriteOffReversed():
            return _written_off(account, told, -1)
        case PatientShareLifted():
            return replace(account, patient_cents=account.patient_cents - told.cents)
        case ClaimForwarded():
            status = "SUBMITTED" if told.crossed_over else "OPEN"
            return replace(account, status=status, payer_id=told.to_payer_id)
        case ClaimRecalled():
            return replace(account, status="SUBMITTED", payer_id=told.to_payer_id)
        case PatientPaymentApplied() | PatientPaymentUnapplied():
            return with_patients_money(account, patients_money(told))


def _voided(account: Account, told: ChargesReversed) -> Account:
    """No charge stands: the visit is void, or it was corrected and is charged anew at once.

    The account stays: what is void may be sent again and charged under the same number. So no
    BAR^P06 tells it, which would say that no charge can come any more (HL7 v2.5.1 §6.4.6). What a
    payer or the patient paid of it is taken back by events of its own.
    """
    owed = told.charge_cents if told.payer_id is None else 0
    return replace(
        account, status="VOID", charge_cents=0, patient_cents=account.patient_cents - owed
    )


def _paid(account: Account, told: PaymentPosted | PaymentReversed, sign: int) -> Account:
    return replace(
        account,
        adjusted_cents=account.adjusted_cents + sign * told.adjusted_cents,
        paid_cents=account.paid_cents + sign * told.paid_cents,
        patient_cents=account.patient_cents + sign * told.patient_cents,
    )


def _written_off(
    account: Account, told: BalanceWrittenOff | WriteOffReversed, sign: int
) -> Account:
    of_patient = sign * told.cents if told.owed_by == "patient" else 0
    return replace(
        account,
        adjusted_cents=account.adjusted_cents + sign * told.cents,
        patient_cents=account.patient_cents - of_patient,
    )


def patients_money(told: ToldOfPatient) -> int:
    """Cents that the patient paid with this event, or got back."""
    return told.cents if isinstance(told, PatientPaymentApplied) else -told.cents


def with_patients_money(account: Account, cents: int) -> Account:
    return replace(
        account,
        paid_cents=account.paid_cents + cents,
        patient_cents=account.patient_cents - cents,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """An EHR's acknowledgement: MSA-1, MSA-2 and the code in ERR-3; never a text of it."""

    code: str
    control_id: str
    condition: str | None


class NotAnsweredError(OSError):
    """The message is not known to have arrived: it is sent again, later. Its text says why."""


TRY_AGAIN = "207"
"""Table 0357, application internal error: the EHR could not store it, whatever it says."""


def read_answer(raw: bytes) -> Answer | None:
    """What an acknowledgement says; None where it is none. Source: HL7 v2.5.1 §2.15.8 (MSA)."""
    segments = raw.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    separator = segments[0][3:4] or "|"
    fields = {line[:3]: line.split(separator) for line in reversed(segments)}
    msa, err = fields.get("MSA", []), fields.get("ERR", [])
    if len(msa) < 3 or msa[1] not in ("AA", "AE", "AR", "CA", "CE", "CR"):
        return None
    condition = err[3].split("^")[0][:20] if len(err) > 3 else ""
    return Answer(msa[1], msa[2], condition if condition.isalnum() else None)


def decide_answer(answer: Answer | None, control_id: str) -> Answer:
    """The answer that ends the sending, taken or refused for good; NotAnsweredError: not yet.

    What an EHR refuses would be refused again, and would hold up all that comes after it; the next
    message about the same claim says all of it anew.
    """
    if answer is None or answer.control_id != control_id:
        raise NotAnsweredError("the answer is not to this message")
    if answer.condition == TRY_AGAIN:
        raise NotAnsweredError("the EHR asks to try again")
    return answer


def decide_resend(answer: str | None, *, is_last: bool) -> bool:
    """True: it is sent again. False: it waits already. Raises RefusedError where it may not be.

    An older state after a newer one would set back what the EHR has.
    """
    if answer is None:
        return False
    if answer in ("AA", "CA"):
        raise RefusedError(Refusal("taken", "number", "its EHR has it; only a refused one is told"))
    if not is_last:
        fix = "a later message told all of it anew; send that again where it was refused"
        raise RefusedError(Refusal("told-since", "number", fix))
    return True
