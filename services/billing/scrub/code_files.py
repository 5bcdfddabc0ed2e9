"""The lines of code files: a practice's own lists, and CMS's NCCI tables as CMS publishes them.

Sources: CMS, NCCI PTP edits (practitioner, tab-delimited text or the same columns as CSV: column 1,
column 2, in existence prior to 1996, effective date, deletion date or `*`, modifier indicator,
rationale) and Medically Unlikely Edits (practitioner, CSV: HCPCS/CPT code, MUE value, adjudication
indicator beginning with its digit, rationale). Both begin with notices, which are passed over.

A deletion date is the last day in force: CMS's file heads that column `*=no data` and says no more,
but what it replaces on the first day of a quarter ends there on the day before (20041231, 20231231
in version 32.2). An edit that was deleted as if it had never been has its first day there, and
indicator 9 (NCCI Policy Manual, Introduction); the same pair and day may stand in another row that
is in force, so such a row says nothing and is passed over.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["icd-10-cm", "procedures", "ncci-pairs", "ncci-units"]
LONGEST_LINE = 10_000
_PROCEDURE = re.compile(r"(?=.*[0-9])[A-Z0-9]{5}")
_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{0,4}")
_UNITS = re.compile(r"[0-9]{1,6}")


class CodeFileError(ValueError):
    """A line that cannot be read: its number, and what was expected."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line}: {expected}")


class CodeEntry(NamedTuple):
    """A code of a list, or with its units, of the table of medically unlikely edits."""

    code: str
    effective_on: date | None = None
    ends_on: date | None = None
    most_units: int | None = None
    adjudication: int | None = None


class PairEntry(NamedTuple):
    """A row of the procedure-to-procedure table."""

    column1: str
    column2: str
    effective_on: date
    deleted_on: date | None
    modifier_indicator: int


Entry = CodeEntry | PairEntry


class CodeFile:
    """Takes a file's bytes as they come and gives its entries; nothing is kept of them.

    Before the first line that begins with a code all are notices and headings; from there on every
    line is an entry. Raises CodeFileError.
    """

    def __init__(self, kind: Kind) -> None:
        self._read = _READERS[kind]
        self._code = _DIAGNOSIS if kind == "icd-10-cm" else _PROCEDURE
        self._rest = b""
        self._line = 0
        self._begun = False
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> bytes:
        """Of what was fed."""
        return self._digest.digest()

    def feed(self, data: bytes) -> Iterator[Entry]:
        self._digest.update(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._entry(line)
        if len(self._rest) > LONGEST_LINE:
            raise CodeFileError(self._line + 1, f"at most {LONGEST_LINE} characters are expected")

    def end(self) -> Iterator[Entry]:
        rest, self._rest = self._rest, b""
        yield from self._entry(rest)
        if not self._begun:
            raise CodeFileError(self._line, "a file with at least one entry is expected")

    def _entry(self, line: bytes) -> Iterator[Entry]:
        self._line += 1
        if len(line) > LONGEST_LINE:
            raise CodeFileError(self._line, f"at most {LONGEST_LINE} characters are expected")
        text = line.removeprefix(b"\xef\xbb\xbf").decode("latin-1").replace("\r", "")
        if not text.strip():
            return
        fields = [field.strip() for field in _fields(text)]
        self._begun = self._begun or bool(self._code.fullmatch(fields[0]))
        if self._begun:
            try:
                entry = self._read(fields)
            except ValueError as expected:
                raise CodeFileError(self._line, str(expected)) from None
            if entry is not None:
                yield entry


def _fields(text: str) -> list[str]:
    """A split is what a row without quotes needs, and millions are."""
    delimiter = "\t" if "\t" in text else ","
    if '"' not in text:
        return text.split(delimiter)
    [fields] = csv.reader([text], delimiter=delimiter)
    return fields


def _listed(code: re.Pattern[str]) -> Callable[[Sequence[str]], CodeEntry]:
    def read(fields: Sequence[str]) -> CodeEntry:
        if not code.fullmatch(fields[0]) or len(fields) > 3:
            raise ValueError("a code is expected, and where there are, its first and last day")
        first, last = [*fields[1:], "", ""][:2]
        return CodeEntry(fields[0].replace(".", ""), _optional_day(first), _optional_day(last))

    return read


def _read_pair(fields: Sequence[str]) -> PairEntry | None:
    if len(fields) < 6 or not all(_PROCEDURE.fullmatch(code) for code in fields[:2]):
        raise ValueError("seven columns are expected, which begin with two procedure codes")
    effective_on = _optional_day(fields[3])
    if effective_on is None:
        raise ValueError("an effective date is expected in column 4")
    if fields[5] not in ("0", "1", "9"):
        raise ValueError("a modifier indicator is expected in column 6: 0, 1 or 9")
    deleted_on = _optional_day(fields[4])
    if fields[5] == "9":
        return None
    return PairEntry(fields[0], fields[1], effective_on, deleted_on, int(fields[5]))


def _read_units(fields: Sequence[str]) -> CodeEntry:
    if len(fields) < 3 or not _PROCEDURE.fullmatch(fields[0]):
        raise ValueError("four columns are expected, which begin with a procedure code")
    if not _UNITS.fullmatch(fields[1]) or fields[2][:1] not in ("1", "2", "3"):
        raise ValueError("units and an adjudication indicator, 1, 2 or 3, are expected")
    return CodeEntry(fields[0], most_units=int(fields[1]), adjudication=int(fields[2][0]))


@lru_cache(maxsize=4096)
def _optional_day(text: str) -> date | None:
    """`*` and nothing say that there is none."""
    if text in ("", "*"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("days are expected as 2026-01-31 or 20260131, or * for none") from None


_READERS: dict[Kind, Callable[[Sequence[str]], Entry | None]] = {
    "icd-10-cm": _listed(_DIAGNOSIS),
    "procedures": _listed(_PROCEDURE),
    "ncci-pairs": _read_pair,
    "ncci-units": _read_units,
}
