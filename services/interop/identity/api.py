"""Charts that may be one patient, for a person to decide; and the end of a merge.

What is shown is about patients, to an operator of their practice; nothing of it is logged.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.contracts.values import PatientId
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.interop.identity import reviews, store
from services.interop.identity.merge import merge_charts, unmerge_chart
from services.interop.identity.model import Merge
from services.interop.messages.model import RefusedError
from services.interop.patients.store import find_patient

routes = APIRouter(prefix="/patients", tags=["patients"])

State = Literal["open", "merged", "apart"]


class ChartView(Contract):
    """A chart as a reviewer needs it; `survivor_id` is the chart that it goes by."""

    patient_id: UUID
    survivor_id: UUID
    source_system: str
    mrn: str
    family: str
    given: str
    birth_on: date
    sex: str
    address: str
    phone: str | None
    email: str | None
    payer: str | None
    member_id: str | None


class ReviewView(Contract):
    """A pair of charts; `levels` say how each field compares, `evidence_bits` what it is worth."""

    review_id: UUID
    state: State
    levels: dict[str, str]
    evidence_bits: float
    charts: tuple[ChartView, ...]
    survivor_id: UUID | None
    opened_at: datetime
    decided_at: datetime | None


class MergePair(Contract):
    """Which of the two charts the patient goes by from now on."""

    survivor_id: PatientId


class SetPolicy(Contract):
    """Whether charts that are surely one patient may be merged without asking."""

    automatic_linking: bool


class Standing(Contract):
    """A chart and the chart that it goes by: itself, unless it is merged."""

    patient_id: UUID
    survivor_id: UUID


@routes.get("/reviews")
async def list_reviews(
    uow: Uow,
    state: State | None = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ReviewView]:
    """The pairs that wait for a person, the oldest first."""
    rows = await reviews.list_reviews(uow.db, uow.practice_id, state=state, limit=limit)
    return [await _view(row, uow) for row in rows]


@routes.post("/reviews/{review_id}/merge")
async def merge_pair(
    review_id: UUID, command: Annotated[MergePair, json_body(MergePair)], uow: Uow
) -> ReviewView:
    """They are one patient. The same again answers the same; another decision stands: 409."""
    row = await _lock(review_id, uow)
    pair = (row["one_id"], row["other_id"])
    if command.survivor_id not in pair:
        raise HTTPException(422, "survivor_id: name one of the two charts")
    if row["state"] == "merged" and row["survivor_id"] == command.survivor_id:
        return await _view(row, uow)
    _must_be_open(row)
    [merged_id] = set(pair) - {command.survivor_id}
    try:
        events = await merge_charts([Merge(merged_id, command.survivor_id, "survivor_id")], uow)
    except RefusedError as refused:
        raise HTTPException(409, refused.refusals[0].fix) from None
    decided = await reviews.decide(uow, review_id, "merged", command.survivor_id)
    for event in events:
        await uow.publish(event)
    return await _view(decided, uow)


@routes.post("/reviews/{review_id}/keep-apart")
async def keep_pair_apart(review_id: UUID, uow: Uow) -> ReviewView:
    """They are two patients, and nobody is asked again. The same again answers the same."""
    row = await _lock(review_id, uow)
    if row["state"] == "apart":
        return await _view(row, uow)
    _must_be_open(row)
    return await _view(await reviews.decide(uow, review_id, "apart"), uow)


@routes.post("/policy")
async def set_policy(command: Annotated[SetPolicy, json_body(SetPolicy)], uow: Uow) -> SetPolicy:
    """For charts heard from now on."""
    await reviews.set_policy(uow, automatic_linking=command.automatic_linking)
    return command


@routes.post("/{patient_id}/unmerge")
async def unmerge(patient_id: UUID, uow: Uow) -> Standing:
    """The chart stands for itself again; where it does already, nothing happens."""
    events = await unmerge_chart(patient_id, uow)
    known = await store.find_known(uow.db, uow.practice_id, [patient_id])
    if not events and not known:
        raise HTTPException(404, "there is no such patient")
    for event in events:
        await uow.publish(event)
    return Standing(patient_id=patient_id, survivor_id=patient_id)


async def _lock(review_id: UUID, uow: UnitOfWork) -> Record:
    await store.lock_identity(uow.db, uow.practice_id)  # before any row, as everywhere
    row = await reviews.lock_review(uow.db, uow.practice_id, review_id)
    if row is None:
        raise HTTPException(404, "there is no such review")
    return row


def _must_be_open(row: Record) -> None:
    if row["state"] != "open":
        raise HTTPException(409, "this pair was decided otherwise")


async def _view(row: Record, uow: UnitOfWork) -> ReviewView:
    return ReviewView(
        review_id=row["review_id"],
        state=row["state"],
        levels=json.loads(row["levels"]),
        evidence_bits=row["evidence_hundredths"] / 100,
        charts=(await _chart(row["one_id"], uow), await _chart(row["other_id"], uow)),
        survivor_id=row["survivor_id"],
        opened_at=row["opened_at"],
        decided_at=row["decided_at"],
    )


async def _chart(patient_id: UUID, uow: UnitOfWork) -> ChartView:
    found = await find_patient(uow, patient_id)
    assert found is not None
    known, person = found.patient, found.patient.person
    place = (person.address_line, person.city, person.state, person.postal_code)
    return ChartView(
        patient_id=patient_id,
        survivor_id=await store.survivor_of(uow.db, uow.practice_id, patient_id),
        source_system=found.source_system,
        mrn=known.mrn,
        family=person.family,
        given=person.given,
        birth_on=person.birth_on,
        sex=person.sex,
        address=", ".join(part for part in place if part),
        phone=person.phone,
        email=person.email,
        payer=known.coverage.payer_name if known.coverage else None,
        member_id=known.coverage.member_id if known.coverage else None,
    )
