"""What every file from a practice has: an ISA that says who writes, and segments after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import InvalidOperation
from typing import Self


class UnreadableFileError(ValueError):
    """Not a file that could be answered; the text says where reading stopped."""


@dataclass(slots=True)
class Interchange:
    """Who wrote to whom, and when; `interchange` is its control number (ISA13)."""

    sender: str
    receiver: str
    interchange: int
    usage: str
    written_on: date

    @classmethod
    def begun_by(cls, isa: list[str]) -> Self:
        """What an ISA tells; UnreadableFileError where it cannot be answered."""
        if len(isa) != 17 or not isa[13].isdigit():
            raise UnreadableFileError("ISA has no 16 elements or no control number")
        try:
            day = date(2000 + int(isa[9][:2]), int(isa[9][2:4]), int(isa[9][4:]))
        except ValueError as error:
            raise UnreadableFileError("ISA has no date") from error
        return cls(isa[6].strip(), isa[8].strip(), int(isa[13]), isa[15], day)


@dataclass(frozen=True, slots=True)
class Segments:
    """A file taken apart into elements, and what parts an element further."""

    isa: list[str]
    rest: list[list[str]]
    component: str
    repetition: str

    @classmethod
    def of(cls, content: bytes) -> Segments:
        """The segments in a file's bytes; UnreadableFileError where it is no interchange."""
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError as error:
            raise UnreadableFileError("not ASCII") from error
        if len(text) < 106 or not text.startswith("ISA"):
            raise UnreadableFileError("no ISA of 106 characters")
        isa, *rest = [row.strip("\r\n").split(text[3]) for row in text.split(text[105])]
        return cls(isa, rest, component=text[104], repetition=text[82])

    def each(self, take: Callable[[list[str]], object]) -> None:
        """Give away all but the ISA, in order; UnreadableFileError names one not understood."""
        for position, row in enumerate(self.rest, 2):
            if row == [""]:
                continue
            try:
                take(row)
            except (IndexError, ValueError, InvalidOperation) as error:
                raise UnreadableFileError(f"segment {position} cannot be read") from error
