"""Which practices a caller sees; a foreign practice answers exactly like a missing one."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

from fastapi import HTTPException, Request

from libs.service.http import read_uow
from libs.service.operators import Caller
from services.analytics.scorecard import store

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(-01)?")


async def practices_of(request: Request, caller: Caller) -> dict[UUID, str]:
    """The caller's practices with their names, in the order of the names."""
    async with read_uow(request, []) as db:
        known = await store.list_practices(db)
    return {
        practice_id: name or f"Practice {str(practice_id)[:8]}"
        for practice_id, name in known.items()
        if caller.may_see(practice_id)
    }


async def practice_of(request: Request, caller: Caller, practice_id: UUID) -> str:
    """The name of one of the caller's practices; 404 where it is foreign or unknown."""
    practices = await practices_of(request, caller)
    if practice_id not in practices:
        raise HTTPException(404, "there is no such practice")
    return practices[practice_id]


def read_month(text: str) -> date:
    """A month written as 2026-03 or 2026-03-01; 422 for anything else."""
    found = _MONTH.fullmatch(text)
    if found is None or not 1900 <= int(found[1]) <= 2199:
        raise HTTPException(422, "a month is written as 2026-03 or as its first day")
    return date(int(found[1]), int(found[2]), 1)
