"""An HL7 v2 message as segments, fields, repetitions, components (v2.5.1 §2.5 to §2.7)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import NoReturn
from zoneinfo import ZoneInfo

from services.interop.messages.model import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    Refusal,
    RefusedError,
)
from services.interop.mllp.characters import WIDE_REFUSED, charset_of, decoded, is_wide
from services.interop.mllp.escapes import NOT_USED, EscapeError, Separators

MOST_SEGMENTS = 10_000
"""Of a message; no EHR's visit or report comes near any of these."""
MOST_FIELDS = 1_000
"""Of a segment."""
MOST_REPETITIONS = 1_000
"""Of a field."""
MOST_PARTS = 20_000
"""Components and subcomponents of a segment."""

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_TIMESTAMP = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d{1,4})?)?)?)?([+-]\d{4})?"
)

OF_TWO_PATIENTS = {"A37"}
"""The events that tell of a pair (§3.3.37)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; reading what is not there gives an empty text."""

    name: str
    fields: list[str] = field(repr=False)
    separators: Separators = field(repr=False)

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of a field, as written; an empty field has none."""
        text = self.fields[number] if number < len(self.fields) else ""
        return text.split(self.separators.repetition) if text else []

    def tells(self, number: int) -> bool:
        """True where the field has a value, or `""`, which deletes the one that is known (§2.5.3).

        What is not told is kept as it was; separators without a value between them tell nothing.
        """
        s = self.separators
        marks = s.component + s.repetition + s.subcomponent
        return any(repetition.strip(f"{marks} ") for repetition in self.repetitions(number))

    def get(self, number: int, component: int = 1, sub: int = 1) -> str:
        """A value of the first repetition; `""` (delete) reads as empty, see `tells`."""
        found = self.repetitions(number)
        return self.part(found[0], component, sub) if found else ""

    def part(self, repetition: str, component: int = 1, sub: int = 1) -> str:
        """A component of one repetition, its escape sequences resolved."""
        components = repetition.split(self.separators.component)
        if component > len(components):
            return ""
        subs = components[component - 1].split(self.separators.subcomponent)
        text = subs[sub - 1].strip() if sub <= len(subs) else ""
        if text == '""':
            return ""
        try:
            return self.separators.unescaped(text)
        except EscapeError as error:
            refuse("escape-sequence", self.name, str(error))


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """A parsed message; its first segment is MSH."""

    segments: list[Segment] = field(repr=False)

    @property
    def msh(self) -> Segment:
        return self.segments[0]

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def required(self, name: str) -> Segment:
        found = self.first(name)
        if found is None:
            refuse("segment-missing", name, f"send the segment {name}")
        return found


def parse(raw: bytes) -> Hl7Message:
    """Raises RefusedError where the bytes are no HL7 v2 message; takes time linear in them."""
    if is_wide(raw):
        raise RefusedError(WIDE_REFUSED)
    body = raw.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n")
    if not body.startswith(b"MSH") or len(body) < 8:
        refuse("not-hl7", "MSH", "begin the message with MSH and its separators")
    if b"\0" in body:
        refuse("nul-character", "MSH", "remove the NUL characters")
    if b"\x0b" in body or b"\x1c" in body:
        refuse("frame-character", "MSH", "write the bytes 0B and 1C around a message, never in it")
    if body.count(b"\r") + body.count(b"\n") > 2 * MOST_SEGMENTS:
        _too_many("segments", MOST_SEGMENTS, "MSH")
    charset = _charset(body)
    lines = [line for line in re.split(r"\r\n|\r|\n", decoded(body, charset)) if line.strip()]
    if len(lines) > MOST_SEGMENTS:
        _too_many("segments", MOST_SEGMENTS, "MSH")
    separators = _separators(lines[0], charset)
    counts: Counter[str] = Counter()
    segments = [_segment(line, separators, counts) for line in lines]
    if counts["MSH"] > 1:
        refuse("second-message", "MSH", "send one message in a frame, or a batch from BHS to BTS")
    message = Hl7Message(segments)
    if counts["PID"] > (2 if message.msh.get(9, 2) in OF_TWO_PATIENTS else 1):
        refuse("segment-repeated", "PID", "send one message, of one patient, in a frame")
    return message


def _charset(body: bytes) -> str:
    """What MSH-18 tells, which can be read before the character set is known."""
    head = re.split(rb"[\r\n]", body, maxsplit=1)[0].split(body[3:4], 18)
    told = re.split(rb"[~^]", head[17], maxsplit=1)[0] if len(head) > 17 else b""
    if told and len(head[1]) > 1:
        told = told.split(head[1][1:2])[0]  # the sender's own repetition separator
    return charset_of(told.decode("ascii", "replace"))


def _separators(line: str, charset: str) -> Separators:
    """MSH-2: component and repetition; escape, subcomponent, truncation where they are used.

    (§2.5.4; the truncation character since v2.7.)
    """
    told = line[4:].partition(line[3])[0]
    marks = line[3] + told
    if not 3 <= len(marks) <= 6 or len(set(marks)) != len(marks) or not all(map(_is_mark, marks)):
        refuse("separators", "MSH-2", "name different separators, such as ^~\\&")
    escape, subcomponent, truncation = told[2:3], told[3:4], told[4:5]
    return Separators(
        field=line[3],
        component=told[0],
        repetition=told[1],
        escape=escape or NOT_USED,
        subcomponent=subcomponent or NOT_USED,
        truncation=truncation or "#",
        charset=charset,
    )


def _is_mark(mark: str) -> bool:
    return mark.isascii() and mark.isprintable() and not mark.isalnum() and not mark.isspace()


def _segment(line: str, separators: Separators, counts: Counter[str]) -> Segment:
    name = line.partition(separators.field)[0]
    if not _NAME.fullmatch(name):
        refuse("segment-name", "MSH", "begin each line with a segment name and the separator")
    counts[name] += 1
    where = name if counts[name] == 1 else f"{name}[{counts[name]}]"
    if line.count(separators.field) > MOST_FIELDS:
        _too_many("fields", MOST_FIELDS, where)
    fields = line.split(separators.field)
    if name == "MSH":
        # MSH-1 is the separator itself; MSH-2 holds the others and is not split by them.
        fields = ["MSH", separators.field, *fields[1:]]
    segment = Segment(name, fields, separators)
    if line.count(separators.repetition) > MOST_REPETITIONS:
        _check_repetitions(segment, where)
    if line.count(separators.component) + line.count(separators.subcomponent) > MOST_PARTS:
        _too_many("components", MOST_PARTS, where)
    if separators.escape in line and not name.startswith("Z"):
        _check_escapes(segment, where)
    return segment


def _check_repetitions(segment: Segment, where: str) -> None:
    for number, text in enumerate(segment.fields):
        if text.count(segment.separators.repetition) >= MOST_REPETITIONS:
            _too_many("repetitions", MOST_REPETITIONS, f"{where}-{number}")


def _check_escapes(segment: Segment, where: str) -> None:
    """Each field's sequences begin and end in it, and can be read."""
    first = 3 if segment.name == "MSH" else 1
    for number, text in enumerate(segment.fields[first:], first):
        try:
            segment.separators.unescaped(text)
        except EscapeError as error:
            refuse("escape-sequence", f"{where}-{number}", str(error))


def _too_many(what: str, most: int, where: str) -> NoReturn:
    refuse(f"too-many-{what}", where, f"send at most {most} {what}")


def read_date(text: str, where: str) -> date:
    """A day (DT, or the day of a TS); raises RefusedError."""
    found = _TIMESTAMP.fullmatch(text.replace(" ", ""))
    if found is None or found[3] is None:
        refuse("not-a-date", where, "write a day as YYYYMMDD")
    if int(found[4] or 0) > 23 or int(found[5] or 0) > 59 or int(found[6] or 0) > 59:
        refuse("not-a-date", where, "write a time that the clock has, as YYYYMMDDHHMM")
    return _day(found, where)


def _day(found: re.Match[str], where: str) -> date:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        refuse("not-a-date", where, "write a day that the calendar has, as YYYYMMDD")


def read_instant(text: str, where: str) -> datetime:
    """A time (TS) to the minute or second; naive where it has no offset; raises RefusedError."""
    found = _TIMESTAMP.fullmatch(text.replace(" ", ""))
    if found is None or found[5] is None:
        refuse("not-a-time", where, "write a time as YYYYMMDDHHMM[SS][+ZZZZ]")
    day = _day(found, where)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        refuse("not-a-time", where, "send a year between 1900 and 2199")
    offset = found[7]
    try:
        zone = None
        if offset:
            minutes = int(offset[1:3]) * 60 + int(offset[3:])
            zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
        return datetime(
            day.year, day.month, day.day, int(found[4]), int(found[5]), int(found[6] or 0),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError:
        refuse("not-a-time", where, "write a time that the clock has, as YYYYMMDDHHMM[SS][+ZZZZ]")


def read_day_in(zone: ZoneInfo, text: str, where: str) -> date:
    """The day of a TS in this time zone, where it tells its offset; raises RefusedError."""
    found = _TIMESTAMP.fullmatch(text.replace(" ", ""))
    if found is None or not (found[5] and found[7]):
        return read_date(text, where)
    return read_instant(text, where).astimezone(zone).date()


def refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
