"""Whom a practice reminds, and when; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.billing.balances.policy.model import BalancePolicy

DUN_TIMER = "dun"
FINAL_NOTICE = 4
Hold = Literal["dispute", "bankruptcy", "deceased"]
"""A bill that the patient disputes, a stay of a bankruptcy court (11 U.S.C. 362), a death."""
LOOK_AGAIN = timedelta(days=1)


def pause_after(policy: BalancePolicy, notices: int) -> timedelta:
    """How long the patient has after a series' notice of this number."""
    return timedelta(days=policy.notice_days[notices - 1])
