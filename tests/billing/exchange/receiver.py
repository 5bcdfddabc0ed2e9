"""A receiver with an SFTP server of its own: real keys, a real connection, files in a folder.

Each request is told before it is carried out, so that a test refuses it or kills whoever asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncssh

USER = "practice-31"
PASSWORD = "not-for-any-log-7Q"
NAME = "clearinghouse"


@dataclass
class Receiver:
    """What is at the other end. `root/in` is for files to it, `root/out` for files from it."""

    root: Path
    settings: Path
    """BILLING_MAILBOXES."""
    host_key: asyncssh.SSHKey
    requests: list[str] = field(default_factory=list[str])
    asked: Callable[[str, Requests], None] = lambda request, session: None
    """Told of each request; what it raises is the server's answer."""
    port: int = 0

    def __post_init__(self) -> None:
        self.taken.mkdir(parents=True)
        self.given.mkdir()
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.user_key = self.settings.parent / NAME
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(self.user_key)
        (self.settings.parent / "password").write_text(f"{PASSWORD}\n")

    @property
    def taken(self) -> Path:
        """The folder that the practice writes to."""
        return self.root / "in"

    @property
    def given(self) -> Path:
        """The folder with files for the practice."""
        return self.root / "out"

    def line(self, key: asyncssh.SSHKey | None = None) -> str:
        """The key as known_hosts has it."""
        return f"127.0.0.1 {(key or self.host_key).export_public_key().decode()}"

    def open_for(
        self, practice_id: UUID, away: dict[str, Any] | None = None, **changes: Any
    ) -> None:
        """The practice's mailbox here is written into its settings; `away`: one beside it."""
        mailbox = {
            "practice_id": str(practice_id),
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "known_hosts": self.line(),
            "key_file": NAME,
            "outbound": "/in",
            "inbound": "/out",
        }
        both = {"away": mailbox | away} if away else {}
        self.settings.write_text(json.dumps(both | {NAME: mailbox | changes}))

    def files(self) -> dict[str, bytes]:
        """What the practice has put, by name."""
        return {path.name: path.read_bytes() for path in sorted(self.taken.iterdir())}


class Requests(asyncssh.SFTPServer):
    """One session at the server."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], receiver: Receiver) -> None:
        super().__init__(channel, chroot=str(receiver.root).encode())
        self._receiver = receiver

    def hang_up(self) -> None:
        self.channel.get_connection().abort()

    def _asked(self, request: str) -> None:
        self._receiver.requests.append(request)
        self._receiver.asked(request, self)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self._asked("open")
        return super().open(path, pflags, attrs)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self._asked("read")
        return super().read(file_obj, offset, size)  # pyright: ignore

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._asked("write")
        return super().write(file_obj, offset, data)  # pyright: ignore

    def close(self, file_obj: object) -> None:
        self._asked("close")
        super().close(file_obj)

    def stat(self, path: bytes) -> Any:
        self._asked("stat")
        return super().stat(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._asked("rename")
        super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("an older server")

    def remove(self, path: bytes) -> None:
        self._asked("remove")
        super().remove(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        self._asked("list")
        async for entry in super().scandir(path):
            yield entry


class Logins(asyncssh.SSHServer):
    """Who may come in: the user with the key, or with the password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@asynccontextmanager
async def open_receiver(folder: Path) -> AsyncIterator[Receiver]:
    """A receiver that listens on a port of this machine."""
    receiver = Receiver(
        folder / "server", folder / "mailboxes" / "mailboxes.json",
        asyncssh.generate_private_key("ssh-ed25519"),
    )  # fmt: skip
    async with await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Logins,
        server_host_keys=[receiver.host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(
            asyncssh.read_private_key(receiver.user_key).export_public_key().decode()
        ),
        sftp_factory=lambda channel: Requests(channel, receiver),
    ) as listening:
        receiver.port = listening.get_port()
        yield receiver


async def killed_at(receiver: Receiver, place: int, doing: Coroutine[Any, Any, None]) -> None:
    """What is done dies when the server has its request of that place."""
    receiver.requests.clear()
    task = asyncio.ensure_future(doing)

    def kill(request: str, session: Requests) -> None:
        if len(receiver.requests) == place + 1:
            task.cancel()

    receiver.asked = kill
    try:
        await task
    finally:
        receiver.asked = Receiver.asked
