"""How an event came: what its reader needs beside its body. Kept with a refused one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from libs.events.contracts import Contract
from services.interop.messages.model import Refusal, RefusedError
from services.interop.partners.model import (
    PartnerEvent,
    read_batch,
    read_binary,
    read_record,
    read_structured,
)


class Asked(Contract):
    """The content mode, and what stands outside the body; bytes as Latin-1, which loses none."""

    mode: Literal["binary", "structured", "batch", "record"]
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = ""
    key: str = ""

    @classmethod
    def binary(cls, headers: Mapping[str, str]) -> Asked:
        return cls(
            mode="binary",
            headers=tuple((name, text) for name, text in headers.items() if name[:3] == "ce-"),
        )

    @classmethod
    def record(cls, content_type: str, key: bytes, headers: Sequence[tuple[str, bytes]]) -> Asked:
        return cls(
            mode="record",
            headers=tuple(
                (name, text.decode("latin-1")) for name, text in headers if name[:3] == "ce_"
            ),
            content_type=content_type,
            key=key.decode("latin-1"),
        )


STRUCTURED = Asked(mode="structured")
"""One object of the JSON format, alone or from a batch."""
BATCH = Asked(mode="batch")
"""A batch that is none; the events of one that is are kept one by one."""


def read_asked(raw: bytes, asked: Asked) -> PartnerEvent:
    """The event; raises RefusedError."""
    match asked.mode:
        case "binary":
            return read_binary(dict(asked.headers), raw)
        case "structured":
            return read_structured(raw)
        case "record":
            headers = [(name, text.encode("latin-1")) for name, text in asked.headers]
            return read_record(asked.content_type, asked.key.encode("latin-1"), headers, raw)
        case "batch":
            read_batch(raw)
            raise RefusedError(Refusal("not-an-event", "batch", "send its events again"))
