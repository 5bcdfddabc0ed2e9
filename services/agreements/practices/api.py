"""Onboard a practice, and see it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.agreements import PostalAddress, PracticeOnboarded
from libs.events.contracts.values import Npi, PracticeId, Short
from libs.service.http import Uow, json_body
from services.agreements.practices import store
from services.agreements.practices.model import TimeZone

routes = APIRouter(prefix="/practices", tags=["practices"])


class OnboardPractice(Contract):
    """The practice as contracts and claims name it; `practice_id` is that of `X-Practice-Id`."""

    practice_id: PracticeId
    name: Short
    npi: Npi
    """The organisation's NPI (type 2)."""
    tax_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
    """Employer identification number, digits only."""
    address: PostalAddress
    time_zone: TimeZone
    onboarded_on: date


class PracticeView(Contract):
    practice_id: UUID
    name: str
    npi: str
    tax_id: str
    address: PostalAddress
    time_zone: str
    onboarded_on: date

    @classmethod
    def of(cls, practice: PracticeOnboarded) -> PracticeView:
        return cls(**dict(practice))


@routes.post("", status_code=201)
async def onboard_practice(
    command: Annotated[OnboardPractice, json_body(OnboardPractice)], uow: Uow
) -> PracticeView:
    """Take a practice under management; publishes PracticeOnboarded once. 409: other content."""
    if command.practice_id != uow.practice_id:
        raise HTTPException(422, "practice_id and the header X-Practice-Id name two practices")
    onboarded = PracticeOnboarded(**dict(command))
    if await store.add_practice(uow.db, onboarded):
        await uow.publish(onboarded)
        return PracticeView.of(onboarded)
    kept = await store.find_practice(uow.db, uow.practice_id)
    if kept is None or dict(kept) != dict(onboarded):
        raise HTTPException(409, "this practice was onboarded with other content")
    return PracticeView.of(kept)


@routes.get("")
async def list_practices(uow: Uow) -> list[PracticeView]:
    """The practice of `X-Practice-Id`, in a list: empty while it is not onboarded."""
    return [PracticeView.of(practice) for practice in await store.list_practices(uow.db)]


@routes.get("/{practice_id}")
async def show_practice(practice_id: UUID, uow: Uow) -> PracticeView:
    practice = await store.find_practice(uow.db, practice_id)
    if practice is None:
        raise HTTPException(404, "there is no such practice")
    return PracticeView.of(practice)
