"""Sends what waits for an EHR, one message after the other, each until it is answered.

Every message has a timer of its own, and only a connection's first one is sent; the others' timers
pass, and each that ends sets the next one's. So no event waits for a timer that is busy sending,
and an EHR that is away is tried with one message, not with all of them.

At least once: a crash between the message and its answer sends it again, the same bytes under the
same MSH-10, by which the EHR tells that it has it.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import Timer, UnitOfWork, Work
from libs.events.transport.steps import reached
from services.interop.connections.model import Connection, WriteBack
from services.interop.connections.store import find_connection
from services.interop.writeback import store
from services.interop.writeback.client import exchange, failure_of
from services.interop.writeback.model import Answer, decide_answer, read_answer
from services.interop.writeback.store import Waiting

SEND_TIMER = "send-write-back"


async def send_write_back(timer: Timer, work: Work) -> None:
    """Send the message that the timer names, where it is its turn; OSError: again, later."""
    connection_id, number = UUID(timer.key.partition("/")[0]), int(timer.key.partition("/")[2])
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        begun = await _begin(uow, connection_id, number)
    if begun is None:
        return
    try:
        answer = await _send(*begun)
    except OSError as error:
        async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
            await store.note_failure(uow, connection_id, number, failure_of(error))
        raise
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        await store.end_message(uow, connection_id, number, answer)
        await _set_first(uow, connection_id)
    reached("write-back.ended")


async def _send(waiting: Waiting, address: WriteBack) -> Answer:
    said = read_answer(await exchange(waiting.content, address))
    reached("write-back.answered")
    return decide_answer(said, waiting.control_id)


async def set_sending(uow: UnitOfWork, connection_id: UUID, number: int) -> None:
    await uow.set_timer(SEND_TIMER, f"{connection_id}/{number}", uow.now)


async def send_what_waits(connection: Connection, uow: UnitOfWork) -> None:
    """After a change of its state or its address: go on where it stopped."""
    if _address(connection) is not None:
        await _set_first(uow, connection.connection_id)


async def _set_first(uow: UnitOfWork, connection_id: UUID) -> None:
    first = await store.find_first(uow, connection_id)
    if first is not None:
        await set_sending(uow, connection_id, first.number)


async def _begin(
    uow: UnitOfWork, connection_id: UUID, number: int
) -> tuple[Waiting, WriteBack] | None:
    """Note the try; None where another comes first, it has ended, or the connection is off."""
    connection = await find_connection(uow.db, uow.practice_id, connection_id)
    address = _address(connection) if connection is not None else None
    first = await store.find_first(uow, connection_id)
    if address is None or first is None or first.number != number:
        return None
    await store.note_try(uow.db, uow.practice_id, connection_id, number, uow.now)
    return first, address


def _address(connection: Connection) -> WriteBack | None:
    """Where it is sent to; a connection that is suspended or closed is sent nothing."""
    return connection.write_back if connection.state == "live" else None
