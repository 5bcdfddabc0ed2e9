"""Reads an 837P (005010X222A1) as a payer would: whole file, strict where it matters to pay."""

from __future__ import annotations

from dataclasses import dataclass, field

from libs.local.payer.others import OtherPayer, OthersReading
from libs.local.payer.party import Party, cents_of, party_of
from libs.local.payer.reading import Interchange, Segments, UnreadableFileError


@dataclass(slots=True)
class Line:
    """One service line; amounts in cents."""

    procedure: str
    modifiers: list[str]
    charge_cents: int
    units: int
    pointers: list[int]
    service_date: str = ""
    control_number: str = ""


@dataclass(slots=True)
class Claim:
    """One claim with the subscriber, patient and payer that stood above it."""

    number: str
    charge_cents: int
    place: str
    frequency: str
    subscriber: Party
    payer: Party
    filing_code: str
    group_number: str
    patient: Party | None
    relationship: str
    sequence: str = "P"
    """SBR01: which of the patient's payers this is."""
    others: list[OtherPayer] = field(default_factory=list[OtherPayer])
    original_number: str = ""
    authorization: str = ""
    diagnoses: list[str] = field(default_factory=list[str])
    rendering: Party = field(default_factory=Party)
    taxonomy: str = ""
    lines: list[Line] = field(default_factory=list[Line])
    attachments: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """PWK: kind of report, how it comes, its control number."""
    original: Claim | None = None
    """What a replacement or a void (frequency 7, 8) is about, where this payer took it in."""


@dataclass(slots=True)
class Submission(Interchange):
    """One interchange with one 837P; `problems` holds IK5 codes (X12 list 618)."""

    group: str = ""
    version: str = ""
    transaction: str = ""
    reference: str = ""
    written_date: str = ""
    written_time: str = ""
    contact: str = ""
    phone: str = ""
    employer_number: str = ""
    submitter: Party = field(default_factory=Party)
    receiver_party: Party = field(default_factory=Party)
    billing: Party = field(default_factory=Party)
    claims: list[Claim] = field(default_factory=list[Claim])
    problems: list[str] = field(default_factory=list[str])


def read_claims(content: bytes) -> Submission:
    """The submission in a file's bytes; UnreadableFileError where no answer is possible."""
    segments = Segments.of(content)
    reading = _Reading(Submission.begun_by(segments.isa), segments.component)
    segments.each(reading.take)
    if not reading.closed or not reading.found.claims:
        raise UnreadableFileError("no complete transaction with claims")
    return reading.found


class _Reading:
    """Follows the loops: what an NM1, N3, N4 or DMG is about depends on what came before."""

    def __init__(self, begun: Submission, component: str) -> None:
        self.found = begun
        self.closed = False
        self._component = component
        self._count = 0
        self._party = Party()
        self._subscriber = self._payer = Party()
        self._patient: Party | None = None
        self._filing = self._group_number = self._relationship = ""
        self._sequence = "P"
        self._others: OthersReading | None = None

    def take(self, row: list[str]) -> None:
        self._count += 1
        if row[0] == "HL":
            self._others = None
        if self._others is not None and self._others.take(row):
            return
        match row[0]:
            case "GS":
                self.found.group, self.found.version = row[6], row[8]
            case "ST":
                self._count = 1
                self.found.transaction = row[2]
            case "BHT":
                found = self.found
                found.reference, found.written_date, found.written_time = row[3], row[4], row[5]
            case "SE":
                self._end(row)
            case "IEA":
                self.closed = int(row[2]) == self.found.interchange
            case "NM1" | "N3" | "N4" | "DMG" | "PER" | "REF":
                self._about_party(row)
            case "HL" | "SBR" | "PAT":
                self._level(row)
            case _:
                self._about_claim(row)

    def _end(self, row: list[str]) -> None:
        if row[2] != self.found.transaction:
            self.found.problems.append("3")
        if int(row[1]) != self._count:
            self.found.problems.append("4")

    def _level(self, row: list[str]) -> None:
        if row[0] == "HL" and row[3] == "22":
            self._patient, self._relationship = None, "18"
        elif row[0] == "SBR":
            self._sequence, self._group_number, self._filing = row[1], row[3], row[9]
        elif row[0] == "PAT":
            self._relationship = row[1]

    def _about_party(self, row: list[str]) -> None:
        match row[0]:
            case "NM1":
                self._name(row)
            case "N3":
                self._party.street = row[1]
            case "N4":
                self._party.city, self._party.state, self._party.postal_code = row[1:4]
            case "DMG":
                self._party.born, self._party.sex = row[2], row[3]
            case "PER":
                self.found.contact, self.found.phone = row[2], row[4]
            case _:
                self._reference(row)

    def _name(self, row: list[str]) -> None:
        self._party = party = party_of(row)
        match row[1]:
            case "41":
                self.found.submitter = party
            case "40":
                self.found.receiver_party = party
            case "85":
                self.found.billing = party
            case "IL":
                self._subscriber = party
            case "PR":
                self._payer = party
            case "QC":
                self._patient = party
            case "82":
                self.found.claims[-1].rendering = party
            case _:
                pass

    def _reference(self, row: list[str]) -> None:
        match row[1]:
            case "EI":
                self.found.employer_number = row[2]
            case "F8":
                self.found.claims[-1].original_number = row[2]
            case "G1":
                self.found.claims[-1].authorization = row[2]
            case "6R":
                self.found.claims[-1].lines[-1].control_number = row[2]
            case _:
                pass

    def _about_claim(self, row: list[str]) -> None:
        match row[0]:
            case "CLM":
                self._claim(row)
            case "HI":
                codes = [value.split(self._component)[1] for value in row[1:]]
                self.found.claims[-1].diagnoses.extend(codes)
            case "PWK":
                kind, way, *rest = row[1:]
                number = rest[3] if len(rest) > 3 else ""
                self.found.claims[-1].attachments.append((kind, way, number))
            case "PRV":
                if row[1] == "PE":
                    self.found.claims[-1].taxonomy = row[3]
            case "SV1":
                self._line(row)
            case "DTP":
                if row[1:3] == ["472", "D8"]:
                    self.found.claims[-1].lines[-1].service_date = row[3]
            case _:
                pass

    def _claim(self, row: list[str]) -> None:
        place, _, frequency = row[5].split(self._component)
        claim = Claim(
            number=row[1],
            charge_cents=cents_of(row[2]),
            place=place,
            frequency=frequency,
            subscriber=self._subscriber,
            payer=self._payer,
            filing_code=self._filing,
            group_number=self._group_number,
            patient=self._patient,
            relationship=self._relationship,
            sequence=self._sequence,
        )
        self.found.claims.append(claim)
        self._others = OthersReading(claim.others)

    def _line(self, row: list[str]) -> None:
        code = row[1].split(self._component)
        pointers = [int(value) for value in row[7].split(self._component)]
        line = Line(code[1], code[2:], cents_of(row[2]), int(row[4]), pointers)
        self.found.claims[-1].lines.append(line)
