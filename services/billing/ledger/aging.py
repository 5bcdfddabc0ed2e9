"""How old what is owed is: per payer, patient and agency, in the buckets that the field uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.billing.ledger.model import Account

Debtor = Literal["payer", "patient", "agency"]
DEBTORS: dict[Account, Debtor] = {
    Account.PAYER_RECEIVABLE: "payer",
    Account.PATIENT_RECEIVABLE: "patient",
    Account.AGENCY_RECEIVABLE: "agency",
}
BUCKETS = (30, 60, 90, 120)
"""The last day of each bucket, counted from the day of service; one more takes what is older."""


@dataclass(frozen=True, slots=True)
class OpenDay:
    """What one debtor owes of the services of one day."""

    account: Account
    payer_id: str | None
    service_on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Aged:
    """What one debtor owes, in cents by age: to 30, 60, 90, 120 days, and older."""

    debtor: Debtor
    payer_id: str | None
    """Of a payer."""
    cents: tuple[int, int, int, int, int]

    @property
    def total_cents(self) -> int:
        return sum(self.cents)


def bucket_of(service_on: date, on: date) -> int:
    """The bucket, from 0, of a service's age on a day; a service of a later day is new."""
    age = (on - service_on).days
    return next((place for place, last in enumerate(BUCKETS) if age <= last), len(BUCKETS))


def age(open_days: Iterable[OpenDay], on: date) -> list[Aged]:
    """Payers first, by name; then patients; then agencies."""
    sums: dict[tuple[Debtor, str | None], list[int]] = {}
    for day in open_days:
        debtor = DEBTORS[day.account]
        key = (debtor, day.payer_id if debtor == "payer" else None)
        row = sums.setdefault(key, [0] * (len(BUCKETS) + 1))
        row[bucket_of(day.service_on, on)] += day.cents
    order = list(DEBTORS.values())
    return [
        Aged(debtor, payer_id, (cents[0], cents[1], cents[2], cents[3], cents[4]))
        for (debtor, payer_id), cents in sorted(
            sums.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or "")
        )
    ]
