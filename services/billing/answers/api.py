"""Files that came in and were put aside, for a person to see."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow

routes = APIRouter(prefix="/refused-files", tags=["answers"])

LIST_REFUSED = """
SELECT name, code, place, fix, seen_at FROM inbound_file
 WHERE practice_id = $1 AND verdict = 'refused' ORDER BY seen_at DESC, name LIMIT $2 OFFSET $3
"""


class RefusedFile(Contract):
    """A file that changed nothing: what is wrong, where, and what to do. Never its content."""

    name: str
    code: str
    place: str
    fix: str
    seen_at: datetime


@routes.get("")
async def list_refused_files(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[RefusedFile]:
    """The latest first; put back into `inbound/`, a file is read again."""
    rows = await uow.db.fetch(LIST_REFUSED, uow.practice_id, limit, offset)
    return [RefusedFile(**dict(row)) for row in rows]
