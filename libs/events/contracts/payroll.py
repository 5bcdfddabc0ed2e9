"""Published by payroll: what clinicians' work is worth to their pay."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import (
    EncounterId,
    Hundredths,
    Month,
    Npi,
    PositiveCents,
    ProductivityLineId,
)

PRODUCTIVITY = Topic("payroll.productivity")


class ProductivityRecorded(Event):
    """One visit's work, in hundredths of a work RVU, on its clinician's account."""

    type: ClassVar = "payroll.productivity-recorded.v1"
    topic: ClassVar = PRODUCTIVITY
    key: ClassVar = "line_id"

    line_id: ProductivityLineId
    encounter_id: EncounterId
    provider_npi: Npi
    service_on: date
    service_month: Month
    work_rvu_hundredths: Hundredths
    pay_cents: PositiveCents
    """At the clinician's conversion rate in force on the day; zero while there is none."""


class ProductivityReversed(Event):
    """A recorded line is taken back, because its visit was corrected or voided.

    Repeats what was recorded; a corrected visit's work is recorded anew, on a line of its own.
    """

    type: ClassVar = "payroll.productivity-reversed.v1"
    topic: ClassVar = PRODUCTIVITY
    key: ClassVar = "line_id"

    line_id: ProductivityLineId
    encounter_id: EncounterId
    provider_npi: Npi
    service_on: date
    service_month: Month
    work_rvu_hundredths: Hundredths
    pay_cents: PositiveCents
