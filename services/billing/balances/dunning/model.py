"""Whom a practice reminds, and when; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.billing.balances.model import Balance
from services.billing.balances.policy.model import BalancePolicy

DUN_TIMER = "dun"
FINAL_NOTICE = 4
Hold = Literal["dispute", "bankruptcy", "deceased"]
"""A bill that the patient disputes, a stay of a bankruptcy court (11 U.S.C. 362), a death."""
LOOK_AGAIN = timedelta(days=1)


def pause_after(policy: BalancePolicy, notices: int) -> timedelta:
    """How long the patient has after a series' notice of this number."""
    return timedelta(days=policy.notice_days[notices - 1])


BEFORE_HAND_OFF = timedelta(days=120)
TO_APPLY = timedelta(days=240)
"""From the first statement about a visit: a hospital waits so long before it collects by other
means, and takes applications so long (26 CFR 1.501(r)-1(b)(3), 1.501(r)-6(c)(3), (7))."""


def handed_off(due: Sequence[Balance], billed: Mapping[UUID, date], today: date) -> list[Balance]:
    """The claims that were first billed long enough ago."""
    return [claim for claim in due if _ready_on(claim, billed) <= today]


def next_hand_off(due: Sequence[Balance], billed: Mapping[UUID, date]) -> date | None:
    """When the first of them will have been; None: none of them was billed yet."""
    days = [_ready_on(claim, billed) for claim in due if claim.claim_id in billed]
    return min(days, default=None)


def earliest_hand_off(
    policy: BalancePolicy, due: Sequence[Balance], billed: Mapping[UUID, date], today: date
) -> date:
    """What a final notice of today tells: no claim goes to an agency before."""
    waited = next_hand_off(due, billed) or today + BEFORE_HAND_OFF
    return max(today + pause_after(policy, FINAL_NOTICE), waited)


def still_applies(claim_ids: Iterable[UUID], billed: Mapping[UUID, date], applied_on: date) -> bool:
    """Whether an application is in time for one of the claims."""
    return any(
        applied_on <= billed[claim_id] + TO_APPLY for claim_id in claim_ids if claim_id in billed
    )


def _ready_on(claim: Balance, billed: Mapping[UUID, date]) -> date:
    first = billed.get(claim.claim_id)
    return first + BEFORE_HAND_OFF if first else date.max
