"""Counts an event for each subscription that it is for, and has it sent in its turn."""

from __future__ import annotations

from libs.events.transport import UnitOfWork
from services.interop.subscriptions import store
from services.interop.subscriptions.coverage_response import CoverageAnswer
from services.interop.subscriptions.model import Sending
from services.interop.subscriptions.send import set_sending
from services.interop.subscriptions.topics import CLAIM_STATUS, COVERAGE_ELIGIBILITY
from services.interop.writeback.model import Account


async def is_subscribed(source_system: str, uow: UnitOfWork) -> bool:
    """Does this EHR ask for the state of its claims?"""
    return await store.is_subscribed(uow, source_system, CLAIM_STATUS.url)


async def tell_subscribers(
    what: Account | CoverageAnswer, source_system: str, uow: UnitOfWork
) -> None:
    """One that waits for its endpoint, or is in error, counts its events all the same."""
    topic = CLAIM_STATUS if isinstance(what, Account) else COVERAGE_ELIGIBILITY
    for one in await store.count_event(uow, source_system, topic.url, what.patient_id):
        await store.add_event(uow, one, what)
        if one.status == "active":
            sending = Sending(one.subscription_id, one.activation, "event", one.number)
            await set_sending(uow, sending)
