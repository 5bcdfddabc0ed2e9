"""Move a connection into another state, and say what that changes."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.connections import store
from services.interop.connections.model import Connection, State, decide_state
from services.interop.health.watch import take_off
from services.interop.subscriptions.send import resume_subscriptions
from services.interop.writeback.send import send_what_waits


async def move(connection_id: UUID, wanted: State, uow: UnitOfWork) -> Connection | None:
    """The connection in the state; in it already, as it is. None: there is none.

    Raises RefusedError where no step leads there.
    """
    before = await store.lock_connection(uow.db, uow.practice_id, connection_id)
    if before is None:
        return None
    after = decide_state(before, wanted, uow.now)
    if after is not before:
        await store.change_state(uow.db, after)
        await take_off(before, after, uow)
        await send_what_waits(after, uow)
        await resume_subscriptions(after, uow)
    return after
