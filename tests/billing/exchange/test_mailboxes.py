"""The settings of mailboxes: what is wrong is told before anything is sent, and never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import pytest

from libs.events.examples.interop import NAMESPACE, PRACTICE
from services.billing.exchange.mailboxes import load_mailboxes
from services.billing.exchange.model import is_being_written, is_usable, next_look
from services.billing.exchange.port import ExchangeError
from tests.billing.desk import Desk
from tests.billing.exchange.receiver import NAME, Receiver

BREAKS: dict[str, dict[str, Any]] = {
    "no pinned key": {"known_hosts": ""},
    "no known_hosts line": {"known_hosts": "sftp.example ssh-ed25519 AAAA"},
    "no way to log in": {"key_file": None},
    "two ways to log in": {"password_file": "password"},
    "a misspelt field": {"outbond": "/in"},
    "a secret in the file": {"password": "x"},
    "no port": {"port": 70_000},
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_mailbox_that_is_not_whole_is_refused(receiver: Receiver, broken: dict[str, Any]) -> None:
    receiver.open_for(PRACTICE)
    assert list(load_mailboxes()) == [NAME]
    receiver.open_for(PRACTICE, **broken)
    with pytest.raises(ExchangeError, match="mailboxes-unreadable"):
        load_mailboxes()


@pytest.mark.parametrize("shared", ["outbound", "inbound"])
def test_two_mailboxes_may_not_share_a_folder(receiver: Receiver, shared: str) -> None:
    own = {"practice_id": str(uuid5(NAMESPACE, "another")), "outbound": "/x", "inbound": "/y"}
    receiver.open_for(PRACTICE, away=own)
    assert len(load_mailboxes()) == 2
    receiver.open_for(PRACTICE, away={k: v for k, v in own.items() if k != shared})
    with pytest.raises(ExchangeError, match="mailboxes-unreadable"):
        load_mailboxes()


def test_without_the_file_there_are_no_mailboxes(receiver: Receiver) -> None:
    assert not receiver.settings.exists()
    assert load_mailboxes() == {}


async def test_a_file_that_cannot_be_read_is_told_wherever_it_is_needed(
    desk: Desk, mailbox: Receiver
) -> None:
    mailbox.settings.write_text(json.dumps({NAME: {"host": "h"}}))
    await desk.see_patients()
    async with desk.billing.http(desk.practice_id) as client:
        [unsent] = (await client.get("/unsent-interchanges")).json()
        listed = await client.get("/mailboxes")
        named = await client.put("/payers/BUCKEYE01", json={"mailbox": NAME})
    assert unsent["failure"] == "mailboxes-unreadable"
    assert listed.status_code == 503
    assert named.status_code == 422
    assert "mailboxes-unreadable" in named.text


def test_a_look_that_fails_is_repeated_ever_more_rarely() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    waits = [next_look(at, failures) - at for failures in (0, 1, 2, 5, 6, 10_000)]
    assert waits == [timedelta(minutes=n) for n in (1, 2, 4, 32, 60, 60)]


@pytest.mark.parametrize("name", ["a.835.part", "A.835.FILEPART", ".a.835", "~a.835", "a.tmp"])
def test_a_name_of_a_file_that_is_not_whole(name: str) -> None:
    assert is_being_written(name)
    assert not is_being_written("a.part.835")


@pytest.mark.parametrize("name", ["../a.835", "a/b", "a\\b", "", "a\n.835", "a\x00", "a" * 151])
def test_a_name_that_is_none_here(name: str) -> None:
    assert not is_usable(name)
    assert is_usable("BUCKEYE01 0042_835.x12")
