"""One transaction of a file that is inspected: its walk through the guide, and its figures."""

from __future__ import annotations

from functools import cache

from services.billing.inspect.guides import guide_of
from services.billing.inspect.model import Findings, InspectedTransaction
from services.billing.inspect.tally import Tally
from services.billing.inspect.tally_835 import TallyRemittance
from services.billing.inspect.tally_837 import TallyClaims
from services.billing.inspect.tally_answers import (
    TallyAcknowledgement,
    TallyClaimAnswers,
    TallyEligibility,
    TallyInterchangeAnswer,
    TallyStatus,
)
from services.billing.inspect.walk import Guide, Walk
from services.billing.x12 import TransactionName, name_of
from services.billing.x12.segments import Segments
from services.billing.x12.values import at

_TALLIES: dict[TransactionName, type[Tally]] = {
    "837P": TallyClaims,
    "837I": TallyClaims,
    "835": TallyRemittance,
    "999": TallyAcknowledgement,
    "277CA": TallyClaimAnswers,
    "277": TallyStatus,
    "276": TallyStatus,
    "270": TallyEligibility,
    "271": TallyEligibility,
    "TA1": TallyInterchangeAnswer,
}


class OpenTransaction:
    """What was heard of a transaction so far."""

    def __init__(self, segments: Segments, name: TransactionName, st: list[str]) -> None:
        """Begins at its ST, or at its TA1."""
        envelope = segments.envelope
        self.findings = Findings()
        kind = _TALLIES.get(name, Tally)
        self._tally = kind(self.findings, segments.delimiters.component)
        self._set = at(st, 1) if name == "unknown" else name
        self._version = envelope.interchange_version if name == "TA1" else envelope.version
        self._control = at(st, 1) if name == "TA1" else at(st, 2)
        self._sender, self._receiver = envelope.sender, envelope.receiver
        guide = _guide(name)
        self._walk = Walk(guide, segments.number, self._report) if guide else None
        if kind is Tally:
            self._report(
                segments.number, "GS08", "GS01, GS08 and ST01 name no transaction that is read "
                "here; 837, 835, 999, 277, 276, 270 and 271 of version 005010 are, with their "
                "addenda (such as 005010X222A1).",
            )  # fmt: skip

    @classmethod
    def opened_by(cls, st: list[str], segments: Segments) -> OpenTransaction:
        envelope = segments.envelope
        name = name_of(envelope.functional_id, envelope.version, envelope.transaction_set)
        return cls(segments, name, st)

    def take(self, segment: list[str], number: int) -> None:
        """One segment after ST; SE is the last."""
        if self._walk is not None:
            self._walk.take(segment, number)
        self._tally.take(segment, number)
        if segment[0] == "SE":
            self._tally.end(number)
            if self._walk is not None:
                self._walk.end()

    def break_off(self) -> None:
        """The file ends, or cannot be read on: no sum of it can be trusted."""
        self._tally.balanced = False

    def close(self) -> InspectedTransaction:
        tally, sums = self._tally, self._tally.sums
        return InspectedTransaction(
            set=self._set,
            version=self._version,
            control_number=self._control,
            sender=self._sender,
            receiver=self._receiver,
            payer=tally.payer,
            payee=tally.payee,
            trace_number=tally.trace,
            payment_cents=sums.payment,
            claims=sums.claims,
            service_lines=sums.lines,
            charged_cents=sums.charged,
            paid_cents=sums.paid,
            adjusted_cents=sums.adjusted,
            patient_cents=sums.patient,
            provider_adjustment_cents=sums.provider_adjustment,
            balanced=tally.balanced,
            problems=self.findings.all(),
        )

    def _report(self, number: int, element: str | None, message: str) -> None:
        self.findings.add(number, element, message, self._tally.claim)


@cache
def _guide(name: TransactionName) -> Guide | None:
    whole = guide_of(name)
    return Guide(whole) if whole is not None else None
