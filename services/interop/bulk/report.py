"""What became of an import, counted as its transactions commit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from services.interop.messages.model import Refusal

MOST_TOLD = 100
"""Issues in an answer; the rest is counted."""

MOST_KEPT = 1_000
"""Refused lines of a file that are kept for a person."""

COUNTED = (
    "created", "updated", "unchanged", "passedOver", "refused", "told", "history",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issue:
    """One refusal and its line; None: of what came in a file before."""

    line: int | None
    refusal: Refusal


@dataclass(slots=True)
class Report:
    """Counts that are settled, and those of the transaction that runs."""

    lines: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    issues: list[Issue] = field(default_factory=list[Issue])

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] += by

    def refuse(self, line: int | None, refusals: tuple[Refusal, ...]) -> bool:
        """Count a refused line; False where it is one too many to be kept."""
        self.counts["refused"] += 1
        room = MOST_TOLD - len(self.issues)
        self.issues += [Issue(line, one) for one in refusals[: max(room, 0)]]
        return self.counts["refused"] <= MOST_KEPT
