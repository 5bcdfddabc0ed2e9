"""The independent judge sees what is wrong: a judge that accepts everything would prove nothing."""

from __future__ import annotations

import pytest

from services.billing.x12 import write_837p
from tests.billing.x12.batches import batch, claim
from tests.billing.x12.validated import accepted, load_map, problems

SPOILED = {
    "a segment count": (b"SE*26", b"SE*25", "SE count"),
    "a missing segment": (b"HI*ABK:E119*ABF:I10~", b"", "HI"),
    "a segment out of its loop": (b"LX*1~", b"LX*1~PAT*19~", "PAT"),
    "an empty element": (b"*XX*1912301953", b"*XX*", "NM109"),
    "a code that the guide does not have": (b":B:1*Y*A", b":B:1*Y*Z", "CLM07"),
    "an amount in words": (b"*125.5*UN", b"*MUCH*UN", "SV102"),
    "a day that is none": (b"20250303", b"20250230", "DTP03"),
    "a group control number": (b"GE*1*7", b"GE*1*8", "GE id"),
    "an interchange control number": (b"IEA*1*000000007", b"IEA*1*000000008", "IEA id"),
    "another guide": (b"005010X222A1", b"005010X999A1", "X999"),
}


def test_what_the_writer_writes_is_accepted() -> None:
    content = write_837p(batch(claim(lines=1)))
    assert accepted(content) is content


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED.keys())
def test_a_file_that_is_broken_is_refused_with_the_place(spoiled: tuple[bytes, bytes, str]) -> None:
    good, bad, place = spoiled
    content = write_837p(batch(claim(lines=1)))
    assert good in content
    assert any(place in found for found in problems(content.replace(good, bad)))
    with pytest.raises(AssertionError):
        accepted(content.replace(good, bad))


def test_a_map_that_was_used_finds_what_a_new_one_finds() -> None:
    content = write_837p(batch(claim(lines=1)))
    files = [content, *(content.replace(good, bad) for good, bad, _ in SPOILED.values())]
    for file in files:
        problems.__wrapped__(file)
    for file in files[::3]:
        used = problems.__wrapped__(file)
        load_map.cache_clear()
        assert used == problems.__wrapped__(file)
