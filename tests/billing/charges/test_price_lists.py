"""Prices come by code, by code and modifier, and from a spreadsheet; a list is taken wholly."""

from __future__ import annotations

import pytest

from libs.events.contracts.billing import ChargesPosted
from libs.events.contracts.billing_holds import ClaimReleased
from libs.events.examples.interop import encounter_posted, line
from services.billing.charges.model import price
from services.billing.charges.price_list import RefusedPricesError, read_prices
from tests.billing.desk import Desk, visit
from tests.harness import Harness

ID = "6f6a1a51-3c1b-4b53-8a55-0000000000f1"


def test_a_modifiers_price_goes_before_the_codes_own_and_the_first_of_a_line_decides() -> None:
    prices = {"71046": 9_000, "71046-26": 3_500, "71046-TC": 5_500}
    lines = [
        line(procedure_code="71046"),
        line(procedure_code="71046", modifiers=("26",), units=2),
        line(procedure_code="71046", modifiers=("59", "TC")),
        line(procedure_code="71046", modifiers=("TC", "26")),
        line(procedure_code="71046", modifiers=("59",)),
    ]
    assert price(lines, prices) == [9_000, 7_000, 5_500, 5_500, 9_000]


def test_a_code_that_is_priced_with_a_modifier_only_is_not_priced_without() -> None:
    assert price([line()], {"G0439-33": 100}) == "procedure-not-priced"
    assert price([line(modifiers=("33",))], {"G0439-33": 0}) == [0]


async def test_a_schedule_tells_prices_with_modifiers(desk: Desk) -> None:
    command = {
        "fee_schedule_id": ID,
        "effective_on": "2026-02-01",
        "prices_cents": {"G0439": 10_000},
        "modifier_prices_cents": {"G0439-33": 12_500},
    }
    async with desk.billing.http(desk.practice_id) as client:
        first = await client.post("/fee-schedules", json=command)
        again = await client.post("/fee-schedules", json=command)
        assert (first.status_code, again.status_code) == (201, 201)
        other = command | {"modifier_prices_cents": {"G0439-33": 12_501}}
        assert (await client.post("/fee-schedules", json=other)).status_code == 409
        bad = command | {"modifier_prices_cents": {"G0439": 1}}
        assert (await client.post("/fee-schedules", json=bad)).status_code == 422
    await desk.billing.receive(visit(1), visit(2, lines=(line(modifiers=("33",)),)))
    posted = await desk.billing.published(ChargesPosted)
    assert [charges.charge_cents for charges in posted] == [10_000, 12_500]


async def test_a_spreadsheet_is_loaded_and_frees_what_waited_for_a_price(
    billing: Harness,
) -> None:
    await billing.receive(encounter_posted())
    content = '\ufeffcode,modifier,price\r\nG0439,,178\r\nG0439,33,"150.5"\r\n\r\nG0444,,0.07\r\n'
    path = f"/fee-schedules/{ID}/prices.csv"
    async with billing.http(encounter_posted().practice_id) as client:
        answer = await client.put(
            path, params={"effective_on": "2026-01-01"}, content=content.encode()
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["prices"] == 3
        bad = await client.put(path, params={"effective_on": "2026-01-01"}, content=b"\xff")
        assert bad.status_code == 422
        large = b"code,modifier,price\n" + b"\n" * (2 * 1024 * 1024)
        refused = await client.put(path, params={"effective_on": "2026-01-01"}, content=large)
        assert refused.status_code == 413
    [charges] = await billing.published(ChargesPosted)
    assert charges.charge_cents == 17_800
    assert len(await billing.published(ClaimReleased)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 2: at least one price"),
        ("code,price\nG0439,1", "line 1: code,modifier,price"),
        ("code,modifier,price\n", "line 2: at least one price"),
        ("code,modifier,price\nG0439,,1\nG0439,,2", "line 3: this code was priced before"),
        ("code,modifier,price\nG0439,1", "line 2: 3 columns"),
        ("code,modifier,price\ng0439,,1", "line 2: a code"),
        ("code,modifier,price\n=CMD(),,1", "line 2: a code"),
        ("code,modifier,price\nG0439,3,1", "line 2: a modifier"),
        ("code,modifier,price\nG0439,,1.005", "line 2: dollars"),
        ('code,modifier,price\nG0439,,"1,000"', "line 2: dollars"),
        ("code,modifier,price\nG0439,,-1", "line 2: dollars"),
        ("code,modifier,price\nG0439,,1E3", "line 2: dollars"),
        ('code,modifier,price\nG0439,,"1', "a quotation mark"),
    ],
)
def test_a_list_that_is_wrong_somewhere_is_refused_with_the_line(text: str, told: str) -> None:
    with pytest.raises(RefusedPricesError) as refused:
        read_prices(text)
    assert told in str(refused.value)
    assert "G0439" not in str(refused.value)
    assert "CMD" not in str(refused.value)
