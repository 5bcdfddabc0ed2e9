"""MLLP frames: what a sender's network does to the bytes changes nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.mllp.framing import BrokenFrameError, Frames, frame

MOST = 200
CONTENT = any_.binary(max_size=40).filter(lambda b: b"\x0b" not in b and b"\x1c" not in b)
MESSAGES = any_.lists(CONTENT, max_size=6)
BETWEEN = any_.sampled_from([b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n"])


@given(MESSAGES, BETWEEN, any_.lists(any_.integers(0, 300), max_size=12))
def test_however_the_stream_is_sliced_the_same_messages_come_out(
    messages: list[bytes], between: bytes, cuts: list[int]
) -> None:
    stream = between.join([b"", *(frame(message) for message in messages)])
    assert _received(stream, cuts) == messages


@given(MESSAGES, any_.lists(any_.integers(0, 300), max_size=12))
def test_messages_before_a_broken_frame_come_out_and_the_break_is_told(
    messages: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(frame(message) for message in messages) + b"GET / HTTP/1.1\r\n"
    frames, received = Frames(MOST), list[bytes]()
    with pytest.raises(BrokenFrameError):
        for piece in _pieces(stream, cuts):
            for message in frames.feed(piece):
                received.append(message)
    assert received == messages


@given(any_.lists(any_.integers(0, 300), max_size=12))
def test_a_frame_that_never_ends_is_given_up_at_the_limit(cuts: list[int]) -> None:
    with pytest.raises(BrokenFrameError, match=str(MOST)):
        _received(b"\x0b" + b"x" * (MOST + 50), cuts)


def test_a_message_as_long_as_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert _received(frame(b"x" * (MOST - 1)), []) == [b"x" * (MOST - 1)]
    with pytest.raises(BrokenFrameError):
        _received(frame(b"x" * (MOST + 1)), [])


def test_a_message_that_begins_inside_another_is_not_taken_for_part_of_it() -> None:
    with pytest.raises(BrokenFrameError, match="began before"):
        _received(b"\x0bMSH|first\x0bMSH|second\x1c\r", [])


def test_an_end_without_its_carriage_return_ends_nothing() -> None:
    assert _received(b"\x0bMSH|\x1cOBX\x1c\r", []) == [b"MSH|\x1cOBX"]
    assert _received(b"\x0bMSH|\x1c", []) == []


def _received(stream: bytes, cuts: list[int]) -> list[bytes]:
    frames = Frames(MOST)
    return [message for piece in _pieces(stream, cuts) for message in frames.feed(piece)]


def _pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[start:end] for start, end in pairwise(places)]
