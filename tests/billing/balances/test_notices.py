"""When the No Surprises Act has something to say on a statement."""

from __future__ import annotations

import pytest

from services.billing.balances.statements.notices import estimate_of, protection_of
from services.billing.balances.statements.services import plain_words


@pytest.mark.parametrize(
    ("charge", "expected", "disputable"),
    [(100_000, 60_000, True), (100_000, 60_001, False), (50_000, 60_000, False)],
)
def test_a_bill_of_400_dollars_above_the_estimate_may_be_disputed(
    charge: int, expected: int, disputable: bool
) -> None:
    found = estimate_of(charge, expected)
    assert found is not None
    assert found.disputable is disputable


def test_without_an_estimate_there_is_nothing_to_compare() -> None:
    assert estimate_of(100_000, None) is None


@pytest.mark.parametrize(
    ("out", "place", "protection"),
    [(True, "23", "emergency"), (True, "22", "facility"), (True, "11", None), (False, "23", None)],
)
def test_balance_billing_is_limited_out_of_network_in_emergencies_and_facilities(
    out: bool, place: str, protection: str | None
) -> None:
    assert protection_of(out_of_network=out, place_of_service=place) == protection


@pytest.mark.parametrize(
    ("code", "english", "spanish"),
    [("99213", "Office visit", "Consulta médica"),
     ("G0439", "Yearly wellness visit", "Visita anual de bienestar"),
     ("Q4100", "Medical service Q4100", "Servicio médico Q4100")],
)  # fmt: skip
def test_a_code_is_told_in_plain_words(code: str, english: str, spanish: str) -> None:
    assert (plain_words(code, "en"), plain_words(code, "es")) == (english, spanish)
