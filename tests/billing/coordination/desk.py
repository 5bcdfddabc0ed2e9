"""Two payers of one visit, for the tests of what goes from one to the other."""

from __future__ import annotations

from typing import Any

from libs.events.contracts.people import Coverage
from libs.events.examples.billing_cob import SECOND_COVERAGE
from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import COVERAGE
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said

FIRST, SECOND, THIRD = COVERAGE.payer_id, SECOND_COVERAGE.payer_id, "STATEAID1"
THIRD_COVERAGE = Coverage(payer_id=THIRD, payer_name="State Aid", member_id="SA77")
OPEN = """
SELECT e.payer_id, sum(l.cents)::bigint AS cents
  FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
 WHERE l.account = 'payer-receivable' GROUP BY 1 HAVING sum(l.cents) <> 0
"""


async def enroll(desk: Desk, *payers: str) -> None:
    await desk.billing.receive(
        *[provider_enrolled(practice_id=desk.practice_id, payer_id=payer) for payer in payers]
    )


async def two_payers(desk: Desk, **changes: Any) -> str:
    """One visit with a primary and a secondary, sent to the primary; gives CLM01."""
    await enroll(desk, SECOND)
    told: dict[str, Any] = {"other_coverages": (SECOND_COVERAGE,), **changes}
    await desk.see_patients(1, **told)
    [number] = await desk.control_numbers()
    return number


async def send_on(desk: Desk) -> None:
    """Whether the next payer can be asked is looked at, and the claim goes with its window."""
    await desk.send()
    await desk.send()


def by_second(number: str, paid: int = 1_500, patient: int = 500, prior: int = 15_800) -> Said:
    """The secondary on the 20.00 that the primary left: 15.00 paid, 5.00 left to the patient."""
    rest = CHARGE - paid - patient - prior
    cas = [("OA", "23", prior), ("PR", "2", patient), ("CO", "45", rest)]
    return Said(number, CHARGE, paid, [each for each in cas if each[2]], status="2")


async def open_by_payer(desk: Desk) -> dict[str, int]:
    """What each payer owes, by the journal."""
    await desk.assert_books_balance()
    return {row["payer_id"]: row["cents"] for row in await desk.fetch(OPEN)}


async def charge_became(desk: Desk) -> dict[str, int]:
    """What became of what was charged."""
    sums = await desk.sums()
    return {name: sums[name] for name in ("charges", "paid", "adjusted", "patient", "open")}


async def ask(desk: Desk, what: str, **command: Any) -> int:
    """What a biller asks of the one claim: `coverages` or `forward`; gives the status."""
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post(f"/claims/{claim['claim_id']}/{what}", json=command)
    return answer.status_code
