"""Published by agreements: the contract between the MSO and a practice, and its fees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.contracts.base import Contract, Event, Topic
from libs.events.contracts.values import (
    AgreementId,
    Cents,
    FeeEntryId,
    Month,
    Npi,
    Short,
    StateCode,
)

PRACTICES = Topic("agreements.practices", partitions=2)
FEES = Topic("agreements.fees")


class PostalAddress(Contract):
    """A place of business, as X12 N3/N4 carry it."""

    line: Short
    city: Short
    state: StateCode
    postal_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}([0-9]{4})?$")]


class PracticeOnboarded(Event):
    """A practice has come under management; everything else about it follows this event."""

    type: ClassVar = "agreements.practice-onboarded.v1"
    topic: ClassVar = PRACTICES
    key: ClassVar = "practice_id"

    name: Short
    npi: Npi
    """The organisation's NPI (type 2)."""
    tax_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
    """Employer identification number, digits only."""
    address: PostalAddress
    time_zone: Short
    """IANA time zone name."""
    onboarded_on: date


class AgreementSigned(Event):
    """A management services agreement is in force from a day on."""

    type: ClassVar = "agreements.agreement-signed.v1"
    topic: ClassVar = PRACTICES
    key: ClassVar = "practice_id"

    agreement_id: AgreementId
    model: Literal["percentage-of-collections"]
    rate: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]
    """Share of collections, such as 0.065; set in advance."""
    effective_on: date


class ManagementFeeAccrued(Event):
    """The MSO has earned its share of one posted payment."""

    type: ClassVar = "agreements.management-fee-accrued.v1"
    topic: ClassVar = FEES
    key: ClassVar = "practice_id"

    fee_entry_id: FeeEntryId
    agreement_id: AgreementId
    payment_event_id: UUID
    """The event whose payment the fee is on."""
    service_month: Month
    collected_cents: Cents
    fee_cents: Cents


class ManagementFeeReversed(Event):
    """A payment was taken back, and the fee on it with it."""

    type: ClassVar = "agreements.management-fee-reversed.v1"
    topic: ClassVar = FEES
    key: ClassVar = "practice_id"

    fee_entry_id: FeeEntryId
    agreement_id: AgreementId
    payment_event_id: UUID
    service_month: Month
    collected_cents: Cents
    """What was taken back, as a positive amount."""
    fee_cents: Cents
    """The fee given back, as a positive amount."""
