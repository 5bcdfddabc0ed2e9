"""The answer to a message (HL7 v2.5.1 §2.9.2), read by a parser that nobody here wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.messages.model import Refusal
from services.interop.mllp.acknowledge import Code, acknowledge
from services.interop.mllp.header import Header, read_header, without_key
from services.interop.mllp.segments import parse
from tests.interop.mllp.conftest import PID, message

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
