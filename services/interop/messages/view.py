"""A message's fate as its sender is shown it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from services.interop.messages.model import Refusal


def refusals_shown(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    return [asdict(refusal) for refusal in refusals]
