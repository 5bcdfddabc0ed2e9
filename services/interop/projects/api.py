"""Projects: open one, see how far it is, and tick a step that is really done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import Short
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.interop.connections.change import move
from services.interop.connections.store import lock_connection
from services.interop.messages.model import RefusedError
from services.interop.projects import store
from services.interop.projects.model import (
    Kind,
    Known,
    Project,
    Step,
    StepName,
    Told,
    decide_open,
    decide_step,
    share_of,
)

routes = APIRouter(prefix="/projects", tags=["projects"])
Operator = Annotated[Caller, Depends(known_caller)]


class PlanStep(Contract):
    """Who sees to a step (a team or a role), and by when."""

    step: StepName
    owner: Short
    due_on: date


class OpenProject(Contract):
    """A roll-out; `connection_id` and `message_types` (such as ADT^A04) are an interface's."""

    project_id: UUID
    kind: Kind
    name: Short
    connection_id: UUID | None = None
    message_types: Annotated[tuple[Short, ...], Field(max_length=30)] = ()
    steps: Annotated[tuple[PlanStep, ...], Field(max_length=10)]


class CompleteStep(Contract):
    """The last two are of a mapping's sign-off: who signed at the practice, and what."""

    signed_by: Short | None = None
    profile_version: Short | None = None


class ReportAdoption(Contract):
    """How many patients have used the portal, as its own report says."""

    as_of: date
    active_patients: Annotated[int, Field(ge=0, le=10**7)]


class StepView(Contract):
    """A step; `is_late` where it is open after its day."""

    step: StepName
    owner: str
    due_on: date
    is_late: bool
    done_at: datetime | None
    done_by: str | None
    signed_by: str | None
    profile_version: str | None


class AdoptionView(Contract):
    """A portal's use; `percent` of the practice's patients, whole."""

    as_of: date
    active_patients: int
    patients: int
    percent: int | None


class ProjectView(Contract):
    """A project with its steps in their order."""

    project_id: UUID
    kind: Kind
    name: str
    connection_id: UUID | None
    message_types: tuple[str, ...]
    opened_at: datetime
    opened_by: str
    completed_at: datetime | None
    steps: tuple[StepView, ...]
    adoption: tuple[AdoptionView, ...]


@routes.post("", status_code=201)
async def open_project(
    command: Annotated[OpenProject, json_body(OpenProject)], uow: Uow, caller: Operator
) -> ProjectView:
    """Open a project; the same again answers the same."""
    if command.connection_id is not None:
        connection = await lock_connection(uow.db, uow.practice_id, command.connection_id)
        if connection is None:
            raise HTTPException(422, "no such connection")
    try:
        wanted = decide_open(_project(command, uow, caller.name))
    except RefusedError as refused:
        raise HTTPException(422, refused.refusals[0].fix) from None
    await store.add_project(uow.db, wanted)
    kept = await store.find_project(uow, command.project_id)
    assert kept is not None
    if _told(kept) != _told(wanted):
        raise HTTPException(409, "this project_id is another project")
    return (await _views(uow, [kept]))[0]


@routes.get("")
async def list_projects(uow: Uow, open_only: bool = False) -> list[ProjectView]:
    """The practice's projects, the newest first."""
    found = await store.list_projects(uow)
    return await _views(uow, [p for p in found if not open_only or p.completed_at is None])


@routes.get("/{project_id}")
async def show_project(project_id: UUID, uow: Uow) -> ProjectView:
    project = await store.find_project(uow, project_id)
    if project is None:
        raise HTTPException(404, "no such project")
    return (await _views(uow, [project]))[0]


@routes.post("/{project_id}/steps/{step}/complete")
async def complete_step(
    project_id: UUID,
    step: StepName,
    command: Annotated[CompleteStep, json_body(CompleteStep)],
    uow: Uow,
    caller: Operator,
) -> ProjectView:
    """Tick a step; going live takes the project's connection live. 409 says what it needs."""
    project = await _lock(project_id, uow)
    told = Told(caller.name, command.signed_by, command.profile_version)
    known = await _known(project, uow)
    try:
        done = decide_step(project, step, told, known, uow.now)
        if done is not project and step == "go-live" and project.connection_id is not None:
            await move(project.connection_id, "live", uow)
    except RefusedError as refused:
        raise HTTPException(409, refused.refusals[0].fix) from None
    found = done.step(step)
    if done is not project and found is not None:
        await store.save_step(uow, done, found)
    return (await _views(uow, [done]))[0]


@routes.post("/{project_id}/adoption")
async def report_adoption(
    project_id: UUID,
    command: Annotated[ReportAdoption, json_body(ReportAdoption)],
    uow: Uow,
    caller: Operator,
) -> ProjectView:
    """Note how many use the portal; the practice's patients are counted here, not told."""
    project = await _lock(project_id, uow)
    if project.kind != "portal":
        raise HTTPException(
            409, "only the use of a portal is told; the scorecard counts visits by video"
        )
    patients = await store.count_patients(uow.db, uow.practice_id)
    if command.active_patients > patients:
        raise HTTPException(409, f"the practice has {patients} patients here, fewer than that")
    await store.note_adoption(
        uow, project, command.as_of, command.active_patients, patients, caller.name
    )
    return (await _views(uow, [project]))[0]


async def _lock(project_id: UUID, uow: UnitOfWork) -> Project:
    project = await store.lock_project(uow, project_id)
    if project is None:
        raise HTTPException(404, "no such project")
    return project


async def _known(project: Project, uow: UnitOfWork) -> Known | None:
    if project.connection_id is None:
        return None
    connection = await lock_connection(uow.db, uow.practice_id, project.connection_id)
    assert connection is not None
    return Known(connection, await store.types_taken(uow.db, project))


def _project(command: OpenProject, uow: UnitOfWork, by: str) -> Project:
    return Project(
        practice_id=uow.practice_id,
        project_id=command.project_id,
        kind=command.kind,
        name=command.name,
        connection_id=command.connection_id,
        message_types=command.message_types,
        opened_at=uow.now,
        opened_by=by,
        steps=tuple(Step(s.step, s.owner, s.due_on) for s in command.steps),
    )


def _told(project: Project) -> tuple[object, ...]:
    plan = [(step.name, step.owner, step.due_on) for step in project.steps]
    return project.kind, project.name, project.connection_id, project.message_types, plan


async def _views(uow: UnitOfWork, projects: list[Project]) -> list[ProjectView]:
    ids = [project.project_id for project in projects]
    adoption = await store.list_adoption(uow.db, uow.practice_id, ids)
    return [
        ProjectView(
            project_id=p.project_id,
            kind=p.kind,
            name=p.name,
            connection_id=p.connection_id,
            message_types=p.message_types,
            opened_at=p.opened_at,
            opened_by=p.opened_by,
            completed_at=p.completed_at,
            steps=tuple(_step_view(step, uow.now) for step in p.steps),
            adoption=tuple(
                AdoptionView(
                    as_of=row["as_of"],
                    active_patients=row["active_patients"],
                    patients=row["patients"],
                    percent=share_of(row["active_patients"], row["patients"]),
                )
                for row in adoption
                if row["project_id"] == p.project_id
            ),
        )
        for p in projects
    ]


def _step_view(step: Step, now: datetime) -> StepView:
    return StepView(
        step=step.name,
        owner=step.owner,
        due_on=step.due_on,
        is_late=step.done_at is None and now.date() > step.due_on,
        done_at=step.done_at,
        done_by=step.done_by,
        signed_by=step.signed_by,
        profile_version=step.profile_version,
    )
