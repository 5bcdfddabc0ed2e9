"""The SQL of subscriptions and of their events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from libs.events.transport import UnitOfWork
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import write_json
from services.interop.subscriptions.coverage_response import CoverageAnswer
from services.interop.subscriptions.model import Status, Subscription
from services.interop.subscriptions.read import read_kept
from services.interop.writeback.model import Account

COLUMNS = """
subscription_id, connection_id, source_system, patient_id, status, error, activation, events, sent,
failures, base, content, changed_at
"""

LIST_SUBSCRIPTIONS = f"""
SELECT {COLUMNS} FROM subscription WHERE practice_id = $1 AND connection_id = $2
 ORDER BY subscription_id
"""

FIND_SUBSCRIPTION = f"""
SELECT {COLUMNS} FROM subscription WHERE practice_id = $1 AND subscription_id = $2
"""

LOCK_SUBSCRIPTION = FIND_SUBSCRIPTION + " FOR NO KEY UPDATE"

COUNT_SUBSCRIPTIONS = """
SELECT count(*) FROM subscription WHERE practice_id = $1 AND connection_id = $2
"""

SAVE_SUBSCRIPTION = """
INSERT INTO subscription (practice_id, subscription_id, connection_id, source_system, topic,
                          patient_id, status, error, activation, sent, failures, base, content,
                          changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (practice_id, subscription_id) DO UPDATE
   SET topic = excluded.topic, patient_id = excluded.patient_id, status = excluded.status,
       error = excluded.error, activation = excluded.activation, sent = excluded.sent,
       failures = excluded.failures, base = excluded.base, content = excluded.content,
       changed_at = excluded.changed_at
"""

SAVE_PROGRESS = """
UPDATE subscription SET status = $3, error = $4, sent = $5, failures = $6, changed_at = $7
 WHERE practice_id = $1 AND subscription_id = $2
"""

DELETE_SUBSCRIPTION = """
DELETE FROM subscription
 WHERE practice_id = $1 AND connection_id = $2 AND subscription_id = $3
"""

IS_SUBSCRIBED = """
SELECT EXISTS (SELECT FROM subscription
                WHERE practice_id = $1 AND source_system = $2 AND topic = $3 AND status <> 'off')
"""

# One after the other in one order, so that two claims of one EHR cannot wait for each other.
COUNT_EVENT = """
WITH told AS (
    SELECT s.subscription_id FROM subscription s
      JOIN connection USING (practice_id, connection_id)
     WHERE s.practice_id = $1 AND s.source_system = $2 AND s.topic = $3 AND s.status <> 'off'
       AND connection.state <> 'closed'
       AND (s.patient_id IS NULL
            OR survivor_of($1, s.patient_id) = survivor_of($1, $4::uuid))
     ORDER BY s.subscription_id FOR NO KEY UPDATE OF s)
UPDATE subscription s SET events = events + 1 FROM told
 WHERE s.practice_id = $1 AND s.subscription_id = told.subscription_id
RETURNING s.subscription_id, s.activation, s.events, s.status
"""

ADD_EVENT = """
INSERT INTO subscription_event (practice_id, subscription_id, number, claim_id, status, payer_id,
                                charge_cents, adjusted_cents, paid_cents, patient_cents,
                                happened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

ADD_COVERAGE_EVENT = """
INSERT INTO subscription_event (practice_id, subscription_id, number, inquiry_id, happened_at)
VALUES ($1, $2, $3, $4, $5)
"""

FORGET_EVENTS = """
DELETE FROM subscription_event
 WHERE practice_id = $1 AND subscription_id = $2 AND number <= $3
"""

LIST_EVENTS = """
SELECT e.number, e.happened_at, e.inquiry_id, e.claim_id, a.encounter_id, a.connection_id,
       a.patient_id,
       e.payer_id, e.status, e.charge_cents, e.adjusted_cents, e.paid_cents, e.patient_cents
  FROM subscription_event e LEFT JOIN account a USING (practice_id, claim_id)
 WHERE e.practice_id = $1 AND e.subscription_id = $2 AND e.number BETWEEN $3 AND $4
 ORDER BY e.number LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A subscription that has an event more."""

    subscription_id: UUID
    activation: int
    number: int
    status: Status


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """How a claim stood when it was told; or the inquiry that a payer answered."""

    number: int
    happened_at: datetime
    about: Account | UUID


async def list_subscriptions(uow: UnitOfWork, connection_id: UUID) -> list[Subscription]:
    rows = await uow.db.fetch(LIST_SUBSCRIPTIONS, uow.practice_id, connection_id)
    return [_opened(uow, row) for row in rows]


async def find_subscription(uow: UnitOfWork, subscription_id: UUID) -> Subscription | None:
    row = await uow.db.fetchrow(FIND_SUBSCRIPTION, uow.practice_id, subscription_id)
    return None if row is None else _opened(uow, row)


async def lock_subscription(uow: UnitOfWork, subscription_id: UUID) -> Subscription | None:
    """Locked until the transaction ends: no event of it is counted in between."""
    row = await uow.db.fetchrow(LOCK_SUBSCRIPTION, uow.practice_id, subscription_id)
    return None if row is None else _opened(uow, row)


async def count_subscriptions(uow: UnitOfWork, connection_id: UUID) -> int:
    return await uow.db.fetchval(COUNT_SUBSCRIPTIONS, uow.practice_id, connection_id)


async def save_subscription(uow: UnitOfWork, one: Subscription) -> None:
    """A new one, or a locked one as it is from now on; its events are counted elsewhere."""
    await uow.db.execute(
        SAVE_SUBSCRIPTION,
        uow.practice_id,
        one.subscription_id,
        one.connection_id,
        one.source_system,
        one.asked.topic,
        one.patient_id,
        one.status,
        one.error,
        one.activation,
        one.sent,
        one.failures,
        one.base,
        uow.seal(write_json(one.asked.resource), _place(one.subscription_id)),
        one.changed_at,
    )


async def save_progress(uow: UnitOfWork, one: Subscription) -> None:
    """How far a locked subscription has come."""
    row = one.subscription_id, one.status, one.error, one.sent, one.failures, one.changed_at
    await uow.db.execute(SAVE_PROGRESS, uow.practice_id, *row)


async def delete_subscription(uow: UnitOfWork, connection_id: UUID, id: UUID) -> None:
    await uow.db.execute(DELETE_SUBSCRIPTION, uow.practice_id, connection_id, id)


async def is_subscribed(uow: UnitOfWork, source_system: str, topic: str) -> bool:
    return await uow.db.fetchval(IS_SUBSCRIBED, uow.practice_id, source_system, topic)


async def count_event(
    uow: UnitOfWork, source_system: str, topic: str, patient_id: UUID
) -> list[Counted]:
    """Give the event its number in each subscription that it is for; they stay locked."""
    row = uow.practice_id, source_system, topic, patient_id
    return [Counted(*found) for found in await uow.db.fetch(COUNT_EVENT, *row)]


async def add_event(uow: UnitOfWork, counted: Counted, what: Account | CoverageAnswer) -> None:
    """An event is about a claim as it stands now, or about what a payer said."""
    of_event = uow.practice_id, counted.subscription_id, counted.number
    if isinstance(what, CoverageAnswer):
        await uow.db.execute(ADD_COVERAGE_EVENT, *of_event, what.inquiry_id, uow.now)
        return
    await uow.db.execute(
        ADD_EVENT,
        *of_event,
        what.claim_id,
        what.status,
        what.payer_id,
        what.charge_cents,
        what.adjusted_cents,
        what.paid_cents,
        what.patient_cents,
        uow.now,
    )


async def forget_events(uow: UnitOfWork, subscription_id: UUID, until: int) -> None:
    """Up to this number, included."""
    await uow.db.execute(FORGET_EVENTS, uow.practice_id, subscription_id, until)


async def list_events(
    uow: UnitOfWork, subscription_id: UUID, since: int, until: int, *, limit: int
) -> list[KeptEvent]:
    """The events with these numbers, both included, in their order."""
    row = uow.practice_id, subscription_id, since, until, limit
    return [_event(dict(found)) for found in await uow.db.fetch(LIST_EVENTS, *row)]


def _event(row: dict[str, Any]) -> KeptEvent:
    number, at, inquiry_id = (row.pop(name) for name in ("number", "happened_at", "inquiry_id"))
    return KeptEvent(number, at, Account(**row) if inquiry_id is None else inquiry_id)


def _opened(uow: UnitOfWork, row: Record) -> Subscription:
    found = dict(row)
    content = uow.unseal(found.pop("content"), _place(row["subscription_id"]))
    # The status that was asked for has had its effect.
    asked = read_kept({**read_json(content, "Subscription"), "status": "requested"})
    return Subscription(asked=asked, **found)


def _place(subscription_id: UUID) -> str:
    return f"subscription/{subscription_id}"
