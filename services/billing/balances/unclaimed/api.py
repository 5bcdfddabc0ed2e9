"""Credits that nobody claims: when each is dormant, and its record as owed to a state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.contracts.billing_balances import UnclaimedPropertyRecorded
from libs.events.contracts.values import PatientId, PaymentId, PracticeId, StateCode
from libs.service.http import Uow, json_body
from services.billing.balances import entries
from services.billing.balances.payments import store as payments
from services.billing.balances.payments.model import Payment
from services.billing.balances.store import lock_account
from services.billing.balances.unclaimed import store
from services.billing.balances.unclaimed.model import (
    LetterProblem,
    Rule,
    Schedule,
    letter_problem,
    rule_in_force,
    schedule_of,
)
from services.billing.balances.unclaimed.states import STATES
from services.billing.ledger.store import post

routes = APIRouter(tags=["unclaimed property"])

NO_RULE = (
    "no rule on file for {state}: ask counsel; the practice may set its own "
    "(POST /unclaimed-property-rules)"
)
TOO_SMALL = "so small a credit is not owed to this state"
LETTER_PROBLEMS: Mapping[LetterProblem, str] = {
    "none-sent": "the owner must be written to first",
    "too-early": "the owner was written to too early",
    "too-late": "the owner was written to too late",
}


class DormancyView(Contract):
    """When a credit is owed to a state; without dates `note` says why there are none."""

    payment_id: UUID
    credit_cents: int
    state: str
    dormant_on: date | None
    letter_from: date | None
    letter_by: date | None
    """None: the owner need not be written to."""
    report_due_on: date | None
    source: str | None
    note: str | None


class RecordProperty(Contract):
    """The owner did not claim it. `state`: of the owner's last known address.

    The dates are those of the state's rule; where none is on file, the person gives them.
    """

    property_id: UUID
    payment_id: PaymentId
    state: StateCode
    letter_sent_on: date | None = None
    dormant_on: date | None = None
    report_due_on: date | None = None


class PropertyView(Contract):
    """A credit that a state is owed."""

    property_id: UUID
    payment_id: UUID
    account_id: UUID
    state: str
    cents: int
    dormant_on: date
    letter_sent_on: date | None
    report_due_on: date


@routes.get("/patient-credits/{payment_id}/dormancy")
async def show_dormancy(payment_id: UUID, state: StateCode, uow: Uow) -> DormancyView:
    """By the rule of the state of the owner's last known address: the practice's own, or on file.

    It counts from the payment's day. What the state calls later contact with the owner moves it,
    and is for a person to know.
    """
    payment = await _find(uow, payment_id)
    rule = await _rule(uow, state, payment)
    schedule = schedule_of(rule, payment.received_on, payment.credit_cents) if rule else None
    return DormancyView(
        payment_id=payment_id,
        credit_cents=payment.credit_cents,
        state=state,
        dormant_on=schedule.dormant_on if schedule else None,
        letter_from=schedule.letter_from if schedule else None,
        letter_by=schedule.letter_by if schedule else None,
        report_due_on=schedule.report_due_on if schedule else None,
        source=rule.source if rule else None,
        note=NO_RULE.format(state=state) if rule is None else None if schedule else TOO_SMALL,
    )


@routes.post("/unclaimed-property", status_code=201)
async def record_property(
    command: Annotated[RecordProperty, json_body(RecordProperty)], uow: Uow
) -> PropertyView:
    """The same again changes nothing. 409: not dormant yet, no letter where one is
    due, or no rule and no dates."""
    payment = await _find(uow, command.payment_id)
    await lock_account(uow.db, uow.practice_id, payment.account_id)
    known = await store.find_property(uow.db, uow.practice_id, command.property_id)
    if known is not None:
        if known["payment_id"] != command.payment_id or known["state"] != command.state:
            raise HTTPException(409, "another record has this property_id")
        return PropertyView(**known)
    locked = await payments.lock_payment(uow.db, uow.practice_id, command.payment_id)
    assert locked is not None
    schedule = await _schedule(uow, command, locked)
    if not locked.credit_cents or uow.now.date() < schedule.dormant_on:
        raise HTTPException(409, "nothing of this payment is dormant yet")
    await _record(uow, command, locked, schedule)
    found = await store.find_property(uow.db, uow.practice_id, command.property_id)
    assert found is not None
    return PropertyView(**found)


@routes.get("/unclaimed-property")
async def list_unclaimed_property(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PropertyView]:
    """What a state's report lists; `after` is the last property_id of the page before."""
    rows = await store.list_property(uow.db, uow.practice_id, limit, after)
    return [PropertyView(**row) for row in rows]


async def _schedule(uow: Uow, command: RecordProperty, payment: Payment) -> Schedule:
    rule = await _rule(uow, command.state, payment)
    if rule is None:
        schedule = _as_told(command)
    else:
        schedule = schedule_of(rule, payment.received_on, payment.credit_cents)
    if schedule is None:
        raise HTTPException(409, TOO_SMALL)
    problem = letter_problem(schedule, command.letter_sent_on)
    if problem is not None:
        raise HTTPException(409, f"letter_sent_on: {LETTER_PROBLEMS[problem]}")
    return schedule


def _as_told(command: RecordProperty) -> Schedule:
    if command.dormant_on is None or command.report_due_on is None:
        text = NO_RULE.format(state=command.state)
        raise HTTPException(409, f"{text}, or give dormant_on and report_due_on")
    return Schedule(command.dormant_on, None, command.report_due_on, command.report_due_on)


async def _rule(uow: Uow, state: str, payment: Payment) -> Rule | None:
    own = await store.rules_of(uow.db, uow.practice_id, state)
    on_file = [STATES[state]] if state in STATES else []
    since = payment.received_on
    return rule_in_force(own, since) or rule_in_force(on_file, since)


async def _record(uow: Uow, command: RecordProperty, payment: Payment, schedule: Schedule) -> None:
    cents = payment.credit_cents
    recorded = UnclaimedPropertyRecorded(
        practice_id=PracticeId(uow.practice_id),
        property_id=command.property_id,
        payment_id=PaymentId(payment.payment_id),
        account_id=PatientId(payment.account_id),
        state=command.state,
        cents=cents,
        report_due_on=schedule.report_due_on,
    )
    await store.add_property(
        uow.db, uow.practice_id, command.property_id, payment.payment_id, payment.account_id,
        command.state, cents, schedule.dormant_on, command.letter_sent_on, schedule.report_due_on,
    )  # fmt: skip
    await payments.add_refunded(uow.db, payment, cents)
    entry = entries.unclaimed(uow.practice_id, command.property_id, cents, recorded.event_id)
    await post(uow.db, entry, uow.now)
    await uow.publish(recorded)


async def _find(uow: Uow, payment_id: UUID) -> Payment:
    payment = await payments.find_payment(uow.db, uow.practice_id, payment_id)
    if payment is None:
        raise HTTPException(404, "there is no such payment")
    return payment
