"""Segments, fields and escapes (HL7 v2.5.1 §2.5 to §2.7), with python-hl7 as a second opinion."""

from __future__ import annotations

from pathlib import Path

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.mllp.segments import Hl7Message, parse
from tests.interop.hl7v2.reading import patient_of, read
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PV1, SAMPLES, message

FILES = sorted(SAMPLES.glob("*.hl7"))
ESCAPED = {"\\": r"\E\ ".strip(), "|": r"\F\ ".strip(), "^": r"\S\ ".strip(), "&": r"\T\ ".strip(),
           "~": r"\R\ ".strip()}  # fmt: skip
PRINTED = any_.text(any_.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_public_sample_has_the_values_that_another_parser_finds(path: Path) -> None:
    """With CR line ends, as interface engines send: several of the files are written with LF."""
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\r").replace("\n", "\r")
    theirs = hl7.parse(text.strip("\r"))
    assert isinstance(theirs, hl7.Message)
    ours = parse(text.encode())
    assert [segment.name for segment in ours.segments] == [str(row[0]) for row in theirs]
    compared = sum(_compare(ours, theirs, place) for place in range(len(ours.segments)))
    assert compared >= 10


def _compare(ours: Hl7Message, theirs: hl7.Message, place: int) -> int:
    """How many values of one segment were compared; MSH-1 and MSH-2 are the separators."""
    segment, row, count = ours.segments[place], theirs[place], 0
    for number in range(3 if segment.name == "MSH" else 1, len(row)):
        entries = segment.repetitions(number)
        for entry, their_entry in zip(entries, row[number], strict=bool(entries)):
            for component, their_component in enumerate(_parts(their_entry), 1):
                for sub, value in enumerate(_parts(their_component), 1):
                    expected = str(value).strip()
                    if expected == '""' or "\\" in expected:
                        continue  # "delete" and escapes are read further than python-hl7 does
                    assert segment.part(entry, component, sub) == expected, (segment.name, number)
                    count += 1
    return count


def _parts(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


@given(PRINTED.filter(lambda text: text != '""'))
def test_any_name_survives_its_escapes(name: str) -> None:
    written = "".join(ESCAPED.get(c, c) for c in name)
    assert patient_of(message("ADT^A04", PID.replace("Rivera", written))).person.family == name


def test_an_escaped_carriage_return_stays_data_and_begins_no_segment() -> None:
    sent = message("ADT^A04", PID.replace("12 Orchard Street", r"1 A\X0D\PID St"))
    assert patient_of(sent).person.address_line == "1 A\rPID St"


@pytest.mark.parametrize("marks", ["#@!%$", "*:~?>", "|!~\\&", ";^~\\&"])
def test_each_sender_may_choose_its_own_separators(marks: str) -> None:
    segments = (PID.replace("@", "(at)"), PV1, FT1, DG1, IN1)
    usual = message("DFT^P03", *segments)
    other = usual.translate(str.maketrans("|^~\\&", marks))
    assert read(other) == read(usual)


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\r\r", "\n\r\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(ending: str, before: bytes) -> None:
    sent = message("ADT^A04", PID, IN1)
    assert read(before + sent.replace("\r", ending).encode()) == read(sent)


@pytest.mark.parametrize(
    ("told", "encoding"), [("", "utf-8"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1")]
)
def test_a_name_is_read_in_the_character_set_that_msh_18_tells(told: str, encoding: str) -> None:
    sent = message("ADT^A04", PID.replace("Rivera", "Muñoz"))
    sent = sent.replace("|P|2.5.1", f"|P|2.5.1||||||{told}", 1)
    assert patient_of(sent.encode(encoding)).person.family == "Muñoz"


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"])
def test_the_same_facts_are_read_from_every_version(version: str) -> None:
    assert read(message("ADT^A04", PID, IN1, version=version)) == read(message("ADT^A04", PID, IN1))
