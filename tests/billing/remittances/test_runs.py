"""Claims posted by the hundred make the same rows and events as the same claims one by one."""

from __future__ import annotations

import io
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.contracts import Event
from services.billing.remittances.post import post_remittances
from tests.billing.desk import Desk, open_practice
from tests.billing.remittance import CHARGE, Line, Said, paid, payment
from tests.harness import Harness

CLAIMS = 12
TABLES = {
    "posting": "*",
    "journal_entry": "entry_id, kind, claim_id, service_month, payer_id, event_id IS NULL",
    "journal_line": "*",
    "claim": "claim_id, state, hold_reason, was_refused",
    "unmatched_remittance": "remittance_id, place, status, paid_cents, reason",
    "provider_adjustment": "remittance_id, place, reason, kind, period_on, cents, open_cents,"
    " reference_print, claim_id, original_id",  # sealed, nothing is the same twice
}
MOVES = """
SELECT claim_id, array_agg(state || coalesce('/' || reason, '') ORDER BY id) AS steps
  FROM claim_move GROUP BY claim_id ORDER BY claim_id
"""


def file(numbers: list[str], seed: int, trace: str, before: list[Said]) -> tuple[bytes, list[Said]]:
    """Decisions, reversals before and behind their corrections, parts, strangers, in any order."""
    drawn = random.Random(seed)
    said = list(_some(numbers, drawn, before))
    drawn.shuffle(said)
    return payment(*said, trace=trace, plb=[("L6", -5), ("WO", -7)]), said


def _some(numbers: list[str], drawn: random.Random, before: list[Said]) -> Iterator[Said]:
    for old in before:
        if drawn.random() < 0.6 and old.status != "22":
            yield old.reversed() if drawn.random() < 0.8 else Said(old.control_number, 1, 1)
    for number in numbers:
        match drawn.randrange(6):
            case 0:
                yield Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
            case 1:
                yield Said(number, 10_000, 10_000, remark="MA15", payer_number=f"{number}A")
                yield Said(number, 7_800, 0, [("CO", "50", 7_800)], remark="MA15",
                           payer_number=f"{number}B")  # fmt: skip
            case 2:
                yield replace(paid(number), payer_number=f"{number}I")
                yield replace(paid("0"), payer_number=f"{number}I").reversed()
            case 3:
                cents = drawn.randrange(500)
                yield Said("STRANGER", 500, cents, [("CO", "45", 500 - cents)])
            case 4:
                yield paid(number)
                yield paid(number)
            case _:
                lines = [Line(CHARGE, 9_000, [("CO", "45", 8_000), ("CO", "97", 800)])]
                yield Said(number, CHARGE, 9_000, lines=lines)


async def state(harness: Harness, desk: Desk) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    rows = {}
    for table, columns in TABLES.items():
        found = await desk.fetch(f"SELECT {columns} FROM {table}")
        rows[table] = sorted(map(repr, found))
    rows["moves"] = await desk.fetch(MOVES)
    told: list[Event] = await harness.published_all()
    by_key = sorted((e.topic.name, e.key_value, n, repr(e)) for n, e in enumerate(told))
    return rows, [(topic, key, said) for topic, key, _, said in by_key]


@pytest.mark.parametrize("seed", range(4))
async def test_a_run_is_its_claims_one_by_one(
    service_harness: Callable[[str], Awaitable[Harness]],
    billing: Harness,
    tmp_path: Path,
    seed: int,
) -> None:
    after: list[Any] = []
    for harness, most in ((billing, 500), (await service_harness("billing"), 1)):
        desk = Desk(harness, tmp_path / str(most))
        await open_practice(desk)
        await desk.see_patients(CLAIMS)
        numbers = await desk.control_numbers()
        said: list[Said] = []
        for step in range(3):
            content, said = file(numbers, 10 * seed + step, f"TRACE{step}", said)
            async with harness.uow(desk.practice_id) as uow:
                verdict = await post_remittances(uow, io.BytesIO(content), claims_in_a_run=most)
            assert verdict == "posted"
        await desk.assert_books_balance()
        after.append(await state(harness, desk))
    by_run, one_by_one = after
    assert by_run[0] == one_by_one[0]
    assert by_run[1] == one_by_one[1]
    assert len(by_run[0]["unmatched_remittance"]) > 3
