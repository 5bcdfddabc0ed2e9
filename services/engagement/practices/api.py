"""What a practice has decided about its patients' consent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from libs.events.contracts import Contract
from libs.service.http import Uow, json_body
from services.engagement.practices import store

routes = APIRouter(prefix="/policies", tags=["policies"])


class SetPolicy(Contract):
    """`intake_consent`: the practice's intake form asks for consent to e-mail reminders."""

    intake_consent: bool


@routes.post("", status_code=201)
async def set_policy(command: Annotated[SetPolicy, json_body(SetPolicy)], uow: Uow) -> SetPolicy:
    """Set the policy for registrations heard from now on; it gives no consent for earlier ones."""
    await store.set_policy(
        uow.db, uow.practice_id, intake_consent=command.intake_consent, at=uow.now
    )
    return command


@routes.get("")
async def show_policy(uow: Uow) -> SetPolicy:
    return SetPolicy(intake_consent=await store.has_intake_consent(uow.db, uow.practice_id))
