"""What an access token may do (SMART App Launch 2.2 §2.2, scopes for clinical data)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.interop.fhir.model import TAKEN
from services.interop.messages.model import Refusal, RefusedError

SERVED: Mapping[str, str] = {
    **dict.fromkeys(sorted(TAKEN), "crus"),
    "ClaimResponse": "rs",
    "CoverageEligibilityResponse": "rs",
    "Subscription": "cruds",
    "*": "cruds",
}
"""What a connection may do with each type: create, read, update, delete, search."""

SUPPORTED = tuple(f"system/{kind}.{SERVED[kind]}" for kind in sorted(SERVED))

_WRITTEN = re.compile(r"system/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}

_FIX = (
    "ask for system/TYPE.LETTERS, TYPE a type of the CapabilityStatement or *, LETTERS one or more "
    "of cruds in this order; searches in scopes are not granted"
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The letters of each type; `*` holds for every type."""

    letters: Mapping[str, frozenset[str]]

    def missing(self, kind: str, letters: Iterable[str]) -> str:
        """Those of the letters that are not granted for a type."""
        granted = self.letters.get(kind, frozenset()) | self.letters.get("*", frozenset())
        return "".join(one for one in letters if one not in granted)

    @property
    def writes(self) -> bool:
        """True where anything at all may be created or updated."""
        return any(granted & {"c", "u"} for granted in self.letters.values())


EVERYTHING = Scopes({"*": frozenset(SERVED["*"])})
"""What a connection may do with its own key."""


def decide_scope(asked: str) -> str | Refusal:
    """The part of what is asked for that a connection may do; each scope once, in its order.

    What is asked for in the words of SMART 1 is granted in them. A scope that is narrowed by a
    search is left out, because it would be granted wider than it was asked for.
    """
    granted = {written: None for one in asked.split(" ") if (written := _granted(one)) is not None}
    return " ".join(granted) or Refusal("invalid_scope", "scope", _FIX)


def read_scope(granted: str) -> Scopes:
    """What was granted, as it is enforced."""
    letters: dict[str, frozenset[str]] = {}
    for one in granted.split(" "):
        found = _WRITTEN.fullmatch(one)
        if found is not None:
            more = frozenset(_letters(found[1], found[2]))
            letters[found[1]] = letters.get(found[1], frozenset()) | more
    return Scopes(letters)


def refuse_scope(kind: str, letters: str, where: str) -> Refusal:
    fix = f"ask the token endpoint for system/{kind}.{letters} as well"
    return Refusal("insufficient_scope", where, fix)


def check_scope(scopes: Scopes, kind: str, letters: str) -> None:
    """Raises RefusedError where a type's letters are not granted."""
    if missing := scopes.missing(kind, letters):
        raise RefusedError(refuse_scope(kind, missing, kind))


def _granted(asked: str) -> str | None:
    found = _WRITTEN.fullmatch(asked)
    letters = _letters(found[1], found[2]) if found is not None else ""
    if found is None or not letters:
        return None
    return asked if found[2] in _V1 else f"system/{found[1]}.{letters}"


def _letters(kind: str, written: str) -> str:
    return "".join(one for one in _V1.get(written, written) if one in SERVED.get(kind, ""))
