"""The exchange directory of a practice: whoever carries its files sees the same file system."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.transport.steps import reached
from services.billing.exchange.port import ExchangeError, Fate, Waiting


class ExchangeSettings(BaseSettings):
    """BILLING_EXCHANGE_DIR: the directory that files travel through, and are kept in."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    exchange_dir: Path = Path(".local/exchange")


class Directory:
    """`outbound/` is the receiver's to empty, `inbound/` ours."""

    def __init__(self, folder: Path) -> None:
        self._outbound = folder / "outbound"
        self._inbound = folder / "inbound"

    async def put(self, name: str, content: bytes) -> None:
        """Not again where it is, or was taken."""
        if (self._outbound / name).exists() or (self._outbound / "taken" / name).exists():
            return
        part = self._outbound / f"{name}.part"
        try:
            self._outbound.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            reached("interchange.written")
            part.rename(self._outbound / name)
        except OSError:
            raise ExchangeError("directory-away") from None

    async def list(self) -> Sequence[Waiting]:
        """What ends in .part is still being written."""
        found = sorted(self._inbound.iterdir()) if self._inbound.is_dir() else []
        return [_waiting(path) for path in found if path.is_file() and path.suffix != ".part"]

    async def fetch(self, file: Waiting) -> Path:
        return self._inbound / file.name

    async def remove(self, file: Waiting, fate: Fate) -> None:
        put_away(self._inbound / file.name, self._inbound / fate)


def put_away(path: Path, folder: Path) -> None:
    """Move the file; one of the same name with other content keeps its place."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    if target.exists() and (digest := sha256(path)) != sha256(target):
        target = folder / f"{path.stem}-{digest.hex()[:12]}{path.suffix}"
    path.rename(target)


def sha256(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _waiting(path: Path) -> Waiting:
    said = path.stat()
    return Waiting(path.name, said.st_size, said.st_mtime)
