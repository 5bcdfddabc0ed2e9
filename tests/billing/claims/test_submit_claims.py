"""Ready claims go out in interchanges whose numbers leave no gap."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid5

import pytest

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import COVERAGE, ENCOUNTER, NAMESPACE, PERSON, line
from libs.events.transport import Timer
from services.billing.claims.submit import submit_claims
from services.billing.exchange.send import SEND_TIMER, send_interchange
from tests.billing.desk import Desk, open_practice, set_payer, visit

PAYERS = ("BUCKEYE01", "OTHER01")


async def test_claims_of_one_window_go_out_together(desk: Desk) -> None:
    await desk.billing.receive(visit(1))
    desk.billing.clock.advance(timedelta(seconds=20))
    await desk.billing.receive(visit(2))
    assert desk.sent() == []
    await desk.send()
    [submission] = desk.sent()
    assert len(submission.claims) == 2
    submitted = await desk.billing.published(ClaimSubmitted)
    assert [event.interchange_number for event in submitted] == [1, 1]
    assert await desk.states() == ["submitted", "submitted"]


async def test_each_payer_gets_an_interchange_of_its_own(desk: Desk) -> None:
    await desk.billing.given(provider_enrolled(payer_id="OTHER01"))
    await desk.billing.receive(*[visit(n, coverage=_cover(PAYERS[n % 2])) for n in range(6)])
    await desk.send()
    found = desk.sent()
    assert sorted(s.claims[0].payer.identifier for s in found) == list(PAYERS)
    assert [len({c.payer.identifier for c in s.claims}) for s in found] == [1, 1]


async def test_the_file_says_what_was_done_and_charged(desk: Desk) -> None:
    two = (line(), line(line_number=2, procedure_code="G0444", units=2, modifiers=("59",)))
    await desk.see_patients(lines=two)
    [submission] = desk.sent()
    assert submission.interchange == 1
    assert (submission.group, submission.transaction) == ("1", "0001")
    assert submission.billing.identifier == "1999999992"
    assert submission.employer_number == "310000001"
    [claim] = submission.claims
    assert claim.charge_cents == 23_100
    assert claim.diagnoses == ["Z0000"]
    assert claim.rendering.identifier == "1234567893"
    assert [(x.procedure, x.modifiers, x.charge_cents, x.units) for x in claim.lines] == [
        ("G0439", [], 17_800, 1),
        ("G0444", ["59"], 5_300, 2),
    ]


async def test_a_childs_claim_names_the_child_as_the_patient(desk: Desk) -> None:
    await desk.see_patients(coverage=COVERAGE.model_copy(update={"relationship": "child"}))
    [submission] = desk.sent()
    patient = submission.claims[0].patient
    assert patient is not None
    assert (patient.name, patient.first) == ("Rivera", "Alma")


async def test_control_numbers_say_nothing_about_anybody(desk: Desk) -> None:
    await desk.see_patients(3)
    numbers = await desk.control_numbers()
    assert len(set(numbers)) == 3
    for number in numbers:
        assert 1 <= len(number) <= 20
        assert number.isalnum()
        assert number == number.upper()
        assert PERSON.family.upper() not in number
        assert COVERAGE.member_id not in number


async def test_two_submitters_at_once_number_their_interchanges_without_a_gap(desk: Desk) -> None:
    await desk.billing.given(provider_enrolled(payer_id="OTHER01"))
    for round_ in range(4):
        made = [visit(100 * round_ + n, coverage=_cover(PAYERS[n % 2])) for n in range(4)]
        await desk.billing.receive(*made)
        await asyncio.gather(*[_submit(desk, payer) for payer in (*PAYERS, *PAYERS)])
    rows = await desk.fetch("SELECT interchange_number FROM interchange ORDER BY 1")
    numbers = [row["interchange_number"] for row in rows]
    assert numbers == list(range(1, 9))
    submitted = await desk.billing.published(ClaimSubmitted)
    assert len({event.claim_id for event in submitted}) == len(submitted) == 16


async def test_more_claims_than_an_interchange_may_hold_go_out_in_several(
    desk: Desk,
) -> None:
    await set_payer(desk, "BUCKEYE01", claims_per_interchange=2)
    await desk.see_patients(5)
    assert [len(submission.claims) for submission in desk.sent()] == [2, 2, 1]


async def test_an_interchange_that_came_to_nothing_uses_up_no_number(desk: Desk) -> None:
    await desk.billing.receive(visit(1))
    with pytest.raises(LookupError):
        async with desk.billing.uow(desk.practice_id) as uow:
            await submit_claims(_timer(desk, "submit-claims", "BUCKEYE01"), uow)
            raise LookupError("the process dies before the commit")
    assert desk.sent() == []
    await desk.send()
    assert [submission.interchange for submission in desk.sent()] == [1]


async def test_every_practice_counts_for_itself(desk: Desk) -> None:
    other = Desk(desk.billing, desk.exchange, uuid5(NAMESPACE, "another practice"))
    await desk.see_patients()
    await open_practice(other)
    await desk.billing.receive(
        visit(9, practice_id=other.practice_id, encounter_id=uuid5(ENCOUNTER, "other"))
    )
    await other.send()
    assert [submission.interchange for submission in other.sent()] == [1]


async def test_a_file_that_was_written_is_not_written_again(desk: Desk) -> None:
    await desk.see_patients()
    [path] = desk.outbound.glob("*.837")
    before = path.stat()
    await send_interchange(_timer(desk, SEND_TIMER, "1"), desk.billing.work)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


async def test_a_file_that_the_payer_has_taken_does_not_come_back(desk: Desk) -> None:
    await desk.see_patients()
    [path] = desk.outbound.glob("*.837")
    (desk.outbound / "taken").mkdir()
    path.rename(desk.outbound / "taken" / path.name)
    await send_interchange(_timer(desk, SEND_TIMER, "1"), desk.billing.work)
    assert list(desk.outbound.glob("*.837")) == []


async def test_a_file_cut_short_by_a_kill_is_written_whole(desk: Desk) -> None:
    desk.outbound.mkdir(parents=True)
    (desk.outbound / "000000001.837.part").write_bytes(b"ISA*00")
    await desk.see_patients()
    assert [submission.interchange for submission in desk.sent()] == [1]
    assert list(desk.outbound.glob("*.part")) == []
    [row] = await desk.fetch("SELECT sent_at FROM interchange")
    assert row["sent_at"] is not None


async def test_an_exchange_that_is_away_is_tried_again(desk: Desk) -> None:
    desk.outbound.parent.mkdir(parents=True)
    desk.outbound.touch()  # a file where the folder belongs: no file can be written below it
    await desk.see_patients()
    [row] = await desk.fetch("SELECT sent_at FROM interchange")
    assert row["sent_at"] is None
    desk.outbound.unlink()
    await desk.send()
    assert [submission.interchange for submission in desk.sent()] == [1]


async def _submit(desk: Desk, payer: str) -> None:
    async with desk.billing.uow(desk.practice_id) as uow:
        await submit_claims(_timer(desk, "submit-claims", payer), uow)


def _timer(desk: Desk, name: str, key: str) -> Timer:
    return Timer(desk.practice_id, name, key, desk.billing.clock.now())


def _cover(payer_id: str) -> object:
    return COVERAGE.model_copy(update={"payer_id": payer_id})
