"""JSON by RFC 8259, read strictly: what two readers could understand differently is refused.

Python's own parser takes duplicate names, NaN and halves of surrogate pairs. A bundle is read entry
by entry, so that what is not looked at further needs no memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from sys import intern
from typing import Any, NoReturn

from services.interop.messages.model import Refusal, RefusedError

MOST_LEVELS = 64
"""Of nested objects and arrays; the deepest resource in use needs a dozen."""

MOST_DIGITS = 100
"""Of a number: enough for every decimal, too few to keep a processor busy."""

# RFC 8259 §8.2: half of a pair is no character, and no database takes it.
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_NOT_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SPACE = re.compile(r"[ \t\n\r]*")


def read_json(body: bytes, where: str) -> Any:
    """The value; raises RefusedError, with `where` as its place."""
    text = _text(body, where)
    reader = _Reader(text, where)
    value = reader.value()
    reader.end()
    return value


def read_members(body: bytes, streamed: str, where: str) -> Iterator[tuple[str, Any]]:
    """The members of an object in their order; the array `streamed` element by element.

    An element is given as ("entry[]", element), and its array as ("entry", None) before them.
    Raises RefusedError as it comes to what is wrong: until the end, nothing is known to be right.
    """
    reader = _Reader(_text(body, where), where)
    if not reader.skips("{"):
        reader.value()
        reader.end()
        yield "", None
        return
    seen: set[str] = set()
    while not reader.skips("}"):
        if seen:
            reader.expect(",")
        name = reader.value()
        if not isinstance(name, str):
            reader.refuse()
        if name in seen:
            _duplicate(where)
        seen.add(name)
        reader.expect(":")
        if name == streamed and reader.skips("["):
            yield name, None
            first = True
            while not reader.skips("]"):
                if not first:
                    reader.expect(",")
                first = False
                yield f"{name}[]", reader.value()
        else:
            yield name, reader.value()
    reader.end()


class _Reader:
    """Reads one value after the other from a text, by Python's own parser."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._at = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._unique,
            parse_constant=self._no_constant,
            parse_float=self._decimal,
            parse_int=self._integer,
        )

    def value(self) -> Any:
        try:
            self._space()
            found, self._at = self._decoder.raw_decode(self._text, self._at)
        except (ValueError, ArithmeticError):
            self.refuse()
        return found

    def skips(self, mark: str) -> bool:
        """True where `mark` comes next; it is passed over then."""
        self._space()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def expect(self, mark: str) -> None:
        if not self.skips(mark):
            self.refuse()

    def end(self) -> None:
        self._space()
        if self._at != len(self._text):
            self.refuse()

    def refuse(self) -> NoReturn:
        _refuse("not-json", self._where, "send well-formed JSON in UTF-8 (RFC 8259)")

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # A bundle has the same names, systems and codes in every entry: each is kept once.
        found = {intern(n): intern(v) if type(v) is str else v for n, v in pairs}
        if len(found) != len(pairs):
            _duplicate(self._where)
        return found

    def _no_constant(self, _: str) -> NoReturn:
        _refuse("not-json", self._where, "NaN and Infinity are not JSON (RFC 8259)")

    def _decimal(self, text: str) -> Decimal:
        """Amounts stay what was written: 0.10 has two decimals (FHIR R4 §2.24.0.1)."""
        return Decimal(text) if len(text) <= MOST_DIGITS else self.refuse()

    def _integer(self, text: str) -> int | Decimal:
        """A number beyond any whole number of FHIR's is a decimal without a fraction."""
        return int(text) if len(text) <= 18 else self._decimal(text)


def _text(body: bytes, where: str) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        _refuse("not-json", where, "send well-formed JSON in UTF-8 (RFC 8259)")
    if _levels(body) > MOST_LEVELS:
        _refuse("too-deep", where, f"nest the JSON less deeply, at most {MOST_LEVELS} levels")
    if b"\\u" in body:
        if _LONE_SURROGATE.search(body):
            _refuse(
                "lone-surrogate", where, "write characters beyond \\uFFFF as pairs, or in UTF-8"
            )
        if _NUL.search(body):
            _refuse("nul-character", where, "remove the NUL characters")
    return text


def _levels(body: bytes) -> int:
    """How deep objects and arrays nest; of what is no JSON, some number."""
    plain = _ESCAPE.sub(b"", body) if b"\\" in body else body
    # Two quotes side by side change nothing for the brackets after them, so they go first.
    marks = plain.translate(None, _NOT_MARKS).replace(b'""', b"")
    brackets = _STRING.sub(b"", marks)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _duplicate(where: str) -> NoReturn:
    _refuse("duplicate-name", where, "name each member of an object once")


def _refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
