"""A message as segments and fields with their names: with what they say, or without."""

from __future__ import annotations

from libs.events.contracts import Contract
from services.interop.messages.model import RefusedError
from services.interop.mllp.names import field_name, segment_name
from services.interop.mllp.segments import Segment, parse


class FieldView(Contract):
    """A field that is filled; `value` as written, None where values are not shown."""

    place: str
    name: str
    value: str | None


class SegmentView(Contract):
    """A segment in its place; `name` is empty for one that has no name here."""

    segment: str
    name: str
    fields: tuple[FieldView, ...]


def tree_of(raw: bytes, *, values: bool) -> tuple[SegmentView, ...]:
    """The segments in their order; none where the bytes are no HL7 v2 message."""
    try:
        message = parse(raw)
    except RefusedError:
        return ()
    return tuple(_segment(segment, values) for segment in message.segments)


def _segment(segment: Segment, values: bool) -> SegmentView:
    return SegmentView(
        segment=segment.name,
        name=segment_name(segment.name),
        fields=tuple(
            FieldView(
                place=f"{segment.name}-{number}",
                name=field_name(segment.name, number),
                value=text if values else None,
            )
            for number, text in enumerate(segment.fields)
            if number and text.strip() and (segment.name, number) != ("MSH", 8)
        ),
    )
