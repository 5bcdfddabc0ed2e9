"""Made-up visits as events: what interop, billing, payroll and agreements would say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts import Event
from libs.events.contracts.agreements import ManagementFeeAccrued, ManagementFeeReversed
from libs.events.contracts.billing import (
    Adjustment,
    ChargesPosted,
    ClaimAccepted,
    ClaimDenied,
    ClaimPaid,
    ClaimRejected,
    ClaimSubmitted,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.contracts.billing_cob import PatientShareLifted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.contracts.billing_ledger import BalanceWrittenOff, WriteOffReversed
from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
)
from libs.events.contracts.interop_queries import QueryAnswered, QueryOpened
from libs.events.contracts.payroll import ProductivityRecorded
from libs.events.contracts.values import (
    AgreementId,
    AppointmentId,
    ClaimId,
    ConnectionId,
    EncounterId,
    FeeEntryId,
    PatientId,
    PaymentId,
    PracticeId,
    ProductivityLineId,
    QueryId,
    WriteOffId,
)
from libs.events.examples import agreements, interop

NAMESPACE = interop.NAMESPACE
PAYER = "BUCKEYE01"


def practice_id(name: str) -> PracticeId:
    return PracticeId(uuid5(NAMESPACE, f"practice/{name}"))


def onboarded(name: str) -> Event:
    event = agreements.practice_onboarded(practice_id=practice_id(name), name=name)
    return event.with_event_id(uuid5(NAMESPACE, f"onboarded/{name}"))


@dataclass
class Visit:
    """Makes the events of one visit, under ids of its own."""

    practice: PracticeId
    on: date
    number: int

    @property
    def month(self) -> date:
        return self.on.replace(day=1)

    def id_of(self, what: str) -> UUID:
        return uuid5(self.practice, f"{self.on}/{self.number}/{what}")

    def make(self, kind: type[Event], again: int = 0, **fields: Any) -> Event:
        event = kind(practice_id=self.practice, **fields)
        return event.with_event_id(self.id_of(f"{kind.type}/{again}"))

    def booked(self) -> Event:
        return self.make(
            AppointmentBooked,
            appointment_id=AppointmentId(self.id_of("appointment")),
            patient_id=PatientId(self.id_of("patient")),
            starts_at=datetime(self.on.year, self.on.month, self.on.day, 15, tzinfo=UTC),
            starts_on=self.on,
        )

    def moved(self, on: date) -> Event:
        return self.make(
            AppointmentChanged,
            appointment_id=AppointmentId(self.id_of("appointment")),
            patient_id=PatientId(self.id_of("patient")),
            starts_at=datetime(on.year, on.month, on.day, 15, tzinfo=UTC),
            starts_on=on,
        )

    def missed(self) -> Event:
        return self._of_appointment(AppointmentMissed)

    def kept(self) -> Event:
        return self._of_appointment(AppointmentCompleted)

    def cancelled(self, reason: str = "cancelled") -> Event:
        return self._of_appointment(AppointmentCancelled, reason=reason)

    def _of_appointment(self, kind: type[Event], **fields: Any) -> Event:
        return self.make(
            kind,
            appointment_id=AppointmentId(self.id_of("appointment")),
            patient_id=PatientId(self.id_of("patient")),
            starts_on=self.on,
            **fields,
        )

    def encounter(self) -> Event:
        event = interop.encounter_posted(
            practice_id=self.practice,
            encounter_id=EncounterId(self.id_of("encounter")),
            service_on=self.on,
        )
        return event.with_event_id(self.id_of("encounter-posted"))

    def charges(self, cents: int, *, payer: str | None = PAYER) -> Event:
        return self.make(
            ChargesPosted,
            claim_id=ClaimId(self.id_of("claim")),
            encounter_id=EncounterId(self.id_of("encounter")),
            patient_id=PatientId(self.id_of("patient")),
            provider_npi=interop.NPI,
            payer_id=payer,
            service_on=self.on,
            service_month=self.month,
            charge_cents=cents,
            lines=1,
        )

    def held(self) -> Event:
        return self.make(
            ClaimHeld,
            claim_id=ClaimId(self.id_of("claim")),
            encounter_id=EncounterId(self.id_of("encounter")),
            payer_id=PAYER,
            provider_npi=interop.NPI,
            reason="provider-not-enrolled",
            edits=(),
            service_month=self.month,
            service_on=self.on,
        )

    def released(self) -> Event:
        return self._of_claim(ClaimReleased)

    def submitted(self, cents: int) -> Event:
        return self._of_claim(
            ClaimSubmitted, payer_id=PAYER, interchange_number=1, charge_cents=cents
        )

    def accepted(self) -> Event:
        return self._of_claim(ClaimAccepted, payer_claim_number=None)

    def rejected(self) -> Event:
        return self._of_claim(
            ClaimRejected, answered_by="277CA", status_category="A3", status_code=None
        )

    def payment(self, *, paid: int, adjusted: int, patient: int, denied: int = 0) -> Event:
        return self._payment(PaymentPosted, paid, adjusted, patient, denied)

    def reversal(self, *, paid: int, adjusted: int, patient: int, denied: int = 0) -> Event:
        return self._payment(PaymentReversed, paid, adjusted, patient, denied)

    def _payment(
        self, kind: type[Event], paid: int, adjusted: int, patient: int, denied: int
    ) -> Event:
        return self._of_claim(
            kind,
            payment_id=PaymentId(self.id_of("payment")),
            payer_id=PAYER,
            trace_number="T1",
            posted_on=self.on + timedelta(days=20),
            paid_cents=paid,
            adjusted_cents=adjusted,
            patient_cents=patient,
            denied_cents=denied,
        )

    def share_lifted(self, cents: int) -> Event:
        payment_id = PaymentId(self.id_of("payment"))
        return self._of_claim(
            PatientShareLifted, payment_id=payment_id, payer_id=PAYER, cents=cents
        )

    def write_off(self, cents: int, owed_by: str) -> Event:
        return self._write_off(BalanceWrittenOff, cents, owed_by)

    def write_off_reversed(self, cents: int, owed_by: str) -> Event:
        return self._write_off(WriteOffReversed, cents, owed_by)

    def _write_off(self, kind: type[Event], cents: int, owed_by: str) -> Event:
        return self._of_claim(
            kind,
            again=int(owed_by == "patient"),
            write_off_id=WriteOffId(self.id_of(f"write-off {owed_by}")),
            owed_by=owed_by,
            payer_id=PAYER if owed_by == "payer" else None,
            reason="administrative",
            cents=cents,
        )

    def paid(self, charge: int, paid: int, patient: int, *, first_pass: bool = True) -> Event:
        return self._of_claim(
            ClaimPaid,
            payer_id=PAYER,
            charge_cents=charge,
            paid_cents=paid,
            patient_cents=patient,
            denied_lines=0,
            first_pass=first_pass,
        )

    def denied(self, cents: int) -> Event:
        return self._of_claim(
            ClaimDenied,
            payer_id=PAYER,
            denied_cents=cents,
            category="authorization",
            adjustments=(Adjustment(group="CO", reason="197", cents=cents),),
        )

    def productivity(self, hundredths: int) -> Event:
        return self.make(
            ProductivityRecorded,
            line_id=ProductivityLineId(self.id_of("line")),
            encounter_id=EncounterId(self.id_of("encounter")),
            provider_npi=interop.NPI,
            service_on=self.on,
            service_month=self.month,
            work_rvu_hundredths=hundredths,
            pay_cents=hundredths * 48,
        )

    def fee(self, collected: int) -> Event:
        return self._fee(ManagementFeeAccrued, collected)

    def fee_reversed(self, collected: int) -> Event:
        return self._fee(ManagementFeeReversed, collected)

    def _fee(self, kind: type[Event], collected: int) -> Event:
        return self.make(
            kind,
            fee_entry_id=FeeEntryId(self.id_of(f"fee {kind.type}")),
            agreement_id=AgreementId(agreements.AGREEMENT),
            payment_event_id=self.id_of("billing.payment-posted.v1/0"),
            service_month=self.month,
            collected_cents=collected,
            fee_cents=collected * 65 // 1000,
        )

    def query(self) -> Event:
        return self.make(
            QueryOpened,
            query_id=QueryId(self.id_of("query")),
            encounter_id=EncounterId(self.id_of("encounter")),
            connection_id=ConnectionId(interop.CONNECTION),
            reason="unmapped-diagnosis",
            asked="clinician",
            service_on=self.on,
            due_on=self.on,
        )

    def answer(self) -> Event:
        return self.make(
            QueryAnswered,
            query_id=QueryId(self.id_of("query")),
            encounter_id=EncounterId(self.id_of("encounter")),
        )

    def _of_claim(self, kind: type[Event], **fields: Any) -> Event:
        claim = ClaimId(self.id_of("claim"))
        return self.make(kind, claim_id=claim, service_month=self.month, **fields)
