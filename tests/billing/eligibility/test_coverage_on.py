"""What is known of a coverage on a day follows from what payers said, and from nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from services.billing.eligibility.model import Said, Standing, standing_on


def _day(day: int, month: int = 3) -> date:
    return date(2026, month, day)


ACTIVE = Said(_day(5), "active", None, None)
IN_A_PLAN = Said(_day(5), "active", _day(1, 1), _day(31, 12))
BEGUN = Said(_day(5), "active", _day(1, 1), None)
INACTIVE = Said(_day(5), "inactive", None, None)
ENDED = Said(_day(5), "inactive", None, _day(28, 2))
TO_BEGIN = Said(_day(5), "inactive", _day(1, 4), None)


@pytest.mark.parametrize(
    ("said", "on", "standing"),
    [
        ([], _day(5), "unknown"),
        ([ACTIVE], _day(5), "active"),
        ([ACTIVE], _day(6), "unknown"),
        ([BEGUN], _day(2, 1), "active"),
        ([BEGUN], _day(6), "unknown"),
        ([IN_A_PLAN], _day(30, 12), "active"),
        ([IN_A_PLAN], date(2027, 1, 2), "unknown"),
        ([INACTIVE], _day(5), "inactive"),
        ([INACTIVE], _day(4), "unknown"),
        ([ENDED], _day(1), "inactive"),
        ([ENDED], _day(28, 2), "unknown"),
        ([ENDED], _day(9, 9), "inactive"),
        ([TO_BEGIN], _day(31), "inactive"),
        ([TO_BEGIN], _day(1, 4), "unknown"),
        ([ACTIVE, INACTIVE], _day(5), "active"),
        ([INACTIVE, ACTIVE], _day(5), "inactive"),
        ([ACTIVE, ENDED], _day(6), "inactive"),
    ],
)
def test_the_newest_answer_that_speaks_of_a_day_decides(
    said: list[Said], on: date, standing: Standing
) -> None:
    assert standing_on(said, on) == standing
