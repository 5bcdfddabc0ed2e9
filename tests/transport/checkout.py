"""A process manager that only tests know: an order is paid in time, or given up.

It needs no layer of its own. The two events correlate by their business key, the order's number:
one row of state per order, locked by whoever comes first. The timeout is a timer of the same key,
set with the state and cancelled with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from libs.events.contracts import Event, Topic
from libs.events.contracts.values import Cents, PracticeId
from libs.events.transport import Service, Timer, UnitOfWork
from tests.transport.ledger import MINE

SHOP, CHECKOUT = f"shop-{MINE}", f"checkout-{MINE}"
PLACED = Topic(f"{SHOP}.placed", partitions=2)
PAYMENTS = Topic(f"{SHOP}.payments", partitions=2)
SETTLED = Topic(f"{CHECKOUT}.settled", partitions=2)

TABLES = """
CREATE TABLE purchase (
    practice_id uuid NOT NULL, order_number text NOT NULL, state text NOT NULL DEFAULT 'unknown',
    PRIMARY KEY (practice_id, order_number)
);
SELECT own_by_practice('purchase');
"""
LOCK = """
INSERT INTO purchase (practice_id, order_number) VALUES ($1, $2)
ON CONFLICT (practice_id, order_number) DO UPDATE SET order_number = excluded.order_number
RETURNING state
"""
MOVE = "UPDATE purchase SET state = $3 WHERE practice_id = $1 AND order_number = $2"
PAYMENT_TIME = timedelta(hours=1)


class OrderPlaced(Event):
    """Somebody ordered, and has an hour to pay."""

    type: ClassVar = "shop.order-placed.v1"
    topic: ClassVar = PLACED
    key: ClassVar = "order_number"

    order_number: str


class PaymentReceived(Event):
    """Money came in for an order."""

    type: ClassVar = "shop.payment-received.v1"
    topic: ClassVar = PAYMENTS
    key: ClassVar = "order_number"

    order_number: str
    cents: Cents


class OrderSettled(Event):
    """What became of an order; a payment that comes after the time is up goes back."""

    type: ClassVar = "checkout.order-settled.v1"
    topic: ClassVar = SETTLED
    key: ClassVar = "order_number"

    order_number: str
    outcome: Literal["paid", "timed out", "refunded"]


class TillJammedError(Exception):
    """What a payment raises while the till is jammed."""


jammed: set[str] = set()
"""Orders whose payment cannot be taken, as after a bad deploy."""


async def await_payment(placed: OrderPlaced, uow: UnitOfWork) -> None:
    """Give the payment its time, unless it has come before the order was heard of."""
    match await _lock(uow, placed.order_number):
        case "unknown":
            await _move(uow, placed.order_number, "awaited")
            await uow.set_timer("payment-time", placed.order_number, uow.now + PAYMENT_TIME)
        case "paid early":
            await _settle(uow, placed.order_number, "paid")
        case _:
            pass


async def take_payment(received: PaymentReceived, uow: UnitOfWork) -> None:
    """The answer came: in time, before the order, or too late."""
    if received.order_number in jammed:
        raise TillJammedError
    match await _lock(uow, received.order_number):
        case "unknown":
            await _move(uow, received.order_number, "paid early")
        case "awaited":
            await uow.cancel_timer("payment-time", received.order_number)
            await _settle(uow, received.order_number, "paid")
        case "timed out":
            await _settle(uow, received.order_number, "refunded")
        case _:
            pass


async def give_up(timer: Timer, uow: UnitOfWork) -> None:
    """The hour is over; the state says whether the answer came meanwhile."""
    if await _lock(uow, timer.key) == "awaited":
        await _settle(uow, timer.key, "timed out")


async def _lock(uow: UnitOfWork, order_number: str) -> str:
    return await uow.db.fetchval(LOCK, uow.practice_id, order_number)


async def _move(uow: UnitOfWork, order_number: str, state: str) -> None:
    await uow.db.execute(MOVE, uow.practice_id, order_number, state)


async def _settle(
    uow: UnitOfWork, order_number: str, outcome: Literal["paid", "timed out", "refunded"]
) -> None:
    await _move(uow, order_number, outcome)
    await uow.publish(
        OrderSettled(
            practice_id=PracticeId(uow.practice_id), order_number=order_number, outcome=outcome
        )
    )


shop = Service(name=SHOP)
checkout = Service(
    name=CHECKOUT, handlers=[await_payment, take_payment], timers={"payment-time": give_up}
)
