"""An 837P to a further payer says what those before decided (005010X222A1, section 1.4.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.local.payer.claims import read_claims
from services.billing.x12 import (
    RefusedElementError,
    RemittedAdjustment,
    read_batches,
    write_837p,
)
from services.billing.x12.claims_837p import Payer, Person, ProfessionalClaim
from services.billing.x12.claims_837p_cob import (
    Adjudication,
    LineAdjudication,
    OtherPayer,
    OtherSubscriber,
)
from tests.billing.x12.batches import CHILD, SUBSCRIBER, batch, claim
from tests.billing.x12.validated import accepted

INSURED = OtherSubscriber(Person("DOE", "JOHN"), "OTH77", "01", "CI", "GRP1")


def _cas(*triples: tuple[str, str, int]) -> tuple[RemittedAdjustment, ...]:
    return tuple(RemittedAdjustment(*triple, quantity=None) for triple in triples)


def _line(number: int, paid: int, *triples: tuple[str, str, int]) -> LineAdjudication:
    return LineAdjudication(f"CLAIM1-{number}", paid, "G0439", ("25",), Decimal(1), _cas(*triples))


ON_LINES = Adjudication(
    paid_cents=15_000,
    decided_on=date(2025, 3, 20),
    adjustments=(),
    lines=(
        _line(1, 10_000, ("CO", "45", 550), ("PR", "2", 2_000)),
        _line(2, 5_000, ("CO", "45", 5_000), ("CO", "253", 50), ("PR", "1", 2_500)),
    ),
    payer_claim_number="PCN/1",
)
ON_THE_CLAIM = Adjudication(
    15_000, date(2025, 3, 20), _cas(("CO", "45", 5_600), ("PR", "1", 4_500)), ()
)


def _secondary(made: Adjudication | None, **changes: object) -> ProfessionalClaim:
    first = OtherPayer("P", Payer("FIRST PLAN", "FIRST1"), INSURED, made)
    asked: dict[str, object] = {"sequence": "S", "others": (first,), **changes}
    return replace(claim(payer="SECOND1"), **asked)  # type: ignore[arg-type]


def _rows(said: ProfessionalClaim) -> list[str]:
    """As the independent judge accepts it, and as billing's own reader understands it again."""
    said = replace(said, diagnoses=("E119", "I10"))  # X12 leaves their point out
    content = accepted(write_837p(batch(said)))
    assert read_batches(BytesIO(content)) == [batch(said)]
    return content.decode().split("~")


def test_the_primarys_lines_are_said_below_each_line() -> None:
    rows = _rows(_secondary(ON_LINES))
    assert "SBR*S*18*GRP9******CI" in rows
    start = rows.index("SBR*P*01*GRP1******CI")
    assert rows[start : start + 6] == [
        "SBR*P*01*GRP1******CI",
        "AMT*D*150",
        "OI***Y***Y",
        "NM1*IL*1*DOE*JOHN****MI*OTH77",
        "NM1*PR*2*FIRST PLAN*****PI*FIRST1",
        "REF*F8*PCN/1",
    ]
    second = rows.index("SVD*FIRST1*50*HC:G0439:25**1")
    assert rows[second + 1 : second + 5] == [
        "CAS*CO*45*50**253*0.5",
        "CAS*PR*1*25",
        "DTP*573*D8*20250320",
        "AMT*EAF*25",
    ]


def test_a_decision_on_the_claim_only_is_said_above_the_lines() -> None:
    rows = _rows(_secondary(ON_THE_CLAIM))
    start = rows.index("SBR*P*01*GRP1******CI")
    assert rows[start + 1 : start + 9] == [
        "CAS*CO*45*56",
        "CAS*PR*1*45",
        "AMT*D*150",
        "AMT*EAF*45",
        "OI***Y***Y",
        "NM1*IL*1*DOE*JOHN****MI*OTH77",
        "NM1*PR*2*FIRST PLAN*****PI*FIRST1",
        "DTP*573*D8*20250320",
    ]
    assert not any(row.startswith("SVD") for row in rows)


def test_a_claims_own_adjustment_beside_its_lines_lowers_what_was_paid() -> None:
    made = replace(ON_LINES, paid_cents=14_900, adjustments=_cas(("CO", "104", 100)))
    assert "AMT*D*149" in _rows(_secondary(made))


def test_the_first_payer_hears_of_those_after_it_without_any_amount() -> None:
    later = OtherPayer("S", Payer("SECOND PLAN", "SECOND1"), INSURED)
    rows = _rows(replace(claim(), others=(later,)))
    start = rows.index("SBR*S*01*GRP1******CI")
    assert rows[start + 1 : start + 4] == [
        "OI***Y***Y",
        "NM1*IL*1*DOE*JOHN****MI*OTH77",
        "NM1*PR*2*SECOND PLAN*****PI*SECOND1",
    ]


def test_a_tertiary_payer_hears_of_both_before_it() -> None:
    second = replace(
        ON_THE_CLAIM, paid_cents=4_000, adjustments=_cas(("OA", "23", 20_600), ("PR", "2", 500))
    )
    both = (
        OtherPayer("P", Payer("FIRST PLAN", "FIRST1"), INSURED, ON_LINES),
        OtherPayer("S", Payer("SECOND PLAN", "SECOND1"), INSURED, second),
    )
    rows = _rows(_secondary(None, sequence="T", others=both))
    assert [row for row in rows if row.startswith("AMT*D")] == ["AMT*D*150", "AMT*D*40"]


def test_a_dependents_claim_goes_to_a_further_payer_too() -> None:
    insured = replace(SUBSCRIBER, demographics=None)
    rows = _rows(_secondary(ON_LINES, patient=CHILD, subscriber=insured))
    assert "SBR*S**GRP9******CI" in rows


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (None, "2320 AMT*D"),
        (replace(ON_THE_CLAIM, paid_cents=15_001), "2320 AMT*D"),
        (replace(ON_LINES, paid_cents=15_001), "2320 AMT*D"),
        (replace(ON_LINES, lines=ON_LINES.lines[:1], paid_cents=10_000), "2430 SVD"),
        (
            replace(ON_LINES, lines=(ON_LINES.lines[0], _line(2, 5_000, ("CO", "45", 7_549)))),
            "2430 SVD02",
        ),
        (
            replace(
                ON_LINES,
                paid_cents=10_000,
                lines=(ON_LINES.lines[0], replace(ON_LINES.lines[1], line="3", paid_cents=0)),
            ),
            "2430 SVD",
        ),
    ],
)
def test_a_claim_that_does_not_balance_is_not_written(
    made: Adjudication | None, place: str
) -> None:
    with pytest.raises(RefusedElementError) as refused:
        write_837p(batch(_secondary(made)))
    assert refused.value.element == place


def test_more_reasons_of_one_group_than_a_segment_holds_are_refused() -> None:
    many = _cas(*[("CO", str(reason), 800) for reason in range(40, 47)], ("PR", "1", 4_500))
    with pytest.raises(RefusedElementError, match="2320 CAS"):
        write_837p(batch(_secondary(replace(ON_THE_CLAIM, adjustments=many))))


_reasons = st.sampled_from(["1", "2", "23", "45", "96", "253", "B7"])
_groups = st.sampled_from(["CO", "CR", "OA", "PI", "PR"])


@st.composite
def _decided(draw: st.DrawFn, number: int, charge: int) -> LineAdjudication:
    """Any decision that comes out to the line's charge."""
    said = draw(st.lists(st.tuples(_groups, _reasons, st.integers(-5_000, 5_000)), max_size=5))
    paid = draw(st.integers(0, charge))
    rest = charge - paid - sum(cents for _, _, cents in said)
    return _line(number, paid, *said, ("CO", "P12", rest))


@given(_decided(1, 12_550), _decided(2, 12_550))
def test_whatever_a_payer_decided_of_the_lines_is_read_back_equal(
    first: LineAdjudication, second: LineAdjudication
) -> None:
    made = replace(ON_LINES, paid_cents=first.paid_cents + second.paid_cents, lines=(first, second))
    [read] = read_claims(write_837p(batch(_secondary(made)))).claims
    [other] = read.others
    assert (read.sequence, other.sequence, other.paid_cents) == ("S", "P", made.paid_cents)
    assert [line.paid_cents for line in other.lines] == [first.paid_cents, second.paid_cents]
    for line, said in zip(other.lines, made.lines, strict=True):
        kept = sorted((a.group, a.reason, a.cents) for a in said.adjustments if a.cents)
        assert sorted(line.adjustments) == kept


@pytest.mark.parametrize("code", ["12", "47"])
def test_medicare_after_another_payer_says_why(code: str) -> None:
    asked = replace(SUBSCRIBER, filing_code="MB", insurance_type=code)
    rows = _rows(_secondary(ON_LINES, subscriber=asked))
    assert f"SBR*S*18*GRP9**{code}****MB" in rows
    told = replace(INSURED, filing_code="MB", insurance_type=code)
    later = OtherPayer("S", Payer("MEDICARE", "MCARE"), told)
    assert f"SBR*S*01*GRP1**{code}****MB" in _rows(replace(claim(), others=(later,)))


@pytest.mark.parametrize(
    ("filing", "sequence", "code"),
    [("MB", "S", None), ("MA", "S", "99"), ("CI", "S", "12"), ("MB", "P", "12")],
)
def test_an_insurance_type_stands_where_medicare_is_not_asked_first_and_nowhere_else(
    filing: str, sequence: str, code: str | None
) -> None:
    asked = replace(SUBSCRIBER, filing_code=filing, insurance_type=code)
    said = _secondary(ON_LINES, subscriber=asked)
    if sequence == "P":
        said = replace(claim(), subscriber=asked)
    with pytest.raises(RefusedElementError) as refused:
        write_837p(batch(said))
    assert refused.value.element == "2000B SBR05"
