"""Says when a connection goes down, and when it is up again.

Its timer is set when the connection goes live, not by each message: when it is due it looks at when
the connection was last heard, and sets itself for when that will have been too long ago.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import Timer, UnitOfWork
from services.interop.connections import store
from services.interop.connections.model import Connection
from services.interop.health.model import (
    Changed,
    decide_heard,
    decide_silence,
    decide_taken_off,
    next_look,
)

SILENT_TIMER = "interface-silent"


async def note_outcome(connection: Connection, uow: UnitOfWork, *, refused: bool) -> None:
    """Count what became of the connection's newest message, and say what it changes."""
    if refused:
        connection = await store.count_refused(uow.db, connection)
    changed = decide_heard(connection, refused=refused, now=uow.now)
    if changed is None:
        return
    await _save(changed, uow)
    if connection.down_reason == "silent":
        await set_watch(changed.connection, uow)


async def find_silent(timer: Timer, uow: UnitOfWork) -> None:
    """The connection should have been heard by now, if it was not heard since."""
    connection = await store.lock_connection(uow.db, uow.practice_id, UUID(timer.key))
    assert connection is not None
    decided = decide_silence(connection, uow.now)
    if isinstance(decided, Changed):
        await _save(decided, uow)
    elif decided is not None:
        await uow.set_timer(timer.name, timer.key, decided)


async def set_watch(connection: Connection, uow: UnitOfWork) -> None:
    """Await a connection as its state and its settings have it; the caller holds its row."""
    key = str(connection.connection_id)
    due = next_look(connection, uow.now)
    if due is None:
        await uow.cancel_timer(SILENT_TIMER, key)
    else:
        await uow.set_timer(SILENT_TIMER, key, due)


async def take_off(before: Connection, after: Connection, uow: UnitOfWork) -> None:
    """After a person's command: await it as it is now, and say that it is not down any more."""
    await set_watch(after, uow)
    said = decide_taken_off(before, after)
    if said is not None:
        await uow.publish(said)


async def _save(changed: Changed, uow: UnitOfWork) -> None:
    await store.change_health(uow.db, changed.connection)
    await uow.publish(changed.said)
