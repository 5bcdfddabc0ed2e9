"""What is done about a claim that its payer does not find: decisions without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.events.contracts.billing_answers import KeptBack
from services.billing.claims.model import Claim, State

THE_CLAIM = "35"
"""Claim status code (external code list 508): the claim itself is what is not found. Others name
the subscriber (33), a party (26), the patient's eligibility (97) …: what is the matter there is not
mended by sending the same again."""
_SAYS_NOTHING = frozenset({"not-found", "cannot-say"})


@dataclass(frozen=True, slots=True)
class Loss:
    """A payer's word that it does not find a claim, and what decides about sending it again."""

    status_code: str
    was_had: bool
    """A payer took it in, told how it stands, or decided it, at any time."""
    was_sent_again: bool
    """By itself, before."""
    file_by: date | None
    """The last day on which the payer takes an original; None: not known."""
    on: date


def kept_back(loss: Loss) -> KeptBack | None:
    """Why the claim is for a person; None: it goes to its payer again.

    A payer that ever had it would take the second for a duplicate, or pay twice.
    """
    if loss.status_code != THE_CLAIM:
        return "not-found"
    if loss.was_had:
        return "not-found-once-had"
    if loss.was_sent_again:
        return "not-found-again"
    if loss.file_by is not None and loss.on > loss.file_by:
        return "not-found-too-late"
    return None


def had_by_a_payer(
    claim: Claim, answers: Iterable[Mapping[str, Any]], *, was_decided: bool
) -> bool:
    """Whether any payer had the claim in its system. A TA1 and a 999 are about its file only."""
    return (
        was_decided
        or claim.state is State.ACCEPTED
        or claim.payer_claim_number is not None
        or claim.payer_sequence != "P"  # those before decided it
        or any(_shows_it(one["source"], one["verdict"]) for one in answers)
    )


def _shows_it(source: str, verdict: str) -> bool:
    if source == "277CA":
        return verdict == "accepted"
    return source == "277" and verdict not in _SAYS_NOTHING
