"""Each law of the envelope, broken once, has a code of its own and repeats no content."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.x12 import X12Error
from services.billing.x12.segments import CHUNK_BYTES, LONGEST_SEGMENT, Segments
from tests.billing.x12.remittance_files import CLAIM, GS, HEAD, ISA, remittance

GOOD = remittance()


def _read(content: bytes) -> list[list[str]]:
    return list(Segments(io.BytesIO(content)))


def _again(content: bytes) -> bytes:
    """The same transaction twice in one group."""
    start, end = content.index(b"ST*"), content.index(b"GE*")
    twice = content[:end] + content[start:end] + content[end:]
    return twice.replace(b"GE*1*", b"GE*2*")


_BREAKS: dict[str, bytes] = {
    "empty-file": b"\r\n ",
    "not-x12": b"<html>" + GOOD,
    "isa-length": GOOD.replace(b"00*          *00", b"00*         *00", 1),
    "isa-delimiters": GOOD.replace(b"*T*:~", b"*T*^~", 1),
    "trailing-data": GOOD + b"and more",
    "truncated": GOOD[:-30],
    "empty-segment": GOOD.replace(b"LX*1~", b"LX*1~~"),
    "control-character": GOOD.replace(b"SAMPLE", b"SAM\x00LE"),
    "line-break-in-segment": GOOD.replace(b"SAMPLE HEALTH", b"SAMPLE\nHEALTH"),
    "segment-too-long": GOOD.replace(b"SAMPLE", b"S" * (LONGEST_SEGMENT + CHUNK_BYTES)),
    "envelope-order": GOOD.replace(b"GE*1*7~\n", b""),
    "segment-outside-transaction": GOOD.replace(b"ST*835*0001~\n", b""),
    "interchange-control-mismatch": GOOD.replace(b"IEA*1*000000007", b"IEA*1*000000008"),
    "group-control-mismatch": GOOD.replace(b"GE*1*7", b"GE*1*8"),
    "transaction-control-mismatch": GOOD.replace(b"*0001~\nGE", b"*0002~\nGE"),
    "segment-count": GOOD.replace(b"LX*1~\n", b""),
    "transaction-count": GOOD.replace(b"GE*1*7", b"GE*2*7"),
    "group-count": GOOD.replace(b"IEA*1*", b"IEA*x*"),
    "duplicate-transaction": _again(GOOD),
}


@pytest.mark.parametrize("code", _BREAKS)
def test_a_broken_envelope_is_refused_with_its_own_code(code: str) -> None:
    with pytest.raises(X12Error) as refused:
        _read(_BREAKS[code])
    assert refused.value.code == code
    assert refused.value.fix
    assert "SAMPLE" not in str(refused.value)


def test_numbers_that_disagree_can_be_collected_while_reading_goes_on() -> None:
    problems: list[X12Error] = []
    content = GOOD.replace(b"GE*1*7", b"GE*2*8").replace(b"IEA*1*", b"IEA*2*")
    segments = list(Segments(io.BytesIO(content), problems))
    assert len(segments) == len(_read(GOOD))
    assert [p.code for p in problems] == [
        "group-control-mismatch",
        "transaction-count",
        "group-count",
    ]


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n", "\r", "\n\n"])
def test_line_ends_after_the_terminator_change_nothing(line_end: str) -> None:
    assert _read(remittance(line_end=line_end)) == _read(remittance(line_end=""))


@pytest.mark.parametrize("terminator", [b"\n", b"\r", b"\x1c", b"'"])
def test_any_special_character_may_end_a_segment(terminator: bytes) -> None:
    assert _read(remittance(line_end="").replace(b"~", terminator)) == _read(GOOD)


def test_interchanges_with_other_delimiters_may_follow_one_another() -> None:
    plain = remittance(line_end="")
    other = plain.translate(bytes.maketrans(b"*:~^", b"|>'!"))
    content = plain + other + GOOD + b"\r\n\x1a"
    once = _read(GOOD)
    assert [s[0] for s in _read(content)] == [s[0] for s in once] * 3
    assert _read(content)[len(once) + 2] == once[2]


@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_segments_do_not_depend_on_where_reads_cut_the_file(sizes: list[int]) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(sizes[self.tell() % len(sizes)])

    content = remittance(line_end="\r\n") * 2
    assert list(Segments(Cut(content))) == _read(content)


@given(place=st.integers(0, len(GOOD) - 3))
def test_a_cut_file_is_never_taken_for_a_whole_one(place: int) -> None:
    with pytest.raises(X12Error):
        _read(GOOD[:place])


@given(index=st.integers(0, len(HEAD) + len(CLAIM) - 1), double=st.booleans())
def test_a_dropped_or_doubled_segment_is_noticed(index: int, double: bool) -> None:
    rows = [*HEAD, *CLAIM]
    spoilt = [*rows[:index], *([rows[index]] * (2 if double else 0)), *rows[index + 1 :]]
    whole = [ISA, GS, "ST*835*0001", *spoilt, f"SE*{len(rows) + 2}*0001", "GE*1*7",
             "IEA*1*000000007"]  # fmt: skip
    with pytest.raises(X12Error) as refused:
        _read("".join(f"{row}~" for row in whole).encode())
    assert refused.value.code == "segment-count"
