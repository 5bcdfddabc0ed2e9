"""From a submission to the files that answer it: names and contents depend on nothing else.

Names carry control numbers and the payer's identifier only. The same submission gives the same
files, whenever and however often it is asked: this is what makes a restart safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from libs.local.payer.acknowledgements import write_277ca, write_999, write_ta1
from libs.local.payer.bank import write_deposit
from libs.local.payer.claims import Claim, Submission
from libs.local.payer.decisions import (
    ACCEPTED,
    Decision,
    Policy,
    decide_all,
    draw,
    intake_status,
)
from libs.local.payer.faults import Faults, happens
from libs.local.payer.further import decide_in_turn, passed_on
from libs.local.payer.remittances import payment_cents, trace_of, write_835


@dataclass(frozen=True, slots=True)
class Answer:
    """One file for the practice."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answering:
    """How this payer answers; `payment_days` is from the submission's date to the payment's."""

    policy: Policy
    faults: Faults
    payment_days: int = 0

    def acknowledge_file(self, submission: Submission) -> Iterator[Answer]:
        """The 999; or a TA1, where the interchange is refused before anybody looks into it."""
        if self._refuses(submission):
            yield Answer(f"{submission.interchange:09d}.ta1", write_ta1(submission))
            return
        reject = self._rejects(submission)
        yield Answer(f"{submission.interchange:09d}.999", write_999(submission, reject=reject))

    def acknowledge_claims(self, submission: Submission) -> Iterator[Answer]:
        """A 277CA per payer; none for a file that the 999 rejected."""
        if self._rejects(submission):
            return
        for number, name, claims in self._by_payer(submission):
            content = write_277ca(submission, claims, self.policy, number)
            yield Answer(f"{name}.277", content)

    def remit(self, submission: Submission) -> Iterator[Answer]:
        """An 835 per payer with every claim taken in, and what the faults ask for beside it."""
        if self._rejects(submission):
            return
        for number, name, claims in self._by_payer(submission):
            taken = [c for c in claims if intake_status(self.policy, c) == ACCEPTED]
            if taken:
                yield from self._remit_one(submission, taken, number + 1, name)

    def _remit_one(
        self, submission: Submission, claims: list[Claim], number: int, name: str
    ) -> Iterator[Answer]:
        policy, faults = self.policy, self.faults
        key = f"{submission.sender}|{name}"
        decisions = [made for claim in claims for made in decide_all(policy, claim, decide_in_turn)]
        interest = 0
        if happens(faults, "plb", policy, key):
            interest = 1 + int(draw(policy, "interest", key) * 500)
        paid_on = submission.written_on + timedelta(days=self.payment_days)

        def remittance(skew_cents: int = 0) -> bytes:
            return write_835(
                submission,
                decisions,
                policy,
                number,
                paid_on=paid_on,
                interest_cents=interest,
                skew_cents=skew_cents,
            )

        # Faulty files come beside the right one, so that the money still arrives in the end.
        if happens(faults, "garbage", policy, key):
            yield Answer(f"{name}-garbage.835", b"<html>502 Bad Gateway</html>\n")
        if happens(faults, "unbalanced-835", policy, key):
            yield Answer(f"{name}-unbalanced.835", remittance(skew_cents=100))
        yield Answer(f"{name}.835", remittance())
        if (cents := payment_cents(decisions, interest)) > 0:
            trace, origin = trace_of(submission, claims[0].payer, policy, number)
            deposit = write_deposit(trace, origin, cents, paid_on, number)
            yield Answer(f"{name}.ach", deposit)
        if happens(faults, "duplicate-835", policy, key):
            yield Answer(f"{name}-again.835", remittance())
        yield from self._remit_passed_on(submission, decisions, number, name)

    def _remit_passed_on(
        self, submission: Submission, decisions: list[Decision], number: int, name: str
    ) -> Iterator[Answer]:
        """What other payers decide about the claims that this one passed on to them."""
        claims = [passed_on(made) for made in decisions if made.passed_to is not None]
        claims.sort(key=lambda claim: claim.payer.identifier)
        paid_on = submission.written_on + timedelta(days=self.payment_days)
        for index, (payer, own) in enumerate(groupby(claims, key=lambda c: c.payer.identifier)):
            made = [decide_in_turn(self.policy, claim) for claim in own]
            content = write_835(submission, made, self.policy, 50 + number + index, paid_on=paid_on)
            yield Answer(f"{name}-{_safe(payer)}.835", content)

    def loses(self, claim: Claim) -> bool:
        """Whether the claim is lost in this house."""
        return happens(self.faults, "lose-claim", self.policy, claim.number)

    def _refuses(self, submission: Submission) -> bool:
        return happens(self.faults, "reject-ta1", self.policy, _key(submission))

    def _rejects(self, submission: Submission) -> bool:
        return (
            bool(submission.problems)
            or self._refuses(submission)
            or happens(self.faults, "reject-999", self.policy, _key(submission))
        )

    def _by_payer(self, submission: Submission) -> Iterator[tuple[int, str, list[Claim]]]:
        """For each payer: the number of its first answer, its file name's stem, its claims."""
        ordered = sorted(submission.claims, key=lambda claim: claim.payer.identifier)
        groups = groupby(ordered, key=lambda claim: claim.payer.identifier)
        for index, (payer, claims) in enumerate(groups):
            kept = [claim for claim in claims if not self.loses(claim)]
            if kept:
                yield 1 + 2 * index, f"{submission.interchange:09d}-{_safe(payer)}", kept


def _safe(payer: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in payer)


def _key(submission: Submission) -> str:
    return f"{submission.sender}|{submission.interchange}"
