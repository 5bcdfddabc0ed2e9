"""One claim of an 837P while it is read: from CLM to the last line."""

from __future__ import annotations

from services.billing.x12.claims_837p import (
    Attachment,
    Frequency,
    Payer,
    ProfessionalClaim,
    ReferringProvider,
    RenderingProvider,
    ServiceFacility,
    ServiceLine,
)
from services.billing.x12.read_837p_cob import ReadOthers, place_of
from services.billing.x12.read_837p_line import ReadLine
from services.billing.x12.read_837p_parties import Party, Patient, Subscribed, refuse
from services.billing.x12.values import at, cents, required


class ReadClaim:
    """Follows 2300 and 2400; what is said of other payers goes to `ReadOthers`."""

    def __init__(
        self,
        segment: list[str],
        number: int,
        component: str,
        subscriber: Subscribed,
        patient: Patient | None,
        payer: Payer,
    ) -> None:
        self.number = number
        self._component = component
        self._subscriber, self._patient, self._payer = subscriber, patient, payer
        self._place = ""
        self._frequency: Frequency = "1"
        self._facility(segment)
        self._control_number = required(segment, 1, number)
        self._charge_cents = cents(segment, 2, number)
        self._parties: dict[str, Party] = {}
        self._party: Party | None = None
        self._taxonomy = ""
        self._references: dict[str, str] = {}
        self._attachments: list[Attachment] = []
        self._diagnoses: tuple[str, ...] = ()
        self._others = ReadOthers(component)
        self._in_other_payer = False
        self._lines: list[ServiceLine] = []
        self._line: ReadLine | None = None

    def take(self, segment: list[str], number: int) -> None:
        tag = segment[0]
        if tag == "LX":
            self._close_line(number)
            self._line = ReadLine(segment, number, self._component)
            self._others.close_lines()
        elif self._line is not None:
            self._in_line(tag, self._line, segment, number)
        elif tag == "SBR":
            self._in_other_payer = True
            self._others.open_other(segment)
        elif self._in_other_payer:
            self._others.take(segment, number)
        else:
            self._in_claim(tag, segment, number)

    def close(self, number: int) -> ProfessionalClaim:
        """The claim, whose last segment came before `number`."""
        self._close_line(number)
        if not self._diagnoses or not self._lines:
            refuse("missing-segment", number, "A claim before this segment has no HI or no LX.")
        return ProfessionalClaim(
            control_number=self._control_number,
            charge_cents=self._charge_cents,
            place_of_service=self._place,
            subscriber=self._subscriber.subscriber(number),
            payer=self._payer,
            rendering_provider=self._rendering_provider(),
            diagnoses=self._diagnoses,
            lines=tuple(self._lines),
            patient=None if self._patient is None else self._patient.dependent(number),
            frequency=self._frequency,
            payer_claim_control_number=self._references.get("F8"),
            prior_authorization=self._references.get("G1"),
            referring_provider=self._referring_provider(),
            service_facility=self._service_facility(number),
            attachments=tuple(self._attachments),
            sequence=place_of(self._subscriber.policy),
            others=self._others.close(self._lines),
        )

    def _in_line(self, tag: str, line: ReadLine, segment: list[str], number: int) -> None:
        if tag == "SVD":
            self._others.open_line(len(self._lines), segment, number)
        elif self._others.takes(tag):
            self._others.take_of_line(segment, number)
        else:
            line.take(segment, number)

    def _facility(self, segment: list[str]) -> None:
        place, _, rest = required(segment, 5, self.number).partition(self._component)
        frequency = rest.rpartition(self._component)[2]
        if frequency not in ("1", "7", "8"):
            refuse("bad-code", self.number, "CLM05 does not end in a frequency of 1, 7 or 8.")
        self._place, self._frequency = place, frequency

    def _in_claim(self, tag: str, segment: list[str], number: int) -> None:
        match tag:
            case "NM1":
                self._party = Party.of(segment, number)
                self._parties.setdefault(segment[1], self._party)
            case "N3" | "N4":
                if self._party is not None:
                    self._party.take(segment, number)
            case "PRV":
                self._taxonomy = at(segment, 3)
            case "REF":
                if self._party is None:
                    self._references[at(segment, 1)] = required(segment, 2, number)
            case "HI":
                if not self._diagnoses:
                    self._diagnoses = self._codes(segment, number)
            case "PWK":
                kind, way = required(segment, 1, number), required(segment, 2, number)
                self._attachments.append(Attachment(kind, way, at(segment, 6) or None))
            case _:
                pass

    def _codes(self, segment: list[str], number: int) -> tuple[str, ...]:
        pairs = [element.split(self._component) for element in segment[1:]]
        if not all(len(pair) > 1 and pair[1] for pair in pairs):
            refuse("missing-element", number, "An element of HI has no code.")
        return tuple(pair[1] for pair in pairs)

    def _close_line(self, number: int) -> None:
        if self._line is not None:
            self._lines.append(self._line.close(number))

    def _rendering_provider(self) -> RenderingProvider | None:
        party = self._parties.get("82")
        if party is None:
            return None
        return RenderingProvider(party.person(), party.identifier, self._taxonomy)

    def _referring_provider(self) -> ReferringProvider | None:
        party = self._parties.get("DN")
        return None if party is None else ReferringProvider(party.person(), party.identifier)

    def _service_facility(self, number: int) -> ServiceFacility | None:
        party = self._parties.get("77")
        if party is None:
            return None
        return ServiceFacility(party.name, party.address(number), party.identifier or None)
