"""The figures, against numbers worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.analytics.dashboard.views import worded
from services.analytics.figures.definitions import BY_NAME, FIGURES
from services.analytics.figures.model import COUNTERS, Standing, Value, add_months, add_up, work_out

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def counters(**given: int) -> dict[str, int]:
    return dict.fromkeys(COUNTERS, 0) | given


MONTHS = {
    JANUARY: counters(
        charge_cents=1_000_000, paid_cents=600_000, adjusted_cents=300_000, patient_cents=50_000
    ),
    FEBRUARY: counters(
        charge_cents=500_000,
        paid_cents=200_000,
        adjusted_cents=150_000,
        patient_cents=50_000,
        interfaces_down=1,
    ),
    MARCH: counters(
        encounters=41,
        video_visits=6,
        booked=50,
        missed=5,
        cancelled=2,
        completed=40,
        charge_cents=1_200_050,
        paid_cents=480_020,
        adjusted_cents=360_015,
        patient_cents=60_000,
        written_off_cents=15,
        denied_cents=90_000,
        adjudicated=30,
        clean=27,
        denied=2,
        work_rvu_hundredths=5_217,
        fee_cents=31_201,
        claims_on_hold=3,
        open_queries=2,
        interfaces_down=1,
        patients=33,
    ),
}


BY_HAND: dict[str, Value] = {
    "charges": 1_200_050,
    "collections": 480_020,
    "adjusted": 360_015,
    "patient_share": 60_000,
    "written_off": 15,
    "open": 300_000,
    "management_fee": 31_201,
    # 480,020 of 1,200,050 - 360,015 = 840,035: 57.143 %
    "net_collection_rate": Decimal("57.1"),
    "denial_rate": Decimal("6.7"),  # 2 of 30
    "clean_claim_rate": Decimal("90.0"),  # 27 of 30
    # Open are 50,000 + 100,000 + 300,000; charged 2,700,050 in 31 + 28 + 31 days: 30,000.56 a day.
    "days_in_ar": Decimal("15.0"),
    "encounters": 41,
    "patients": 33,
    "video_share": Decimal("14.6"),  # 6 of 41
    "work_rvus": Decimal("52.17"),
    "no_show_rate": Decimal("10.4"),  # 5 of 48
    "cancellation_rate": Decimal("4.0"),  # 2 of 50
    "appointments_kept": 40,
    "claims_on_hold": 3,
    "open_queries": 2,
    "interfaces_down": 2,  # one since February, one since March
}


def test_every_figure_is_what_a_hand_works_out() -> None:
    assert {figure.name: work_out(figure, MONTHS, MARCH) for figure in FIGURES} == BY_HAND


def test_a_rate_of_nothing_says_nothing() -> None:
    rates = [figure for figure in FIGURES if figure.unit in ("percent", "days")]
    assert [work_out(figure, {}, MARCH) for figure in rates] == [None] * len(rates)


def test_charges_are_paid_adjusted_patients_written_off_or_open() -> None:
    parts = ("collections", "adjusted", "patient_share", "written_off", "open")
    for month in MONTHS:
        values = [work_out(BY_NAME[name], MONTHS, month) for name in parts]
        assert sum(v for v in values if v is not None) == MONTHS[month]["charge_cents"]


def test_days_in_ar_count_only_days_of_months_with_charges() -> None:
    # A practice's first month: 30,000 open of 62,000 charged in 31 days is 15 days, not 45.
    first = {MARCH: counters(charge_cents=62_000, paid_cents=32_000)}
    assert work_out(BY_NAME["days_in_ar"], first, MARCH) == Decimal("15.0")


def test_days_in_ar_reach_back_to_what_is_open_of_long_ago() -> None:
    long_ago = {date(2019, 5, 1): counters(charge_cents=2_000)} | {
        MARCH: counters(charge_cents=31_000, paid_cents=31_000)
    }
    assert work_out(BY_NAME["days_in_ar"], long_ago, MARCH) == Decimal("2.0")


def test_rounding_is_half_to_even_and_exact() -> None:
    exactly_half = {MARCH: counters(missed=1, booked=2000)}  # 0.05 %
    assert work_out(BY_NAME["no_show_rate"], exactly_half, MARCH) == Decimal("0.0")
    more = {MARCH: counters(missed=3, booked=2000)}  # 0.15 %
    assert work_out(BY_NAME["no_show_rate"], more, MARCH) == Decimal("0.2")


@pytest.mark.parametrize(
    ("name", "value", "standing"),
    [
        ("denial_rate", Decimal("4.9"), "met"),
        ("denial_rate", Decimal("5.0"), "near"),
        ("denial_rate", Decimal("10.0"), "near"),
        ("denial_rate", Decimal("10.1"), "missed"),
        ("clean_claim_rate", Decimal("95.0"), "met"),
        ("clean_claim_rate", Decimal("94.9"), "missed"),
        ("net_collection_rate", Decimal("95.0"), "met"),
        ("net_collection_rate", Decimal("94.9"), "missed"),
        ("days_in_ar", Decimal("12.0"), "met"),
        ("days_in_ar", Decimal("40.0"), "met"),
        ("days_in_ar", Decimal("40.1"), "near"),
        ("days_in_ar", Decimal("50.1"), "missed"),
        ("denial_rate", None, None),
    ],
)
def test_a_value_is_judged_by_its_published_target(
    name: str, value: Value, standing: Standing | None
) -> None:
    target = BY_NAME[name].target
    assert target is not None
    assert target.standing(value) == standing


def test_a_target_names_its_source() -> None:
    assert all("HFMA" in f.target.source for f in FIGURES if f.target)


def test_formulas_are_made_of_known_counters() -> None:
    for figure in FIGURES:
        for part in figure.parts:
            assert set(part.counters) <= set(COUNTERS)
            assert set(part.counters.values()) <= {1, -1}


def test_a_formula_is_shown_with_its_numbers_put_in() -> None:
    assert worded(BY_NAME["denial_rate"], MONTHS, MARCH) == "2 denied ÷ 30 decided = 6.7%"
    assert worded(BY_NAME["days_in_ar"], MONTHS, MARCH) == (
        "$4,500.00 open ÷ ($27,000.50 charged ÷ 90 days) = 15.0 days"
    )
    assert worded(BY_NAME["work_rvus"], MONTHS, MARCH) == "52.17 work RVUs"


def test_practices_add_up_counter_by_counter_before_a_rate_is_taken() -> None:
    one = {MARCH: counters(denied=1, adjudicated=1)}
    other = {MARCH: counters(denied=0, adjudicated=3), FEBRUARY: counters(denied=5)}
    total = add_up([one, other])
    assert work_out(BY_NAME["denial_rate"], total, MARCH) == Decimal("25.0")
    assert total[FEBRUARY]["denied"] == 5


def test_months_are_added_across_years() -> None:
    assert add_months(date(2026, 1, 1), -2) == date(2025, 11, 1)
    assert add_months(date(2025, 12, 1), 1) == date(2026, 1, 1)
