"""Follows a guide's loops while segments stream by, and says what is missing or out of its order.

The guide becomes an automaton while it is walked: a place is the open loops with how far each has
come, and what a segment does at a place is worked out once. So a file of millions of segments costs
one look-up for each, and memory grows with the guide, not with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from services.billing.inspect.guides import Loop, Piece
from services.billing.x12.values import at

Report = Callable[[int, str | None, str], None]
"""Takes a finding: the segment's number, the element or segment it is about, and what is wrong."""
MOST_PLACES = 5000
"""Kept of one guide. A file that is in order needs a few hundred."""
_HERE = -1
_DEEPEST = 4


class _Frame(NamedTuple):
    """An open loop: the piece that was seen last, and a bit for each piece seen so far."""

    loop: Loop
    position: int
    seen: int


class _Finding(NamedTuple):
    """`where` is _HERE or the depth of the loop whose opening segment it is about."""

    where: int
    element: str | None
    message: str


class _Move(NamedTuple):
    to: _Place
    depth: int
    """How many of the loops open before are open still."""
    findings: tuple[_Finding, ...]


@dataclass(slots=True, eq=False)
class _Place:
    frames: tuple[_Frame, ...]
    moves: dict[str, _Move] = field(default_factory=dict[str, _Move])


class Guide:
    """A guide as an automaton; shared by all transactions that are walked by it."""

    def __init__(self, whole: Loop) -> None:
        self._whole = whole
        self._places: dict[tuple[_Frame, ...], _Place] = {}
        self._qualified = frozenset(_qualified(whole))
        # Tags that are told apart by their first element, and all.
        self._told_apart = {name.partition("*")[0] for name in self._qualified}
        self._known = frozenset(_tags(whole))

    def places(self) -> list[_Place]:
        """Those that were come to so far."""
        return list(self._places.values())

    def start(self) -> _Place:
        return self._place((_Frame(self._whole, 0, 1),))

    def name_of(self, segment: list[str]) -> str:
        """What of a segment decides where it belongs: `NM1*85`, or `NM1*` for any other; "" for a
        segment that the guide does not have."""
        tag = segment[0]
        if tag not in self._told_apart:
            return tag if tag in self._known else ""
        name = f"{tag}*{at(segment, 3 if tag == 'HL' else 1)}"
        return name if name in self._qualified else f"{tag}*"

    def move(self, place: _Place, name: str) -> _Move:
        found = place.moves.get(name)
        if found is None:
            found = place.moves[name] = self._find(place.frames, name)
        return found

    def _place(self, frames: tuple[_Frame, ...]) -> _Place:
        if len(self._places) > MOST_PLACES:
            self._places.clear()
        return self._places.setdefault(frames, _Place(frames))

    def _find(self, frames: tuple[_Frame, ...], name: str) -> _Move:
        return (
            self._forward(frames, name)
            or self._backward(frames, name)
            or self._skipping(frames, name)
            or self._stray(frames, name)
        )

    def _forward(self, frames: tuple[_Frame, ...], name: str) -> _Move | None:
        """In order: later in the innermost loop, or in one around it, which ends those in it."""
        for depth in range(len(frames) - 1, -1, -1):
            frame = frames[depth]
            index = _later(frame, name)
            if index is not None:
                ended = _unfinished(frames, depth + 1)
                return self._go(frames[:depth], frame, index, depth + 1, ended)
        return None

    def _backward(self, frames: tuple[_Frame, ...], name: str) -> _Move | None:
        """Known to an open loop, but past its place, or there already."""
        for depth in range(len(frames) - 1, -1, -1):
            frame = frames[depth]
            for index, piece in enumerate(frame.loop.pieces[: frame.position + 1]):
                if index == 0 or not _fits(piece, name):
                    continue
                last = frame.loop.pieces[frame.position].name
                if frame.seen >> index & 1 and not piece.is_many:
                    said = f"{piece.name} comes twice in the {frame.loop}."
                else:
                    said = f"{piece.name} comes after {last}; in the {frame.loop} it goes before."
                ended = _unfinished(frames, depth + 1)
                finding = _Finding(_HERE, piece.name, said)
                return self._go(
                    frames[:depth], frame, index, depth + 1, (*ended, finding), back=True
                )
        return None

    def _skipping(self, frames: tuple[_Frame, ...], name: str) -> _Move | None:
        """The opening of a loop whose outer loop was not opened: that segment is missing."""
        for depth in range(len(frames) - 1, -1, -1):
            frame = frames[depth]
            for index, piece in enumerate(frame.loop.pieces):
                path = _path_to(piece, name, _DEEPEST)
                if path is None:
                    continue
                ended = _unfinished(frames, depth + 1)
                missing = [p.name for p in path[:-1]]
                said = f"{' and '.join(missing)} {_be(missing)} missing before this segment."
                inner = [
                    _Frame(outer.loop, _index(outer.loop, into), 1 | 1 << _index(outer.loop, into))
                    for outer, into in pairwise(path)
                    if outer.loop is not None
                ]
                last = path[-1].loop
                inner += [_Frame(last, 0, 1)] if last is not None else []
                position = max(index, frame.position)
                advanced = _Frame(frame.loop, position, frame.seen | 1 << index)
                to = self._place((*frames[:depth], advanced, *inner))
                return _Move(to, depth + 1, (*ended, _Finding(_HERE, path[0].name, said)))
        return None

    def _stray(self, frames: tuple[_Frame, ...], name: str) -> _Move:
        frame = frames[-1]
        last = frame.loop.pieces[frame.position].name
        tag = name.rstrip("*") or None
        if tag is None:
            said = f"A segment that the transaction does not have, in the {frame.loop}."
        elif name.endswith("*"):
            said = f"This {tag} is of a kind that is not expected here, in the {frame.loop}."
        else:
            said = f"{tag} is not expected here, after {last} in the {frame.loop}."
        return _Move(self._place(frames), len(frames), (_Finding(_HERE, tag, said),))

    def _go(
        self,
        outer: tuple[_Frame, ...],
        frame: _Frame,
        index: int,
        depth: int,
        findings: tuple[_Finding, ...],
        *,
        back: bool = False,
    ) -> _Move:
        position = frame.position if back else index
        advanced = _Frame(frame.loop, position, frame.seen | 1 << index)
        loop = frame.loop.pieces[index].loop
        inner = (_Frame(loop, 0, 1),) if loop is not None else ()
        return _Move(self._place((*outer, advanced, *inner)), depth, findings)


class Walk:
    """One transaction on its way through a guide."""

    def __init__(self, guide: Guide, number: int, report: Report) -> None:
        """Begins with the ST that is segment `number`."""
        self._guide = guide
        self._place = guide.start()
        self._opened = [number]
        self._report = report

    def take(self, segment: list[str], number: int) -> None:
        """Follow one segment after ST; SE is the last."""
        move = self._guide.move(self._place, self._guide.name_of(segment))
        opened = self._opened
        for where, element, message in move.findings:
            self._report(number if where == _HERE else opened[where], element, message)
        if move.depth < len(opened):
            del opened[move.depth :]
        self._place = move.to
        if len(move.to.frames) > len(opened):
            opened += [number] * (len(move.to.frames) - len(opened))

    def end(self) -> None:
        """After SE: what the transaction as a whole lacks."""
        for where, element, message in _unfinished(self._place.frames, 0):
            self._report(self._opened[where], element, message)


def _later(frame: _Frame, name: str) -> int | None:
    """The piece at or after the last one that takes the segment; those of one tag share a place."""
    pieces = frame.loop.pieces
    start = frame.position
    while start > 1 and pieces[start - 1].tag == pieces[start].tag:
        start -= 1
    open_to_any: int | None = None
    for index in range(max(start, 1), len(pieces)):
        piece = pieces[index]
        if open_to_any is not None and piece.tag != pieces[open_to_any].tag:
            break
        if not _fits(piece, name) or (frame.seen >> index & 1 and not piece.is_many):
            continue
        if piece.qualifiers:
            return index
        open_to_any = index if open_to_any is None else open_to_any
    return open_to_any


def _fits(piece: Piece, name: str) -> bool:
    tag, _, qualifier = name.partition("*")
    return piece.tag == tag and (not piece.qualifiers or qualifier in piece.qualifiers)


def _path_to(piece: Piece, name: str, deepest: int) -> list[Piece] | None:
    """The loops from `piece` down to one that the segment opens."""
    if piece.loop is None:
        return None
    if _fits(piece, name):
        return [piece]
    if not deepest:
        return None
    for below in piece.loop.pieces[1:]:
        path = _path_to(below, name, deepest - 1)
        if path is not None:
            return [piece, *path]
    return None


def _index(loop: Loop | None, piece: Piece) -> int:
    return loop.pieces.index(piece) if loop is not None else 0


def _unfinished(frames: tuple[_Frame, ...], depth: int) -> tuple[_Finding, ...]:
    """What is missing in the loops from `depth` inwards, which end here; the innermost first."""
    return tuple(
        _Finding(level, piece.name, f"The {frames[level].loop} has no {_what(piece)}.")
        for level in range(len(frames) - 1, depth - 1, -1)
        for index, piece in enumerate(frames[level].loop.pieces)
        if piece.is_required and not frames[level].seen >> index & 1
    )


def _what(piece: Piece) -> str:
    return piece.name if piece.loop is None else f"{piece.loop.words} ({piece.name})"


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _tags(loop: Loop) -> Iterator[str]:
    for piece in loop.pieces:
        yield piece.tag
        if piece.loop is not None:
            yield from _tags(piece.loop)


def _qualified(loop: Loop) -> Iterator[str]:
    for piece in loop.pieces:
        yield from (f"{piece.tag}*{qualifier}" for qualifier in piece.qualifiers)
        if piece.loop is not None:
            yield from _qualified(piece.loop)
