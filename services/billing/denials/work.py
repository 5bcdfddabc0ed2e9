"""What people do about a denial, as decisions without I/O: what may be done, and what it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import uuid5

from libs.events.contracts.billing_denials import AppealOutcome
from services.billing.denials.model import Days, Denial, State, close, deadline_of
from services.billing.writeoffs.model import Wanted

Refusal = Literal[
    "closed", "not-appealable", "waits-for-the-payer", "level-out-of-order", "no-such-appeal",
    "decided-already", "decided-before-it-was-sent",
]  # fmt: skip
REFUSALS: dict[Refusal, str] = {
    "closed": "the denial is closed",
    "not-appealable": "the payer takes no appeal of this denial",
    "waits-for-the-payer": "an appeal is with the payer; record its outcome first",
    "level-out-of-order": "level must be one above the last appeal's",
    "no-such-appeal": "no appeal of this level was sent",
    "decided-already": "this appeal was decided already",
    "decided-before-it-was-sent": "decided_on is before the appeal was sent",
}
"""What a person reads."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal that was sent."""

    level: int
    sent_on: date
    outcome: AppealOutcome | None
    decided_on: date | None


def may_work(denial: Denial) -> Refusal | None:
    return "closed" if denial.state is State.CLOSED else None


def may_appeal(denial: Denial, sent: list[Appeal], level: int) -> Refusal | None:
    """One appeal at a time, each level once; `sent`: the lowest level first."""
    if denial.state is State.CLOSED:
        return "closed"
    if not denial.appealable:
        return "not-appealable"
    if sent and sent[-1].outcome is None:
        return "waits-for-the-payer"
    return None if level == len(sent) + 1 else "level-out-of-order"


def may_decide(denial: Denial, sent: list[Appeal], level: int, decided_on: date) -> Refusal | None:
    """The last appeal, while the payer has it."""
    if not 1 <= level <= len(sent):
        return "no-such-appeal"
    appeal = sent[level - 1]
    if appeal.outcome is not None:
        return "decided-already"
    if denial.state is State.CLOSED:
        return "closed"
    return "decided-before-it-was-sent" if decided_on < appeal.sent_on else None


def appeal(denial: Denial) -> Denial:
    """The payer has it now; no day has to be kept until it answers."""
    return replace(denial, state=State.APPEALED, outcome=None)


def decide_appeal(denial: Denial, outcome: AppealOutcome, decided_on: date, days: Days) -> Denial:
    """Won, wholly or in part: the money is to come. Upheld: the time for a further appeal runs."""
    if outcome != "upheld":
        return replace(denial, state=State.AWAITING_PAYMENT, outcome=outcome, deadline_on=None)
    further = Days(days.next_appeal_days, days.next_appeal_days, days.correction_days)
    return replace(
        denial,
        state=State.OPEN,
        outcome=outcome,
        deadline_on=deadline_of("appeal", decided_on, further),
    )


def correct(denial: Denial) -> Denial:
    """A corrected claim is due; the payer's decision on it will settle the denial."""
    return replace(denial, state=State.CORRECTING)


def give_up(denial: Denial, at: datetime) -> Denial:
    """Nobody works it any more; the amount stays open until it is written off."""
    given_up = replace(denial, given_up_cents=denial.recoverable_cents)
    return close(given_up, "given-up", at)


def write_off(given_up: Denial) -> Wanted:
    """What is proposed to be written off: the same again is the same."""
    return Wanted(
        write_off_id=uuid5(given_up.denial_id, "write-off"),
        claim_id=given_up.claim_id,
        owed_by="payer",
        reason="administrative",
        cents=given_up.given_up_cents,
    )
