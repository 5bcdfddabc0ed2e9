"""Facts of a message, read where the connection's profile says that its EHR writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.interop.connections.fields import FieldMap, Path, read_path
from services.interop.mllp.segments import Hl7Message, Segment


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the path that held it."""

    value: str = field(repr=False)
    path: Path


def find(message: Hl7Message, paths: Sequence[str], own: Segment | None = None) -> Found | None:
    """The first of these places that holds a value.

    Each in the first segment of its name; in `own`, where that is one of several (a charge's FT1).
    """
    for text in paths:
        path = read_path(text)
        is_own = own is not None and own.name == path.segment
        segment = own if is_own else message.first(path.segment)
        if segment is not None and (value := _value(segment, path)):
            return Found(value, path)
    return None


def place_of(paths: Sequence[str]) -> str:
    """Where a refusal says that a fact is missing."""
    return read_path(paths[0]).place


def picked(segment: Segment, path: Path) -> list[str]:
    """The repetitions that a path means: all of the type or authority that it picks, or one."""
    told = segment.repetitions(path.field)
    if path.pick is None:
        return told[:1]
    return [one for one in told if path.pick in _marks(segment, one)]


def read_from(message: Hl7Message, fields: FieldMap) -> dict[str, str]:
    """Fact → the path that it was read from, of those that the profile maps and the message has.

    Of several charges or insurances, the first.
    """
    found = {
        name: next((text for text in paths if find(message, (text,)) is not None), None)
        for name, paths in fields.mapped.items()
    }
    return {name: text for name, text in found.items() if text is not None}


def _value(segment: Segment, path: Path) -> str:
    values = (segment.part(one, path.component, path.sub) for one in picked(segment, path))
    return next(filter(None, values), "")


def _marks(segment: Segment, repetition: str) -> Iterator[str]:
    """CX.5, and CX.4 with its parts: a name, an OID and the OID's type."""
    yield segment.part(repetition, 5)
    for sub in (1, 2):
        yield segment.part(repetition, 4, sub)
