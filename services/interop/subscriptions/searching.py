"""What a search of claims or of payers' answers asks for, and its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from libs.events.transport import UnitOfWork
from services.interop.fhir.address import base_of
from services.interop.fhir.answers import match, matches
from services.interop.fhir.http import answer
from services.interop.fhir.model import refuse
from services.interop.subscriptions.change import patient_of
from services.interop.subscriptions.model import NOBODY

_REFERENCE = re.compile(r"(?:.*/)?([A-Za-z0-9\-.]{1,64})")
_HARMLESS = ("_format", "_pretty", "_total")


def read_asked(pairs: Iterable[tuple[str, str]], by: Sequence[str]) -> dict[str, str]:
    """The parameters by their names; raises RefusedError for one that is none of `by`."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            refuse("parameter-twice", name, "send each parameter once")
        if name in by or name == "_after":
            found[name] = value
        elif name not in _HARMLESS:
            refuse("parameter-unknown", "search", f"search by {', '.join(by)}")
    return found


def read_reference(value: str) -> str:
    """The id of a reference, with or without its type."""
    found = _REFERENCE.fullmatch(value)
    return found[1] if found is not None else ""


async def patient_asked(asked: Mapping[str, str], source: str, uow: UnitOfWork) -> UUID | None:
    """Whose are asked for; None: everybody's. A name that leads to nothing is nobody's."""
    if "patient" not in asked:
        return None
    return await patient_of(read_reference(asked["patient"]), source, uow) or NOBODY


def page_of(
    found: Sequence[dict[str, Any]],
    asked: Mapping[str, str],
    request: Request,
    kind: str,
    *,
    more: bool,
) -> Response:
    """A page; `next` leads to what comes after its last one."""
    base = base_of(request)
    links = [{"relation": "self", "url": str(request.url)}]
    if more and found:
        query = urlencode({**asked, "_after": found[-1]["id"]})
        links.append({"relation": "next", "url": f"{base}/{kind}?{query}"})
    entries = [match(f"{base}/{kind}/{one['id']}", one) for one in found]
    return answer(matches(entries, link=links))
