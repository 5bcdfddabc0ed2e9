"""One canonical instance of each event about denials; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing_denials import (
    AppealDecided,
    DenialAppealed,
    DenialClosed,
    DenialDeadlineMissed,
    DenialDeadlineNeared,
    DenialOpened,
    DenialOverturned,
    RuleProposed,
)
from libs.events.examples.billing import CLAIM, PAYMENT
from libs.events.examples.interop import COVERAGE, NAMESPACE, PRACTICE

DENIAL = uuid5(PAYMENT, "denial/0")

_DENIAL: dict[str, Any] = {
    "practice_id": PRACTICE,
    "denial_id": DENIAL,
    "claim_id": CLAIM,
    "payer_id": COVERAGE.payer_id,
}
_DEADLINE: dict[str, Any] = {
    **_DENIAL,
    "owner": "front-desk",
    "next_action": "ask-authorization",
    "deadline_on": date(2026, 6, 18),
    "recoverable_cents": 17_800,
}


def denial_opened(**changes: Any) -> DenialOpened:
    """The whole claim, for want of an authorization (CO-197)."""
    fields: dict[str, Any] = {
        **_DENIAL,
        "payment_id": PAYMENT,
        "service_month": date(2026, 3, 1),
        "line": None,
        "denied_cents": 17_800,
        "category": "authorization",
        "owner": "front-desk",
        "next_action": "ask-authorization",
        "appealable": True,
        "deadline_on": date(2026, 6, 18),
        "group": "CO",
        "reason": "197",
        "remarks": ("N210",),
    }
    return DenialOpened(**{**fields, **changes})


def denial_appealed(**changes: Any) -> DenialAppealed:
    fields: dict[str, Any] = {**_DENIAL, "level": 1, "sent_on": date(2026, 3, 25)}
    return DenialAppealed(**{**fields, **changes})


def appeal_decided(**changes: Any) -> AppealDecided:
    fields: dict[str, Any] = {
        **_DENIAL,
        "level": 1,
        "outcome": "overturned",
        "decided_on": date(2026, 4, 20),
    }
    return AppealDecided(**{**fields, **changes})


def denial_overturned(**changes: Any) -> DenialOverturned:
    fields: dict[str, Any] = {
        **_DENIAL,
        "service_month": date(2026, 3, 1),
        "outcome": "overturned",
        "denied_cents": 17_800,
        "recovered_cents": 10_050,
    }
    return DenialOverturned(**{**fields, **changes})


def denial_closed(**changes: Any) -> DenialClosed:
    fields: dict[str, Any] = {
        **_DENIAL,
        "service_month": date(2026, 3, 1),
        "reason": "paid",
        "denied_cents": 17_800,
        "open_cents": 0,
    }
    return DenialClosed(**{**fields, **changes})


def denial_deadline_neared(**changes: Any) -> DenialDeadlineNeared:
    return DenialDeadlineNeared(**{**_DEADLINE, **changes})


def denial_deadline_missed(**changes: Any) -> DenialDeadlineMissed:
    return DenialDeadlineMissed(**{**_DEADLINE, **changes})


def rule_proposed(**changes: Any) -> RuleProposed:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "proposal_id": uuid5(NAMESPACE, "rule proposal"),
        "rule_id": "authorization-missing",
        "payer_id": COVERAGE.payer_id,
        "procedure_code": "G0439",
        "denial_id": DENIAL,
        "denied_cents": 17_800,
    }
    return RuleProposed(**{**fields, **changes})
