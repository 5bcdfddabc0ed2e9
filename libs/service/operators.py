"""Who may act: people with a password, machines with a key, read from one file.

The file is JSON: `[{"name", "role", "practices", "password_scrypt"?, "key_sha256"?}]`. `practices`
is a list of practice ids, or null for all. A password is kept as scrypt (`salt$hash`, hex), a key,
which is long and random, as its SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter

from libs.events.contracts import Contract

_NOBODYS = f"{bytes(16).hex()}${bytes(64).hex()}"
"""Compared with where a name has no password: costs as much, and nothing hashes to it."""

Role = Literal["viewer", "operator", "admin"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `practices` None: all of them."""

    name: str
    role: Role
    practices: tuple[UUID, ...] | None

    def may_see(self, practice_id: UUID) -> bool:
        return self.practices is None or practice_id in self.practices

    @property
    def may_act(self) -> bool:
        """Viewers only look."""
        return self.role != "viewer"


class _Entry(Contract):
    name: str
    role: Role
    practices: tuple[UUID, ...] | None = None
    password_scrypt: str | None = None
    key_sha256: str | None = None

    def caller(self) -> Caller:
        return Caller(self.name, self.role, self.practices)


class Operators:
    """The entries of the operators file."""

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._by_key = {e.key_sha256: e for e in entries if e.key_sha256 is not None}

    @classmethod
    def load(cls, path: Path | None) -> Operators:
        """Read the file; without one, nobody may sign in."""
        if path is None:
            return cls(())
        entries = TypeAdapter(tuple[_Entry, ...], config=ConfigDict(hide_input_in_errors=True))
        return cls(entries.validate_json(path.read_bytes()))

    def by_key(self, key: str) -> Caller | None:
        """The machine that holds this key."""
        entry = self._by_key.get(hashlib.sha256(key.encode()).hexdigest())
        return entry.caller() if entry else None

    def by_password(self, name: str, password: str) -> Caller | None:
        """The person with this name and password; takes as long for a name that does not exist."""
        entry = self._entries.get(name)
        stored = (entry.password_scrypt if entry else None) or _NOBODYS
        salt, _, _ = stored.partition("$")
        given = hash_password(password, salt=bytes.fromhex(salt))
        if entry is None or entry.password_scrypt is None:
            return None
        return entry.caller() if hmac.compare_digest(given, stored) else None

    def by_name(self, name: str) -> Caller | None:
        """The person of a session, as the file has them now."""
        entry = self._entries.get(name)
        return entry.caller() if entry else None


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """scrypt with N=2^14, r=8, p=1 (RFC 7914), as `salt$hash` in hex."""
    salt = secrets.token_bytes(16) if salt is None else salt
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${hashed.hex()}"


def write_operators(path: Path, entries: list[dict[str, object]]) -> None:
    """Write an operators file, readable by its owner alone."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(entries, indent=1, default=str))
