"""Questions are put, taken back and fall due, as a visit's decision has it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from libs.events.contracts.interop_queries import QueryOverdue
from libs.events.contracts.values import EncounterId, PracticeId, QueryId
from libs.events.transport import Timer, UnitOfWork
from services.interop.connections.model import Connection
from services.interop.encounters.decide import About, Decision
from services.interop.queries import store

OVERDUE_TIMER = "query-overdue"


async def ask(decision: Decision, about: About, connection: Connection, uow: UnitOfWork) -> None:
    """Keep what the decision asks and what it withdraws; a question has until its day's end."""
    assert decision.now is not None
    for question in decision.withdrawn:
        query_id = question.id_for(about.encounter_id)
        await store.withdraw_query(uow.db, uow.practice_id, query_id, uow.now)
        await uow.cancel_timer(OVERDUE_TIMER, str(query_id))
    ends = datetime.combine(about.due_on + timedelta(days=1), time(), connection.zone)
    for question in decision.opened:
        query_id = question.id_for(about.encounter_id)
        await store.open_query(
            uow.db,
            practice_id=uow.practice_id,
            query_id=query_id,
            encounter_id=about.encounter_id,
            connection_id=about.connection_id,
            question=question,
            service_on=decision.now.visit.service_on,
            at=uow.now,
            due_on=about.due_on,
        )
        await uow.set_timer(OVERDUE_TIMER, str(query_id), ends)


async def note_overdue(timer: Timer, uow: UnitOfWork) -> None:
    """Nobody answered in time: said once, and the query stays open."""
    query_id = UUID(timer.key)
    row = await store.mark_overdue(uow.db, timer.practice_id, query_id, uow.now)
    if row is None:
        return
    await uow.publish(
        QueryOverdue(
            practice_id=PracticeId(timer.practice_id),
            query_id=QueryId(query_id),
            encounter_id=EncounterId(row["encounter_id"]),
            due_on=row["due_on"],
        )
    )
