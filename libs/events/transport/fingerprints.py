"""A keyed index over marked values: rows are found by what they are about, and tell nothing of it.

A plain hash of a birth date or a name would let anybody try them all. A fingerprint is an HMAC
whose key is derived from the practice's data key, so that it can be tried with that key only, by
whoever may read the value itself. After a rotation those of the older keys are still found.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from libs.events.transport.keys import KEY_BYTES, DataKey, Keys

_NONCE = b"fingerprints"
"""96 bits that no random nonce meets (odds of 2^-96 each); what it seals is always the same zeros,
and is used as a key here and nowhere shown."""


def fingerprints(value: str, purpose: str, practice_id: UUID, keys: Keys) -> list[bytes]:
    """Under each of the practice's keys, the current one first; raises KeyUnavailableError."""
    found = keys.opening(practice_id).values()
    return [_fingerprint(value.encode(), purpose, practice_id, key) for key in found]


def _fingerprint(value: bytes, purpose: str, practice_id: UUID, key: DataKey) -> bytes:
    """128 bits: equal for equal values of one purpose, practice and key."""
    derived = sha256(key.cipher.encrypt(_NONCE, bytes(KEY_BYTES), None)).digest()
    named = f"{practice_id}\n{purpose}\n".encode()
    return hmac.digest(derived, named + value, "sha256")[:16]
