"""Files as payers send them: the simulator's with its faults, and one that nobody here wrote."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid5

from libs.events.contracts.billing import (
    ChargesPosted,
    ClaimDenied,
    ClaimPaid,
)
from libs.events.examples.interop import NAMESPACE, PRACTICE, line
from services.billing.exchange.directory import ExchangeSettings
from tests.billing.desk import Desk, let_answer, simulated
from tests.harness import Harness

TWO_LINES = (line(), line(line_number=2, procedure_code="G0444"))
LFH = Path("samples/x12/lfh-demo.835")


async def test_the_payer_simulators_files_post_without_a_remainder(desk: Desk) -> None:
    await desk.see_patients(30, lines=TWO_LINES)
    faults = {"garbage": 1.0, "unbalanced_835": 1.0, "duplicate_835": 1.0, "plb": 1.0}
    await let_answer(desk, simulated(denials=0.3, rejections=0.1, **faults))
    states = await desk.states()
    assert set(states) == {"paid", "denied", "rejected"}
    assert len(await desk.billing.published(ClaimPaid)) == states.count("paid")
    assert len(await desk.billing.published(ClaimDenied)) == states.count("denied")
    verdicts = sorted(code or verdict for verdict, code in (await desk.verdicts()).values())
    assert verdicts == ["duplicate", "not-x12", "posted", "posted", "posted", "posted",
                        "unbalanced-transaction"]  # fmt: skip
    assert await desk.fetch("SELECT * FROM unmatched_remittance") == []
    await desk.assert_books_balance()


async def test_a_remittance_that_nobody_here_wrote_posts_to_the_cent(billing: Harness) -> None:
    desk = Desk(billing, ExchangeSettings().exchange_dir)
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
