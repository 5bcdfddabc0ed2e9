"""The guides' order of segments as data: see guides/README.md for how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from services.billing.x12 import TransactionName

FOLDER = Path(__file__).parent / "guides"
_LOOP = re.compile(r"(\S+?)([?*+]?) \(([^)]+)\) (.+)")
_PIECE = re.compile(r"([A-Z0-9]{2,3})(?::([A-Z0-9,]+))?([?*+]?)")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A segment of a loop, or a loop in it, known by the segment that opens it."""

    tag: str
    qualifiers: frozenset[str]
    """What the first element may say (of HL: the third); empty: anything."""
    is_required: bool
    is_many: bool
    loop: Loop | None = None

    @property
    def name(self) -> str:
        """As a person says it: `N4`, `NM1*85`."""
        return f"{self.tag}*{'/'.join(sorted(self.qualifiers))}" if self.qualifiers else self.tag


@dataclass(slots=True, eq=False)
class Loop:
    """A loop; its first piece opens it."""

    name: str
    words: str
    pieces: list[Piece] = field(default_factory=list[Piece])

    def __str__(self) -> str:
        return f"{self.words} (loop {self.name})"


@cache
def guide_of(name: TransactionName) -> Loop | None:
    """The outermost loop of a transaction, from ST to SE; None: there is no guide of it here."""
    path = FOLDER / f"{name}.txt"
    return _Reader(path.read_text("utf-8")).whole() if path.is_file() else None


class _Reader:
    """Reads one guide. What begins with `@` is written once and stands in several places."""

    def __init__(self, text: str) -> None:
        self._lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        self._named = {
            line.split()[0]: place for place, line in enumerate(self._lines) if line[0] == "@"
        }

    def whole(self) -> Loop:
        return self._loop(0)[0]

    def _loop(self, place: int) -> tuple[Loop, str]:
        """The loop that line `place` is, and how often it stands."""
        found = _LOOP.fullmatch(self._lines[place].strip())
        assert found is not None, self._lines[place]
        name, mark, words, segments = found.groups()
        loop = Loop(name, words)
        if segments.startswith("@"):
            place = self._named[segments]
            segments = self._lines[place].split(maxsplit=1)[1]
        loop.pieces += _pieces(segments)
        self._fill(loop, place)
        return loop, mark

    def _fill(self, loop: Loop, place: int) -> None:
        """Take the lines below, as far as they are indented by one step more."""
        depth = _depth(self._lines[place])
        for below in range(place + 1, len(self._lines)):
            line = self._lines[below]
            if _depth(line) <= depth:
                return
            if _depth(line) > depth + 1:
                continue
            if line.lstrip().startswith("."):
                loop.pieces += _pieces(line.lstrip(" ."))
                continue
            child, mark = self._loop(below)
            opens = child.pieces[0]
            loop.pieces.append(Piece(opens.tag, opens.qualifiers, *_often(mark), child))


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip())) // 2


def _often(mark: str) -> tuple[bool, bool]:
    """Whether it is required, and whether it may stand several times."""
    return mark in ("", "+"), mark in ("*", "+")


def _pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    for word in text.split():
        found = _PIECE.fullmatch(word)
        assert found is not None, word
        tag, qualifiers, mark = found.groups()
        allowed = frozenset(qualifiers.split(",")) if qualifiers else frozenset[str]()
        pieces.append(Piece(tag, allowed, *_often(mark)))
    return pieces
