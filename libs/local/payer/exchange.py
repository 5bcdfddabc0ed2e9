"""The folders through which billing and payer meet; every file appears whole or not at all.

`DIR/<practice>/outbound/*.837`, `*.270` and `*.276` are written by billing, `outbound/taken/` is
ours, `inbound/` gets the answers, and billing moves what it read to `inbound/posted/` or
`inbound/refused/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from libs.local.files import write_whole


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One practice's folders."""

    folder: Path

    @property
    def practice(self) -> str:
        return self.folder.name

    def take_new(self, kind: str = "837") -> Iterator[Path]:
        """Move every submitted file of a kind to `taken` and give its new place."""
        outbound = self.folder / "outbound"
        taken = outbound / "taken"
        for path in sorted(outbound.glob(f"*.{kind}")):
            taken.mkdir(exist_ok=True)
            target = taken / path.name
            # The same name twice: what was taken first stays what was answered.
            if target.exists():
                target = taken / f"{path.name}.again"
            path.rename(target)
            yield target

    def taken(self, kind: str = "837") -> list[Path]:
        """Every file of a kind taken so far, this run's and earlier ones'."""
        return sorted((self.folder / "outbound" / "taken").glob(f"*.{kind}"))

    def has_answer(self, name: str) -> bool:
        """True: delivered before. Files only move on, so looking in this order misses none."""
        inbound = self.folder / "inbound"
        return any(
            (place / name).exists() for place in (inbound, inbound / "posted", inbound / "refused")
        )

    def deliver(self, name: str, content: bytes) -> bool:
        """Put an answer there once; False: it was there already."""
        if self.has_answer(name):
            return False
        inbound = self.folder / "inbound"
        inbound.mkdir(exist_ok=True)
        write_whole(inbound / name, content)
        return True

    def drop_parts(self) -> None:
        """Forget what a killed run had begun to write."""
        for part in (self.folder / "inbound").glob("*.part"):
            part.unlink(missing_ok=True)


def mailboxes(exchange: Path) -> list[Mailbox]:
    """Every practice that has an outbound folder."""
    return [Mailbox(path.parent) for path in sorted(exchange.glob("*/outbound"))]
