"""A receiver's mailbox on an SFTP server (draft-ietf-secsh-filexfer-02, version 3).

The server proves itself by the key that is pinned, and by nothing else: neither this machine's
SSH configuration nor its agent or keys are looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from posixpath import join
from typing import Any

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_REGULAR, FILEXFER_TYPE_UNKNOWN

from libs.events.transport.steps import reached
from services.billing.exchange.directory import put_away
from services.billing.exchange.mailboxes import Mailbox, credential
from services.billing.exchange.model import LARGEST_FILE, MOST_FILES, is_being_written, is_usable
from services.billing.exchange.port import ExchangeError, Failure, Fate, Waiting

CONNECT_SECONDS = 15
STEP_SECONDS = 60
"""For each request, or piece of a file. A handle that it leaves open goes with the connection."""
PIECE = 1 << 20


@asynccontextmanager
async def open_sftp(mailbox: Mailbox, fetched: Path, kept: Path) -> AsyncIterator[Sftp]:
    """Log in to a mailbox. Its files come to the folder `fetched`, and go to those of `kept`."""
    login = _login(mailbox)
    async with _step("unreachable"):
        connection = await asyncssh.connect(
            mailbox.host,
            mailbox.port,
            username=mailbox.user,
            known_hosts=asyncssh.import_known_hosts(mailbox.known_hosts),
            config=None,
            agent_path=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=CONNECT_SECONDS,
            **login,
        )
    try:
        async with _step("login-refused"):
            client = await connection.start_sftp_client()
        yield Sftp(client, mailbox, fetched, kept)
    finally:
        connection.abort()


def _login(mailbox: Mailbox) -> dict[str, Any]:
    try:
        if mailbox.key_file is not None:
            key = asyncssh.read_private_key(credential(mailbox.key_file))
            return {"client_keys": [key], "preferred_auth": "publickey"}
        assert mailbox.password_file is not None
        password = credential(mailbox.password_file).read_text().rstrip("\r\n")
    except (OSError, ValueError):
        raise ExchangeError("credentials-unreadable") from None
    ways = "password,keyboard-interactive"
    return {"client_keys": None, "password": password, "preferred_auth": ways}


class Sftp:
    """A mailbox that is open."""

    def __init__(
        self, client: asyncssh.SFTPClient, mailbox: Mailbox, fetched: Path, kept: Path
    ) -> None:
        self._client = client
        self._outbound = mailbox.outbound
        self._inbound = mailbox.inbound
        self._fetched = fetched
        self._kept = kept

    async def put(self, name: str, content: bytes) -> None:
        """Under another name first. A plain rename replaces nothing, and nothing is to be replaced:
        what is there already must be this very file, put before a crash."""
        target = join(self._outbound, name)
        part = f"{target}.part"
        async with _step("put-refused"):
            found = await self._begin_of(target, len(content) + 1)
        if found == content:
            return
        if found is not None:
            raise ExchangeError("name-taken")
        async with _step("put-refused"):
            file = await self._client.open(part, "wb")
        for start in range(0, len(content), PIECE):
            async with _step("put-refused"):
                await file.write(content[start : start + PIECE])
        async with _step("put-refused"):
            await file.close()
        reached("interchange.uploaded")
        async with _step("rename-refused"):
            await self._client.rename(part, target)

    async def _begin_of(self, path: str, most: int) -> bytes | None:
        """The first bytes of a file, if there is one."""
        try:
            async with self._client.open(path, "rb") as file:
                return await file.read(most)
        except asyncssh.SFTPNoSuchFile:
            return None

    async def list(self) -> Sequence[Waiting]:
        found: list[Waiting] = []
        async with _step("list-refused"):
            async for entry in self._client.scandir(self._inbound):
                name, said = str(entry.filename), entry.attrs
                is_file = said.type in (FILEXFER_TYPE_REGULAR, FILEXFER_TYPE_UNKNOWN)
                if is_file and not is_being_written(name) and len(found) < MOST_FILES:
                    found.append(Waiting(name, said.size or 0, said.mtime or 0))
        return sorted(found)

    async def fetch(self, file: Waiting) -> Path | None:
        if not is_usable(file.name):
            raise ExchangeError("name-unusable")
        if file.size > LARGEST_FILE:
            raise ExchangeError("file-too-large")
        self._fetched.mkdir(parents=True, exist_ok=True)
        path = self._fetched / file.name
        async with _step("fetch-refused"):
            source = await self._client.open(self._remote(file), "rb")
        with path.open("wb") as copy:
            while copy.tell() <= file.size:
                async with _step("fetch-refused"):
                    piece = await source.read(PIECE)
                if not piece:
                    break
                copy.write(piece)
            is_whole = copy.tell() == file.size
        async with _step("fetch-refused"):
            await source.close()
        return path if is_whole and await self._is_as_listed(file) else None

    async def remove(self, file: Waiting, fate: Fate) -> None:
        """Kept here first. Another file that has its name by now stays."""
        put_away(self._fetched / file.name, self._kept / fate)
        if await self._is_as_listed(file):
            async with _step("remove-refused"):
                await self._client.remove(self._remote(file))

    async def _is_as_listed(self, file: Waiting) -> bool:
        async with _step("fetch-refused"):
            try:
                said = await self._client.stat(self._remote(file))
            except asyncssh.SFTPNoSuchFile:
                return False
        return (said.size or 0, said.mtime or 0) == (file.size, file.modified)

    def _remote(self, file: Waiting) -> str:
        return join(self._inbound, file.name)


@asynccontextmanager
async def _step(refused: Failure) -> AsyncIterator[None]:
    """One request to the server; what goes wrong with it, in our words."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            yield
    except asyncssh.HostKeyNotVerifiable:
        raise ExchangeError("host-key-unknown") from None
    except asyncssh.PermissionDenied:
        raise ExchangeError("login-refused") from None
    except (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost):
        raise ExchangeError("unreachable") from None
    except asyncssh.SFTPError:
        raise ExchangeError(refused) from None
    except (asyncssh.Error, OSError):
        raise ExchangeError("unreachable") from None
