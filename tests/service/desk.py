"""A service that only tests know: notes of a practice, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.transport.clock import SystemClock
from libs.events.transport.database import Pool, open_pool
from libs.events.transport.runtime import Running
from libs.events.transport.service import Service
from libs.events.transport.work import Wakes, Work
from libs.service.http import Caller, Uow, json_body, read_uow, signed_in
from libs.service.process import make_app
from libs.service.settings import Settings
from tests.service.people import PRACTICE, operators_file

TABLES = """
CREATE TABLE note (
    practice_id uuid NOT NULL, note_id uuid NOT NULL, words text NOT NULL CHECK (words <> 'never'),
    PRIMARY KEY (practice_id, note_id)
);
SELECT own_by_practice('note');
"""
READ = "SELECT words FROM note WHERE note_id = $1"
WRITE = "INSERT INTO note VALUES ($1, $2, $3)"


class Signature(Contract):
    signed_by: str


class LetterOf(Contract):
    kind: Literal["letter"]
    pages: int


class CallOf(Contract):
    kind: Literal["call"]
    minutes: int


class Write(Contract):
    """A note to keep."""

    note_id: UUID
    words: str = Field(max_length=20)
    signature: Signature | None = None
    medium: Annotated[LetterOf | CallOf, Field(discriminator="kind")] | None = None


routes = APIRouter()


@routes.post("/notes", status_code=201)
async def write_note(command: Annotated[Write, json_body(Write)], uow: Uow) -> dict[str, str]:
    await uow.db.execute(WRITE, uow.practice_id, command.note_id, command.words)
    return {"words": command.words}


@routes.get("/notes/{note_id}")
async def read_note(note_id: UUID, uow: Uow) -> dict[str, str]:
    words: str | None = await uow.db.fetchval(READ, note_id)
    if words is None:
        raise HTTPException(404, "there is no such note")
    return {"words": words}


@routes.get("/page")
async def page(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> HTMLResponse:
    async with read_uow(request, list(caller.practices or ())) as db:
        notes = await db.fetchval("SELECT count(*) FROM note")
    return HTMLResponse(f"{caller.name} sees {notes}")


desk = Service(name="desk", routes=[routes])


@dataclass
class Desk:
    """The running service, without its worker."""

    dsn: str
    pool: Pool
    settings: Settings

    @asynccontextmanager
    async def client(
        self, key: str | None = None, *, practice: UUID | None = PRACTICE, scheme: str = "http"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A client as a machine with a key, or a browser without one."""
        work = Work(service="desk", pool=self.pool, clock=SystemClock(), wakes=Wakes())
        app = make_app(desk, self.settings)
        app.state.running = Running(desk, self.pool, work, [])
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if practice is not None:
            headers["x-practice-id"] = str(practice)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        base = f"{scheme}://desk.test"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as made:
            yield made


@asynccontextmanager
async def open_desk(dsn: str, folder: Path) -> AsyncIterator[Desk]:
    settings = Settings.model_validate(
        {
            "database_url": dsn,
            "kafka": "none",
            "operators": operators_file(folder),
            "session_secret": "s" * 32,
        }
    )
    pool = await open_pool(dsn, name="desk")
    try:
        yield Desk(dsn, pool, settings)
    finally:
        await pool.close()
