"""A patient's consent to be written to, and how it ends; pure."""

from __future__ import annotations

import re
import secrets
from typing import Literal
from uuid import UUID

Channel = Literal["email"]
ConsentState = Literal["given", "withdrawn"]
How = Literal["operator", "intake", "reply", "one-click", "merge"]

STOP_WORDS = frozenset(
    {
        # 47 CFR 64.1200(a)(10) names these for text messages; a reply by e-mail is read alike.
        "stop",
        "quit",
        "end",
        "revoke",
        "opt out",
        "cancel",
        "unsubscribe",
        # What people write beside them, and the same in Spanish.
        "optout",
        "stop all",
        "stopall",
        "alto",
        "parar",
        "baja",
        "cancelar",
    }
)
"""A closed list: a reply is never interpreted, it is one of these or it is not."""


def says_stop(text: str) -> bool:
    """True where the reply's first line with words is one of STOP_WORDS, in any case.

    Quoted text of the message that was answered stands below it, or behind a `>`.
    """
    for line in text.splitlines():
        words = " ".join(re.findall(r"\w+", line)).lower()
        if words and not line.lstrip().startswith(">"):
            return words in STOP_WORDS
    return False


def stricter(one: ConsentState | None, other: ConsentState | None) -> ConsentState | None:
    """What two charts of one patient say together: an opt-out of either holds."""
    if "withdrawn" in (one, other):
        return "withdrawn"
    return one or other


def new_token(practice_id: UUID) -> str:
    """A token to withdraw one consent: the practice's id in hex, then 192 random bits."""
    return practice_id.hex + secrets.token_urlsafe(24)


def practice_of(token: str) -> UUID | None:
    """The practice that a token names, or None where it is no token."""
    if re.fullmatch(r"[0-9a-f]{32}[A-Za-z0-9_-]{32}", token) is None:
        return None
    return UUID(hex=token[:32])
