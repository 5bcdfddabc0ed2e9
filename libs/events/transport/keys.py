"""Practices' data keys: where they come from, and the local directory that holds them by default.

A practice has one current key, which new values are sealed with, and older ones that still open
theirs. A key seals at most 2^32 values (random 96-bit nonces, NIST SP 800-38D section 8.3: by then
the odds of a repeated one reach 2^-32); a visit has some fifteen. Rotate before.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32


class KeyUnavailableError(Exception):
    """A practice's key is not here; the message names no key material, and what to do."""


class MissingKeyError(KeyUnavailableError):
    """No key of the practice is here, or not the one that is asked for."""


class KeyErasedError(KeyUnavailableError):
    """A practice's keys were erased on purpose: what they sealed is gone for good."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One key by its id. It has no text: key material appears nowhere but in its file."""

    kid: str
    cipher: AESGCM


class Keys(Protocol):
    """Gives a practice's keys. Called for every marked event: an implementation keeps them."""

    def sealing(self, practice_id: UUID) -> DataKey:
        """The current key, made on first use where that is allowed; KeyUnavailableError."""
        ...

    def opening(self, practice_id: UUID) -> Mapping[str, DataKey]:
        """Every key by id, the current one first; KeyUnavailableError, KeyErasedError."""
        ...


class NoKeys:
    """For a process that was given none: marked events can be neither published nor read."""

    def sealing(self, practice_id: UUID) -> DataKey:
        raise KeyUnavailableError("this process has no keys: set MAINSTAY_KEYS")

    def opening(self, practice_id: UUID) -> Mapping[str, DataKey]:
        raise KeyUnavailableError("this process has no keys: set MAINSTAY_KEYS")


class KeyDirectory:
    """A file per practice, `PRACTICE.json`: a JWK Set (RFC 7517) of `oct` keys, the current first.

    Made on first use, whole or not at all, by whichever process is first; never overwritten but by
    `rotate` and `erase`, which replace it. A changed file is taken up with its next use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[UUID, tuple[tuple[int, int, int], Mapping[str, DataKey]]] = {}

    def sealing(self, practice_id: UUID) -> DataKey:
        try:
            keys = self.opening(practice_id)
        except MissingKeyError:
            self.create(practice_id)
            keys = self.opening(practice_id)
        return next(iter(keys.values()))

    def opening(self, practice_id: UUID) -> Mapping[str, DataKey]:
        path = self.path(practice_id)
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingKeyError(
                f"{path.name} is not among this process's keys: bring it here, "
                "a new one opens nothing that is sealed"
            ) from None
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        kept = self._kept.get(practice_id)
        if kept is None or kept[0] != stamp:
            kept = self._kept[practice_id] = stamp, _read(path)
        return kept[1]

    def path(self, practice_id: UUID) -> Path:
        return self.folder / f"{practice_id}.json"

    def practices(self) -> list[UUID]:
        """The practices whose keys are here, those that were erased included."""
        return sorted(UUID(path.stem) for path in self.folder.glob("*-*-*-*-*.json"))

    def create(self, practice_id: UUID) -> bool:
        """Make a practice's first key; False where it has one already, or was erased."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _written(self.folder, {"keys": [_new_key()]}) as part:
                try:
                    os.link(part, self.path(practice_id))  # unlike a rename, refuses to replace
                except FileExistsError:
                    return False
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            raise MissingKeyError(
                f"{practice_id}.json is not among this process's keys, and it may make none: "
                "`mainstay keys create`, where the keys are kept"
            ) from None
        _sync(self.folder)
        return True

    def rotate(self, practice_id: UUID) -> str:
        """Give a practice a new current key; older ones still open. Returns the new id."""
        new = _new_key()
        with self._locked():
            self.opening(practice_id)
            older = json.loads(self.path(practice_id).read_bytes())["keys"]
            self._replace(practice_id, {"keys": [new, *older]})
        return new["kid"]

    def erase(self, practice_id: UUID, at: datetime) -> None:
        """Forget a practice's keys for good; what they sealed can never be read again.

        Copies of the file, such as backups and exports, are for whoever made them to destroy.
        """
        with self._locked():
            self.opening(practice_id)
            self._replace(practice_id, {"keys": [], "erased_at": at.isoformat()})

    def _replace(self, practice_id: UUID, content: dict[str, Any]) -> None:
        with _written(self.folder, content) as part:
            os.replace(part, self.path(practice_id))
        _sync(self.folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


_NOT_OURS = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR}
"""A directory that this process may not write: a mounted Secret, or none."""


def _new_key() -> dict[str, str]:
    text = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
    return {"kty": "oct", "alg": "A256GCM", "kid": secrets.token_hex(8), "k": text}


def _read(path: Path) -> Mapping[str, DataKey]:
    """Raises KeyErasedError where a practice's keys were erased, else KeyUnavailableError."""
    try:
        content = json.loads(path.read_bytes())
        found = {key["kid"]: DataKey(key["kid"], _cipher(key["k"])) for key in content["keys"]}
    except (ValueError, KeyError, TypeError):
        raise KeyUnavailableError(f"{path.name} is no JWK Set of 256-bit keys") from None
    if not found:
        raise KeyErasedError(f"the keys in {path.name} were erased")
    return found


def _cipher(text: str) -> AESGCM:
    key = base64.urlsafe_b64decode(text + "==")
    if len(key) != KEY_BYTES:
        raise ValueError
    return AESGCM(key)


@contextmanager
def _written(folder: Path, content: dict[str, Any]) -> Iterator[Path]:
    """A file of its owner's alone, safely on the disk, under a name that is not its last."""
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())  # what a key sealed is lost with it
        yield part
    finally:
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
