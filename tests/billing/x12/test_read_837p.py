"""837P read back: what we write comes back equal, and what no payer could read is refused."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from services.billing.x12 import X12Error, write_837p
from services.billing.x12.claims_837p import ClaimsTrailer, ProfessionalClaim, ProfessionalClaims
from services.billing.x12.read_837p import read_837p, read_batches
from tests.billing.x12.batches import CHILD, any_batch, batch, claim
from tests.billing.x12.validated import accepted

SAMPLES = Path("samples/x12")


def as_it_travels(written: ProfessionalClaims) -> ProfessionalClaims:
    """Diagnoses lose their point (005010X222A1, HI01-2)."""
    claims = tuple(
        replace(one, diagnoses=tuple(code.replace(".", "") for code in one.diagnoses))
        for one in written.claims
    )
    return replace(written, claims=claims)


@given(written=any_batch())
@settings(max_examples=25, deadline=None)  # the judge takes its time
def test_any_batch_is_accepted_by_the_judge_and_comes_back_equal(
    written: ProfessionalClaims,
) -> None:
    content = accepted(write_837p(written))
    assert read_batches(io.BytesIO(content)) == [as_it_travels(written)]


def test_a_file_is_read_as_a_stream_that_ends_in_its_totals() -> None:
    child = replace(claim("C1"), patient=CHILD)
    content = write_837p(batch(child, claim("C2", lines=3)))
    head, first, second, trailer = read_837p(io.BytesIO(content))
    assert isinstance(head, ProfessionalClaims)
    assert head.claims == ()
    assert isinstance(first, ProfessionalClaim)
    assert first.patient == CHILD
    assert isinstance(second, ProfessionalClaim)
    assert (second.patient, len(second.lines)) == (None, 3)
    assert trailer == ClaimsTrailer(2, 5, 5 * 12_550, 0, ())


def test_a_charge_that_is_not_the_sum_of_its_lines_is_told_with_its_place() -> None:
    content = write_837p(batch(claim(lines=2)))
    *_, trailer = read_837p(io.BytesIO(content.replace(b"*251*", b"*252*")))
    assert isinstance(trailer, ClaimsTrailer)
    assert trailer.unbalanced_count == 1
    [found] = trailer.unbalanced
    assert (found.claim_control_number, found.segment_number) == ("CLAIM1", 20)
    assert (found.expected_cents, found.actual_cents) == (25_100, 25_200)


SPOILED = {
    "no subscriber": (b"NM1*IL*1*DOE*JANE*Q***MI*MEM001~", b"", "missing-segment"),
    "no payer": (b"NM1*PR*2*SAMPLE HEALTH PLAN*****PI*PAYER1~", b"", "missing-segment"),
    "no birth date": (b"DMG*D8*19800229*F~", b"", "missing-segment"),
    "no diagnosis": (b"HI*ABK:E119*ABF:I10~", b"", "missing-segment"),
    "no service": (b"SV1*HC:G0439:25*125.5*UN*1***1~", b"", "missing-segment"),
    "a diagnosis without a code": (b"ABF:I10", b"ABF", "missing-element"),
    "another sex": (b"*19800229*F", b"*19800229*X", "bad-code"),
    "another frequency": (b"11:B:1*", b"11:B:5*", "bad-code"),
    "an amount in words": (b"*125.5*UN", b"*MUCH*UN", "bad-amount"),
    "half a unit": (b"*UN*1*", b"*UN*.5*", "bad-quantity"),
    "a pointer in words": (b"***1~DTP", b"***A~DTP", "bad-code"),
    "a day that is none": (b"20250303", b"20250230", "bad-date"),
    "a level of no claim": (b"*22*0", b"*24*0", "bad-code"),
    "a segment of another guide": (b"LX*1~", b"LX*1~SV2*0450~", "unexpected-segment"),
    "a segment too few": (b"LX*1~", b"", "segment-count"),
    "another guide": (b"005010X222A1", b"005010X223A2", "unexpected-transaction"),
}


@pytest.mark.parametrize(("good", "bad", "code"), SPOILED.values(), ids=SPOILED.keys())
def test_what_cannot_be_read_is_refused(good: bytes, bad: bytes, code: str) -> None:
    content = write_837p(batch(claim(lines=1)))
    assert good in content
    problems: list[X12Error] | None = None if code == "segment-count" else []
    with pytest.raises(X12Error) as refused:
        list(read_837p(io.BytesIO(content.replace(good, bad)), problems))
    assert refused.value.code == code


@pytest.mark.parametrize("end", [35, 130, 400, 700])
def test_a_file_that_was_cut_short_is_refused(end: int) -> None:
    content = write_837p(batch(claim(lines=1)))
    with pytest.raises(X12Error):
        list(read_837p(io.BytesIO(content[:end])))


def test_another_senders_file_whose_diagnoses_are_broken_is_refused_there() -> None:
    content = (SAMPLES / "imsweb-x12_many_claims.txt").read_bytes()
    with pytest.raises(X12Error) as refused:
        list(read_837p(io.BytesIO(content), []))
    assert (refused.value.code, refused.value.segment_number) == ("missing-element", 23)
