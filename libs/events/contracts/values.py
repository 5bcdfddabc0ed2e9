"""Values that contracts share: typed ids, money in cents, months, codes."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, NewType
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

PracticeId = NewType("PracticeId", UUID)
AgreementId = NewType("AgreementId", UUID)
FeeEntryId = NewType("FeeEntryId", UUID)
PatientId = NewType("PatientId", UUID)
AppointmentId = NewType("AppointmentId", UUID)
EncounterId = NewType("EncounterId", UUID)
ConnectionId = NewType("ConnectionId", UUID)
QueryId = NewType("QueryId", UUID)
ProviderId = NewType("ProviderId", UUID)
ClaimId = NewType("ClaimId", UUID)
PaymentId = NewType("PaymentId", UUID)
WriteOffId = NewType("WriteOffId", UUID)
RemittanceId = NewType("RemittanceId", UUID)
DepositId = NewType("DepositId", UUID)
ProductivityLineId = NewType("ProductivityLineId", UUID)
InquiryId = NewType("InquiryId", UUID)
MessageId = NewType("MessageId", UUID)

Cents = Annotated[int, Field(ge=-(10**15), le=10**15)]
"""United States cents. Negative only where the field says so."""

PositiveCents = Annotated[int, Field(ge=0, le=10**15)]
"""United States cents, zero or more."""

Hundredths = Annotated[int, Field(ge=0, le=10**9)]
"""A quantity in hundredths, such as work relative value units."""


def _npi_check_digit(value: str) -> str:
    digits = [int(c) for c in "80840" + value]
    doubled = [d * 2 if i % 2 else d for i, d in enumerate(digits)]
    if sum(d - 9 if d > 9 else d for d in doubled) % 10:
        raise ValueError("not an NPI: the check digit is wrong (45 CFR 162.406, Luhn with 80840)")
    return value


Npi = Annotated[str, StringConstraints(pattern=r"^[12][0-9]{9}$"), AfterValidator(_npi_check_digit)]
"""National Provider Identifier, ten digits with its check digit (45 CFR 162.406)."""

PayerId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,30}$")]
"""The payer's identifier on claims (X12 837 loop 2010BB NM109)."""

ProcedureCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5}$")]
"""A HCPCS level I or II code."""

Modifier = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]
DiagnosisCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$")]
"""An ICD-10-CM code, with its point."""

StateCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""One line of text, 1 to 200 characters."""


def _first_of_month(value: date) -> date:
    if value.day != 1:
        raise ValueError("a month is written as its first day")
    return value


Month = Annotated[date, AfterValidator(_first_of_month)]
"""A calendar month, written as its first day."""


def month_of(day: date) -> date:
    """The month that a day belongs to."""
    return day.replace(day=1)


def round_half_even(amount: Decimal) -> int:
    """The one place where an amount becomes whole cents: half to even."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
