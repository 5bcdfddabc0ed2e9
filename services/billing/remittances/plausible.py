"""What adds up and still cannot be so: a payment that is held for a person to ask about.

Source: 005010X221A1, the elements named; BPR02 is never below zero: a payment that takes more than
it gives carries the rest forward (PLB FB, 1.10.2.12).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from services.billing.remittances.model import REVERSAL
from services.billing.x12 import RemittanceHeader, RemittedClaim

FIRST_DAY = date(2000, 1, 1)
"""No 835 of version 005010 pays before."""
MOST_DAYS_AHEAD = 30
"""A payment is told of before its money moves, by days and not by months."""


class Doubt(NamedTuple):
    """Why a payment is held: a closed code, the element, and what to do."""

    code: str
    element: str
    fix: str


def doubt_payment(header: RemittanceHeader, today: date) -> Doubt | None:
    """Why a payment as a whole is not believed."""
    if header.payment_cents < 0:
        return Doubt(
            "negative-payment",
            "BPR02",
            "Ask the payer to carry the rest forward with PLB FB; a payment is never below zero.",
        )
    if header.payment_cents and header.payment_method == "NON":
        return Doubt(
            "money-without-payment", "BPR04", "Ask the payer how the money travels; NON has none."
        )
    if header.payment_cents and header.handling_code == "H":
        return Doubt(
            "money-without-payment",
            "BPR01",
            "Ask the payer for the payment; H only notifies and moves no money.",
        )
    if header.direction != "C":
        return Doubt(
            "not-a-credit", "BPR03", "Ask the payer; only credits to the practice are posted."
        )
    if not FIRST_DAY <= header.paid_on <= today + timedelta(days=MOST_DAYS_AHEAD):
        return Doubt(
            "implausible-date",
            "BPR16",
            "Ask the payer for the payment's date; it is long past or far ahead.",
        )
    return None


def doubt_claim(said: RemittedClaim) -> Doubt | None:
    """Why what a payment says of one claim is not believed."""
    if said.status == REVERSAL:
        if said.paid_cents > 0 or said.charge_cents > 0:
            return Doubt(
                "reversal-above-zero",
                "CLP03, CLP04",
                "Ask the payer for a corrected file; a reversal (CLP02 22) takes back.",
            )
        return None
    if said.paid_cents < 0 or said.charge_cents < 0:
        return Doubt(
            "below-zero-and-no-reversal",
            "CLP03, CLP04",
            "Ask the payer for a corrected file; only a reversal (CLP02 22) is below zero.",
        )
    return None
