"""Segments, fields and escapes (HL7 v2.5.1 §2.5 to §2.7), with python-hl7 as a second opinion."""

from __future__ import annotations

from pathlib import Path

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.messages.model import RefusedError
from services.interop.mllp.segments import Hl7Message, parse
from tests.interop.hl7v2.reading import patient_of, read, refusals_of
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


def in_set(told: str, family: str, encoding: str) -> bytes:
    sent = message("ADT^A04", PID.replace("Rivera", family))
    return sent.replace("|P|2.5.1", f"|P|2.5.1||||||{told}", 1).encode(encoding)


@pytest.mark.parametrize(
    ("told", "family", "encoding"),
    [
        ("", "Muñoz", "utf-8"),
        ("UNICODE UTF-8", "Muñoz", "utf-8"),
        ("unicode utf-8", "\u6f22\u5b57", "utf-8"),
        ("ASCII", "Munoz", "ascii"),
        ("8859/1", "Muñoz", "iso8859-1"),
        ("8859/1~UNICODE UTF-8", "Muñoz", "iso8859-1"),
        ("8859/2", "Wałęsa", "iso8859-2"),
        ("8859/5", "Чехов", "iso8859-5"),
        ("8859/7", "Σωκράτης", "iso8859-7"),
        ("8859/8", "כהן", "iso8859-8"),
        ("8859/9", "Işık", "iso8859-9"),
        ("8859/15", "Žižek", "iso8859-15"),
    ],
)
def test_a_name_is_read_in_the_character_set_that_msh_18_tells(
    told: str, family: str, encoding: str
) -> None:
    assert patient_of(in_set(told, family, encoding)).person.family == family


@pytest.mark.parametrize(
    ("told", "encoding"),
    [
        ("ASCII", "iso8859-1"),
        ("ASCII", "utf-8"),
        ("", "iso8859-1"),
        ("UNICODE UTF-8", "iso8859-1"),
        ("8859/1", "utf-8"),
        ("8859/15", "utf-8"),
        ("8859/1", "mac-roman"),
    ],
)
def test_a_message_that_is_written_in_another_set_than_it_tells_is_refused(
    told: str, encoding: str
) -> None:
    assert refusals_of(in_set(told, "Muñoz", encoding)) == [("not-in-character-set", "MSH-18")]


@pytest.mark.parametrize("told", [
    "UNICODE UTF-16", "UNICODE UTF-32", "UNICODE", "ISO IR87", "ISO IR159", "GB 18030-2000",
    "BIG-5", "KS X 1001", "CNS 11643-1992", "8859/12",
])  # fmt: skip
def test_a_set_that_is_not_taken_is_refused_with_what_to_send(told: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(in_set(told, "Munoz", "utf-8"))
    [one] = refused.value.refusals
    assert (one.code, one.where) == ("character-set", "MSH-18")
    assert "UNICODE UTF-8" in one.fix


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_a_message_in_wide_characters_is_known_for_what_it_is(encoding: str) -> None:
    wide = message("ADT^A04", PID).encode(encoding)
    assert refusals_of(wide) == [("character-set", "MSH-18")]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"A\F\B\S\C\T\D\R\E\E\F", "A|B^C&D~E\\F"),
        (r"A\P\B", "A#B"),
        (r"A\X41\B\XC3B1\C", "AABñC"),
        (r"A\.br\B\.sp2\C\.ce\D\.sk+3\E", "A B C D E"),
        (r"A\H\B\N\C\.in-2\D\.ti\E\.fi\F\.nf\G\Z12\H", "ABCDEFGH"),
    ],
)
def test_each_escape_sequence_is_read(written: str, read_as: str) -> None:
    sent = message("ADT^A04", PID.replace("Rivera", written))
    assert patient_of(sent).person.family == read_as


@pytest.mark.parametrize(
    "written",
    ["A\\E", "A\\", "\\", "A\\B\\C", "A\\\\B", "A\\F^\\B", "A\\X4\\B", "A\\XFF\\B", "A\\X00\\B",
     "A\\C2842\\B", "A\\M244242\\B", "A\\f\\B"],
)  # fmt: skip
def test_an_escape_that_nobody_can_read_is_refused_with_its_place(written: str) -> None:
    """Left out, it would take a part of a name with it."""
    assert refusals_of(message("ADT^A04", PID.replace("Rivera", written))) == [
        ("escape-sequence", "PID-5")
    ]
    nk1 = f"NK1|1|a\rNK1|2|x|{written}"
    assert refusals_of(message("ADT^A04", PID, nk1)) == [("escape-sequence", "NK1[2]-3")]


def test_a_senders_own_segment_may_hold_anything() -> None:
    assert read(message("ADT^A04", PID, "ZAB|a\\b|c\\")) == read(message("ADT^A04", PID))


def test_separators_that_are_not_used_may_be_left_out() -> None:
    plain = message("ADT^A04", "PID|1||1001^^^EHR^MR||Rivera^Al\\ma||19840517|F")
    person = patient_of(plain.replace("^~\\&", "^~", 1)).person
    assert person.given == "Al\\ma"
    sub = message("ADT^A04", "PID|1||1001^^^EHR^MR||Rivera^A\\S\\l&ma||19840517|F")
    assert patient_of(sub.replace("^~\\&", "^~\\", 1)).person.given == "A^l&ma"


def test_the_truncation_character_may_be_the_senders_own() -> None:
    sent = message("ADT^A04", PID.replace("Rivera", r"R\P\T"), version="2.7")
    assert patient_of(sent.replace("^~\\&", "^~\\&#", 1)).person.family == "R#T"
    assert patient_of(sent.replace("^~\\&", "^~\\&$", 1)).person.family == "R$T"


def test_a_name_with_a_bare_ampersand_is_read_up_to_it_as_a_subcomponent() -> None:
    family = message("ADT^A04", PID.replace("Rivera", "Rivera&de&Rivera"))
    assert patient_of(family).person.family == "Rivera"


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7",
                                     "2.7.1", "2.8", "2.8.1", "2.8.2"])  # fmt: skip
def test_the_same_facts_are_read_from_every_version(version: str) -> None:
    assert read(message("ADT^A04", PID, IN1, version=version)) == read(message("ADT^A04", PID, IN1))
