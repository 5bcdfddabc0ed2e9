"""The relay of one machine keeps what it takes, once, under names that tell nothing."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from libs.local.mail.kept import Mailbox, serving


def _mail(message_id: str | None, body: str = "Hello\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@mainstay.example", "alma@mail.example"
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content(body)
    return mail


async def test_a_mail_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    async with serving(mailbox) as port:
        for message_id in ("<1@x.example>", "<1@x.example>", "<2@x.example>", None):
            await aiosmtplib.send(_mail(message_id), hostname="127.0.0.1", port=port)
    named = hashlib.sha256(b"<1@x.example>").hexdigest()
    assert (mailbox.taken, mailbox.kept) == (4, 3)
    assert "Hello" in (tmp_path / f"{named}.eml").read_text()
    assert not [path for path in tmp_path.iterdir() if "alma" in path.name]


async def test_mail_to_where_nobody_can_be_is_refused_for_good(tmp_path: Path) -> None:
    mailbox, mail = Mailbox(tmp_path), _mail("<1@x.example>")
    mail.replace_header("To", "alma@mail.invalid")
    async with serving(mailbox) as port:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)
    assert [one.code for one in refused.value.recipients] == [550]
    assert (mailbox.taken, mailbox.kept) == (0, 0)


async def test_mail_kept_by_an_earlier_run_is_known(tmp_path: Path) -> None:
    earlier, later = Mailbox(tmp_path), Mailbox(tmp_path)
    for mailbox in (earlier, later):
        async with serving(mailbox) as port:
            await aiosmtplib.send(_mail("<1@x.example>"), hostname="127.0.0.1", port=port)
    assert (earlier.kept, later.taken, later.kept) == (1, 1, 0)


async def test_it_says_where_it_listens_counts_and_stops_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "libs.local.mail", "--port", "0", "--maildir", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        first = (await process.stdout.readline()).decode()
        port = int(first.rpartition(":")[2])
        await aiosmtplib.send(_mail("<1@x.example>"), hostname="127.0.0.1", port=port)
        counted = (await process.stdout.readline()).decode()
        process.send_signal(signal.SIGTERM)
        rest, errors = await process.communicate()
    assert process.returncode == 0
    assert counted == "taken 1, kept 1 in all\n"
    assert b"alma" not in rest + errors
