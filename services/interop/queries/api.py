"""Queries to clinicians and to the front desk: see them, and pass on the answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import TypeAdapter, ValidationError

from libs.events.contracts import Contract
from libs.events.contracts.interop_queries import QueryAnswered
from libs.events.contracts.values import (
    DiagnosisCode,
    EncounterId,
    Npi,
    PracticeId,
    ProcedureCode,
    QueryId,
    Short,
)
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.interop.connections.model import PlaceOfService
from services.interop.encounters.model import SELF_PAY, Asked, Question, Reason
from services.interop.encounters.post import resume_visit
from services.interop.encounters.store import lock_encounter
from services.interop.messages.store import add_message_events
from services.interop.queries import store
from services.interop.queries.asking import OVERDUE_TIMER

routes = APIRouter(prefix="/queries", tags=["queries"])

_ANSWERS: dict[Reason, TypeAdapter[str]] = {
    "unmapped-diagnosis": TypeAdapter(DiagnosisCode),
    "missing-diagnosis": TypeAdapter(DiagnosisCode),
    "unmapped-procedure": TypeAdapter(ProcedureCode),
    "missing-charge": TypeAdapter(ProcedureCode),
    "missing-provider": TypeAdapter(Npi),
    "unmapped-place": TypeAdapter(PlaceOfService),
    "missing-coverage": TypeAdapter(Literal["self-pay"]),
}


class AnswerQuery(Contract):
    """The answer, passed on: a code, an NPI where the provider was missing, or `self-pay`."""

    answer: Short
    answered_for_npi: Npi | None = None
    """The clinician who answered; nobody else decides what a visit was. None: the front desk."""


class QueryView(Contract):
    """A query as a person sees it."""

    query_id: UUID
    encounter_id: UUID
    connection_id: UUID
    reason: Reason
    asked: Asked
    code_system: str | None
    code: str | None
    service_on: date
    opened_at: datetime
    answer: str | None
    answered_for_npi: str | None
    answered_at: datetime | None
    due_on: date | None
    overdue_at: datetime | None
    withdrawn_at: datetime | None


@routes.get("")
async def list_queries(
    uow: Uow,
    state: Literal["open", "answered", "withdrawn"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[QueryView]:
    """The practice's queries, the oldest first."""
    rows = await store.list_queries(uow.db, uow.practice_id, state=state, limit=limit)
    return [_view(row) for row in rows]


@routes.get("/{query_id}")
async def show_query(query_id: UUID, uow: Uow) -> QueryView:
    return _view(await _find(query_id, uow))


@routes.post("/{query_id}/answer")
async def answer_query(
    query_id: UUID, command: Annotated[AnswerQuery, json_body(AnswerQuery)], uow: Uow
) -> QueryView:
    """Pass on the answer; the visit is posted once nothing about it is open.

    The same answer again answers the same; another one is refused, because the visit may be billed
    by now, and so is one that nobody needs any more. Late is better than never.
    """
    query = await _find(query_id, uow)
    encounter = await lock_encounter(uow, query["encounter_id"])
    assert encounter is not None
    query = await _find(query_id, uow)  # as it is under the lock
    if query["answer"] is not None:
        if (query["answer"], query["answered_for_npi"]) == (
            command.answer,
            command.answered_for_npi,
        ):
            return _view(query)
        raise HTTPException(409, "this query has another answer")
    if query["withdrawn_at"] is not None:
        raise HTTPException(409, "this query was withdrawn; nobody needs its answer any more")
    _check_answer(query["reason"], command)
    await store.answer_query(
        uow.db,
        uow.practice_id,
        query_id,
        answer=command.answer,
        npi=command.answered_for_npi,
        at=uow.now,
    )
    await uow.publish(
        QueryAnswered(
            practice_id=PracticeId(uow.practice_id),
            query_id=QueryId(query_id),
            encounter_id=EncounterId(encounter.encounter_id),
        )
    )
    await uow.cancel_timer(OVERDUE_TIMER, str(query_id))
    events = await resume_visit(encounter, uow)
    for event in events:
        await uow.publish(event)
    await add_message_events(uow.db, uow.practice_id, encounter.message_id, events)
    return _view(await _find(query_id, uow))


def _check_answer(reason: Reason, command: AnswerQuery) -> None:
    is_clinical = Question(reason).asked == "clinician"
    if is_clinical != (command.answered_for_npi is not None):
        told = "name the clinician" if is_clinical else "the front desk answers, name no clinician"
        raise HTTPException(422, f"not an answer to {reason}: {told} in answered_for_npi")
    try:
        _ANSWERS[reason].validate_python(command.answer)
    except ValidationError:
        raise HTTPException(422, f"not an answer to {reason}: {_EXPECTED[reason]}") from None


_EXPECTED = {
    "unmapped-diagnosis": "give an ICD-10-CM code with its point",
    "missing-diagnosis": "give an ICD-10-CM code with its point",
    "unmapped-procedure": "give a HCPCS code of five characters",
    "missing-charge": "give a HCPCS code of five characters",
    "missing-provider": "give the clinician's NPI",
    "unmapped-place": "give a CMS place of service code of two digits",
    "missing-coverage": f"give {SELF_PAY}; a payer is told by registering the patient's coverage",
}


async def _find(query_id: UUID, uow: UnitOfWork) -> Any:
    row = await store.find_query(uow.db, uow.practice_id, query_id)
    if row is None:
        raise HTTPException(404, "no such query")
    return row


def _view(row: Any) -> QueryView:
    columns = dict(row)
    del columns["practice_id"]
    return QueryView(**columns, asked=Question(row["reason"]).asked)
