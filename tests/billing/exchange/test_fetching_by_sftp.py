"""Files in a receiver's mailbox are fetched, taken once, and removed when that is committed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from libs.events.contracts.billing import ClaimPaid
from services.billing.answers.look import look_into_mailboxes
from services.billing.exchange import sftp
from tests.billing.desk import Desk, let_answer, simulated
from tests.billing.exchange.receiver import NAME, Receiver, Requests, killed_at
from tests.billing.remittance import paid, payment


async def test_what_waits_is_taken_and_removed_and_kept_here(desk: Desk, mailbox: Receiver) -> None:
    content = await remitted(desk, mailbox)
    await look(desk)
    assert await desk.states() == ["paid"]
    assert list(mailbox.given.iterdir()) == []
    assert (desk.inbound / "posted" / "a.835").read_bytes() == content
    assert await shown(desk) == {"mailbox": NAME, "looked_at": now(desk), "failure": None,
                                 "fix": None}  # fmt: skip


async def test_a_claim_goes_out_and_is_answered_through_the_mailbox(
    desk: Desk, mailbox: Receiver
) -> None:
    await desk.see_patients(3)
    desk.outbound.mkdir(parents=True)
    for path in mailbox.taken.iterdir():
        path.rename(desk.outbound / path.name)
    await let_answer(AtReceiver(desk, mailbox), simulated())
    await look(desk)
    assert await desk.states() == ["paid"] * 3
    assert list(mailbox.given.iterdir()) == []
    await desk.assert_books_balance()


async def test_a_broken_file_is_put_aside_and_does_not_come_again(
    desk: Desk, mailbox: Receiver
) -> None:
    (mailbox.given / "broken.835").write_bytes(b"ISA nothing")
    await look(desk)
    assert await desk.verdicts() == {"broken.835": ("refused", "isa-length")}
    assert (desk.inbound / "refused" / "broken.835").read_bytes() == b"ISA nothing"
    assert list(mailbox.given.iterdir()) == []


async def test_killed_at_any_request_it_is_taken_once_and_removed(
    desk: Desk, mailbox: Receiver
) -> None:
    content = await remitted(desk, mailbox)
    desk.billing.clock.advance(timedelta(hours=1))
    await look_into_mailboxes(desk.billing.work)
    assert await desk.states() == ["submitted"], "it is taken when it is the same a second time"
    mailbox.requests.clear()
    desk.billing.clock.advance(timedelta(hours=1))
    await look_into_mailboxes(desk.billing.work)
    steps = list(mailbox.requests)
    assert {"list", "open", "read", "close", "stat", "remove"} <= set(steps)
    for place in range(len(steps)):
        # A payment of its own each time, so that each is taken anew.
        told = content.replace(b"TRACE1", b"TRACE%d" % (100 + place))
        (mailbox.given / f"{place}.835").write_bytes(told)
        desk.billing.clock.advance(timedelta(hours=1))
        await look_into_mailboxes(desk.billing.work)  # it is seen
        desk.billing.clock.advance(timedelta(hours=1))
        with pytest.raises(asyncio.CancelledError):
            await killed_at(mailbox, place, look_into_mailboxes(desk.billing.work))
        await look(desk)
        assert list(mailbox.given.iterdir()) == [], steps[place]
    traces = await desk.fetch("SELECT trace_number FROM remittance")
    assert sorted(row["trace_number"] for row in traces) == sorted(
        ["TRACE1", *(f"TRACE{100 + place}" for place in range(len(steps)))]
    )
    assert len(await desk.billing.published(ClaimPaid)) == 1
    assert set((await desk.verdicts()).values()) == {("posted", None)}
    await desk.assert_books_balance()


async def test_a_file_that_is_being_written_is_left_for_later(
    desk: Desk, mailbox: Receiver
) -> None:
    content = await remitted(desk, mailbox)
    growing = mailbox.given / "a.835"
    growing.write_bytes(content[:100])
    for name in ("b.835.part", "c.835.filepart", ".d.835"):
        (mailbox.given / name).write_bytes(content)

    def grow(request: str, session: Requests) -> None:
        if request == "list":
            growing.write_bytes(content[: growing.stat().st_size + 1])

    mailbox.asked = grow
    await look(desk)
    assert await desk.verdicts() == {}
    assert len(list(mailbox.given.iterdir())) == 4
    growing.write_bytes(content)
    mailbox.asked = Receiver.asked
    await look(desk)
    assert await desk.verdicts() == {"a.835": ("posted", None)}
    assert await desk.states() == ["paid"]


async def test_a_file_that_grows_while_it_is_fetched_is_left_for_later(
    desk: Desk, mailbox: Receiver
) -> None:
    content = await remitted(desk, mailbox)
    growing = mailbox.given / "a.835"
    growing.write_bytes(content[:-1])

    def grow(request: str, session: Requests) -> None:
        if request == "open":
            growing.write_bytes(content)

    mailbox.asked = grow
    await look(desk)
    assert await desk.verdicts() == {}
    assert growing.exists()
    mailbox.asked = Receiver.asked
    await look(desk)
    assert await desk.states() == ["paid"]


async def test_another_file_that_has_the_name_by_now_is_not_removed(
    desk: Desk, mailbox: Receiver
) -> None:
    content = await remitted(desk, mailbox)
    second = content.replace(b"TRACE1", b"TRACE222")

    def replaced(request: str, session: Requests) -> None:
        if mailbox.requests.count("stat") == 2:  # it is taken, and about to be removed
            (mailbox.given / "a.835").write_bytes(second)

    mailbox.requests.clear()
    mailbox.asked = replaced
    await look(desk)
    mailbox.asked = Receiver.asked
    assert (mailbox.given / "a.835").read_bytes() == second
    await look(desk)
    assert list(mailbox.given.iterdir()) == []
    traces = await desk.fetch("SELECT trace_number FROM remittance ORDER BY 1")
    assert [row["trace_number"] for row in traces] == ["TRACE1", "TRACE222"]


async def test_a_file_that_cannot_be_had_is_told_and_the_others_are_taken(
    desk: Desk, mailbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await remitted(desk, mailbox)
    monkeypatch.setattr(sftp, "LARGEST_FILE", len(content))
    huge = mailbox.given / "0-huge.835"
    huge.write_bytes(content + b" ")
    await look(desk)
    assert await desk.states() == ["paid"]
    assert (await shown(desk))["failure"] == "file-too-large"
    huge.rename(mailbox.given / "f\u00fcr-euch.835")
    await look(desk)
    assert (await shown(desk))["failure"] == "name-unusable"
    assert len(list(mailbox.given.iterdir())) == 1


async def test_a_file_that_may_not_be_removed_is_taken_once_and_told(
    desk: Desk, mailbox: Receiver
) -> None:
    def refused(request: str, session: Requests) -> None:
        if request == "remove":
            raise asyncssh.SFTPPermissionDenied("no")

    await remitted(desk, mailbox)
    mailbox.asked = refused
    for _ in range(2):
        await look(desk)
        assert (await shown(desk))["failure"] == "remove-refused"
    assert len(await desk.billing.published(ClaimPaid)) == 1
    mailbox.asked = Receiver.asked
    await look(desk)
    assert (await shown(desk))["failure"] is None
    assert list(mailbox.given.iterdir()) == []
    assert await desk.verdicts() == {"a.835": ("posted", None)}


async def test_a_server_that_is_gone_in_the_middle_is_told_and_asked_again(
    desk: Desk, mailbox: Receiver
) -> None:
    def gone(request: str, session: Requests) -> None:
        if request == "read":
            session.hang_up()

    await remitted(desk, mailbox)
    mailbox.asked = gone
    await look(desk)
    assert (await shown(desk))["failure"] == "unreachable"
    assert await desk.verdicts() == {}
    mailbox.asked = Receiver.asked
    await look(desk)
    assert await desk.states() == ["paid"]


async def test_a_mailbox_that_fails_is_looked_into_ever_more_rarely(
    desk: Desk, mailbox: Receiver
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    mailbox.open_for(desk.practice_id, known_hosts=mailbox.line(other))
    looks: list[str] = []
    for minute in range(16):
        await look_into_mailboxes(desk.billing.work)
        if (await shown(desk))["looked_at"] == now(desk):
            looks.append(str(minute))
        desk.billing.clock.advance(timedelta(minutes=1))
    assert looks == ["0", "2", "6", "14"]
    assert (await shown(desk))["failure"] == "host-key-unknown"


async def test_one_mailbox_that_fails_keeps_no_other_waiting(desk: Desk, mailbox: Receiver) -> None:
    await remitted(desk, mailbox)
    mailbox.open_for(desk.practice_id, away={"port": 1, "outbound": "/x", "inbound": "/y"})
    for _ in range(2):
        await look_into_mailboxes(desk.billing.work)
        desk.billing.clock.advance(timedelta(minutes=1))
    assert await desk.states() == ["paid"]
    async with desk.billing.http(desk.practice_id) as client:
        told = (await client.get("/mailboxes")).json()
        rest = (await client.get("/mailboxes", params={"after": "away", "limit": 1})).json()
    assert [(m["mailbox"], m["failure"]) for m in told] == [("away", "unreachable"), (NAME, None)]
    assert [m["mailbox"] for m in rest] == [NAME]


class AtReceiver(Desk):
    """Its answers are put into the receiver's folder; nobody looks yet."""

    def __init__(self, desk: Desk, receiver: Receiver) -> None:
        super().__init__(desk.billing, desk.exchange, desk.practice_id)
        self._given: Path = receiver.given

    async def hear(self, name: str, content: bytes) -> None:
        (self._given / name).write_bytes(content)


async def remitted(desk: Desk, receiver: Receiver) -> bytes:
    """A claim went out, and its payment waits in the mailbox."""
    await desk.see_patients()
    [number] = await desk.control_numbers()
    content = payment(paid(number))
    (receiver.given / "a.835").write_bytes(content)
    return content


async def look(desk: Desk) -> None:
    """The job looks twice, each time when every mailbox is due: what stays as it is is taken."""
    for _ in range(2):
        desk.billing.clock.advance(timedelta(hours=1))
        await look_into_mailboxes(desk.billing.work)


async def shown(desk: Desk) -> dict[str, Any]:
    async with desk.billing.http(desk.practice_id) as client:
        [mailbox] = (await client.get("/mailboxes")).json()
    return mailbox


def now(desk: Desk) -> str:
    return desk.billing.clock.now().isoformat().replace("+00:00", "Z")
