"""One canonical instance of each event about write-offs and closed months."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing_ledger import (
    BalanceWrittenOff,
    MonthClosed,
    WriteOffDeclined,
    WriteOffProposed,
    WriteOffReversed,
)
from libs.events.examples.billing import CLAIM
from libs.events.examples.interop import COVERAGE, NAMESPACE, PRACTICE

WRITE_OFF = uuid5(NAMESPACE, "write-off")
_WRITE_OFF: dict[str, Any] = {
    "practice_id": PRACTICE,
    "write_off_id": WRITE_OFF,
    "claim_id": CLAIM,
}
_MONEY: dict[str, Any] = {
    **_WRITE_OFF,
    "owed_by": "payer",
    "payer_id": COVERAGE.payer_id,
    "reason": "administrative",
    "cents": 17_800,
    "service_month": date(2026, 3, 1),
}


def balance_written_off(**changes: Any) -> BalanceWrittenOff:
    return BalanceWrittenOff(**{**_MONEY, **changes})


def write_off_reversed(**changes: Any) -> WriteOffReversed:
    return WriteOffReversed(**{**_MONEY, **changes})


def write_off_proposed(**changes: Any) -> WriteOffProposed:
    fields: dict[str, Any] = {
        **_WRITE_OFF,
        "owed_by": "payer",
        "reason": "administrative",
        "cents": 17_800,
    }
    return WriteOffProposed(**{**fields, **changes})


def write_off_declined(**changes: Any) -> WriteOffDeclined:
    return WriteOffDeclined(**{**_WRITE_OFF, **changes})


def month_closed(**changes: Any) -> MonthClosed:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "month": date(2026, 3, 1),
        "entries": 412,
        "charged_cents": 4_210_000,
        "received_cents": 2_530_050,
        "receivable_cents": 1_120_300,
        "entries_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    }
    return MonthClosed(**{**fields, **changes})
