"""Messages made by chance, taken apart by us, by python-hl7 and by hl7apy: all find the same.

Where they differ, the difference is named in a test of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import hl7
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as any_

from services.interop.mllp.escapes import EscapeError
from services.interop.mllp.segments import Segment, parse
from tests.interop.mllp.conftest import message

HEAD = message("ADT^A04")
Repetition = list[list[str]]
"""Components, each of subcomponents."""

LETTERS = "abcXYZ019 .,:;'()/+-_*#@!?%<>\"ÄéñЖ漢"
TEXT = any_.text(LETTERS, max_size=6).map(str.strip).filter(lambda text: text != '""')
REPETITIONS = any_.lists(
    any_.lists(any_.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=4),
    min_size=1, max_size=3,
)  # fmt: skip
FIELDS = any_.lists(REPETITIONS, min_size=1, max_size=6)


def written(name: str, fields: list[list[Repetition]]) -> str:
    return "|".join((name, *("~".join(map(_repetition, field)) for field in fields)))


def _repetition(components: Repetition) -> str:
    return "^".join("&".join(subs) for subs in components)


def ours(segment: Segment, number: int) -> list[Repetition]:
    """A field, read value by value as the readers do."""
    s = segment.separators
    return [
        [[segment.part(entry, c, n) for n in range(1, 1 + subs.count(s.subcomponent) + 1)]
         for c, subs in enumerate(entry.split(s.component), 1)]
        for entry in segment.repetitions(number)
    ]  # fmt: skip


def python_hl7(field: Any) -> list[Repetition]:
    """It leaves out the levels that a value does not need."""
    if isinstance(field, str):
        field = [field]
    repetitions = [[rep] if isinstance(rep, str) else list(rep) for rep in field]
    return [
        [[c] if isinstance(c, str) else [str(sub) for sub in c] for c in rep] for rep in repetitions
    ]


def unescaped_by_hl7(text: str) -> str:
    read = hl7.parse(HEAD)
    assert isinstance(read, hl7.Message)
    return read.unescape(text)


def hl7apy(sent: str, place: int, number: int) -> list[Repetition]:
    """It leaves out empty parts where it knows the data type, and numbers the others."""
    read: Any = parse_message(sent, find_groups=False, validation_level=VALIDATION_LEVEL.TOLERANT)
    segment = read.children[place]
    fields = [field for field in segment.children if field.name == f"{segment.name}_{number}"]
    return [
        _placed(field, lambda component: _placed(component, lambda sub: sub.to_er7(), ""), [""])
        for field in fields
    ]


def _placed(parent: Any, read: Callable[[Any], Any], empty: Any) -> list[Any]:
    found: list[Any] = []
    for child in parent.children:
        if numbered := re.fullmatch(r"[A-Z]+_(\d+)", child.name or ""):
            found += [empty] * (int(numbered[1]) - 1 - len(found))
        found.append(read(child))
    return found


def plain(field: list[Repetition]) -> list[Repetition]:
    """Without empty values at the end of each level, which mean nothing (§2.5.3.1)."""

    def trimmed(level: list[Any], empty: Any) -> list[Any]:
        while level and level[-1] == empty:
            level = level[:-1]
        return level

    return trimmed([trimmed([trimmed(subs, "") for subs in rep], []) for rep in field], [])


@settings(deadline=None)  # hl7apy loads its tables with the first message
@given(FIELDS)
def test_all_three_take_a_senders_own_segment_apart_alike(fields: list[list[Repetition]]) -> None:
    sent = HEAD + written("ZAB", fields) + "\r"
    segment = parse(sent.encode()).segments[1]
    row = hl7.parse(sent)[1]
    for number, field in enumerate(fields, 1):
        assert plain(ours(segment, number)) == plain(field)
        assert plain(python_hl7(row[number])) == plain(field)
        assert plain(hl7apy(sent, 1, number)) == plain(field)


@settings(deadline=None)
@given(any_.lists(REPETITIONS, min_size=3, max_size=3))
def test_all_three_take_a_patient_apart_alike(fields: list[list[Repetition]]) -> None:
    """PID-3, PID-5 and PID-11, whose data types hl7apy knows."""
    told: list[list[Repetition]] = [[[[""]]] for _ in range(11)]
    told[2], told[4], told[10] = fields
    sent = HEAD + written("PID", told) + "\r"
    segment = parse(sent.encode()).segments[1]
    row = hl7.parse(sent)[1]
    for number in (3, 5, 11):
        field = told[number - 1]
        assert plain(ours(segment, number)) == plain(field)
        assert plain(python_hl7(row[number])) == plain(field)
        assert plain(hl7apy(sent, 1, number)) == plain(field)


@given(any_.text("ab|^~&12\r", max_size=60))
def test_whatever_we_take_apart_python_hl7_takes_apart_alike(tail: str) -> None:
    sent = HEAD + "\r".join(f"OBX|{line}" for line in tail.split("\r")) + "\r"
    segments, rows = parse(sent.encode()).segments, list(hl7.parse(sent))
    assert len(segments) == len(rows)
    for segment, row in zip(segments[1:], rows[1:], strict=True):
        assert len(segment.fields) == len(row)
        for number in range(1, len(row)):
            assert plain(ours(segment, number)) == plain(python_hl7(row[number]))


ESCAPES = any_.lists(
    any_.sampled_from([r"\F" "\\", r"\S" "\\", r"\T" "\\", r"\R" "\\", r"\E" "\\", "\\X41\\", "a"]),
    min_size=1,
    max_size=8,
).map("".join)


@given(ESCAPES)
def test_escapes_are_read_as_python_hl7_reads_them(text: str) -> None:
    sent = HEAD + f"ZAB|{text}\r"
    assert parse(sent.encode()).segments[1].get(1) == unescaped_by_hl7(text)


def test_known_difference_python_hl7_marks_highlights_and_joins_lines() -> None:
    separators = parse(HEAD.encode()).msh.separators
    text = "a\\H\\b\\N\\c\\.br\\d"
    assert separators.unescaped(text) == "abc d"
    assert unescaped_by_hl7(text) == "a_b_c\rd"


def test_known_difference_python_hl7_passes_over_what_it_cannot_read() -> None:
    separators = parse(HEAD.encode()).msh.separators
    assert unescaped_by_hl7("a\\Q\\b") == "ab"
    for text in ("a\\Q\\b", "a\\E", "\\X4\\", "\\XC3\\", "\\C2842\\"):
        try:
            separators.unescaped(text)
        except EscapeError:
            continue
        raise AssertionError(text)


def test_known_difference_we_strip_spaces_and_read_quotes_as_empty() -> None:
    sent = HEAD + 'ZAB| a |""\r'
    segment, row = parse(sent.encode()).segments[1], hl7.parse(sent)[1]
    assert [segment.get(1), segment.get(2)] == ["a", ""]
    assert [str(row[1]), str(row[2])] == [" a ", '""']


def test_known_difference_hl7apy_leaves_escapes_as_they_were_written() -> None:
    sent = HEAD + "ZAB|a\\F\\b\r"
    assert parse(sent.encode()).segments[1].get(1) == "a|b"
    assert hl7apy(sent, 1, 1) == [[["a\\F\\b"]]]
