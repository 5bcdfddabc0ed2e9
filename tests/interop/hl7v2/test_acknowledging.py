"""The answer to a message (HL7 v2.5.1 §2.9.2), read by a parser that nobody here wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.messages.model import Refusal
from services.interop.mllp.acknowledge import Code, Letter, Verdict, acknowledge, answers
from services.interop.mllp.header import Header, read_header, without_key
from services.interop.mllp.segments import parse
from tests.interop.mllp.conftest import PID, message

ACK_ID = UUID("11111111-2222-3333-4444-555555555555")
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMES = any_.text(any_.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=20)
IDS = any_.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:",
                min_size=1, max_size=199)  # fmt: skip


def answered(header: Header | None, code: Code = "AA", *refusals: Refusal) -> bytes:
    return acknowledge(code, header, ack_id="ack-1", at=AT, refusals=refusals)


@given(IDS)
def test_the_answer_echoes_the_control_id_and_turns_sender_and_receiver_round(
    control_id: str,
) -> None:
    header = read_header(message("ADT^A04", PID, control_id=control_id).encode())
    assert header is not None
    answer = hl7.parse(answered(header).decode().rstrip("\r"))
    assert isinstance(answer, hl7.Message)
    assert [answer.extract_field("MSA", 1, n) for n in (1, 2)] == ["AA", control_id]
    assert [answer.extract_field("MSH", 1, n) for n in (3, 5, 6)] == ["MAINSTAY", "EHR", "MAIN"]
    assert [answer.extract_field("MSH", 1, 9, 1, n) for n in (1, 2)] == ["ACK", "A04"]
    assert answer.extract_field("MSH", 1, 10) == "ack-1"


@given(NAMES, NAMES)
def test_no_name_of_a_sender_can_write_segments_into_the_answer(name: str, place: str) -> None:
    header = Header(name, place, security="", type="ADT^A04", control_id=name)
    answer = parse(answered(header))
    assert [segment.name for segment in answer.segments] == ["MSH", "MSA"]
    assert (answer.msh.get(5), answer.msh.get(6)) == (name, place)
    assert answer.required("MSA").get(2) == name


def test_each_refusal_is_an_err_segment_with_its_place_and_what_to_do() -> None:
    header = read_header(message("DFT^P03", PID).encode())
    refusals = (
        Refusal("units", "FT1[2]-10", "send whole units, 1 to 999"),
        Refusal("given-name-missing", "PID-5.2", "send the given name"),
        Refusal("value-not-accepted", "Person.family", "too long | by ^ far"),
    )
    answer = parse(answered(header, "AE", *refusals))
    rows = list(answer.all("ERR"))
    assert [row.fields[2] for row in rows] == ["FT1^2^10", "PID^1^5^1^2", ""]
    assert [row.get(3) for row in rows] == ["102", "101", "102"]
    assert {row.get(3, 3) for row in rows} == {"HL70357"}
    assert {row.get(4) for row in rows} == {"E"}
    assert [row.get(5) for row in rows] == [one.code for one in refusals]
    assert [row.get(8) for row in rows] == [f"{one.where}: {one.fix}" for one in refusals]


ASKED = [
    # MSH-15, MSH-16 and the codes of the answers to one that is accepted, in error, rejected
    ("", "", "AA", "AE", "AR"),
    ("AL", "", "CA", "CE", "CR"),
    ("AL", "NE", "CA", "CE", "CR"),
    ("", "AL", "AA", "AE", "AR"),
    ("NE", "AL", "AA", "AE", "AR"),
    ("AL", "AL", "CA AA", "CE", "CR"),
    ("ER", "AL", "AA", "CE", "CR"),
    ("SU", "AL", "CA AA", "AE", "AR"),
    ("AL", "ER", "CA", "CE", "CR"),
    ("ER", "ER", "", "CE", "CR"),
    ("ER", "NE", "", "CE", "CR"),
    ("SU", "SU", "CA AA", "", ""),
    ("NE", "NE", "", "", ""),
    ("al", "ne", "CA", "CE", "CR"),
    ("XX", "NE", "CA", "CE", "CR"),
]


@pytest.mark.parametrize(("accept", "application", "accepted", "in_error", "rejected"), ASKED)
def test_a_sender_gets_the_acknowledgements_that_it_asks_for(
    accept: str, application: str, accepted: str, in_error: str, rejected: str
) -> None:
    sent = message("ADT^A04", PID).replace("|P|2.5.1", f"|P|2.5.1|||{accept}|{application}", 1)
    header = read_header(sent.encode())
    letters: dict[Letter, str] = {"A": accepted, "E": in_error, "R": rejected}
    for letter, codes in letters.items():
        told = [parse(one) for one in answers(Verdict(letter, ACK_ID, AT), header)]
        assert " ".join(one.required("MSA").get(1) for one in told) == codes
        assert {one.required("MSA").get(2) for one in told} <= {"1"}
        assert len({one.msh.get(10) for one in told}) == len(told)
        assert answers(Verdict(letter, ACK_ID, AT), header) == answers(
            Verdict(letter, ACK_ID, AT), header
        )


@pytest.mark.parametrize(
    ("version", "kind"), [("2.3", "ACK^A04"), ("2.3.1", "ACK^A04^ACK"), ("2.4", "ACK^A04^ACK")]
)
def test_before_2_5_the_place_is_in_the_one_field_of_err_and_the_fix_in_msa(
    version: str, kind: str
) -> None:
    header = read_header(message("ADT^A04", PID, version=version).encode())
    refusals = (
        Refusal("units", "FT1[2]-10", "send whole units, 1 to 999"),
        Refusal("given-name-missing", "PID-5.2", "send the given name"),
        Refusal("value-not-accepted", "Person.family", "too long | by ^ far"),
    )
    raw = answered(header, "AE", *refusals)
    answer = parse(raw)
    assert answer.msh.get(12) == version
    assert answer.msh.fields[9] == kind
    [err] = answer.all("ERR")
    assert err.fields[1:] == [
        "FT1^2^10^102&Data type error&HL70357"
        "~PID^1^5^101&Required field missing&HL70357"
        "~^^^102&Data type error&HL70357"
    ]
    msa = answer.required("MSA")
    assert (msa.get(1), msa.get(6), msa.get(6, 3)) == ("AE", "102", "HL70357")
    assert msa.get(3).startswith("units at FT1[2]-10: send whole units, 1 to 999; given-name-miss")
    assert "too long | by ^ far" in msa.get(3)


@pytest.mark.parametrize("processing_id", ["P", "T", "D"])
@pytest.mark.parametrize("version", ["2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.2"])
def test_the_answer_is_of_the_messages_version_and_processing_id(
    version: str, processing_id: str
) -> None:
    sent = message("ADT^A04", PID, version=version).replace("|P|", f"|{processing_id}|", 1)
    answer = parse(answered(read_header(sent.encode())))
    assert (answer.msh.get(12), answer.msh.get(11)) == (version, processing_id)
    other = parse(answered(read_header(message("ADT^A04", PID, version="9.9").encode())))
    assert (other.msh.get(12), other.msh.get(11)) == ("2.5.1", "P")


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        ("message-type-not-taken", "200"),
        ("trigger-event-not-taken", "201"),
        ("processing-id", "202"),
        ("version-not-taken", "203"),
        ("control-id-reused", "205"),
        ("try-again", "207"),
        ("second-message", "100"),
        ("control-id-missing", "101"),
        ("escape-sequence", "102"),
    ],
)
def test_a_refusal_has_its_condition_of_table_0357(code: str, condition: str) -> None:
    answer = parse(answered(None, "AE", Refusal(code, "MSH", "mend it")))
    assert answer.required("ERR").get(3) == condition


@pytest.mark.parametrize(
    ("raw", "is_one"),
    [
        (message("ACK^A04^ACK", "MSA|AA|1").encode(), True),
        (message("ACK").encode(), True),
        (message("MCF", "MSA|AA|1").encode(), True),
        (message("ORR^O02", "MSA|AA|1").replace("\r", "\r\n").encode(), True),
        (message("ADT^A04", PID).encode(), False),
        (message("", "").encode(), False),
    ],
)
def test_an_answer_is_told_from_a_message(raw: bytes, is_one: bool) -> None:
    header = read_header(raw)
    assert header is not None
    assert header.is_acknowledgement == is_one


@pytest.mark.parametrize(
    "raw", [b"", b"MSH", b"PID|1", b"\xff\xfe" * 20, b"MSH|^~", b"GET / HTTP/1.1"]
)
def test_what_has_no_header_is_answered_without_one(raw: bytes) -> None:
    assert read_header(raw) is None
    answer = parse(answered(None, "AR"))
    assert answer.required("MSA").get(1) == "AR"
    assert answer.required("MSA").get(2) == ""


@given(any_.binary(max_size=80))
def test_no_header_is_too_broken_to_be_answered(tail: bytes) -> None:
    header = read_header(b"MSH|^~\\&|" + tail)
    segments = parse(answered(header, "AR")).segments
    assert [segment.name for segment in segments] == ["MSH", "MSA"]


@given(NAMES.filter(lambda text: "|" not in text))
def test_the_key_leaves_the_message_and_nothing_else_does(key: str) -> None:
    sent = message("ADT^A04", PID)
    assert without_key(sent.replace("KEY", key).encode()) == sent.replace("KEY", "").encode()
    assert without_key(b"\xef\xbb\xbf" + sent.encode()) == (
        b"\xef\xbb\xbf" + sent.replace("KEY", "").encode()
    )
