"""An 837P (005010X222A1) read back as a stream: flat memory, the writer's own dataclasses.

What billing writes comes back equal. Of other senders' files the same is read; what the dataclasses
have no place for is passed over where the guide knows the segment, and refused where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from typing import BinaryIO, TypeAlias

from services.billing.x12.claims_837p import (
    BillingProvider,
    ClaimsTrailer,
    Payer,
    ProfessionalClaim,
    ProfessionalClaims,
    Receiver,
    Submitter,
)
from services.billing.x12.errors import X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.read_837p_claim import ReadClaim
from services.billing.x12.read_837p_parties import Party, Patient, Subscribed, refuse
from services.billing.x12.remittance import Unbalanced
from services.billing.x12.remittance_sums import Disagreements
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, day, required

Claims837Event: TypeAlias = ProfessionalClaims | ProfessionalClaim | ClaimsTrailer
"""Of each billing provider its batch, without claims; then its claims; the set's trailer."""

_KNOWN = frozenset(
    {"AMT", "CAS", "CN1", "CR1", "CR2", "CR3", "CRC", "CTP", "CUR", "DMG", "DTP", "FRM", "HCP",
     "HI", "K3", "LIN", "LQ", "LX", "MEA", "MOA", "N3", "N4", "NM1", "NTE", "OI", "PAT", "PER",
     "PRV", "PS1", "PWK", "QTY", "REF", "SBR", "SV1", "SV5", "SVD"}
)  # fmt: skip


def read_837p(stream: BinaryIO, problems: list[X12Error] | None = None) -> Iterator[Claims837Event]:
    """Every transaction of the file. Raises X12Error; see Envelope for `problems`."""
    segments = Segments(stream, problems)
    isa: list[str] = []
    group: list[str] = []
    transaction: _Transaction | None = None
    found = False
    for segment in segments:
        match segment[0]:
            case "ISA":
                isa = segment
            case "GS":
                group = segment
            case "ST":
                expect_transaction(segments, "837P")
                transaction, found = _Transaction(segments, isa, group), True
            case "SE":
                if transaction is not None:
                    yield from transaction.close()
                    transaction = None
            case _:
                if transaction is not None:
                    yield from transaction.take(segment)
    if not found:
        refuse("missing-segment", segments.number, "No ST segment.")


def read_batches(stream: BinaryIO) -> list[ProfessionalClaims]:
    """The whole file in memory: a batch for each billing provider, with its claims."""
    batches: list[ProfessionalClaims] = []
    claims: list[ProfessionalClaim] = []

    def close() -> None:
        if batches:
            batches[-1] = replace(batches[-1], claims=tuple(claims))
        claims.clear()

    for said in read_837p(stream):
        if isinstance(said, ProfessionalClaim):
            claims.append(said)
        elif isinstance(said, ProfessionalClaims):
            close()
            batches.append(said)
    close()
    return batches


class _Transaction:
    """One 837P while it is read: what stands above a claim, and the claim."""

    def __init__(self, segments: Segments, isa: list[str], group: list[str]) -> None:
        self._segments = segments
        self._isa, self._group = isa, group
        self._head: list[str] = []
        self._submitter, self._receiver, self._billing = Party(), Party(), Party()
        self._contact: list[str] = []
        self._party: Party | None = None
        self._employer_number = ""
        self._taxonomy: str | None = None
        self._is_told = False
        self._subscriber: Subscribed | None = None
        self._patient: Patient | None = None
        self._payer: Party | None = None
        self._claim: ReadClaim | None = None
        self._claims = self._lines = self._cents = 0
        self._unbalanced = Disagreements()

    def take(self, segment: list[str]) -> Iterator[Claims837Event]:
        tag = segment[0]
        if tag == "HL":
            yield from self._close_claim()
            yield from self._open_level(segment)
        elif tag == "CLM":
            yield from self._close_claim()
            self._open_claim(segment)
        elif self._claim is not None:
            if tag not in _KNOWN:
                self._refuse_unknown()
            self._claim.take(segment, self._segments.number)
        elif tag == "BHT":
            self._head = segment
        elif tag in _KNOWN:
            self._above_claims(segment)
        else:
            self._refuse_unknown()

    def close(self) -> Iterator[Claims837Event]:
        yield from self._close_claim()
        if not self._claims:
            refuse("missing-segment", self._segments.number, "No CLM segment.")
        yield ClaimsTrailer(
            self._claims,
            self._lines,
            self._cents,
            self._unbalanced.count,
            self._unbalanced.kept(),
        )

    def _open_level(self, segment: list[str]) -> Iterator[Claims837Event]:
        level = at(segment, 3)
        if level == "20":
            self._billing, self._employer_number, self._taxonomy = Party(), "", None
            self._party, self._is_told, self._subscriber = None, False, None
        elif level == "22":
            if not self._is_told:
                yield self._batch()
                self._is_told = True
            self._subscriber, self._patient, self._payer = Subscribed(), None, None
        elif level == "23":
            self._patient = Patient()
        else:
            refuse("bad-code", self._segments.number, "HL03 is not 20, 22 or 23.")

    def _open_claim(self, segment: list[str]) -> None:
        number = self._segments.number
        if self._subscriber is None or self._payer is None or not self._payer.name:
            refuse("missing-segment", number, "A claim has no subscriber or no payer above it.")
        component = self._segments.delimiters.component
        payer = Payer(self._payer.name, self._payer.identifier)
        self._claim = ReadClaim(segment, number, component, self._subscriber, self._patient, payer)

    def _close_claim(self) -> Iterator[ProfessionalClaim]:
        reading, self._claim = self._claim, None
        if reading is None:
            return
        claim = reading.close(self._segments.number)
        charged = sum(line.charge_cents for line in claim.lines)
        self._claims += 1
        self._lines += len(claim.lines)
        self._cents += claim.charge_cents
        if charged != claim.charge_cents:
            said = claim.control_number, None, reading.number, charged, claim.charge_cents
            self._unbalanced.add(Unbalanced("claim", *said))
        yield claim

    def _above_claims(self, segment: list[str]) -> None:
        match segment[0]:
            case "NM1":
                self._name(segment)
            case "N3" | "N4" | "DMG":
                if self._party is not None:
                    self._party.take(segment, self._segments.number)
            case "PER":
                if not self._contact:
                    self._contact = segment
            case "REF":
                if self._party is self._billing and at(segment, 1) in ("EI", "SY"):
                    self._employer_number = at(segment, 2)
            case "PRV":
                if at(segment, 1) == "BI":
                    self._taxonomy = at(segment, 3) or None
            case "SBR":
                if self._subscriber is not None:
                    self._subscriber.policy = segment
            case "PAT":
                if self._patient is not None:
                    self._patient.relationship = at(segment, 1)
            case _:
                pass

    def _name(self, segment: list[str]) -> None:
        party = self._party = Party.of(segment, self._segments.number)
        match at(segment, 1):
            case "41":
                self._submitter = party
            case "40":
                self._receiver = party
            case "85":
                self._billing = party
            case "IL" if self._subscriber is not None:
                self._subscriber.party = party
            case "PR":
                self._payer = party
            case "QC" if self._patient is not None:
                self._patient.party = party
            case _:
                pass

    def _batch(self) -> ProfessionalClaims:
        isa, group, number = self._isa, self._group, self._segments.number
        for party, loop in ((self._submitter, "1000A"), (self._receiver, "1000B"),
                            (self._billing, "2010AA")):  # fmt: skip
            if not party.name:
                refuse("missing-segment", number, f"NM1 of loop {loop} is missing.")
        receiver, application = isa[8].strip(), at(group, 3)
        return ProfessionalClaims(
            sender_id=isa[6].strip(),
            receiver_id=receiver,
            interchange_control=_integer(isa[13], number),
            group_control=_integer(at(group, 6), number),
            transaction_control=_integer(self._segments.envelope.transaction_control, number),
            written_at=self._written_at(),
            usage="P" if isa[15] == "P" else "T",
            submitter=Submitter(
                self._submitter.name,
                self._submitter.identifier,
                at(self._contact, 2),
                at(self._contact, 4),
            ),
            receiver=Receiver(self._receiver.name, self._receiver.identifier),
            billing_provider=BillingProvider(
                self._billing.name,
                self._billing.identifier,
                self._employer_number,
                self._billing.address(number),
                self._taxonomy,
            ),
            claims=(),
            receiver_qualifier=isa[7],
            receiver_application=None if application == receiver else application,
        )

    def _written_at(self) -> datetime:
        number, head = self._segments.number, self._head
        if not head:
            refuse("missing-segment", number, "BHT is missing.")
        on, moment = day(head, 4, number), required(head, 5, number)
        try:
            clock = time(int(moment[:2]), int(moment[2:4]))
        except ValueError:
            refuse("bad-date", number, "BHT05 is not a time of day.")
        return datetime.combine(on, clock)

    def _refuse_unknown(self) -> None:
        refuse("unexpected-segment", self._segments.number, "A segment is not part of an 837P.")


def _integer(text: str, number: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        refuse("bad-code", number, "A control number is not a number of at most nine digits.")
    return int(text)
