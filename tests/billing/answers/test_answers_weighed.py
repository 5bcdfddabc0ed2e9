"""TA1, 999 and 277CA against one another: what moves a claim, and what a person has to look at."""

from __future__ import annotations

from datetime import date

import pytest

from libs.events.contracts.billing import ClaimAccepted, ClaimRejected
from libs.events.examples.interop import PRACTICE
from services.billing.answers.model import Verdict, outweighs
from services.billing.x12 import in_words, meaning_of_status
from tests.billing.desk import Desk, let_answer, simulated, visit

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
STC = "STC*A2:20*20260302*WQ*178"


def test_the_later_day_counts_and_of_one_day_a_rejection() -> None:
    taken, refused = Verdict(False, MONDAY), Verdict(True, MONDAY)
    assert outweighs(taken, [])
    assert outweighs(refused, [taken])
    assert not outweighs(taken, [refused])
    assert outweighs(Verdict(False, TUESDAY), [refused, taken])
    assert not outweighs(Verdict(True, MONDAY), [Verdict(False, TUESDAY)])


@pytest.mark.parametrize(
    ("category", "meaning"),
    [
        ("A2", "received"), ("A4", "not-found"), ("D0", "not-found"), ("P1", "pending"),
        ("P3", "information-requested"), ("R4", "information-requested"), ("F0", "finalized"),
        ("F1", "finalized-paid"), ("F2", "finalized-denied"), ("F3N", "finalized"),
        ("E1", "cannot-say"), ("ZZ9", "cannot-say"), ("", "cannot-say"),
    ],
)  # fmt: skip
def test_each_status_category_has_a_meaning(category: str, meaning: str) -> None:
    assert meaning_of_status(category) == meaning


def test_codes_are_told_in_words_and_those_without_by_number() -> None:
    assert in_words("TA1", "025", None) == "the control number was used before"
    assert in_words("999", "5", None) == "one or more segments are in error"
    assert in_words("277CA", "A7", "562") == (
        "rejected: something is wrong (a National Provider Identifier)"
    )
    assert in_words("277", "P1", "9999") == "in process (status code 9999)"


async def test_a_refused_interchange_refuses_its_claims_and_no_others(desk: Desk) -> None:
    await desk.see_patients(2)
    await let_answer(desk, simulated(reject_ta1=1.0), "999")
    assert await desk.verdicts() == {"000000001.ta1": ("posted", None)}
    rejected = await desk.billing.published(ClaimRejected)
    assert [(e.answered_by, e.status_category) for e in rejected] == [("TA1", "024")] * 2
    await desk.billing.receive(visit(77))
    await desk.send()
    assert sorted(await desk.states()) == ["rejected", "rejected", "submitted"]


@pytest.mark.parametrize("verdict", ["A", "E"])
async def test_an_interchange_that_was_taken_in_moves_nothing(desk: Desk, verdict: str) -> None:
    await desk.see_patients()
    await desk.hear("a.ta1", ta1("000000001", verdict, "000"))
    assert await desk.states() == ["submitted"]
    assert (await desk.verdicts())["a.ta1"] == ("posted", None)
    [kept] = await desk.fetch("SELECT source, verdict FROM claim_answer")
    assert kept == {"source": "TA1", "verdict": "accepted"}


async def test_a_ta1_about_what_was_never_sent_is_put_aside(desk: Desk) -> None:
    await desk.see_patients()
    await desk.hear("a.ta1", ta1("000000002", "R", "025"))
    assert (await desk.verdicts())["a.ta1"] == ("refused", "unknown-interchange")
    assert await desk.states() == ["submitted"]


async def test_an_interchange_that_its_receiver_had_before_is_for_a_person(desk: Desk) -> None:
    await desk.see_patients()
    for name in ("a.ta1", "again.ta1"):
        await desk.hear(name, ta1("000000001", "R", "025"))
    assert await desk.states() == ["submitted"]
    async with desk.billing.http(PRACTICE) as client:
        [held] = (await client.get("/held-answers")).json()
    told = held["source"], held["reason"], held["reference"], held["in_words"]
    assert told == ("TA1", "interchange-had-before", "000000001", in_words("TA1", "025", None))


async def test_a_ta1_beside_the_999_of_an_interchange_is_heard_too(desk: Desk) -> None:
    await desk.see_patients()
    [answer] = simulated().acknowledge_file(desk.sent()[0])
    both = answer.content.replace(b"GS*FA", b"TA1*000000001*260302*1200*A*000~\nGS*FA", 1)
    await desk.hear("both.999", both)
    assert (await desk.verdicts())["both.999"] == ("posted", None)
    kept = await desk.fetch("SELECT source FROM claim_answer ORDER BY source")
    assert [row["source"] for row in kept] == ["999", "TA1"]


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ([("A7:562", MONDAY), ("A2:20", TUESDAY)], "accepted"),
        ([("A7:562", TUESDAY), ("A2:20", MONDAY)], "rejected"),
        ([("A7:562", MONDAY), ("A2:20", MONDAY)], "rejected"),
        ([("A2:20", MONDAY), ("A7:562", MONDAY)], "rejected"),
        ([("A2:20", TUESDAY), ("A7:562", MONDAY)], "accepted"),
        ([("A1:19", TUESDAY), ("A2:20", MONDAY)], "accepted"),
    ],
)
async def test_answers_that_disagree_are_weighed_by_day_and_rank(
    desk: Desk, said: list[tuple[str, date]], ends: str
) -> None:
    await desk.see_patients()
    for index, (status, day) in enumerate(said):
        await hear_status(desk, f"{index}.277", f"STC*{status}*{day:%Y%m%d}*WQ*178")
    assert await desk.states() == [ends]
    assert len(await desk.fetch("SELECT FROM claim_answer")) == len(said)


async def test_an_answer_to_an_earlier_sending_moves_nothing(desk: Desk) -> None:
    await desk.see_patients()
    async with desk.billing.uow(desk.practice_id) as uow:
        await uow.db.execute(
            "INSERT INTO interchange (practice_id, interchange_number, kind, payer_id, content,"
            " made_at) SELECT practice_id, 2, kind, payer_id, content, made_at FROM interchange"
        )
        await uow.db.execute("UPDATE claim SET interchange_number = 2")
    await hear_status(desk, "late.277", STC.replace("A2:20", "A7:562"))
    assert await desk.states() == ["submitted"]
    [kept] = await desk.fetch("SELECT verdict, interchange_number FROM claim_answer")
    assert kept == {"verdict": "rejected", "interchange_number": 1}


async def test_another_charge_than_ours_is_held_and_moves_nothing(desk: Desk) -> None:
    await desk.see_patients(2)
    await hear_status(desk, "other.277", STC.replace("178", "177.99"))
    assert await desk.states() == ["submitted", "submitted"]
    assert await desk.billing.published(ClaimAccepted) == []
    [held] = await desk.fetch(
        "SELECT reason, expected_cents, told_cents, claim_id IS NOT NULL AS ours FROM held_answer"
    )
    assert held == {
        "reason": "charge-differs", "expected_cents": 17_800, "told_cents": 17_799, "ours": True,
    }  # fmt: skip


async def test_an_answer_about_a_claim_that_was_never_sent_is_held(desk: Desk) -> None:
    await desk.see_patients()
    await desk.billing.receive(visit(7))
    [sent, waiting] = await desk.control_numbers()
    await hear_status(desk, "early.277", STC, number=waiting, sent=sent)
    assert sorted(await desk.states()) == ["ready", "submitted"]
    [held] = await desk.fetch("SELECT reason, reference FROM held_answer")
    assert held == {"reason": "claim-not-sent", "reference": waiting}


async def test_a_strangers_claim_among_ours_is_held_and_ours_goes_on(desk: Desk) -> None:
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    [submission] = desk.sent()
    [answer] = simulated().acknowledge_claims(submission)
    content = answer.content.replace(second.encode(), b"SOMEBODYELSES")
    await desk.hear("mixed.277", content)
    assert await desk.states() == ["accepted", "submitted"]
    held = await desk.fetch("SELECT reason, reference FROM held_answer")
    assert held == [{"reason": "unknown-claim", "reference": "SOMEBODYELSES"}]
    assert first != second


async def hear_status(
    desk: Desk, name: str, stc: str, *, number: str | None = None, sent: str | None = None
) -> None:
    """A 277CA of the simulator with another status for its first claim, or about another claim."""
    submission = desk.sent()[0]
    submission.claims[1:] = []
    [answer] = simulated().acknowledge_claims(submission)
    lines = answer.content.decode().split("~\n")
    at = max(index for index, line in enumerate(lines) if line.startswith("STC*"))
    lines[at] = stc
    content = "~\n".join(lines)
    if number is not None and sent is not None:
        content = content.replace(sent, number)
    await desk.hear(name, content.encode())


def ta1(control: str, verdict: str, note: str) -> bytes:
    return (
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *260302*0930*^*00501"
        f"*000000007*0*T*:~TA1*{control}*260302*0900*{verdict}*{note}~IEA*0*000000007~"
    ).encode()
