"""The SQL of projects."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from asyncpg import Record

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.projects.model import Project, Step

ADD_PROJECT = """
INSERT INTO project (practice_id, project_id, kind, name, connection_id, message_types, opened_at,
                     opened_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (practice_id, project_id) DO NOTHING
"""

ADD_STEP = """
INSERT INTO project_step (practice_id, project_id, step, place, owner, due_on)
VALUES ($1, $2, $3, $4, $5, $6)
"""

FIND_PROJECT = "SELECT * FROM project WHERE practice_id = $1 AND project_id = $2"

LOCK_PROJECT = FIND_PROJECT + " FOR NO KEY UPDATE"

LIST_PROJECTS = "SELECT * FROM project WHERE practice_id = $1 ORDER BY opened_at DESC, project_id"

READ_STEPS = """
SELECT * FROM project_step WHERE practice_id = $1 AND project_id = ANY ($2::uuid[]) ORDER BY place
"""

SAVE_STEP = """
UPDATE project_step SET done_at = $4, done_by = $5, profile_version = $6, signed_by = $7
 WHERE practice_id = $1 AND project_id = $2 AND step = $3
"""

TYPES_TAKEN = """
SELECT DISTINCT type FROM message
 WHERE practice_id = $1 AND connection_id = $2 AND type = ANY ($3::text[])
   AND fate IN ('accepted', 'waiting', 'rehearsed')
"""

AWAITS_GO_LIVE = """
SELECT EXISTS (
    SELECT FROM project p JOIN project_step s USING (practice_id, project_id)
     WHERE p.practice_id = $1 AND p.connection_id = $2 AND s.step = 'go-live'
       AND s.done_at IS NULL)
"""

COUNT_PATIENTS = "SELECT count(*)::int FROM patient WHERE practice_id = $1"

NOTE_ADOPTION = """
INSERT INTO project_adoption (practice_id, project_id, as_of, active_patients, patients, told_at,
                              told_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (practice_id, project_id, as_of) DO UPDATE
   SET active_patients = excluded.active_patients, patients = excluded.patients,
       told_at = excluded.told_at, told_by = excluded.told_by
"""

LIST_ADOPTION = """
SELECT project_id, as_of, active_patients, patients FROM project_adoption
 WHERE practice_id = $1 AND project_id = ANY ($2::uuid[]) ORDER BY as_of
"""


async def add_project(db: Db, project: Project) -> None:
    """Add a project with its steps; one that is there stays as it is."""
    added = await db.execute(
        ADD_PROJECT,
        project.practice_id,
        project.project_id,
        project.kind,
        project.name,
        project.connection_id,
        list(project.message_types),
        project.opened_at,
        project.opened_by,
    )
    if added != "INSERT 0 1":
        return
    key = project.practice_id, project.project_id
    rows = [(*key, s.name, place, s.owner, s.due_on) for place, s in enumerate(project.steps)]
    await db.executemany(ADD_STEP, rows)


async def find_project(uow: UnitOfWork, project_id: UUID) -> Project | None:
    row = await uow.db.fetchrow(FIND_PROJECT, uow.practice_id, project_id)
    return None if row is None else (await _with_steps(uow, [row]))[0]


async def lock_project(uow: UnitOfWork, project_id: UUID) -> Project | None:
    """The project, locked until the transaction ends."""
    row = await uow.db.fetchrow(LOCK_PROJECT, uow.practice_id, project_id)
    return None if row is None else (await _with_steps(uow, [row]))[0]


async def list_projects(uow: UnitOfWork) -> list[Project]:
    return await _with_steps(uow, await uow.db.fetch(LIST_PROJECTS, uow.practice_id))


async def save_step(uow: UnitOfWork, project: Project, step: Step) -> None:
    signed = step.signed_by and uow.seal(step.signed_by.encode(), _place(project, step.name))
    await uow.db.execute(
        SAVE_STEP,
        uow.practice_id,
        project.project_id,
        step.name,
        step.done_at,
        step.done_by,
        step.profile_version,
        signed,
    )


async def types_taken(db: Db, project: Project) -> list[str]:
    """The agreed types of which the project's connection has taken a message."""
    rows = await db.fetch(
        TYPES_TAKEN, project.practice_id, project.connection_id, list(project.message_types)
    )
    return [row["type"] for row in rows]


async def awaits_go_live(db: Db, practice_id: UUID, connection_id: UUID) -> bool:
    """True while a project has yet to take this connection live."""
    return await db.fetchval(AWAITS_GO_LIVE, practice_id, connection_id)


async def count_patients(db: Db, practice_id: UUID) -> int:
    return await db.fetchval(COUNT_PATIENTS, practice_id)


async def note_adoption(
    uow: UnitOfWork, project: Project, as_of: date, active: int, patients: int, by: str
) -> None:
    """Note a day's figures; those told for the same day before are replaced."""
    row = uow.practice_id, project.project_id, as_of, active, patients, uow.now, by
    await uow.db.execute(NOTE_ADOPTION, *row)


async def list_adoption(db: Db, practice_id: UUID, projects: list[UUID]) -> list[Record]:
    return await db.fetch(LIST_ADOPTION, practice_id, projects)


async def _with_steps(uow: UnitOfWork, rows: list[Record]) -> list[Project]:
    ids = [row["project_id"] for row in rows]
    steps = await uow.db.fetch(READ_STEPS, uow.practice_id, ids)
    return [
        Project(
            practice_id=row["practice_id"],
            project_id=row["project_id"],
            kind=row["kind"],
            name=row["name"],
            connection_id=row["connection_id"],
            message_types=tuple(row["message_types"]),
            opened_at=row["opened_at"],
            opened_by=row["opened_by"],
            steps=tuple(_step(uow, s) for s in steps if s["project_id"] == row["project_id"]),
        )
        for row in rows
    ]


def _step(uow: UnitOfWork, row: Record) -> Step:
    place = f"project/{row['project_id']}/{row['step']}"
    sealed = row["signed_by"]
    return Step(
        name=row["step"],
        owner=row["owner"],
        due_on=row["due_on"],
        done_at=row["done_at"],
        done_by=row["done_by"],
        signed_by=None if sealed is None else uow.unseal(sealed, place).decode(),
        profile_version=row["profile_version"],
    )


def _place(project: Project, step: str) -> str:
    return f"project/{project.project_id}/{step}"
