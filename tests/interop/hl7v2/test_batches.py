"""Batches and files of messages (HL7 v2.5.1 §2.10.3) come apart, and what is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.mllp.batches import is_batch, split_messages
from services.interop.mllp.framing import frame
from tests.interop.hl7v2.reading import patient_of
from tests.interop.mllp.conftest import PID, SAMPLES, message

FHS, BHS = "FHS|^~\\&|EHR|MAIN\r", "BHS|^~\\&|EHR|MAIN\r"
ONE, TWO, THREE = (
    message("ADT^A04", PID.replace("1001", mrn), "ZAB|1", control_id=mrn)
    for mrn in ("1001", "1002", "1003")
)


def texts(raw: str) -> list[list[str]]:
    return [[m.decode() for m in batch.messages] for batch in split_messages(raw.encode()).batches]


def wrong(raw: str) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in split_messages(raw.encode()).refusals]


def test_a_file_of_batches_comes_apart_in_its_order() -> None:
    sent = f"{FHS}{BHS}{ONE}{TWO}BTS|2\r{BHS}{THREE}BTS|1|thanks\rFTS|2\r"
    assert texts(sent) == [[ONE, TWO], [THREE]]
    assert wrong(sent) == []
    found = split_messages(sent.encode())
    assert (found.header.decode(), found.batches[1].header.decode()) == (FHS, BHS)
    assert found.batches[1].trailer == b"BTS|1|thanks\r"
    assert [message.decode() for message in found.messages] == [ONE, TWO, THREE]


@pytest.mark.parametrize("between", ["", "\r", "\r\n\r\n", "\n\n\n"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\r\n"])
def test_messages_one_after_the_other_come_apart(between: str, before: str) -> None:
    assert texts(before + between.join((ONE, TWO, THREE))) == [[ONE, TWO, THREE]]


def test_a_recording_of_frames_comes_apart() -> None:
    recorded = b"\r\n".join(frame(text.encode()) for text in (ONE, TWO, THREE))
    assert texts(recorded.decode()) == [[ONE, TWO, THREE]]
    assert wrong(recorded.decode()) == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_message_keeps_its_own_line_ends(ending: str) -> None:
    [[first, second]] = texts((ONE + TWO).replace("\r", ending))
    assert first == ONE.rstrip("\r").replace("\r", ending) + "\r"
    assert patient_of(second).mrn == "1002"


def test_every_sample_file_in_one_is_every_sample() -> None:
    raw = [path.read_bytes() for path in sorted(SAMPLES.glob("*.hl7"))]
    together = split_messages(b"\r\n\r\n".join(one.removeprefix(b"\xef\xbb\xbf") for one in raw))
    assert len(together.messages) == len(raw)
    assert together.messages == tuple(split_messages(one).messages[0] for one in raw)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (f"{BHS}{ONE}BTS|2\r", [("batch-count", "BTS-1")]),
        (f"{BHS}{ONE}BTS|one\r", [("batch-count", "BTS-1")]),
        (f"{BHS}{ONE}BTS|{'9' * 5000}\r", [("batch-count", "BTS-1")]),
        (f"{FHS}{BHS}{ONE}BTS|1\rFTS|2\r", [("batch-count", "FTS-1")]),
        (f"{FHS}{BHS}{ONE}BTS|2\rFTS|2\r", [("batch-count", "BTS-1"), ("batch-count", "FTS-1")]),
        (f"{BHS}{ONE}", [("batch-not-ended", "BTS")]),
        (f"{FHS}{BHS}{ONE}BTS\r", [("batch-not-ended", "FTS")]),
        (f"{BHS}{ONE}{BHS}{TWO}BTS|1\r", [("batch-order", "BHS")]),
        (f"{FHS}{BHS}{ONE}FTS|1\r", [("batch-order", "FTS")]),
        (f"{ONE}BTS|1\r", [("batch-order", "BTS")]),
        (f"{BHS}{ONE}BTS|1\rFTS|1\r", [("batch-order", "FTS")]),
        (f"{ONE}{FHS}FTS\r", [("batch-order", "FHS")]),
        (f"{FHS}FTS|0\r{ONE}", [("batch-order", "MSH")]),
        (f"PID|1\r{ONE}", [("not-hl7", "MSH")]),
        ("", []),
        (f"{BHS}BTS\r", []),
        (f"{BHS}{ONE}BTS\r", []),
        (f"{BHS}{ONE}BTS|1|x\r{BHS}{TWO}BTS|1\r", []),
    ],
)
def test_what_is_wrong_with_a_batch_is_named(sent: str, found: list[tuple[str, str]]) -> None:
    assert wrong(sent) == found


def test_a_frame_with_a_batch_is_told_from_one_with_a_message() -> None:
    assert is_batch(BHS.encode())
    assert is_batch(b"\xef\xbb\xbf\r\n" + FHS.encode())
    assert not is_batch(ONE.encode())
    assert not is_batch(b"")


@given(any_.lists(any_.sampled_from([FHS, BHS, ONE, TWO, "BTS|1\r", "FTS|1\r", "ZZZ\r", "\r"])))
def test_whatever_the_order_no_message_is_lost(pieces: list[str]) -> None:
    found = split_messages("".join(pieces).encode())
    assert len(found.messages) == sum(piece in (ONE, TWO) for piece in pieces)


@given(any_.binary(max_size=200))
def test_no_bytes_at_all_stop_the_splitting(raw: bytes) -> None:
    split_messages(raw)
    split_messages(b"BHS|" + raw)
