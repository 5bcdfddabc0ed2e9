"""How long after the day of service charges are posted (HFMA MAP Keys, total charge lag days)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from libs.events.contracts import Contract


@dataclass(frozen=True, slots=True)
class PostedVisit:
    """A visit and the day (UTC) on which its charges were posted first."""

    provider_npi: str | None
    service_on: date
    posted_on: date

    @property
    def lag_days(self) -> int:
        """Zero also where the practice's day of service is not over yet by UTC."""
        return max((self.posted_on - self.service_on).days, 0)


class LagView(Contract):
    """Days from service to posting; `lag_days` over `visits` is the average; None: no visits."""

    visits: int
    lag_days: int
    median_days: int | None
    p90_days: int | None
    late: int
    """Those that were posted after more days than are allowed."""


def lag_of(visits: Sequence[PostedVisit], late_after_days: int) -> LagView:
    """Median and 90th percentile by nearest rank: days that a visit did take."""
    days = sorted(visit.lag_days for visit in visits)
    return LagView(
        visits=len(days),
        lag_days=sum(days),
        median_days=_rank(days, 50),
        p90_days=_rank(days, 90),
        late=sum(one > late_after_days for one in days),
    )


def _rank(ordered: Sequence[int], percent: int) -> int | None:
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
