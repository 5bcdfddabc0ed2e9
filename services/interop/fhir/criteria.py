"""Queries: which resource a condition means, and what a search asks for (FHIR R4 §3.1.1, §3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from services.interop.fhir.model import Token, read_token, refuse

PARAMETERS = {"_id": "token", "identifier": "token"}
"""What resources are found by, with its type of search parameter."""

LARGEST_PAGE = 100
_PAGING = ("_count", "_after")
_HARMLESS = ("_format", "_pretty", "_total")


@dataclass(frozen=True, slots=True)
class Criteria:
    """The one identifier that a condition asks for."""

    token: Token = field(repr=False)


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for; `count` is clamped to the largest page."""

    id: str | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    count: int = LARGEST_PAGE
    after: str = ""
    passed_over: tuple[str, ...] = ()
    """The number of parameters that are not known, by their names, where they are passed over."""


def read_criteria(query: str, where: str) -> Criteria:
    """identifier=SYSTEM|VALUE of a conditional create or update; raises RefusedError."""
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    if len(pairs) != 1 or pairs[0][0] != "identifier" or not pairs[0][1].strip("|"):
        refuse("criteria", where, "let the condition be identifier=SYSTEM|VALUE, and nothing else")
    return Criteria(read_token(pairs[0][1]))


def read_search(pairs: Sequence[tuple[str, str]], *, is_lenient: bool) -> Search:
    """Raises RefusedError for a parameter that is not known, unless the sender is lenient."""
    told: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in pairs:
        if name in PARAMETERS or name in _PAGING:
            if name in told:
                refuse("parameter-twice", name, "send each parameter once")
            told[name] = value
        elif name not in _HARMLESS:
            unknown.append(name)
    if unknown and not is_lenient:
        known = ", ".join((*PARAMETERS, "_count"))
        fix = f"search by {known}; or send Prefer: handling=lenient to have the rest passed over"
        refuse("parameter-unknown", "search", fix)
    count = read_count(told)
    token = told.get("identifier")
    return Search(
        id=told.get("_id"),
        token=None if token is None else read_token(token),
        count=count,
        after=told.get("_after", ""),
        passed_over=tuple(unknown),
    )


def read_count(told: Mapping[str, str]) -> int:
    """How many are asked for at once; the largest page, where that is more or not said."""
    count = told.get("_count", str(LARGEST_PAGE))
    if not count.isascii() or not count.isdigit() or len(count) > 9:
        refuse("parameter-value", "_count", "send a whole number")
    return min(int(count), LARGEST_PAGE)
