"""Claims go to a receiver's SFTP mailbox: once, whole, and only to the server that is pinned."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid5

import asyncssh
import pytest

from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import COVERAGE, NAMESPACE
from libs.events.transport import Timer
from libs.local.payer.claims import read_claims
from services.billing.exchange import sftp
from services.billing.exchange.port import ExchangeError
from services.billing.exchange.send import SEND_TIMER, send_interchange
from tests.billing.desk import Desk, set_payer, visit
from tests.billing.exchange.receiver import NAME, PASSWORD, Receiver, Requests, killed_at
from tests.billing.x12.validated import accepted


async def test_claims_are_put_into_the_mailbox_that_the_payers_entry_names(
    desk: Desk, mailbox: Receiver
) -> None:
    await desk.see_patients(2)
    [(name, content)] = mailbox.files().items()
    assert name == "000000001.837"
    assert len(read_claims(accepted(content)).claims) == 2
    assert desk.sent() == []
    assert await unsent(desk) == []
    [row] = await desk.fetch("SELECT sent_at FROM interchange")
    assert row["sent_at"] is not None


async def test_payers_whose_files_travel_otherwise_share_no_interchange(
    desk: Desk, mailbox: Receiver
) -> None:
    receiver = {"interchange_id": "CH99", "name": "HOUSE", "identifier": "CH99"}
    await set_payer(desk, "BUCKEYE01", mailbox=NAME, receiver=receiver)
    await set_payer(desk, "OTHER01", receiver=receiver)
    await desk.billing.given(provider_enrolled(payer_id="OTHER01"))
    other = COVERAGE.model_copy(update={"payer_id": "OTHER01"})
    await desk.billing.receive(visit(1), visit(2, coverage=other))
    await desk.send()
    assert len(mailbox.files()) == 1
    assert len(desk.sent()) == 1


async def test_a_server_with_another_key_than_the_pinned_one_gets_nothing(
    desk: Desk, mailbox: Receiver
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    mailbox.open_for(desk.practice_id, known_hosts=mailbox.line(other))
    await desk.see_patients()
    [told] = await unsent(desk)
    assert (told["interchange_number"], told["kind"], told["mailbox"]) == (1, "837", NAME)
    assert told["failure"] == "host-key-unknown"
    assert "Ask the receiver" in told["fix"]
    assert mailbox.requests == []
    mailbox.open_for(desk.practice_id)
    await later(desk)
    assert list(mailbox.files()) == ["000000001.837"]
    assert await unsent(desk) == []


async def test_a_login_that_is_refused_is_told_and_tried_again(
    desk: Desk, mailbox: Receiver
) -> None:
    stranger = mailbox.settings.parent / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(stranger)
    mailbox.open_for(desk.practice_id, key_file="stranger")
    await desk.see_patients()
    assert [told["failure"] for told in await unsent(desk)] == ["login-refused"]
    mailbox.open_for(desk.practice_id, key_file="not-mounted")
    await later(desk)
    assert [told["failure"] for told in await unsent(desk)] == ["credentials-unreadable"]
    mailbox.open_for(desk.practice_id)
    await later(desk)
    assert list(mailbox.files()) == ["000000001.837"]


async def test_a_receiver_that_takes_no_keys_is_given_the_password(
    desk: Desk, mailbox: Receiver
) -> None:
    mailbox.open_for(desk.practice_id, key_file=None, password_file="password")
    await desk.see_patients()
    assert list(mailbox.files()) == ["000000001.837"]


async def test_a_server_that_is_gone_in_the_middle_leaves_nothing_under_the_name(
    desk: Desk, mailbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp, "PIECE", 200)

    def gone(request: str, session: Requests) -> None:
        if mailbox.requests.count("write") == 2:
            session.hang_up()

    mailbox.asked = gone
    await desk.see_patients()
    assert list(mailbox.files()) == ["000000001.837.part"]
    assert [told["failure"] for told in await unsent(desk)] == ["unreachable"]
    mailbox.asked = Receiver.asked
    await later(desk)
    [(name, content)] = mailbox.files().items()
    assert name == "000000001.837"
    assert len(read_claims(content).claims) == 1


async def test_a_server_that_does_not_answer_is_told_and_tried_again(
    desk: Desk, mailbox: Receiver
) -> None:
    mailbox.open_for(desk.practice_id, port=1)
    await desk.see_patients()
    assert [told["failure"] for told in await unsent(desk)] == ["unreachable"]
    mailbox.open_for(desk.practice_id)
    await later(desk)
    assert list(mailbox.files()) == ["000000001.837"]


async def test_a_rename_that_is_refused_is_told_without_the_servers_words(
    desk: Desk, mailbox: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    def refused(request: str, session: Requests) -> None:
        if request == "rename":
            raise asyncssh.SFTPPermissionDenied("RIVERA may not")

    mailbox.asked = refused
    await desk.see_patients()
    [told] = await unsent(desk)
    assert told["failure"] == "rename-refused"
    out, err = capfd.readouterr()
    assert "rename-refused" in out + err
    assert "RIVERA" not in f"{out}{err}{told}"
    mailbox.asked = Receiver.asked
    await later(desk)
    assert list(mailbox.files()) == ["000000001.837"]


async def test_another_file_of_that_name_is_not_written_over(desk: Desk, mailbox: Receiver) -> None:
    (mailbox.taken / "000000001.837").write_bytes(b"of a former system")
    await desk.see_patients()
    assert [told["failure"] for told in await unsent(desk)] == ["name-taken"]
    assert mailbox.files() == {"000000001.837": b"of a former system"}


async def test_killed_at_any_request_it_is_put_once_and_whole(
    desk: Desk, mailbox: Receiver
) -> None:
    await desk.see_patients()
    expected = mailbox.files()
    steps = list(mailbox.requests)
    assert {"open", "write", "close", "rename"} <= set(steps)
    for place in range(len(steps)):
        (mailbox.taken / "000000001.837").unlink(missing_ok=True)
        with pytest.raises(asyncio.CancelledError):
            await killed_at(mailbox, place, send_interchange(timer(desk), desk.billing.work))
        await send_interchange(timer(desk), desk.billing.work)
        assert mailbox.files() == expected, steps[place]


async def test_a_file_that_is_there_already_is_not_put_again(desk: Desk, mailbox: Receiver) -> None:
    await desk.see_patients()
    mailbox.requests.clear()
    await send_interchange(timer(desk), desk.billing.work)
    assert "write" not in mailbox.requests
    assert "rename" not in mailbox.requests


async def test_a_mailbox_of_another_practice_is_none_of_ours(desk: Desk, mailbox: Receiver) -> None:
    mailbox.open_for(uuid5(NAMESPACE, "another practice"))
    async with desk.billing.http(desk.practice_id) as client:
        refused = await client.put("/payers/BUCKEYE01", json={"mailbox": NAME})
        own = await client.get("/mailboxes")
    assert refused.status_code == 422
    assert "not-set-up" in refused.text
    assert own.json() == []
    await desk.see_patients()
    assert mailbox.files() == {}
    assert [told["failure"] for told in await unsent(desk)] == ["not-set-up"]


async def test_no_key_and_no_password_is_told(
    desk: Desk, mailbox: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    mailbox.open_for(desk.practice_id, user="stranger", key_file=None, password_file="password")
    await desk.see_patients()
    with pytest.raises(ExchangeError) as error:
        await send_interchange(timer(desk), desk.billing.work)
    async with desk.billing.http(desk.practice_id) as client:
        shown = (await client.get("/unsent-interchanges")).text
        shown += (await client.get("/mailboxes")).text + (await client.get("/payers")).text
    out, err = capfd.readouterr()
    assert "login-refused" in shown
    everything = f"{shown}{error.value!r}{out}{err}"
    assert PASSWORD not in everything
    assert "stranger" not in everything
    assert "127.0.0.1" not in everything


async def unsent(desk: Desk) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get("/unsent-interchanges")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def later(desk: Desk) -> None:
    """What was put off is due again."""
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=10))


def timer(desk: Desk) -> Timer:
    return Timer(desk.practice_id, SEND_TIMER, "1", desk.billing.clock.now())
