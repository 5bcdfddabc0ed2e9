"""What is said of a denial, from its row."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.contracts.billing_denials import (
    AppealDecided,
    AppealOutcome,
    DenialAppealed,
    DenialClosed,
    DenialDeadlineMissed,
    DenialDeadlineNeared,
    DenialId,
    DenialOpened,
    DenialOverturned,
)
from libs.events.contracts.values import ClaimId, PaymentId, PracticeId, month_of
from services.billing.denials.model import Denial


def opened(denial: Denial) -> DenialOpened:
    return DenialOpened(
        **_about(denial),
        payment_id=PaymentId(denial.payment_id),
        service_month=month_of(denial.service_on),
        line=denial.line_number or None,
        denied_cents=denial.denied_cents,
        category=denial.category,
        owner=denial.owner,
        next_action=denial.next_action,
        appealable=denial.appealable,
        deadline_on=denial.deadline_on,
        group=denial.adjustment_group,  # type: ignore[arg-type]
        reason=denial.reason,
        remarks=tuple(denial.remarks),
    )


def appealed(denial: Denial, level: int, sent_on: date) -> DenialAppealed:
    return DenialAppealed(**_about(denial), level=level, sent_on=sent_on)


def decided(denial: Denial, level: int, outcome: AppealOutcome, on: date) -> AppealDecided:
    return AppealDecided(**_about(denial), level=level, outcome=outcome, decided_on=on)


def overturned(denial: Denial) -> DenialOverturned | None:
    """None where the payer upheld its decision."""
    if denial.outcome is None or denial.outcome == "upheld":
        return None
    return DenialOverturned(
        **_about(denial),
        service_month=month_of(denial.service_on),
        outcome=denial.outcome,
        denied_cents=denial.denied_cents,
        recovered_cents=denial.recovered_cents,
    )


def closed(denial: Denial) -> DenialClosed:
    assert denial.close_reason is not None
    return DenialClosed(
        **_about(denial),
        service_month=month_of(denial.service_on),
        reason=denial.close_reason,
        denied_cents=denial.denied_cents,
        open_cents=denial.given_up_cents,
    )


def deadline(denial: Denial, today: date) -> DenialDeadlineNeared | DenialDeadlineMissed:
    """What the deadline's timer says, before its day has passed and afterwards."""
    assert denial.deadline_on is not None
    kind = DenialDeadlineNeared if today <= denial.deadline_on else DenialDeadlineMissed
    return kind(
        **_about(denial),
        owner=denial.owner,
        next_action=denial.next_action,
        deadline_on=denial.deadline_on,
        recoverable_cents=denial.recoverable_cents,
    )


def _about(denial: Denial) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(denial.practice_id),
        "denial_id": DenialId(denial.denial_id),
        "claim_id": ClaimId(denial.claim_id),
        "payer_id": denial.payer_id,
    }
