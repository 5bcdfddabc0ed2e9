"""835: amounts to the cent, every sum judged, nothing but the open claim in memory."""

from __future__ import annotations

import io
import sys
import tracemalloc
from datetime import date
from typing import BinaryIO, cast

import pytest

from services.billing.x12 import (
    RemittanceTrailer,
    RemittedAdjustment,
    RemittedClaim,
    X12Error,
    read_835,
)
from services.billing.x12.values import cents
from tests.billing.x12.remittance_files import CLAIM, HEAD, GeneratedRemittance, remittance


def _trailer(content: bytes) -> RemittanceTrailer:
    *_, trailer = read_835(io.BytesIO(content))
    assert isinstance(trailer, RemittanceTrailer)
    return trailer


def _replaced(old: str, new: str) -> bytes:
    body = [new if row == old else row for row in (*HEAD, *CLAIM)]
    assert new in body
    return remittance(body)


def test_lines_carry_their_number_their_day_and_their_reasons() -> None:
    [claim] = [e for e in read_835(io.BytesIO(remittance())) if isinstance(e, RemittedClaim)]
    first, second = claim.lines
    assert (first.control_number, first.procedure, first.modifiers) == (
        "CLAIM1-1",
        "G0439",
        ("25",),
    )
    assert (first.charge_cents, first.paid_cents) == (10_000, 6_000)
    assert first.service_on == date(2025, 3, 3)
    assert first.adjustments == (
        RemittedAdjustment("CO", "45", 2_500, None),
        RemittedAdjustment("PR", "2", 1_500, None),
    )
    assert [a.reason for a in second.adjustments] == ["45", "253", "2"]
    assert _trailer(remittance()).patient_cents == 2_400
    assert _trailer(remittance()).balanced


@pytest.mark.parametrize(
    ("old", "new", "levels"),
    [
        (HEAD[0], HEAD[0].replace("*96*", "*96.01*"), ["transaction"]),
        (CLAIM[0], CLAIM[0].replace("*160*", "*161*"), ["claim"]),
        (CLAIM[0], CLAIM[0].replace("*96*", "*97*"), ["claim", "transaction"]),
        (CLAIM[3], CLAIM[3].replace("*100*", "*101*"), ["line"]),
        (CLAIM[5], CLAIM[5].replace("*25", "*24.99"), ["line", "claim"]),
    ],
)
def test_one_changed_amount_is_reported_on_its_level(old: str, new: str, levels: list[str]) -> None:
    trailer = _trailer(_replaced(old, new))
    assert not trailer.balanced
    assert [finding.level for finding in trailer.unbalanced] == levels
    assert all(f.expected_cents != f.actual_cents for f in trailer.unbalanced)


def test_an_unbalanced_line_says_which_and_by_how_much() -> None:
    [line, _] = _trailer(_replaced(CLAIM[11], "CAS*PR*2*9.50")).unbalanced
    assert (line.level, line.claim_control_number, line.line_number) == ("line", "CLAIM1", 2)
    assert (line.expected_cents, line.actual_cents) == (2_400, 2_450)
    assert line.segment_number == 10


def test_a_reversal_and_a_recoupment_balance_with_their_signs() -> None:
    reversal = ("CLP*CLAIM0*22*-160*-96**12*PCN0*11*1", "CAS*CO*45*-64")
    plb = "PLB*1234567893*20251231*WO:PCN0*50*L6*-0.27"
    head = (HEAD[0].replace("*96*", "*-49.73*"), *HEAD[1:])
    trailer = _trailer(remittance((*head, *CLAIM, *reversal, plb)))
    assert trailer.balanced
    assert trailer.provider_adjustment_cents == 4_973


@pytest.mark.parametrize("text", ["1.234", "1,00", "1e2", "٣", "NaN", "--1", ".", "1 ", "9" * 14])
def test_an_amount_that_is_not_exact_dollars_and_cents_is_refused(text: str) -> None:
    with pytest.raises(X12Error) as refused:
        cents(["AMT", text], 1, 5)
    assert (refused.value.code, refused.value.segment_number) == ("bad-amount", 5)
    assert refused.value.message == "AMT01 is not an amount in dollars with at most two decimals."


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1", 100), ("0.07", 7), (".5", 50), ("-1.27", -127), ("150000.", 15_000_000), ("-0", 0)],
)
def test_amounts_are_read_exactly(text: str, amount: int) -> None:
    assert cents(["AMT", text], 1, 1) == amount


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ((*HEAD, *CLAIM[1:]), "segment-order"),
        ((*HEAD[1:], *CLAIM), "missing-segment"),
        ((HEAD[0], *HEAD[2:], *CLAIM), "missing-segment"),
        ((*HEAD[:4], *CLAIM), "missing-segment"),
        ((*HEAD, HEAD[0], *CLAIM), "segment-order"),
        ((*HEAD, *CLAIM, "PLB*1*20251231*WO*0", *CLAIM), "segment-order"),
        ((*HEAD, *CLAIM, "SV1*HC:G0439*1"), "unexpected-segment"),
        ((*HEAD, "CLP**1*160*96", *CLAIM[1:]), "missing-element"),
        ((*HEAD, "CLP*C*1*160", *CLAIM[1:]), "missing-element"),
        ((*HEAD, *CLAIM, "CAS*XX*45*0"), "bad-code"),
        ((*HEAD, *CLAIM, "DTM*472*20250230"), "bad-date"),
        ((*HEAD, *CLAIM, "CAS*CO*45*1*many"), "bad-quantity"),
        ((*HEAD, *CLAIM, "PLB*1*20251231*WO"), "missing-element"),
    ],
)
def test_a_remittance_with_a_wrong_segment_is_refused(body: tuple[str, ...], code: str) -> None:
    with pytest.raises(X12Error) as refused:
        list(read_835(io.BytesIO(remittance(body))))
    assert refused.value.code == code


def test_another_transaction_is_refused_at_its_st() -> None:
    content = remittance().replace(b"005010X221A1", b"005010X222A1")
    with pytest.raises(X12Error) as refused:
        list(read_835(io.BytesIO(content)))
    assert (refused.value.code, refused.value.segment_number) == ("unexpected-transaction", 3)


def test_twenty_megabytes_stream_through_flat_memory() -> None:
    list(read_835(cast("BinaryIO", GeneratedRemittance(200))))  # fills the bounded caches first
    large = GeneratedRemittance(46_000)
    trailer, blocks_early = None, 0
    tracemalloc.start()
    for count, event in enumerate(read_835(cast("BinaryIO", large))):
        trailer = event
        if count == 4_000:
            # Tracing makes every allocation slow: for the rest, objects alive are counted.
            _, peak_bytes = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak_bytes < 1_000_000 < large.size
            blocks_early = sys.getallocatedblocks()
    assert sys.getallocatedblocks() - blocks_early < 5_000
    assert isinstance(trailer, RemittanceTrailer)
    assert trailer.balanced
    assert trailer.claims == 46_000
    assert large.size > 20_000_000
