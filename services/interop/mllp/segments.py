"""An HL7 v2 message as segments, fields, repetitions, components (v2.5.1 §2.5 to §2.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import NoReturn

from services.interop.messages.model import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    Refusal,
    RefusedError,
)

_CHARSETS = {"": "utf-8", "ASCII": "utf-8", "UNICODE UTF-8": "utf-8", "8859/1": "latin-1"}
_TIMESTAMP = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(?:(\d\d)(?:\.\d{1,4})?)?)?([+-]\d{4})?"
)


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2: each sender may choose its own."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


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
        return "" if text == '""' else self._unescaped(text)

    def _unescaped(self, text: str) -> str:
        s = self.separators
        if s.escape not in text:
            return text
        known = {"F": s.field, "S": s.component, "R": s.repetition, "E": s.escape}
        known["T"] = s.subcomponent
        mark = re.escape(s.escape)
        return re.sub(f"{mark}([^{mark}]*){mark}", lambda m: _resolved(m.group(1), known), text)


def _resolved(sequence: str, known: dict[str, str]) -> str:
    """Delimiters, hexadecimal characters and line breaks; formatting is left out (§2.7)."""
    if sequence in known:
        return known[sequence]
    if re.fullmatch(r"X([0-9A-Fa-f]{2})+", sequence):
        return bytes.fromhex(sequence[1:]).decode("utf-8", "replace").replace("\0", "")
    return " " if sequence.startswith((".br", ".sp")) else ""


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
    """Raises RefusedError where the bytes are no HL7 v2 message."""
    body = raw.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n")
    if not body.startswith(b"MSH") or len(body) < 9:
        refuse("not-hl7", "MSH", "begin the message with MSH and its separators")
    if b"\0" in body:
        refuse("nul-character", "MSH", "remove the NUL characters")
    text = _decoded(body)
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    separators = _separators(lines[0])
    segments = [_segment(line, separators) for line in lines]
    for segment in segments:
        if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", segment.name):
            refuse("segment-name", "MSH", "begin each line with a segment name and the separator")
    for once in ("MSH", "PID"):
        if sum(segment.name == once for segment in segments) > 1:
            refuse("segment-repeated", once, "send one message, of one patient, in a frame")
    return Hl7Message(segments)


def _decoded(body: bytes) -> str:
    """In the character set of MSH-18; UTF-8 where it names none."""
    head = re.split(rb"[\r\n]", body, maxsplit=1)[0].split(body[3:4])
    told = head[17].decode("ascii", "replace").partition("~")[0].strip() if len(head) > 17 else ""
    charset = _CHARSETS.get(told.upper().partition("^")[0])
    if charset is None:
        refuse("character-set", "MSH-18", "send UNICODE UTF-8, ASCII or 8859/1")
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        refuse("character-set", "MSH-18", "name the character set that the message is written in")


def _separators(line: str) -> Separators:
    field_separator = line[3]
    told = line[4:].partition(field_separator)[0]
    marks = field_separator + told[:4]
    if len(told) < 4 or len(set(marks)) != 5 or any(m.isalnum() or m.isspace() for m in marks):
        refuse("separators", "MSH-2", "name four different separators, such as ^~\\&")
    component, repetition, escape, subcomponent = told[:4]
    return Separators(field_separator, component, repetition, escape, subcomponent)


def _segment(line: str, separators: Separators) -> Segment:
    fields = line.split(separators.field)
    if fields[0] == "MSH":
        # MSH-1 is the separator itself; MSH-2 holds the others and is not split by them.
        fields = ["MSH", separators.field, *fields[1:]]
    return Segment(fields[0], fields, separators)


def read_date(text: str, where: str) -> date:
    """A day (DT, or the day of a TS); raises RefusedError."""
    found = _TIMESTAMP.fullmatch(text.replace(" ", ""))
    if found is None or found[3] is None:
        refuse("not-a-date", where, "write a day as YYYYMMDD")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        refuse("not-a-date", where, "write a day that the calendar has, as YYYYMMDD")


def read_instant(text: str, where: str) -> datetime:
    """A time (TS) to the minute or second; naive where it has no offset; raises RefusedError."""
    found = _TIMESTAMP.fullmatch(text.replace(" ", ""))
    if found is None or found[5] is None:
        refuse("not-a-time", where, "write a time as YYYYMMDDHHMM[SS][+ZZZZ]")
    day = read_date(text, where)
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


def refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
