"""One data key that every practice of a test has, so that what is on the wire can be written down.

It protects nothing: it is in the repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.transport.keys import DataKey, Keys


class FixedKeys:
    """Keys that are the same for every practice."""

    def __init__(self, *keys: DataKey) -> None:
        self._keys = {key.kid: key for key in keys}

    def sealing(self, practice_id: UUID) -> DataKey:
        return next(iter(self._keys.values()))

    def opening(self, practice_id: UUID) -> Mapping[str, DataKey]:
        return self._keys


KEY = DataKey("tests-only", AESGCM(bytes(range(32))))
FIXED_KEYS: Keys = FixedKeys(KEY)
