"""Decisions about a receiver's mailbox, without I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

LOOK_EVERY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LARGEST_FILE = 1 << 30
"""Bytes; a payer's largest remittances are a tenth of it."""
MOST_FILES = 1000
"""Of a mailbox in one look."""
LONGEST_NAME = 150
BEING_WRITTEN = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload")
"""What SFTP clients call a file until it is whole."""


def next_look(looked_at: datetime, failures: int) -> datetime:
    """When to look again: ever more rarely where it comes to nothing, so that no account is locked
    by a login that is tried each minute."""
    return looked_at + min(LOOK_EVERY * 2 ** min(failures, 10), LONGEST_WAIT)


def is_being_written(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(BEING_WRITTEN)


def is_usable(name: str) -> bool:
    """Whether a name that a server told may be a file's name here."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isascii()
        and name.isprintable()
        and not ({"/", "\\"} & set(name))
    )
