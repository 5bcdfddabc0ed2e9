"""Tell what imports have kept: patients, then merges, appointments and visits, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from libs.events.transport import Timer, UnitOfWork, Work
from libs.events.transport.steps import reached
from services.interop.appointments.model import ToldAppointment
from services.interop.bulk import store
from services.interop.bulk.decide import ReadLine, Tale, Teller, resource_of, unregistered
from services.interop.bulk.keep import keep_refused
from services.interop.bulk.report import Report
from services.interop.bulk.sight import look
from services.interop.bulk.store import Due, KeptShelf
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection, lock_connection
from services.interop.encounters.model import ToldVisit, encounter_id_of
from services.interop.encounters.store import lock_encounter
from services.interop.fhir.history import TELL_TIMER
from services.interop.fhir.store import find_resources, forget_untold, lock_source, release
from services.interop.identity.store import find_known, survivor_of
from services.interop.messages.model import Effects, Inbound, RefusedError
from services.interop.messages.receive import carry_out, refusals_of
from services.interop.messages.told import take_told

AT_ONCE = 50
"""Told in one transaction, which holds up the connection's other messages."""


async def tell_all(connection: Connection, import_id: UUID, report: Report, work: Work) -> None:
    """Tell what is due of the EHR, whichever import has kept it."""
    while True:
        async with work.unit_of_work(connection.practice_id) as uow:
            is_more = await tell_some(connection, import_id, report, uow)
        reached("bulk.told")
        if not is_more:
            return


async def tell_left(timer: Timer, uow: UnitOfWork) -> None:
    """The timer's part: what was kept by an import whose sender did not come back."""
    connection = await find_connection(uow.db, uow.practice_id, UUID(timer.key))
    assert connection is not None
    if await tell_some(connection, UUID(int=0), Report(), uow):
        await uow.set_timer(timer.name, timer.key, uow.now)


async def tell_some(
    connection: Connection, import_id: UUID, report: Report, uow: UnitOfWork
) -> bool:
    """Tell the next ones; False where nothing was due. `import_id`: whose lines have numbers."""
    source = connection.source_system
    await lock_source(uow, source)
    due = await store.list_due(uow, source, limit=AT_ONCE)
    if not due:
        await uow.cancel_timer(TELL_TIMER, str(connection.connection_id))
        return False
    over = await lock_connection(uow.db, uow.practice_id, due[0].connection_id)
    assert over is not None
    if over.state != "live":
        return False
    view = await look(KeptShelf(uow, source), [one.subject for one in due])
    teller = Teller(view, over)
    tales = await asyncio.to_thread(
        lambda: [teller.tell(one.subject, one.visits_from) for one in due]
    )
    for one, tale in zip(due, tales, strict=True):
        await _settle(one, await _take(one, tale, over, uow), over, import_id, report, uow)
    return True


async def _take(due: Due, tale: Tale, connection: Connection, uow: UnitOfWork) -> Tale:
    """What came of it: as decided, or refused by what is known of the patient or the visit."""
    effects = Effects()
    try:
        async with uow.db.transaction():  # a savepoint: what a refused one did is undone
            await _check_registered(tale, uow)
            inbound = Inbound("ndjson", "", b"", message_id=due.message_id)
            await take_told(
                list(tale.told), inbound=inbound, connection=connection, uow=uow, effects=effects
            )
    except RefusedError as refused:
        return tale.refused(*refused.refusals)
    except ValidationError as error:
        return tale.refused(*refusals_of(error))
    await carry_out(effects, due.message_id, connection, uow)
    return tale


async def _check_registered(tale: Tale, uow: UnitOfWork) -> None:
    for one in tale.told:
        if isinstance(one, ToldVisit | ToldAppointment):
            survivor_id = await survivor_of(uow.db, uow.practice_id, one.patient_id)
            if not await find_known(uow.db, uow.practice_id, [survivor_id]):
                raise RefusedError(unregistered(one.where))


async def _settle(
    due: Due,
    tale: Tale,
    connection: Connection,
    import_id: UUID,
    report: Report,
    uow: UnitOfWork,
) -> None:
    source = connection.source_system
    if tale.refusals:
        await store.rest(uow, source, due, tale.awaited)
        await _keep_refused(due, tale, connection, import_id, report, uow)
    elif tale.is_history:
        await _keep_history(due, source, uow)
        report.count("history")
    else:
        await forget_untold(uow, source, [due.subject])
        report.count("told", bool(tale.told))
        if due.kind == "Patient":
            await release(uow, source, [due.subject])


async def _keep_history(due: Due, source: str, uow: UnitOfWork) -> None:
    """Nothing but an import bills it from now on; one that was billed before goes on as it was."""
    named = encounter_id_of(uow.practice_id, source, due.id)
    is_new = due.kind == "Encounter" and await lock_encounter(uow, named) is None
    if is_new:
        await store.rest(uow, source, due)
    else:
        await forget_untold(uow, source, [due.subject])


async def _keep_refused(
    due: Due,
    tale: Tale,
    connection: Connection,
    import_id: UUID,
    report: Report,
    uow: UnitOfWork,
) -> None:
    found = await find_resources(uow, connection.source_system, [resource_of(due.subject)])
    raw: Sequence[bytes] = [one.content for one in found]
    line = due.line if due.import_id == import_id else None
    told = ReadLine(line or 0, due.kind, raw[0] if raw else b"", refusals=tale.refusals)
    await keep_refused(told, connection, report, uow)
