"""The claims that this payer took in, by its own numbers: what replacements and voids are about."""

from __future__ import annotations

from libs.local.payer.claims import Claim, Submission
from libs.local.payer.decisions import ACCEPTED, AGAIN, Policy, intake_status, payer_number


class Known:
    """One practice's claims, in the order of its interchanges."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._claims: dict[str, Claim] = {}

    def link(self, submission: Submission) -> Submission:
        """Tell each claim which earlier one it is about, and keep those that are taken in."""
        for claim in submission.claims:
            found = self._claims.get(claim.original_number)
            if claim.frequency in AGAIN and found is not None and found.number == claim.number:
                claim.original = found
            if intake_status(self._policy, claim) == ACCEPTED:
                self._claims[payer_number(self._policy, claim)] = claim
        return submission
