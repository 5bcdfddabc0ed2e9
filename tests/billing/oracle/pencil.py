"""What a person with a pencil would keep of a practice's books: sums, and no journal.

Knows nothing of entries, accounts or files. Each method says what happened, and answers whether it
may. The law: charges = payments + adjustments + given up + balance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from libs.events.contracts.billing_ledger import OwedBy


class Parts(NamedTuple):
    """A payer's decision on a charge, in cents: what it pays, takes off, leaves and refuses."""

    paid: int
    adjusted: int
    patient: int
    denied: int

    @property
    def charge(self) -> int:
        return sum(self)


@dataclass
class Claim:
    """A charge, the decision that settled it, those that only refused it, what was given up."""

    charge: int
    state: Literal["open", "refused", "settled"] = "open"
    settled: Parts | None = None
    refused: list[Parts] = field(default_factory=list[Parts])
    given_up: dict[OwedBy, int] = field(default_factory=lambda: {"payer": 0, "patient": 0})

    def owed_by(self, who: OwedBy) -> int:
        parts = self.settled or Parts(0, 0, 0, self.charge)
        return (parts.denied if who == "payer" else parts.patient) - self.given_up[who]


@dataclass
class Pencil:
    """The practice's claims by number, and what belongs to none of them."""

    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])
    strangers: int = 0
    """A payer's money that no claim has taken."""
    kept_back: int = 0
    """What payers kept for no claim; below zero: added."""

    def decide(self, number: str, parts: Parts) -> bool:
        """A payer decides; False: that cannot be, and what it paid waits for a person."""
        claim = self.claims.get(number)
        closes = parts.charge - parts.denied
        if claim is None or parts.charge != claim.charge or claim.state == "settled":
            pass
        elif closes > claim.owed_by("payer"):
            pass  # a part of it was given up
        elif closes:
            claim.settled, claim.state = parts, "settled"
            return True
        elif claim.state == "open":
            claim.refused.append(parts)
            claim.state = "refused"
            return True
        self.strangers += parts.paid
        return False

    def take_back(self, number: str, parts: Parts) -> bool:
        """A payer takes a decision back; False: there is none that paid as much."""
        claim = self.claims.get(number)
        if claim is not None and parts in claim.refused:
            claim.refused.remove(parts)
        elif claim is not None and claim.settled and claim.settled.paid == parts.paid:
            claim.settled = None
        else:
            self.strangers -= parts.paid
            return False
        claim.state = "settled" if claim.settled else "open"
        return True

    def give_up(self, number: str, who: OwedBy, cents: int) -> bool:
        """Never more than is owed."""
        claim = self.claims[number]
        if cents > claim.owed_by(who):
            return False
        claim.given_up[who] += cents
        return True

    def sums(self) -> dict[str, int]:
        """Every part of the law, and what stands beside it."""
        settled = [claim.settled for claim in self.claims.values() if claim.settled]
        return {
            "charges": sum(claim.charge for claim in self.claims.values()),
            "payments": sum(parts.paid for parts in settled),
            "adjustments": sum(parts.adjusted for parts in settled),
            "given up": sum(sum(claim.given_up.values()) for claim in self.claims.values()),
            "payers owe": sum(claim.owed_by("payer") for claim in self.claims.values()),
            "patients owe": sum(claim.owed_by("patient") for claim in self.claims.values()),
            "strangers": self.strangers,
            "kept back": self.kept_back,
        }
