from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.billing.desk import Desk, set_payer
from tests.billing.exchange.receiver import NAME, Receiver, open_receiver


@pytest.fixture
async def receiver(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Receiver]:
    """A receiver nobody has a mailbox at yet."""
    folder: Path = tmp_path_factory.mktemp("receiver")
    monkeypatch.setenv("BILLING_MAILBOXES", str(folder / "mailboxes" / "mailboxes.json"))
    async with open_receiver(folder) as opened:
        yield opened


@pytest.fixture
async def mailbox(desk: Desk, receiver: Receiver) -> Receiver:
    """The payer's files travel through the practice's mailbox."""
    receiver.open_for(desk.practice_id)
    await set_payer(desk, "BUCKEYE01", mailbox=NAME)
    return receiver
