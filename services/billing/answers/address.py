"""Whose files these are: a payer's mailbox may hold another submitter's by mistake."""

from __future__ import annotations

from typing import BinaryIO

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.billing.answers.refusals import RefusedFileError
from services.billing.x12.segments import Segments


class AddressSettings(BaseSettings):
    """BILLING_RECEIVERS: the ids (ISA08) under which payers write to us, as a JSON list; empty:
    any."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    receivers: frozenset[str] = frozenset()


def refuse_misaddressed(stream: BinaryIO) -> None:
    """Raises RefusedFileError where the file's first interchange is for somebody else; the stream
    (seekable) is left where it was."""
    ours = AddressSettings().receivers
    if not ours:
        return
    start = stream.tell()
    segments = Segments(stream)
    next(iter(segments), None)
    stream.seek(start)
    if segments.envelope.receiver not in ours:
        raise RefusedFileError(
            "wrong-receiver", "ISA08", "Send it to whom it is for; or add the id to the setting."
        )
