"""Denials: the work list, one denial with its timeline, and the commands of those who work it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response

from libs.events.contracts import Contract
from libs.events.contracts.billing_denials import (
    AppealOutcome,
    ClosingReason,
    DenialCategory,
    DenialOwner,
    NextAction,
)
from libs.events.contracts.values import PayerId
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.denials import appeals, commands, store
from services.billing.denials.commands import (
    Assign,
    Correct,
    DecideAppeal,
    GiveUp,
    Note,
    SendAppeal,
)
from services.billing.denials.cursor import After, next_cursor, read_cursor
from services.billing.denials.model import Denial, State
from services.billing.denials.worklist import Filters, list_denials

routes = APIRouter(prefix="/denials", tags=["denials"])
By = Annotated[Caller, Depends(known_caller)]
Level = Annotated[int, Path(ge=1, le=9)]


class Worth(Contract):
    """A denial on the work list; nothing about its patient."""

    denial_id: UUID
    claim_id: UUID
    control_number: str
    payer_claim_number: str | None
    payer_id: str
    line_number: int
    """The line, counted in the remitted claim; 0: the claim."""
    procedure_code: str | None
    service_on: date
    decided_on: date
    denied_cents: int
    recoverable_cents: int
    adjustment_group: str
    reason: str
    remarks: list[str]
    category: DenialCategory
    cause: str
    owner: DenialOwner
    next_action: NextAction
    appealable: bool
    deadline_on: date | None
    state: State
    outcome: AppealOutcome | None
    assigned_to: str | None
    opened_at: datetime
    likelihood: int
    """Of a thousand like it, how many the payer allows after all."""
    expected_cents: int
    """`recoverable_cents` times `likelihood`: the order of the list."""


class WorkList(Contract):
    denials: tuple[Worth, ...]
    next: str | None
    """`after` of the next page; None: this is the last."""


class StepView(Contract):
    """One thing that was done; `told`: what a person said with it, as they sent it."""

    kind: str
    at: datetime
    by: str | None
    told: str | None


class AppealView(Contract):
    level: int
    sent_on: date
    outcome: AppealOutcome | None
    decided_on: date | None


class DenialView(Contract):
    """A denial and everything that was done about it."""

    denial_id: UUID
    claim_id: UUID
    payment_id: UUID
    payer_id: str
    line_number: int
    procedure_code: str | None
    provider_npi: str | None
    service_on: date
    decided_on: date
    denied_cents: int
    recoverable_cents: int
    recovered_cents: int
    adjustment_group: str
    reason: str
    remarks: list[str]
    category: DenialCategory
    cause: str
    owner: DenialOwner
    next_action: NextAction
    appealable: bool
    deadline_on: date | None
    state: State
    close_reason: ClosingReason | None
    outcome: AppealOutcome | None
    assigned_to: str | None
    opened_at: datetime
    closed_at: datetime | None
    appeals: tuple[AppealView, ...]
    timeline: tuple[StepView, ...]


@routes.get("")
async def list_denials_to_work(
    uow: Uow,
    state: State | None = None,
    owner: DenialOwner | None = None,
    payer: PayerId | None = None,
    category: DenialCategory | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: After = None,
) -> WorkList:
    """Ranked by recoverable cents times likelihood; the closed ones only where asked for."""
    filters = Filters(state, owner, payer, category)
    rows = await list_denials(uow.db, uow.practice_id, filters, read_cursor(after), limit)
    found = tuple(Worth(**row) for row in rows)
    places = [(each.expected_cents, each.denial_id) for each in found]
    return WorkList(denials=found, next=next_cursor(places, limit))


@routes.get("/{denial_id}")
async def show_denial(denial_id: UUID, uow: Uow) -> DenialView:
    denial = await store.find(uow.db, uow.practice_id, denial_id)
    if denial is None:
        raise HTTPException(404, "there is no such denial")
    return await _view(uow, denial)


@routes.post("/{denial_id}/assign")
async def assign(
    denial_id: UUID, command: Annotated[Assign, json_body(Assign)], uow: Uow, by: By
) -> DenialView:
    return await _view(uow, await commands.assign(uow, denial_id, command, by.name))


@routes.post("/{denial_id}/notes")
async def add_note(
    denial_id: UUID, command: Annotated[Note, json_body(Note)], uow: Uow, by: By
) -> DenialView:
    return await _view(uow, await commands.add_note(uow, denial_id, command, by.name))


@routes.post("/{denial_id}/appeals")
async def send_appeal(
    denial_id: UUID, command: Annotated[SendAppeal, json_body(SendAppeal)], uow: Uow, by: By
) -> DenialView:
    """Make the letter and keep it; the level is one above the last appeal's."""
    return await _view(uow, await commands.send_appeal(uow, denial_id, command, by.name))


@routes.get("/{denial_id}/appeals/{level}/letter.pdf")
async def show_letter(denial_id: UUID, level: Level, uow: Uow) -> Response:
    """The letter as it was sent, a tagged PDF."""
    letter = await appeals.read_letter(uow, denial_id, level)
    if letter is None:
        raise HTTPException(404, "there is no such letter")
    return Response(letter, media_type="application/pdf")


@routes.post("/{denial_id}/appeals/{level}/outcome")
async def decide_appeal(
    denial_id: UUID,
    level: Level,
    command: Annotated[DecideAppeal, json_body(DecideAppeal)],
    uow: Uow,
    by: By,
) -> DenialView:
    """What the payer answered to the last appeal; money comes with a remittance."""
    return await _view(uow, await commands.decide_appeal(uow, denial_id, level, command, by.name))


@routes.post("/{denial_id}/correct")
async def correct(
    denial_id: UUID, command: Annotated[Correct, json_body(Correct)], uow: Uow, by: By
) -> DenialView:
    """A replacement of the claim is due (837P CLM05-3 7), see `/corrections-due`."""
    return await _view(uow, await commands.correct(uow, denial_id, command, by.name))


@routes.post("/{denial_id}/close")
async def give_up(
    denial_id: UUID, command: Annotated[GiveUp, json_body(GiveUp)], uow: Uow, by: By
) -> DenialView:
    """Give it up: nothing is written off by this, the amount stays open until that is done."""
    return await _view(uow, await commands.give_up(uow, denial_id, command, by.name))


async def _view(uow: UnitOfWork, denial: Denial) -> DenialView:
    sent = await appeals.list_of(uow.db, uow.practice_id, denial.denial_id)
    steps = await store.list_steps(uow, denial.denial_id)
    own = {name: getattr(denial, name) for name in DenialView.model_fields.keys() & _COLUMNS}
    return DenialView(
        **own,
        appeals=tuple(
            AppealView(level=a.level, sent_on=a.sent_on, outcome=a.outcome, decided_on=a.decided_on)
            for a in sent
        ),
        timeline=tuple(
            StepView(
                kind=step.kind,
                at=step.at,
                by=step.by,
                told=step.content.decode() if step.content else None,
            )
            for step in steps
        ),
    )


_COLUMNS = {*Denial.__dataclass_fields__}
