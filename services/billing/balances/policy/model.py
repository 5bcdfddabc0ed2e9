"""How a practice bills its patients, as data; pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import PayerId, PositiveCents, Short

Days = Annotated[int, Field(ge=0, le=365)]
Percent = Annotated[int, Field(ge=0, le=100)]


class ScaleStep(Contract):
    """Up to so many percent of the poverty guideline, so much of the balance is let off."""

    up_to_percent: Annotated[int, Field(ge=1, le=1000)]
    discount_percent: Percent


class HospitalPolicy(Contract):
    """A hospital's financial assistance policy that covers what the practice does there.

    A hospital under section 501(r) lists in its policy who is covered (26 CFR
    1.501(r)-4(b)(1)(iii)(F)); an entity that is substantially related to it is bound as it is. The
    practice says so here, and its `assistance_scale` is the policy's.
    """

    hospital: Short
    phone: Short
    """Where the policy, an application and the plain language summary are to be had, and help."""
    url: Short
    """Where they stand."""
    agb_percent: Percent
    """Amounts generally billed, of gross charges (26 CFR 1.501(r)-5(b))."""


class BalancePolicy(Contract):
    """What a practice decided about its patients' balances; nothing is billed without one."""

    statement_day: Annotated[int, Field(ge=1, le=28)] = 1
    """The day of the month on which statements go out."""
    minimum_cents: PositiveCents = 500
    """No statement is sent for less."""
    due_days: Days = 30
    notice_days: tuple[Days, Days, Days, Days] = (30, 30, 30, 30)
    """After the first, second and third statement until the next notice; after the final notice
    until the hand-off to the agency."""
    small_balance_cents: PositiveCents = 0
    """What is open of an account and no more than this is written off when statements go out."""
    agency: Short | None = None
    """None: nobody collects for the practice, and a final notice is the last step."""
    refund_limit_cents: PositiveCents = 10_000
    """A refund above it needs a second person."""
    assistance_limit_cents: PositiveCents = 50_000
    """Charity care above it needs a second person."""
    assistance_scale: tuple[ScaleStep, ...] = ()
    """By rising percentages; above the last one nothing is let off."""
    missed_instalments: Annotated[int, Field(ge=1, le=12)] = 2
    """A plan ends when so many in a row were missed."""
    out_of_network: tuple[PayerId, ...] = ()
    """Payers with which the practice has no contract."""
    hospital_policy: HospitalPolicy | None = None
    portal_url: Short | None = None
    phone: Short | None = None


FINAL_NOTICE_DAYS = 30
"""A hospital's patients are told so long before what may be done (26 CFR 1.501(r)-6(c)(4))."""


def problem_of(policy: BalancePolicy) -> str | None:
    """What in a policy contradicts itself; it names the place and the fix."""
    percents = [step.up_to_percent for step in policy.assistance_scale]
    if percents != sorted(set(percents)):
        return "assistance_scale: the steps rise by up_to_percent"
    if policy.hospital_policy is None:
        return None
    if not percents:
        return "assistance_scale: a hospital's policy has a scale; give it"
    if policy.notice_days[-1] < FINAL_NOTICE_DAYS:
        return f"notice_days: the final notice stands {FINAL_NOTICE_DAYS} days or more"
    return None


def next_cycle(today: date, day: int) -> date:
    """The next day of the month on which statements go out; never today."""
    if today.day < day:
        return today.replace(day=day)
    years, month = divmod(today.month, 12)
    return date(today.year + years, month + 1, day)
