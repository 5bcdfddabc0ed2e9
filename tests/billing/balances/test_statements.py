"""A statement says what is owed and why, and nothing that is not yet the patient's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from libs.events.contracts.billing_balances import StatementIssued
from libs.events.examples.interop import COVERAGE, PATIENT, encounter_posted
from tests.billing.balances.front_desk import CHARGE, SHARE, FrontDesk
from tests.billing.desk import Desk
from tests.billing.documents.pdf import text_of
from tests.billing.remittance import Said, payment


async def statements(front: FrontDesk) -> list[dict[str, Any]]:
    return await front.get("/statements", account_id=str(PATIENT))


async def page(front: FrontDesk, statement_id: str) -> str:
    async with front.desk.billing.http(front.desk.practice_id) as client:
        answer = await client.get(f"/statements/{statement_id}.html")
    assert answer.status_code == 200
    return answer.text


async def test_a_responsibility_becomes_a_statement_is_paid_and_is_not_billed_again(
    front: FrontDesk,
) -> None:
    claim_id = await front.owe(1)
    assert await front.owed() == {claim_id: SHARE}
    await front.cycle()
    [statement] = await statements(front)
    assert (statement["notice"], statement["balance_cents"]) == ("statement", SHARE)
    [issued] = await front.desk.billing.published(StatementIssued)
    assert str(issued.statement_id) == statement["statement_id"]
    await front.pay(SHARE)
    assert await front.owed() == {}
    await front.desk.assert_books_balance()
    await front.cycle()
    assert len(await statements(front)) == 1


async def test_a_statement_tells_each_visit_and_why_in_plain_words(front: FrontDesk) -> None:
    await front.owe(1, cas=[("CO", "45", 5_750), ("PR", "1", 1_000), ("PR", "3", 2_000)])
    await front.cycle()
    [statement] = await statements(front)
    said = await page(front, statement["statement_id"])
    for told in (
        'lang="en"',
        "Yearly wellness visit",
        "$178.00",
        "$10.00 is your deductible",
        "$20.00 is your copayment",
        "Taken off under the insurance contract",
        "-$57.50",
        f"Paid by {COVERAGE.payer_name}",
        "https://pay.olentangy.example",
        "If you cannot pay",
    ):
        assert told in said, told
    async with front.desk.billing.http(front.desk.practice_id) as client:
        answer = await client.get(f"/statements/{statement['statement_id']}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "$10.00 is your deductible" in text_of(answer.content)


async def test_the_next_statement_says_what_came_since(front: FrontDesk) -> None:
    await front.policy(notice_days=[60, 60, 60, 60])
    await front.owe(1)
    await front.cycle()
    await front.pay(500)
    await front.owe(2)
    await front.later(60)
    _, second = await statements(front)
    assert (second["notice"], second["balance_cents"]) == ("second-statement", 3_500)
    said = await page(front, second["statement_id"])
    rows = ("Balance of the last statement</th><td>$20.00", "New since then</th><td>$20.00",
            "Your payments since then</th><td>-$5.00", "Amount due</th><td>$35.00")  # fmt: skip
    for row in rows:
        assert row in said, row
    assert "Other changes" not in said


async def test_what_a_payer_still_decides_is_on_no_statement(front: FrontDesk, desk: Desk) -> None:
    await desk.see_patients(encounter_id=uuid4())
    await desk.see_patients(encounter_id=uuid4())
    first, _ = await desk.control_numbers()
    part_denied = [("CO", "45", 5_750), ("PR", "3", 2_000), ("CO", "197", 1_000)]
    file = payment(Said(first, CHARGE, 9_050, part_denied))
    await desk.hear("1.835", file)
    assert sum((await front.owed()).values()) == 2_000
    await front.cycle()
    assert await statements(front) == []


async def test_a_statement_of_another_language_is_in_it(front: FrontDesk, desk: Desk) -> None:
    person = encounter_posted().person.model_copy(update={"language": "es"})
    await front.owe(1, person=person)
    await front.cycle()
    [statement] = await statements(front)
    said = await page(front, statement["statement_id"])
    assert 'lang="es"' in said
    assert "$20.00 es su coseguro" in said


async def test_less_than_the_minimum_is_not_billed(front: FrontDesk) -> None:
    await front.owe(1, cas=[("CO", "45", 5_750), ("PR", "2", 499)])
    await front.cycle()
    assert await statements(front) == []


async def test_a_held_account_gets_no_statement(front: FrontDesk) -> None:
    await front.owe(1)
    await front.desk.fetch(
        "INSERT INTO patient_account (practice_id, account_id, hold)"
        " VALUES ($1, $2, 'dispute') RETURNING 1",
        front.desk.practice_id,
        PATIENT,
    )
    await front.cycle()
    assert await statements(front) == []


async def test_a_self_pay_bill_is_compared_with_its_estimate(front: FrontDesk) -> None:
    estimate = {
        "estimate_id": str(uuid4()),
        "account_id": str(PATIENT),
        "service_on": "2026-03-02",
        "given_on": "2026-02-20",
        "expected_cents": CHARGE,
    }
    assert (await front.post("/good-faith-estimates", estimate))["status"] == 201
    assert (await front.post("/good-faith-estimates", estimate))["status"] == 201
    other = {**estimate, "expected_cents": 1}
    assert (await front.post("/good-faith-estimates", other))["status"] == 409
    await front.owe(1, coverage=None)
    await front.cycle()
    [statement] = await statements(front)
    said = await page(front, statement["statement_id"])
    assert "no insurance was billed" in said
    assert "good faith estimate for this visit was $178.00" in said
    assert "dispute" not in said


async def test_a_foreign_statement_answers_like_a_missing_one(front: FrontDesk) -> None:
    await front.owe(1)
    await front.cycle()
    [statement] = await statements(front)
    for practice, statement_id in ((uuid4(), statement["statement_id"]), (None, uuid4())):
        async with front.desk.billing.http(practice or front.desk.practice_id) as client:
            for kind in ("html", "pdf"):
                answer = await client.get(f"/statements/{statement_id}.{kind}")
                assert answer.status_code == 404


async def test_a_statement_stands_sealed_and_cannot_be_changed(front: FrontDesk) -> None:
    await front.owe(1)
    await front.cycle()
    [row] = await front.desk.fetch("SELECT statement_id, content FROM statement")
    assert b"wellness" not in row["content"].lower()
    assert b"17800" not in row["content"]
    assert isinstance(row["statement_id"], UUID)


async def test_a_visit_with_a_clinician_who_is_not_known_is_billed_without_the_name(
    front: FrontDesk,
) -> None:
    await front.owe(1, coverage=None, provider_npi="1245319599")
    await front.cycle()
    [statement] = await statements(front)
    said = await page(front, statement["statement_id"])
    assert "<h3>Visit of March 2, 2026</h3>" in said
