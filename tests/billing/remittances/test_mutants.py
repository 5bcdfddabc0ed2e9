"""An 835 in which one thing is wrong is held whole, with a reason.

The law: with one amount changed (BPR02, CLP03, CLP04, CAS, SVC02, SVC03, PLB), one segment dropped,
doubled or cut, or the file cut anywhere, every file is held: the envelope counts. Two things it
cannot tell, and there a file is held or says the same cents of the same claims under the same trace
number: a segment dropped or doubled by somebody who counts anew, and the second half of a segment
that carries no money, such as a name.
"""

from __future__ import annotations

import io
import random
from datetime import date

import pytest

from libs.events.contracts.billing import PaymentPosted
from services.billing.answers.refusals import RefusedFileError
from services.billing.remittances.first_reading import read_through
from services.billing.remittances.model import decide
from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittedClaim,
    X12Error,
    read_835,
)
from tests.billing.desk import Desk, simulated
from tests.billing.remittances.mutants import Mutant, halved, mutants, recounted, remittance_of

TODAY = date(2025, 3, 10)
FILES = [(seed, 1 + seed % 7) for seed in range(12)]


def held(content: bytes) -> str | None:
    """Why the file is held; None: it would be posted."""
    try:
        read_through(io.BytesIO(content), TODAY)
    except X12Error as error:
        return error.code if error.fix else None
    except RefusedFileError as error:
        return error.code if error.place and error.fix else None
    return None


def money(content: bytes) -> list[tuple[object, ...]]:
    """What a file says of money: the payment, each claim's decision, each provider adjustment."""
    said: list[tuple[object, ...]] = []
    for one in read_835(io.BytesIO(content)):
        match one:
            case RemittanceHeader():
                said.append(("payment", one.payment_cents, one.trace_number))
            case RemittedClaim():
                said.append((one.control_number, one.status, one.charge_cents, decide(one)))
            case ProviderAdjustment():
                said.append((one.reason, one.cents))
            case _:
                pass
    return said


@pytest.mark.parametrize(("seed", "claims"), FILES)
def test_every_mutant_of_a_payment_is_held(seed: int, claims: int) -> None:
    content = remittance_of(seed, claims)
    assert held(content) is None
    made = list(mutants(content))
    assert len(made) > 100
    assert [mutant.what for mutant in made if held(mutant.content) is None] == []


@pytest.mark.parametrize(("seed", "claims"), FILES)
def test_what_counts_cannot_tell_is_held_or_says_the_same_of_money(seed: int, claims: int) -> None:
    content = remittance_of(seed, claims)
    said = money(content)
    made = [*recounted(content), *halved(content)]
    taken = [mutant for mutant in made if held(mutant.content) is None]
    assert [mutant.what for mutant in taken if money(mutant.content) != said] == []
    assert taken, "names and dates carry no money"


async def test_a_mutant_posts_nothing_and_the_right_file_posts_afterwards(desk: Desk) -> None:
    await desk.see_patients(8)
    answers = [
        answer
        for submission in desk.sent()
        for answer in simulated(denials=0.3, plb=1.0).remit(submission)
        if answer.name.endswith(".835")
    ]
    [right] = answers
    made = list(mutants(right.content))
    drawn = random.Random(7).sample(made, 60)
    for number, mutant in enumerate(drawn):
        await desk.hear(f"{number}.835", mutant.content)
    await _nothing_was_posted(desk, drawn)
    await desk.hear(right.name, right.content)
    assert set(await desk.states()) == {"paid", "denied"}
    [remittance] = await desk.fetch("SELECT payment_cents FROM remittance")
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert cash["cents"] == remittance["payment_cents"]
    await desk.assert_books_balance()


async def _nothing_was_posted(desk: Desk, heard: list[Mutant]) -> None:
    verdicts = await desk.verdicts()
    assert len(verdicts) == len(heard)
    assert {verdict for verdict, _ in verdicts.values()} == {"refused"}
    assert all(code for _, code in verdicts.values())
    for table in ("remittance", "posting", "unmatched_remittance", "provider_adjustment"):
        assert await desk.fetch(f"SELECT 1 FROM {table}") == []
    assert await desk.billing.published(PaymentPosted) == []
    assert set(await desk.states()) == {"submitted"}
