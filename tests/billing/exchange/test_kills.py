"""A real process is killed while files go out and come in; the next one goes on where it was."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events.contracts.billing import ClaimPaid, ClaimSubmitted
from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import COVERAGE, patient_registered
from libs.local.payer.claims import read_claims
from services.billing import exchange
from services.billing.answers import look as looking
from services.billing.answers.look import look_into_mailboxes
from services.billing.answers.read import read_answers
from tests.billing.desk import Desk, set_payer, visit
from tests.billing.eligibility.asking import ask
from tests.billing.exchange.receiver import NAME, Receiver
from tests.billing.exchange.victim import dies_at
from tests.billing.remittance import paid, payment
from tests.billing.status.test_follow_up import FIRST
from tests.billing.x12.validated import accepted
from tests.chaos.steps import steps

OUT = [
    *steps(Path(exchange.__path__[0])),
    "timer.taken", "timer.handled", "timer.committed", "transmission.sent",
]  # fmt: skip
IN = steps(Path(looking.__file__).parent)


def test_the_steps_are_those_of_a_number_and_of_a_file() -> None:
    assert OUT[:-4] == [
        "interchange.confirmed", "interchange.kept", "interchange.numbered", "interchange.put",
        "interchange.uploaded", "interchange.written",
    ]  # fmt: skip
    assert IN == ["file.fetched", "file.removed", "file.taken"]


@pytest.mark.parametrize("step", OUT)
async def test_killed_there_numbers_leave_no_gap_and_each_is_one_file_of_one_kind(
    desk: Desk, receiver: Receiver, step: str
) -> None:
    """Claims to two receivers, one with an SFTP server, and both kinds of questions are due."""
    receiver.open_for(desk.practice_id)
    await set_payer(desk, "OTHER01", mailbox=NAME, submitter_id="SUB7")
    await desk.billing.given(provider_enrolled(payer_id="OTHER01"))
    other = COVERAGE.model_copy(update={"payer_id": "OTHER01"})
    await desk.billing.receive(visit(1), visit(2, coverage=other))
    await desk.send()
    await desk.billing.fire_timers(desk.billing.clock.now() + FIRST)
    await desk.billing.receive(visit(3), visit(4, coverage=other), patient_registered())
    assert (await ask(desk, service_on="2026-03-20")).status_code == 202
    desk.billing.clock.advance(timedelta(seconds=61))
    times = 2 if step != "interchange.written" else 1
    await dies_at(step, times, desk.billing, "send")
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=10))
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=10))

    files = {path.name: path.read_bytes() for path in desk.outbound.iterdir()}
    assert not files.keys() & receiver.files().keys()
    files |= receiver.files()
    kinds = Counter(name.partition(".")[2] for name in files)
    assert kinds == {"837": 4, "270": 1, "276": 2}
    numbered = sorted(files)
    assert [int(name.partition(".")[0]) for name in numbered] == list(range(1, 8))
    for name, content in files.items():
        number, _, kind = name.partition(".")
        assert envelope(content) == (int(number), int(number), int(number), kind)
    ways = Counter(way(content) for content in files.values())
    assert ways == {("310000001", "BUCKEYE01"): 4, ("SUB7", "OTHER01"): 3}
    claims = [
        claim.number
        for name, content in files.items()
        if name.endswith("837")
        for claim in read_claims(accepted(content)).claims
    ]
    assert sorted(claims) == await desk.control_numbers()
    assert len(await desk.billing.published(ClaimSubmitted)) == 4
    rows = await desk.fetch("SELECT interchange_number, sent_at FROM interchange ORDER BY 1")
    assert [row["interchange_number"] for row in rows] == list(range(1, 8))
    assert all(row["sent_at"] for row in rows)


@pytest.mark.parametrize("step", IN)
@pytest.mark.parametrize("by_sftp", [True, False], ids=["sftp", "directory"])
async def test_killed_there_a_file_is_taken_once_and_none_is_lost(
    desk: Desk, mailbox: Receiver, step: str, *, by_sftp: bool
) -> None:
    await desk.see_patients(2)
    waiting = mailbox.given if by_sftp else desk.inbound
    waiting.mkdir(parents=True, exist_ok=True)
    for place, number in enumerate(await desk.control_numbers()):
        content = payment(paid(number), trace=f"TRACE{place}")
        (waiting / f"{place}.835").write_bytes(content)
    if by_sftp:
        await look_into_mailboxes(desk.billing.work)  # they are seen
    desk.billing.clock.advance(timedelta(hours=1))
    await dies_at(step, 1, desk.billing, "look")
    await read_answers(desk.billing.work)
    desk.billing.clock.advance(timedelta(hours=1))
    await look_into_mailboxes(desk.billing.work)
    assert [path for path in waiting.iterdir() if path.is_file()] == []
    assert await desk.verdicts() == {"0.835": ("posted", None), "1.835": ("posted", None)}
    assert sorted(path.name for path in (desk.inbound / "posted").iterdir()) == ["0.835", "1.835"]
    assert len(await desk.billing.published(ClaimPaid)) == 2
    assert await desk.states() == ["paid", "paid"]
    await desk.assert_books_balance()


def segments(content: bytes) -> dict[str, list[str]]:
    """The first segment of each name, by elements."""
    rows = [row.strip().split("*") for row in content.decode().split("~")]
    return {row[0]: row for row in reversed(rows)}


def envelope(content: bytes) -> tuple[int, int, int, str]:
    """ISA13, GS06, ST02 and ST01."""
    said = segments(content)
    return int(said["ISA"][13]), int(said["GS"][6]), int(said["ST"][2]), said["ST"][1]


def way(content: bytes) -> tuple[str, str]:
    """ISA06 and ISA08."""
    isa = segments(content)["ISA"]
    return isa[6].strip(), isa[8].strip()
