"""What is wrong with an 835: the whole file is held with a reason that a biller can act on.

Where a case says `posted`, the file is taken and a person finds the claim on the work list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from libs.events.contracts.billing import PaymentPosted
from services.billing.x12 import meaning_of
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, PAID_CAS, Line, Said, paid, payment

Make = Callable[[str], bytes]


class Case(NamedTuple):
    """How the file is made for a claim's number, and what comes of it."""

    name: str
    make: Make
    code: str


def edited(*changes: tuple[str, str]) -> Make:
    """The good payment with one text in place of another, each of which stands there."""

    def make(number: str) -> bytes:
        content = payment(paid(number))
        for old, new in changes:
            assert old.encode() in content, old
            content = content.replace(old.encode(), new.encode(), 1)
        return content

    return make


def named(said: Said, plb: list[tuple[str, int]] | None = None) -> Make:
    """A payment with what is said of the claim."""

    def make(number: str) -> bytes:
        return payment(replace(said, control_number=number), plb=plb or [])

    return make


HELD = [
    # The envelope (X12.5, X12.6).
    Case("an ISA that is too short", edited(("*00*          *00*", "*00*         *00*")),
         "isa-length"),
    Case("another number in IEA than in ISA", edited(("IEA*1*000000007", "IEA*1*000000008")),
         "interchange-control-mismatch"),
    Case("a wrong count of transactions", edited(("GE*1*7", "GE*2*7")), "transaction-count"),
    Case("a wrong count of segments", edited(("SE*", "SE*1")), "segment-count"),
    Case("ST02 twice in a group", lambda n: _twice(payment(paid(n))), "duplicate-transaction"),
    Case("two delimiters alike", edited(("*T*:~", "*T*~~")), "isa-delimiters"),
    Case("a line that ends inside a segment", edited(("BUCKEYE MUTUAL", "BUCKEYE\nMUTUAL")),
         "line-break-in-segment"),
    Case("a terminator within data", edited(("NM1*QC*1*DOE", "NM1*QC*1*D~OE")),
         "unexpected-segment"),
    Case("names in lower case", edited(("CLP*", "clp*")), "unexpected-segment"),
    Case("a NUL", edited(("NM1*QC*1*DOE", "NM1*QC*1*D\0E")), "control-character"),
    Case("a file that was cut", lambda n: payment(paid(n))[:-60], "truncated"),
    Case("a second interchange that is broken",
         lambda n: payment(paid(n)) + payment(paid(n), trace="T2").replace(b"IEA*1", b"IEA*2"),
         "group-count"),
    Case("version 004010", edited(("005010X221A1", "004010X091A1")), "unexpected-transaction"),
    # Sums (005010X221A1, 1.10.2.1).
    Case("a payment that is not the sum of its claims", lambda n: payment(paid(n), skew=1),
         "unbalanced-transaction"),
    Case("a claim whose adjustments do not explain what is not paid",
         named(Said("", CHARGE, 10_050, [("CO", "45", 7_749)])), "unbalanced-claim"),
    Case("a line that does not balance",
         named(Said("", CHARGE, 10_050, lines=[Line(CHARGE, 10_050, [("CO", "45", 7_749)]),
                                               Line(0, 0, [("CO", "45", 1)])])),
         "unbalanced-line"),
    # What adds up and cannot be.
    Case("a recovery beyond the payment", edited(
        ("BPR*I*100.50", "BPR*I*-10"), ("SE*", "PLB*1999999992*20261231*WO:R*110.50~\nSE*"),
        ("SE*12", "SE*13")), "negative-payment"),
    Case("NON with money", edited(("*ACH*", "*NON*")), "money-without-payment"),
    Case("a notification with money", edited(("BPR*I*", "BPR*H*")), "money-without-payment"),
    Case("a debit", edited(("*C*ACH", "*D*ACH")), "not-a-credit"),
    Case("a payment of 1900", edited(("98765*20260320", "98765*19000320")), "implausible-date"),
    Case("a payment of next year", edited(("98765*20260320", "98765*20270320")),
         "implausible-date"),
    Case("no such day", edited(("98765*20260320", "98765*20260230")), "bad-date"),
    Case("less than nothing paid, and no reversal",
         named(Said("", CHARGE, -50, [("CO", "45", CHARGE + 50)]), plb=[("WO", -50)]),
         "below-zero-and-no-reversal"),
    Case("a reversal above zero",
         named(Said("", CHARGE, 10_050, PAID_CAS, status="22")), "reversal-above-zero"),
    # Elements.
    Case("an adjustment without its amount", edited(("CAS*CO*45*57.50", "CAS*CO*45")),
         "missing-element"),
    Case("an adjustment without its reason", edited(("CAS*CO*45*57.50", "CAS*CO**57.50")),
         "missing-element"),
    Case("a second adjustment that is cut", edited(("CAS*CO*45*57.50", "CAS*CO*45*57.50**253")),
         "missing-element"),
    Case("a group nobody knows", edited(("CAS*CO*45", "CAS*XX*45")), "bad-code"),
    Case("three decimals", edited(("*100.50**12", "*100.500**12")), "bad-amount"),
    Case("a comma", edited(("*178*100.50", "*1,78*100.50")), "bad-amount"),
    Case("an exponent", edited(("*178*100.50", "*178E0*100.50")), "bad-amount"),
    Case("nineteen digits", edited(("*178*100.50", f"*{'1' * 19}*100.50")), "bad-amount"),
    Case("no trace number", edited(("TRN*1*TRACE1*", "TRN*1**")), "missing-element"),
    Case("no payer", edited(("N1*PR*BUCKEYE MUTUAL~\n", ""), ("SE*12", "SE*11")),
         "missing-segment"),
]  # fmt: skip


def _twice(content: bytes) -> bytes:
    start, end = content.index(b"ST*"), content.index(b"GE*")
    body = content[start:end]
    again = body.replace(b"TRACE1", b"TRACE2")
    return content[:end] + again + content[end:].replace(b"GE*1", b"GE*2")


@pytest.mark.parametrize("case", HELD, ids=[case.name for case in HELD])
async def test_a_bad_file_is_held_with_its_reason_and_posts_nothing(
    desk: Desk, number: str, case: Case
) -> None:
    await desk.hear("a.835", case.make(number))
    [row] = await desk.fetch("SELECT verdict, code, place, fix FROM inbound_file")
    assert (row["verdict"], row["code"]) == ("refused", case.code)
    assert row["place"]
    assert row["fix"]
    assert number not in row["place"] + row["fix"]
    for table in ("remittance", "posting", "unmatched_remittance", "provider_adjustment"):
        assert await desk.fetch(f"SELECT 1 FROM {table}") == []
    assert await desk.billing.published(PaymentPosted) == []
    assert await desk.states() == ["submitted"]


TAKEN = [
    Case("a claim of another practice", lambda n: payment(paid("C7E57B400000001")),
         "unknown-claim"),
    Case("a reversal of what was never posted", lambda n: payment(paid(n).reversed()),
         "nothing-to-reverse"),
    Case("a claim that is said to be another's",
         lambda n: payment(Said(n, CHARGE, 0, [("CO", "45", CHARGE)], status="23")),
         "not-a-decision"),
]  # fmt: skip


@pytest.mark.parametrize("case", TAKEN, ids=[case.name for case in TAKEN])
async def test_a_claim_that_fits_none_waits_for_a_person(
    desk: Desk, number: str, case: Case
) -> None:
    await desk.hear("a.835", case.make(number))
    assert await desk.verdicts() == {"a.835": ("posted", None)}
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == case.code
    assert await desk.states() == ["submitted"]
    await desk.assert_books_balance()


GOOD: list[tuple[str, Make]] = [
    ("lines that end after each segment", lambda n: payment(paid(n)).replace(b"\n", b"\r\n")),
    ("all in one line", lambda n: payment(paid(n)).replace(b"\n", b"")),
    ("cents without a zero before them", edited(("*178*100.50", "*0178.*100.5"))),
    ("an end-of-file mark", lambda n: payment(paid(n)) + b"\x1a"),
]


@pytest.mark.parametrize(("name", "make"), GOOD, ids=[name for name, _ in GOOD])
async def test_what_only_looks_odd_is_posted(
    desk: Desk, number: str, name: str, make: Make
) -> None:
    await desk.hear("a.835", make(number))
    assert await desk.verdicts() == {"a.835": ("posted", None)}
    assert (await desk.sums())["paid"] == 10_050


async def test_a_test_file_is_refused_where_money_is_real(
    desk: Desk, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_TEST_REMITTANCES", "false")
    await desk.hear("a.835", payment(paid(number)))
    assert await desk.verdicts() == {"a.835": ("refused", "test-file")}
    await desk.hear("b.835", payment(paid(number)).replace(b"*0*T*", b"*0*P*"))
    assert await desk.states() == ["paid"]


async def test_an_unknown_sender_is_refused_where_senders_are_named(
    desk: Desk, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_REMITTANCE_SENDERS", '["CLEARING"]')
    await desk.hear("a.835", payment(paid(number)))
    assert await desk.verdicts() == {"a.835": ("refused", "unknown-sender")}
    monkeypatch.setenv("BILLING_REMITTANCE_SENDERS", '["CLEARING", "PAYER"]')
    await desk.hear("b.835", payment(paid(number)))
    assert await desk.states() == ["paid"]


async def test_several_payments_of_several_payers_come_in_one_file(desk: Desk) -> None:
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    one, two = payment(paid(first)), payment(paid(second), trace="TRACE2", payer="OTHER01")
    await desk.hear("a.835", one + two.replace(b"000000007", b"000000008"))
    assert await desk.states() == ["paid", "paid"]
    payers = await desk.fetch("SELECT payer_id FROM remittance ORDER BY payer_id")
    assert [row["payer_id"] for row in payers] == ["BUCKEYE01", "OTHER01"]


async def test_another_practices_npi_is_noted(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)).replace(b"XX*1999999992", b"XX*1234567893"))
    [row] = await desk.fetch("SELECT warning FROM remittance")
    assert row["warning"] == "the payee's NPI is not the practice's"


async def test_a_payment_of_nothing_that_only_notifies_is_posted(desk: Desk, number: str) -> None:
    content = payment(Said(number, CHARGE, 0, [("PR", "1", CHARGE)]))
    assert b"BPR*H*0*C*NON" in content
    await desk.hear("a.835", content)
    assert await desk.states() == ["paid"]


@pytest.mark.parametrize("reason", ["45", "97", "999", "A1"])
async def test_what_the_contract_takes_off_is_never_the_patients(
    desk: Desk, number: str, reason: str
) -> None:
    """Group CO: the patient may not be billed (005010X221A1, CAS01)."""
    await desk.hear("a.835", payment(Said(number, CHARGE, 10_050, [("CO", reason, 7_750)])))
    assert (await desk.sums())["patient"] == 0
    assert meaning_of("CO", reason).kind != "patient_responsibility"
