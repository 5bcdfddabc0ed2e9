"""How files go to receivers and come from them: what each way does, and what may go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Failure = Literal[
    "directory-away", "mailboxes-unreadable", "not-set-up", "credentials-unreadable",
    "unreachable", "host-key-unknown", "login-refused", "put-refused", "rename-refused",
    "name-taken", "list-refused", "fetch-refused", "remove-refused", "file-too-large",
    "name-unusable",
]  # fmt: skip

FIXES: dict[Failure, str] = {
    "directory-away": "Look whether BILLING_EXCHANGE_DIR is there, has room and may be written.",
    "mailboxes-unreadable": "Mend the file that BILLING_MAILBOXES names; the log says which field.",
    "not-set-up": "Add the mailbox to BILLING_MAILBOXES for this practice, or name another.",
    "credentials-unreadable": "Mount the key without a passphrase, or the password, that it names.",
    "unreachable": "Look whether the server is up and may be reached from here.",
    "host-key-unknown": "The server has another key than known_hosts says for its name and port. "
    "Ask the receiver for its key before you change the line.",
    "login-refused": "Ask the receiver whether the user and our key, or the password, are right.",
    "put-refused": "Ask the receiver for the right to write there, and for room.",
    "rename-refused": "Ask the receiver for the right to rename files there.",
    "name-taken": "A file with this name and other content is there: ask the receiver whose it is.",
    "list-refused": "Ask the receiver for the right to list the folder, and for its name.",
    "fetch-refused": "Ask the receiver for the right to read its files.",
    "remove-refused": "Ask the receiver for the right to remove files that we have.",
    "file-too-large": "Have the sender split the file.",
    "name-unusable": "Have the sender name it in plain letters, at most 150.",
}
OF_ONE_FILE: frozenset[Failure] = frozenset(
    {"fetch-refused", "remove-refused", "file-too-large", "name-unusable"}
)
"""The others there may be taken all the same."""


class ExchangeError(OSError):
    """A receiver's place could not be used. In our words: what a server says may hold anything."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure}: {FIXES[failure]}")
        self.failure: Failure = failure


class Waiting(NamedTuple):
    """A file that is there for us. `size` in bytes, `modified` in seconds of its server's clock."""

    name: str
    size: int
    modified: float


Fate = Literal["posted", "refused"]
"""What became of a file; it is kept in the folder of that name."""


class Exchange(Protocol):
    """One receiver's place, as the practice uses it; raises ExchangeError."""

    async def put(self, name: str, content: bytes) -> None:
        """Whole under its name, or not at all; the same again changes nothing."""
        ...

    async def list(self) -> Sequence[Waiting]:
        """What waits for us, without what has the name of a file that is being written."""
        ...

    async def fetch(self, file: Waiting) -> Path | None:
        """A file of this machine that holds it; None: it changed, and is for later."""
        ...

    async def remove(self, file: Waiting, fate: Fate) -> None:
        """It was taken: it is kept here and offered no more."""
        ...
