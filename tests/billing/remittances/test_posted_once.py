"""A payment is posted once, and only if it balances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from libs.events.contracts.billing import (
    PaymentPosted,
)
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Line, Said, paid, payment


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
                Said(number, CHARGE, 10_050, lines=[
                    Line(CHARGE, 10_050, [("CO", "45", 7_749)]), Line(0, 0, [("CO", "45", 1)]),
                ])
            ),
            "unbalanced-line",
        ),
    ],
)  # fmt: skip
async def test_an_unbalanced_payment_posts_nothing(
    desk: Desk, number: str, content: Callable[[str], bytes], code: str
) -> None:
    await desk.hear("a.835", content(number))
    assert await desk.verdicts() == {"a.835": ("refused", code)}
    assert await desk.states() == ["submitted"]
    assert await desk.fetch("SELECT * FROM remittance") == []
    # The payer's corrected file comes under the same trace number.
    await desk.hear("b.835", payment(paid(number)))
    assert await desk.states() == ["paid"]
