"""How claims stand, asked with a 276 and told with a 277 (005010X212).

The payer knows the claims of the 837s that it took; one that it lost, or never had, is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from libs.local.payer.answers import Answering
from libs.local.payer.claims import Claim, Submission
from libs.local.payer.decisions import ACCEPTED, intake_status, payer_number
from libs.local.payer.further import decide_in_turn
from libs.local.payer.party import Party, party_of
from libs.local.payer.reading import Interchange, Segments, UnreadableFileError
from libs.local.payer.wire import Envelope, dollars, interchange

NOT_FOUND = "A4:35"


@dataclass(slots=True)
class Asked:
    """One question: our names for the claim, and the levels that it stood in."""

    trace: str
    subscriber: Party
    patient: Party | None
    control_number: str = ""


@dataclass(slots=True)
class StatusRequest(Interchange):
    """One interchange with one 276."""

    payer: Party = field(default_factory=Party)
    asking: Party = field(default_factory=Party)
    provider: Party = field(default_factory=Party)
    asked: list[Asked] = field(default_factory=list[Asked])


def read_statuses(content: bytes) -> StatusRequest:
    """The questions in a file's bytes; UnreadableFileError where no answer is possible."""
    segments = Segments.of(content)
    reading = _Reading(StatusRequest.begun_by(segments.isa))
    segments.each(reading.take)
    if not reading.found.asked:
        raise UnreadableFileError("no question")
    return reading.found


class _Reading:
    """Follows the levels: whom an NM1 names depends on the HL above it."""

    def __init__(self, begun: StatusRequest) -> None:
        self.found = begun
        self._level = ""
        self._subscriber = self._patient = Party()

    def take(self, row: list[str]) -> None:
        match row[0]:
            case "ST" if row[1] != "276":
                raise ValueError("not a 276")
            case "HL":
                self._level = row[3]
            case "NM1":
                self._name(party_of(row))
            case "TRN":
                patient = self._patient if self._level == "23" else None
                self.found.asked.append(Asked(row[2], self._subscriber, patient))
            case "REF" if row[1] == "EJ":
                self.found.asked[-1].control_number = row[2]
            case _:
                pass

    def _name(self, party: Party) -> None:
        match self._level:
            case "20":
                self.found.payer = party
            case "21":
                self.found.asking = party
            case "19":
                self.found.provider = party
            case "22":
                self._subscriber = party
            case _:
                self._patient = party


def answer_statuses(
    request: StatusRequest, taken: Sequence[Submission], answering: Answering
) -> bytes:
    """The 277: what became of each claim, as far as this payer knows it."""
    body = list(_segments(request, taken, answering))
    envelope = Envelope("HN", "005010X212", "277", request.interchange)
    return interchange(request, envelope, request.written_on, body)


def _segments(
    request: StatusRequest, taken: Sequence[Submission], answering: Answering
) -> Iterator[str]:
    on = f"{request.written_on:%Y%m%d}"
    payer, asking, provider = request.payer, request.asking, request.provider
    yield f"BHT*0010*08*{request.interchange}*{on}*1200*DG"
    yield "HL*1**20*1"
    yield f"NM1*PR*2*{payer.name}*****PI*{payer.identifier}"
    yield "HL*2*1*21*1"
    yield f"NM1*41*2*{asking.name}*****46*{asking.identifier}"
    yield "HL*3*2*19*1"
    yield f"NM1*1P*2*{provider.name}*****XX*{provider.identifier}"
    level = 3
    for asked in request.asked:
        level += 1
        who = asked.subscriber
        yield f"HL*{level}*3*22*{0 if asked.patient is None else 1}"
        yield f"NM1*IL*1*{who.name}*{who.first}****MI*{who.identifier}"
        if asked.patient is not None:
            level += 1
            yield f"HL*{level}*{level - 1}*23"
            yield f"NM1*QC*1*{asked.patient.name}*{asked.patient.first}".rstrip("*")
        yield f"TRN*2*{asked.trace}"
        yield from _status(_claim(asked, taken, answering), answering, on)
        yield f"REF*EJ*{asked.control_number}"


def _claim(asked: Asked, taken: Sequence[Submission], answering: Answering) -> Claim | None:
    """The claim as it was last sent here; None: it never came, or was lost in the house."""
    known = [c for s in taken for c in s.claims if c.number == asked.control_number]
    return known[-1] if known and not answering.loses(known[-1]) else None


def _status(claim: Claim | None, answering: Answering, on: str) -> Iterator[str]:
    if claim is None:
        yield f"STC*{NOT_FOUND}*{on}"
        return
    charge = dollars(claim.charge_cents)
    intake = intake_status(answering.policy, claim)
    if intake != ACCEPTED:
        yield f"STC*{intake}*{on}**{charge}"
        return
    made = decide_in_turn(answering.policy, claim)
    status = "F2:0" if made.status == "4" else "F1:3"
    yield f"STC*{status}*{on}**{charge}*{dollars(made.paid_cents)}"
    yield f"REF*1K*{payer_number(answering.policy, claim)}"
