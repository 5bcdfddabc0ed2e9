"""The work list begins with what is most worth working, and is read page by page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.billing.denials.refused import refused
from tests.billing.denials.worked import Worker, working
from tests.billing.desk import Desk, visit
from tests.billing.remittance import CHARGE, Line, Said, paid, payment

REASONS = ("29", "16", "50", "9999")
"""Likelihoods at first: 200, 750, 400, 300 of a thousand."""


async def denied(desk: Desk) -> list[str]:
    """Claims of one charge, each refused for another reason."""
    await desk.see_patients(len(REASONS))
    numbers = await desk.control_numbers()
    said = [refused(number, reason) for number, reason in zip(numbers, REASONS, strict=True)]
    await desk.hear("a.835", payment(*said))
    return numbers


async def test_it_is_ranked_by_cents_times_likelihood(desk: Desk) -> None:
    await denied(desk)
    async with working(desk) as worker:
        listed = await worker.list()
    assert [row["reason"] for row in listed] == ["16", "50", "9999", "29"]
    assert [row["likelihood"] for row in listed] == [750, 400, 300, 200]
    assert [row["expected_cents"] for row in listed] == [13_350, 7_120, 5_340, 3_560]


async def test_a_small_likely_denial_comes_after_a_large_one(desk: Desk) -> None:
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    line = [Line(17_000, 17_000), Line(800, 0, [("CO", "16", 800)])]
    await desk.hear(
        "a.835", payment(Said(first, CHARGE, 17_000, lines=line), refused(second, "29"))
    )
    async with working(desk) as worker:
        assert [row["reason"] for row in await worker.list()] == ["29", "16"]


async def test_it_learns_from_what_came_of_the_practices_own(desk: Desk) -> None:
    numbers = await denied(desk)
    at = REASONS.index("29")
    await desk.hear("b.835", payment(paid(numbers[at]), trace="TRACE2"))
    await desk.billing.receive(visit(99))
    await desk.send()
    [another] = [n for n in await desk.control_numbers() if n not in numbers]
    await desk.hear("c.835", payment(refused(another, "29"), trace="TRACE3"))
    async with working(desk) as worker:
        [row] = await worker.list(category="timely-filing")
    assert row["likelihood"] == (1000 + 10 * 200) // 11


async def test_its_pages_follow_one_another_without_a_gap(desk: Desk) -> None:
    await denied(desk)
    async with working(desk) as worker:
        whole = [row["denial_id"] for row in await worker.list()]
        assert await pages(worker, 3) == whole
        assert await pages(worker, 1) == whole


async def pages(worker: Worker, limit: int) -> list[str]:
    found: list[str] = []
    after: dict[str, Any] = {}
    while True:
        answer = await worker.client.get("/denials", params={"limit": limit, **after})
        page = answer.json()
        found += [row["denial_id"] for row in page["denials"]]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def test_it_is_filtered(desk: Desk) -> None:
    await denied(desk)
    async with working(desk) as worker:
        [row] = await worker.list(owner="clinician")
        assert row["category"] == "medical-necessity"
        assert len(await worker.list(payer="BUCKEYE01")) == 4
        assert await worker.list(payer="NOBODY") == []
        assert len(await worker.list(category="other")) == 1
        await worker.done(f"{row['denial_id']}/close", reason="small")
        assert [d["denial_id"] for d in await worker.list(state="closed")] == [row["denial_id"]]
        assert len(await worker.list()) == 3
        assert (await worker.client.get("/denials?after=nowhere")).status_code == 422


async def test_a_payers_own_days_set_the_deadline(desk: Desk, number: str) -> None:
    limit = {
        "payer_limit_id": str(uuid4()), "payer_id": "BUCKEYE01", "effective_on": "2026-03-20",
        "appeal_days": 30, "next_appeal_days": 20, "correction_days": 10,
    }  # fmt: skip
    async with working(desk) as worker:
        for _ in range(2):
            assert (await worker.client.post("/payer-limits", json=limit)).status_code == 201
        for other in ({"appeal_days": 31}, {"payer_limit_id": str(uuid4())}):
            refusal = await worker.client.post("/payer-limits", json={**limit, **other})
            assert refusal.status_code == 409
        assert (await worker.client.get("/payer-limits")).json() == [limit]
        await desk.hear("a.835", payment(refused(number, "16")))
        [row] = await worker.list()
        assert row["deadline_on"] == "2026-03-30", "ten days for a corrected claim"
        await desk.hear("b.835", payment(refused(number, "16").reversed(), trace="T2"))
        await desk.hear("c.835", payment(refused(number, "50"), trace="T3"))
        [row] = await worker.list()
        assert row["deadline_on"] == "2026-04-19", "thirty for an appeal"
