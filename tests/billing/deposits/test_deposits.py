"""The bank's money and the payer's words are put together by their trace number."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_remittances import DepositMatched, DepositMissing
from libs.events.examples.interop import PRACTICE
from libs.local.payer.bank import write_deposit
from services.billing.answers.refusals import RefusedFileError
from services.billing.deposits.ach import read_deposits
from services.billing.deposits.model import Deposit, Remittance, match
from tests.billing.desk import Desk, let_answer, simulated
from tests.billing.remittance import Said, paid, payment

TRN03 = "1512345678"
ON = date(2026, 3, 20)


def command(**changes: Any) -> dict[str, Any]:
    return {
        "deposit_id": str(uuid4()), "deposited_on": "2026-03-20", "cents": 10_050,
        "trace_number": "TRACE1", **changes,
    }  # fmt: skip


async def deposit(desk: Desk, **changes: Any) -> tuple[int, Any]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post("/deposits", json=command(**changes))
    return answer.status_code, answer.json()


async def get(desk: Desk, path: str, **query: Any) -> Any:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get(path, params=query)).json()


async def test_a_deposit_meets_its_remittance(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    status, told = await deposit(desk, payer_trace_id=TRN03)
    assert (status, told["state"], told["recorded_by"]) == (201, "matched", "operator")
    [event] = await desk.billing.published(DepositMatched)
    assert (event.cents, str(event.deposit_id)) == (10_050, told["deposit_id"])
    assert str(event.remittance_id) == told["remittance_id"]


async def test_a_deposit_that_comes_first_waits_for_its_remittance(desk: Desk, number: str) -> None:
    _, told = await deposit(desk)
    assert (told["state"], told["remittance_id"]) == ("waiting", None)
    await desk.hear("a.835", payment(paid(number)))
    [matched] = await get(desk, "/deposits", state="matched")
    assert matched["deposit_id"] == told["deposit_id"]
    assert len(await desk.billing.published(DepositMatched)) == 1


async def test_another_amount_is_listed_with_the_difference(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    _, told = await deposit(desk, cents=10_000)
    assert (told["state"], told["difference_cents"]) == ("differs", -50)
    assert await get(desk, "/deposits", state="differs") == [told]
    assert await desk.billing.published(DepositMatched) == []


async def test_a_deposit_of_another_company_is_not_the_remittances(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    _, told = await deposit(desk, payer_trace_id="1999999999")
    assert told["state"] == "waiting"


async def test_one_payment_is_paid_once(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await deposit(desk)
    _, again = await deposit(desk)
    assert again["state"] == "waiting"
    assert len(await desk.billing.published(DepositMatched)) == 1


async def test_the_same_command_again_changes_nothing(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    same = command()
    first = await deposit(desk, **same)
    assert await deposit(desk, **same) == first
    assert (await deposit(desk, **{**same, "cents": 1}))[0] == 409
    assert len(await desk.billing.published(DepositMatched)) == 1


async def test_money_that_does_not_come_is_told_once_and_may_come_later(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.billing.fire_timers(datetime(2026, 3, 25, 23, 59, tzinfo=UTC))
    assert await desk.billing.published(DepositMissing) == []
    await desk.billing.fire_timers(datetime(2026, 3, 26, tzinfo=UTC))
    await desk.billing.fire_timers(datetime(2026, 4, 26, tzinfo=UTC))
    [missing] = await desk.billing.published(DepositMissing)
    assert (missing.trace_number, missing.paid_on, missing.cents) == ("TRACE1", ON, 10_050)
    [listed] = await get(desk, "/deposits/missing")
    assert listed["remittance_id"] == str(missing.remittance_id)
    await deposit(desk)
    assert await get(desk, "/deposits/missing") == []


async def test_money_that_came_is_not_missed_nor_is_a_payment_of_nothing(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(Said(number, 17_800, 0, [("PR", "1", 17_800)])))
    await desk.hear("b.835", payment(Said("STRANGER", 500, 500), trace="TRACE2"))
    await deposit(desk, trace_number="TRACE2", cents=500)
    await desk.billing.fire_timers(datetime(2026, 5, 1, tzinfo=UTC))
    assert await desk.billing.published(DepositMissing) == []


async def test_deposits_are_listed_page_by_page(desk: Desk) -> None:
    sent = [(await deposit(desk, trace_number=f"T{n}"))[1]["deposit_id"] for n in range(5)]
    seen: list[str] = []
    after: dict[str, str] = {}
    while page := await get(desk, "/deposits", limit=2, **after):
        seen += [row["deposit_id"] for row in page]
        after = {"after": seen[-1]}
    assert sorted(seen) == sorted(sent)


async def test_the_banks_file_is_read_from_the_exchange(desk: Desk) -> None:
    await desk.see_patients(6)
    await let_answer(desk, simulated(plb=1.0))
    verdicts = await desk.verdicts()
    assert {name[-4:]: verdict for name, verdict in verdicts.items()} == {
        ".999": ("posted", None), ".277": ("posted", None), ".835": ("posted", None),
        ".ach": ("posted", None),
    }  # fmt: skip
    [remittance] = await desk.fetch("SELECT payment_cents FROM remittance")
    [matched] = await get(desk, "/deposits", state="matched")
    assert (matched["cents"], matched["recorded_by"]) == (remittance["payment_cents"], "bank")


async def test_the_same_entry_in_another_file_is_the_same_deposit(desk: Desk) -> None:
    content = write_deposit("TRACE1", TRN03, 10_050, ON, 1)
    await desk.hear("a.ach", content)
    await desk.hear("b.ach", content.replace(b"1200A094", b"1300B094"))
    assert len(await get(desk, "/deposits")) == 1
    await desk.hear("c.ach", write_deposit("OTHER", TRN03, 10_050, ON, 1))
    assert (await desk.verdicts())["c.ach"] == ("refused", "deposit-changed")


GOOD = write_deposit("TRACE1", TRN03, 10_050, ON, 1)


def test_an_entry_says_its_trace_company_day_and_cents() -> None:
    [read] = read_deposits(io.BytesIO(GOOD), PRACTICE)
    assert (read.trace_number, read.payer_trace_id) == ("TRACE1", TRN03)
    assert (read.cents, read.deposited_on) == (10_050, ON)


def test_what_is_no_claim_payment_is_passed_by() -> None:
    other = GOOD.replace(b"HCCLAIMPMT", b"VENDOR PMT")
    assert list(read_deposits(io.BytesIO(other), PRACTICE)) == []


@pytest.mark.parametrize("spoilt", range(5))
def test_a_line_of_the_banks_file_that_is_missing_or_doubled_is_found(spoilt: int) -> None:
    lines = GOOD.splitlines(keepends=True)
    for content in (
        [*lines[:spoilt], *lines[spoilt + 1 :]],
        [*lines[: spoilt + 1], *lines[spoilt:]],
        [*lines[:spoilt], lines[spoilt][:50] + b"\n", *lines[spoilt + 1 :]],
    ):
        with pytest.raises(RefusedFileError):
            list(read_deposits(io.BytesIO(b"".join(content)), PRACTICE))


def test_an_amount_that_was_changed_is_found() -> None:
    changed = GOOD.replace(b"0000010050", b"0000010051", 1)
    with pytest.raises(RefusedFileError, match="ach-totals"):
        list(read_deposits(io.BytesIO(changed), PRACTICE))


def test_an_addenda_record_without_a_trace_is_refused() -> None:
    with pytest.raises(RefusedFileError, match="ach-no-trace"):
        list(read_deposits(io.BytesIO(GOOD.replace(b"TRN*1*TRACE1", b"THANK  YOU!!")), PRACTICE))


def test_two_payments_that_fit_are_left_to_a_person() -> None:
    coming = Deposit(uuid4(), ON, 500, "T", None)
    two = [Remittance(uuid4(), "P", "T", company, ON, 500) for company in ("1", "2")]
    assert match(coming, two).state == "waiting"
    assert match(coming, two[:1]).remittance_id == two[0].remittance_id
