"""Sends a subscription's notifications: its events one after the other, each until it is taken.

As in write-back, every event has a timer of its own and only the first is sent; each that ends sets
the next one's. The timers' keys name the activation: what was under way when a subscription was
changed finds itself out of turn, and nobody who holds the subscription waits for a busy timer.

At least once: a crash between a notification and its answer sends it again, the same bundle under
the same number. A heartbeat that fails is not sent again, another one comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from libs.events.transport import Timer, UnitOfWork, Work
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.fhir.versions import write_json
from services.interop.subscriptions import store
from services.interop.subscriptions.answers import list_answers, write_answer
from services.interop.subscriptions.claims import write_claim
from services.interop.subscriptions.client import NotDeliveredError, post
from services.interop.subscriptions.model import (
    ABANDONED_AFTER,
    KEPT_EVENTS,
    Sending,
    Subscription,
    decide_delivered,
    decide_ended,
    decide_failed,
    is_due,
)
from services.interop.subscriptions.notification import Happened, notification
from services.interop.subscriptions.settings import SubscriptionSettings
from services.interop.subscriptions.store import KeptEvent

SEND_TIMER = "send-notification"
HEARTBEAT_TIMER = "subscription-heartbeat"
END_TIMER = "subscription-end"
_OPEN = ("testing", "live")


async def send_notification(timer: Timer, work: Work) -> None:
    """Send what the timer names, where it is its turn; NotDeliveredError: again, later."""
    sending = Sending.read(timer.key)
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        subscription = await store.find_subscription(uow, sending.subscription_id)
        content = await _content(subscription, sending, timer, uow)
    if subscription is None or content is None:
        return
    private = SubscriptionSettings().private_endpoints
    failure: NotDeliveredError | None = None
    try:
        await post(content, subscription.asked, private=private)
    except NotDeliveredError as error:
        failure = error
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        after = await _end(sending, failure, uow)
    if failure is not None and after is not None and sending.kind == "event":
        _try_again(failure, after, sending)


def _try_again(failure: NotDeliveredError, after: Subscription, sending: Sending) -> None:
    """Unless it was given up with this failure, or changed meanwhile."""
    if is_due(after, sending):
        raise failure


async def _content(
    subscription: Subscription | None, sending: Sending, timer: Timer, uow: UnitOfWork
) -> bytes | None:
    """The notification; None where it is not its turn, or its connection is shut."""
    if subscription is None or not is_due(subscription, sending):
        return None
    connection = await find_connection(uow.db, uow.practice_id, subscription.connection_id)
    if connection is None or connection.state not in _OPEN:
        return None
    if sending.kind != "event":
        count, at = subscription.events, timer.due_at
        return write_json(notification(subscription, sending.kind, at, count=count))
    number = sending.number
    [event] = await store.list_events(uow, sending.subscription_id, number, number, limit=1)
    happened = await happened_of(event, subscription, uow)
    return write_json(
        notification(
            subscription, "event-notification", happened.at, count=number, events=[happened]
        )
    )


async def happened_of(event: KeptEvent, subscription: Subscription, uow: UnitOfWork) -> Happened:
    """An event with its resource: the claim as it stood then, or what the payer said."""
    at, about = event.happened_at, event.about
    source = subscription.source_system
    if isinstance(about, UUID):
        [said] = await list_answers(uow, source, inquiry_id=about)
        return Happened(event.number, at, about, await write_answer(said, uow))
    return Happened(event.number, at, about.claim_id, await write_claim(about, at, source, uow))


async def _end(
    sending: Sending, failure: NotDeliveredError | None, uow: UnitOfWork
) -> Subscription | None:
    """Note what came of it, and go on with what comes next."""
    before = await store.lock_subscription(uow, sending.subscription_id)
    if before is None:
        return None
    if failure is None:
        after = decide_delivered(before, sending)
    else:
        after = decide_failed(before, sending, failure.failure)
    if after == before:
        return before
    if after.status != before.status:
        after = replace(after, changed_at=uow.now)
    await store.save_progress(uow, after)
    if after.status == "error":
        key = f"{after.subscription_id}/{after.activation}"
        await uow.set_timer(END_TIMER, key, uow.now + ABANDONED_AFTER)
    if failure is None:
        await _go_on(after, sending, uow)
    return after


async def _go_on(after: Subscription, sending: Sending, uow: UnitOfWork) -> None:
    """What comes after something that was taken."""
    match sending.kind:
        case "handshake":
            await set_heartbeat(after, uow)
            await _set_first(after, uow)
        case "event":
            await store.forget_events(uow, after.subscription_id, after.sent - KEPT_EVENTS)
            await _set_first(after, uow)
        case "heartbeat":
            pass


async def set_sending(uow: UnitOfWork, sending: Sending) -> None:
    await uow.set_timer(SEND_TIMER, sending.write(), uow.now)


async def _set_first(subscription: Subscription, uow: UnitOfWork) -> None:
    """The first event that the endpoint has not taken."""
    if subscription.status == "active" and subscription.sent < subscription.events:
        number = subscription.sent + 1
        await set_sending(
            uow,
            Sending(subscription.subscription_id, subscription.activation, "event", number),
        )


async def set_handshake(subscription: Subscription, uow: UnitOfWork) -> None:
    sending = Sending(subscription.subscription_id, subscription.activation, "handshake")
    await set_sending(uow, sending)


async def set_heartbeat(subscription: Subscription, uow: UnitOfWork) -> None:
    """The next one, a period from now; none where none is asked for."""
    key = f"{subscription.subscription_id}/{subscription.activation}"
    seconds = subscription.asked.heartbeat_seconds
    if subscription.status != "active" or seconds is None:
        await uow.cancel_timer(HEARTBEAT_TIMER, key)
        return
    await uow.set_timer(HEARTBEAT_TIMER, key, uow.now + timedelta(seconds=seconds))


async def beat(timer: Timer, uow: UnitOfWork) -> None:
    """A period has passed: have a heartbeat sent, and set the next."""
    subscription_id, _, activation = timer.key.partition("/")
    number = int(timer.due_at.timestamp())  # no two share a timer: see above
    sending = Sending(UUID(subscription_id), int(activation), "heartbeat", number)
    subscription = await store.find_subscription(uow, sending.subscription_id)
    if subscription is not None and is_due(subscription, sending):
        await set_sending(uow, sending)
        await set_heartbeat(subscription, uow)


async def set_end(subscription: Subscription, uow: UnitOfWork) -> None:
    ends_at = subscription.asked.ends_at
    if ends_at is not None:
        key = f"{subscription.subscription_id}/{ends_at.isoformat()}"
        await uow.set_timer(END_TIMER, key, ends_at)


async def end_subscription(timer: Timer, uow: UnitOfWork) -> None:
    """It is off, unless it was asked for otherwise since."""
    found = await store.lock_subscription(uow, UUID(timer.key.partition("/")[0]))
    if found is not None and (ended := decide_ended(found, uow.now)) != found:
        await store.save_progress(uow, ended)


async def resume_subscriptions(connection: Connection, uow: UnitOfWork) -> None:
    """After a change of the connection's state: go on where its subscriptions stopped."""
    if connection.kind != "fhir" or connection.state not in _OPEN:
        return
    for one in await store.list_subscriptions(uow, connection.connection_id):
        if one.status == "requested":
            await set_handshake(one, uow)
        await _set_first(one, uow)
