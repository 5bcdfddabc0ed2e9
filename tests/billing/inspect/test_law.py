"""What inspection says of an 835 is what posting does with it, and size costs no memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.inspect.guides import guide_of
from services.billing.inspect.inspect import inspect
from services.billing.inspect.model import CLEAN, MOST_TOLD
from services.billing.inspect.walk import Guide, Walk
from services.billing.x12 import RemittanceTrailer, X12Error, read_835, write_837p
from services.billing.x12.claims_837p import ProfessionalClaims
from tests.billing.inspect.test_samples import X12
from tests.billing.remittance import Line, Said, paid, payment
from tests.billing.x12.batches import any_batch

FILES = [
    (X12 / "lfh-demo.835").read_bytes(),
    payment(
        paid("C1"),
        Said(
            "C2",
            9_000,
            4_000,
            lines=[Line(9_000, 4_000, [("CO", "45", 3_000), ("PR", "1", 2_000)])],
        ),
        paid("C1").reversed(),
        plb=[("WO", 500), ("L6", -20)],
    ),
]


def posts(content: bytes) -> bool:
    """Whether the reader that posting uses reads it through and finds every sum right."""
    try:
        said = list(read_835(io.BytesIO(content)))
    except X12Error:
        return False
    return all(one.balanced for one in said if isinstance(one, RemittanceTrailer))


@given(data=st.data(), content=st.sampled_from(FILES))
@settings(max_examples=300, deadline=None)
def test_a_mutated_835_that_posting_refuses_is_never_clean(
    data: st.DataObject, content: bytes
) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 8))
    new = data.draw(st.binary(max_size=6) | st.sampled_from([b"~", b"*", b"9", b"-", b".5"]))
    changed = content[:at] + new + content[at + length :]
    if not posts(changed):
        assert inspect("x", io.BytesIO(changed)).verdict != CLEAN


@pytest.mark.parametrize("content", FILES)
def test_its_figures_are_those_of_the_reader_that_posts(content: bytes) -> None:
    [one] = inspect("x", io.BytesIO(content)).transactions
    [trailer] = [t for t in read_835(io.BytesIO(content)) if isinstance(t, RemittanceTrailer)]
    for name in ("claims", "service_lines", "charged_cents", "paid_cents", "adjusted_cents",
                 "patient_cents", "provider_adjustment_cents", "balanced"):  # fmt: skip
        assert getattr(one, name) == getattr(trailer, name)


@given(written=any_batch())
@settings(max_examples=30, deadline=None)
def test_every_837_that_we_write_is_clean(written: ProfessionalClaims) -> None:
    found = inspect("x", io.BytesIO(write_837p(written)))
    assert found.verdict == CLEAN, found
    [one] = found.transactions
    assert one.claims == len(written.claims)
    assert one.charged_cents == sum(claim.charge_cents for claim in written.claims)


class Endless(io.RawIOBase):
    """A stream that is made while it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size:
            part = next(self._parts, b"")
            if not part:
                break
            self._rest += part
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def _large(claims: int) -> Iterator[bytes]:
    head, tail = payment(paid("C0")).split(b"CLP*C0*")
    claim = b"CLP*C%d*1*178*100.5**12*PCN1*11*1~CAS*XX*45*57.5~CAS*PR*2*20~NM1*QC*1*DOE*JANE~"
    yield head
    for number in range(claims):
        yield claim % number
    yield tail.partition(b"NM1*QC*1*DOE*JANE~")[2]


def test_memory_does_not_grow_with_the_file_though_every_claim_is_wrong() -> None:
    peaks: list[int] = []
    for claims in (2_000, 20_000):
        tracemalloc.start()
        stream = Endless(_large(claims))
        [one] = inspect("x", stream).transactions  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert one.claims == claims
        assert len(one.problems) == MOST_TOLD + 1
        assert one.problems[-1].message.endswith("more problems were found.")
    assert peaks[1] < peaks[0] * 1.5


def test_the_automaton_stays_small_whatever_a_file_names() -> None:
    whole = guide_of("837P")
    assert whole is not None
    guide = Guide(whole)
    walk = Walk(guide, 1, lambda *_: None)
    for number in range(5_000):
        walk.take(["REF", f"X{number}", "1"], number)
        walk.take([f"Z{number}"], number)
        walk.take(["HL", "1", "", "20"], number)
    assert sum(len(place.moves) for place in guide.places()) < 50
