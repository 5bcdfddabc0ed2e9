"""An 835 is posted to the cent, once, and leaves the books balanced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import uuid5

import pytest

from libs.events.contracts.billing import (
    ChargesPosted,
    ClaimDenied,
    ClaimPaid,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.examples.interop import NAMESPACE, PRACTICE, line
from services.billing.x12 import RemittedClaim
from tests.billing.desk import Desk, let_answer, simulated, visit
from tests.billing.remittance import Line, Said, payment
from tests.harness import Harness

CHARGE = 17_800
PAID_CAS = [("CO", "45", 5_750), ("PR", "2", 2_000)]
TWO_LINES = (line(), line(line_number=2, procedure_code="G0444"))
LFH = Path("samples/x12/lfh-demo.835")


def paid(number: str) -> Said:
    """100.50 paid, 57.50 off by contract, 20.00 left to the patient."""
    return Said(number, CHARGE, 10_050, PAID_CAS)


@pytest.fixture
async def number(desk: Desk) -> str:
    """The control number of a claim that went out."""
    await desk.see_patients()
    [control_number] = await desk.control_numbers()
    return control_number


async def test_a_payment_is_posted_to_the_cent(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.adjusted_cents) == (10_050, 5_750)
    assert (posted.patient_cents, posted.denied_cents) == (2_000, 0)
    assert posted.trace_number == "TRACE1"
    assert posted.service_month == date(2026, 3, 1)
    [settled] = await desk.billing.published(ClaimPaid)
    assert settled.first_pass
    assert await desk.sums() == {
        "charges": 17_800, "paid": 10_050, "adjusted": 5_750, "patient": 2_000, "open": 0,
    }  # fmt: skip
    await desk.assert_books_balance()


async def test_a_denied_claim_stays_open_and_says_why(desk: Desk, number: str) -> None:
    denied = Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
    await desk.hear("a.835", payment(denied))
    [event] = await desk.billing.published(ClaimDenied)
    assert (event.category, event.denied_cents) == ("authorization", CHARGE)
    assert [(a.group, a.reason, a.cents) for a in event.adjustments] == [("CO", "197", CHARGE)]
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.denied_cents) == (0, CHARGE)
    assert (await desk.sums())["open"] == CHARGE
    assert await desk.states() == ["denied"]
    assert await desk.billing.published(ClaimPaid) == []


async def test_remark_codes_of_denied_lines_are_kept(desk: Desk, number: str) -> None:
    lines = [Line(CHARGE, 0, [("CO", "50", CHARGE)], remark="N115")]
    await desk.hear("a.835", payment(Said(number, CHARGE, 0, status="4", lines=lines)))
    [event] = await desk.billing.published(ClaimDenied)
    assert (event.category, event.remarks) == ("medical-necessity", ("N115",))


async def test_a_claim_with_a_denied_line_is_paid_in_part(desk: Desk) -> None:
    await desk.see_patients(lines=TWO_LINES)
    [number] = await desk.control_numbers()
    lines = [
        Line(17_800, 12_000, [("CO", "45", 5_800)]),
        Line(2_650, 0, [("CO", "97", 2_650)], remark="N19"),
    ]
    await desk.hear("a.835", payment(Said(number, 20_450, 12_000, lines=lines)))
    [settled] = await desk.billing.published(ClaimPaid)
    assert (settled.denied_lines, settled.first_pass) == (1, False)
    assert (await desk.sums())["open"] == 2_650
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_a_reason_that_nobody_knows_is_not_written_off(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, CHARGE, 17_000, [("CO", "999", 800)])))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.adjusted_cents, posted.denied_cents) == (0, 800)
    assert (await desk.sums())["open"] == 800


async def test_zero_paid_with_the_deductible_is_posted(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, CHARGE, 0, [("PR", "1", CHARGE)])))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.patient_cents) == (0, CHARGE)
    assert await desk.states() == ["paid"]
    assert (await desk.sums())["patient"] == CHARGE


async def test_a_claim_that_was_rejected_before_is_not_paid_on_the_first_pass(
    desk: Desk, number: str
) -> None:
    await let_answer(desk, simulated(rejections=1.0), "277")
    await desk.hear("a.835", payment(paid(number)))
    [settled] = await desk.billing.published(ClaimPaid)
    assert not settled.first_pass


async def test_a_denied_claim_that_is_paid_later_is_not_clean(desk: Desk, number: str) -> None:
    denied = Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
    await desk.hear("a.835", payment(denied))
    await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
    [settled] = await desk.billing.published(ClaimPaid)
    assert not settled.first_pass
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_the_same_file_again_is_a_duplicate(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.hear("b.835", payment(paid(number)))
    assert (await desk.verdicts())["b.835"] == ("duplicate", None)
    assert len(await desk.billing.published(PaymentPosted)) == 1
    assert (desk.inbound / "posted" / "b.835").exists()


async def test_the_same_payment_in_a_new_envelope_is_a_duplicate(desk: Desk, number: str) -> None:
    content = payment(paid(number))
    await desk.hear("a.835", content)
    await desk.hear("b.835", content.replace(b"000000007", b"000000008"))
    assert (await desk.verdicts())["b.835"] == ("duplicate", None)
    assert (await desk.sums())["paid"] == 10_050


async def test_a_trace_number_with_other_content_is_put_aside_and_not_dropped(desk: Desk) -> None:
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    await desk.hear("a.835", payment(paid(first)))
    await desk.hear("b.835", payment(paid(second)))
    assert (await desk.verdicts())["b.835"] == ("refused", "trace-number-reused")
    assert (await desk.sums())["paid"] == 10_050


async def test_the_same_trace_number_of_another_payer_is_another_payment(desk: Desk) -> None:
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    await desk.hear("a.835", payment(paid(first)))
    await desk.hear("b.835", payment(paid(second), payer="OTHER01"))
    assert await desk.states() == ["paid", "paid"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda number: payment(paid(number), skew=1), "unbalanced-transaction"),
        (
            lambda number: payment(Said(number, CHARGE, 10_050, [("CO", "45", 7_749)])),
            "unbalanced-claim",
        ),
        (
            lambda number: payment(
                Said(
                    number, CHARGE, 10_050,
                    lines=[Line(CHARGE, 10_050, [("CO", "45", 7_749)]), Line(0, 0, [("CO", "45", 1)])],
                )
            ),
            "unbalanced-line",
        ),
    ],
)  # fmt: skip
async def test_an_unbalanced_payment_posts_nothing(
    desk: Desk, number: str, content: object, code: str
) -> None:
    assert callable(content)
    await desk.hear("a.835", content(number))
    assert await desk.verdicts() == {"a.835": ("refused", code)}
    assert await desk.states() == ["submitted"]
    assert await desk.fetch("SELECT * FROM remittance") == []
    # The payer's corrected file comes under the same trace number.
    await desk.hear("b.835", payment(paid(number)))
    assert await desk.states() == ["paid"]


async def test_a_reversal_takes_the_posting_back_and_a_correction_follows(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    corrected = Said(number, CHARGE, 11_050, [("CO", "45", 4_750), ("PR", "2", 2_000)])
    await desk.hear("b.835", payment(paid(number).reversed(), corrected, trace="TRACE2"))
    first, second = await desk.billing.published(PaymentPosted)
    [taken_back] = await desk.billing.published(PaymentReversed)
    assert taken_back.payment_id == first.payment_id
    assert taken_back.trace_number == "TRACE2"
    assert (taken_back.paid_cents, taken_back.adjusted_cents) == (10_050, 5_750)
    assert second.paid_cents == 11_050
    assert await desk.sums() == {
        "charges": 17_800, "paid": 11_050, "adjusted": 4_750, "patient": 2_000, "open": 0,
    }  # fmt: skip
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_a_reversal_alone_opens_the_claim_again(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.hear("b.835", payment(paid(number).reversed(), trace="TRACE2"))
    assert (await desk.sums())["open"] == CHARGE
    assert await desk.states() == ["submitted"]


async def test_a_posting_is_reversed_once(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.hear("b.835", payment(paid(number).reversed(), trace="TRACE2"))
    await desk.hear("c.835", payment(paid(number).reversed(), trace="TRACE3"))
    assert len(await desk.billing.published(PaymentReversed)) == 1
    [row] = await desk.fetch("SELECT reason, paid_cents FROM unmatched_remittance")
    assert row == {"reason": "nothing-to-reverse", "paid_cents": -10_050}
    await desk.assert_books_balance()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (lambda number: replace(paid(number), control_number="NOTOURS1"), "unknown-claim"),
        (lambda number: Said(number, 17_000, 17_000), "charge-differs"),
        (lambda number: replace(paid(number), status="25"), "not-a-decision"),
    ],
)
async def test_what_fits_no_claim_is_put_on_the_work_list_with_its_money(
    desk: Desk, number: str, said: object, reason: str
) -> None:
    assert callable(said)
    strange: Said = said(number)
    await desk.hear("a.835", payment(strange))
    [row] = await desk.fetch("SELECT reason, paid_cents FROM unmatched_remittance")
    assert row == {"reason": reason, "paid_cents": strange.paid}
    [kept] = await desk.fetch("SELECT cents FROM journal_line WHERE account = 'unapplied-cash'")
    assert kept["cents"] == -strange.paid
    assert await desk.states() == ["submitted"]
    await desk.assert_books_balance()


async def test_the_other_claims_of_the_payment_are_posted(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said("NOTOURS1", 500, 500), paid(number)))
    assert await desk.states() == ["paid"]
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert cash["cents"] == 10_550


async def test_a_second_decision_waits_for_a_person_until_the_first_is_reversed(
    desk: Desk, number: str
) -> None:
    """A payer that denies a paid claim as a duplicate (CARC 18) does not undo the payment."""
    await desk.hear("a.835", payment(paid(number)))
    denied = Said(number, CHARGE, 0, [("CO", "18", CHARGE)], status="4")
    await desk.hear("b.835", payment(denied, trace="TRACE2"))
    assert await desk.states() == ["paid"]
    assert await desk.billing.published(ClaimDenied) == []
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "decided-already"


async def test_money_for_a_claim_that_never_went_out_does_not_move_it(desk: Desk) -> None:
    await desk.billing.receive(visit(1))
    [number] = await desk.control_numbers()
    await desk.hear("a.835", payment(paid(number)))
    assert await desk.states() == ["ready"]
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "claim-not-sent"


async def test_provider_adjustments_stand_beside_the_claims(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number), plb=[("WO", 1_000), ("L6", -127)]))
    rows = await desk.fetch(
        "SELECT account, sum(cents)::bigint AS cents FROM journal_line"
        " WHERE account IN ('cash', 'provider-adjustment') GROUP BY account ORDER BY account"
    )
    assert [row["cents"] for row in rows] == [10_050 - 873, 873]
    await desk.assert_books_balance()


async def test_the_payer_simulators_files_post_without_a_remainder(desk: Desk) -> None:
    await desk.see_patients(30, lines=TWO_LINES)
    faults = {"garbage": 1.0, "unbalanced_835": 1.0, "duplicate_835": 1.0, "plb": 1.0}
    await let_answer(desk, simulated(denials=0.3, rejections=0.1, **faults))
    states = await desk.states()
    assert set(states) == {"paid", "denied", "rejected"}
    assert len(await desk.billing.published(ClaimPaid)) == states.count("paid")
    assert len(await desk.billing.published(ClaimDenied)) == states.count("denied")
    verdicts = sorted(code or verdict for verdict, code in (await desk.verdicts()).values())
    assert verdicts == ["duplicate", "not-x12", "posted", "posted", "posted",
                        "unbalanced-transaction"]  # fmt: skip
    assert await desk.fetch("SELECT * FROM unmatched_remittance") == []
    await desk.assert_books_balance()


async def test_a_remittance_that_nobody_here_wrote_posts_to_the_cent(billing: Harness) -> None:
    desk = Desk(billing, Path(_exchange()))
    async with billing.http(PRACTICE) as client:
        for number, on, cents in (
            ("666123", "2002-08-16", 21_136_697), ("777777", "2002-05-12", 1_500_000),
        ):  # fmt: skip
            answer = await client.post("/opening-claims", json={
                "claim_id": str(uuid5(NAMESPACE, number)), "control_number": number,
                "payer_id": "MDCRE", "service_on": on, "charge_cents": cents,
            })  # fmt: skip
            assert answer.status_code == 201, answer.text
    await desk.hear(LFH.name, LFH.read_bytes())
    assert await desk.verdicts() == {LFH.name: ("posted", None)}
    assert await desk.sums() == {
        "charges": 22_636_697, "paid": 14_999_873, "adjusted": 7_636_824, "patient": 0, "open": 0,
    }  # fmt: skip
    assert len(await billing.published(ChargesPosted)) == 2
    assert len(await billing.published(ClaimPaid)) == 2
    [remittance] = await desk.fetch("SELECT payment_cents, warning FROM remittance")
    assert remittance["payment_cents"] == 15_000_000
    assert remittance["warning"] == "the payee's NPI is not the practice's"
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert cash["cents"] == 15_000_000
    await desk.assert_books_balance()


def _exchange() -> str:
    from services.billing.claims.submit import ExchangeSettings

    return str(ExchangeSettings().exchange_dir)


def test_said_and_read_are_the_same() -> None:
    """The tests' own writer says what billing's reader reads."""
    import io

    from services.billing.x12 import read_835

    read = list(read_835(io.BytesIO(payment(paid("C1")))))
    [claim] = [said for said in read if isinstance(said, RemittedClaim)]
    assert [(a.group, a.reason, a.cents) for a in claim.adjustments] == PAID_CAS
