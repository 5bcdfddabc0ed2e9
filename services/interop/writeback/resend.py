"""A message that its EHR refused is sent again, as it was, after its cause was mended there.

The same bytes under the same MSH-10: whatever was refused may be sent again under its own id.
"""

from __future__ import annotations

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.writeback import store
from services.interop.writeback.model import decide_resend
from services.interop.writeback.send import send_what_waits


async def resend(connection: Connection, number: int, uow: UnitOfWork) -> bool:
    """False where there is no such message; raises RefusedError where it is not sent again."""
    place = uow.practice_id, connection.connection_id, number
    found = await store.lock_sent(uow.db, *place)
    if found is None:
        return False
    answer, is_last = found
    if decide_resend(answer, is_last=is_last):
        await store.send_again(uow.db, *place)
        await send_what_waits(connection, uow)
    return True
