"""How claims stand, asked with a 276 and told with a 277 (005010X212).

The payer knows the claims of the 837s that it took; one that it lost, or never had, is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from libs.local.payer.answers import Answering
from libs.local.payer.claims import Claim, Party, Submission, UnreadableFileError
from libs.local.payer.decisions import ACCEPTED, decide, intake_status, payer_number
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
class StatusRequest:
    """One interchange with one 276."""

    sender: str
    receiver: str
    interchange: int
    usage: str
    written_on: date
    payer: Party = field(default_factory=Party)
    asking: Party = field(default_factory=Party)
    provider: Party = field(default_factory=Party)
    asked: list[Asked] = field(default_factory=list[Asked])


def read_statuses(content: bytes) -> StatusRequest:
    """The questions in a file's bytes; UnreadableFileError where no answer is possible."""
    try:
        text = content.decode("ascii")
        rows = [row.strip("\r\n").split(text[3]) for row in text.split(text[105])]
        isa = rows[0]
        written_on = date(2000 + int(isa[9][:2]), int(isa[9][2:4]), int(isa[9][4:6]))
        found = StatusRequest(
            isa[6].strip(), isa[8].strip(), int(isa[13]), isa[15], written_on
        )  # fmt: skip
        _read(found, rows[1:])
    except (IndexError, ValueError) as error:
        raise UnreadableFileError("not a 276 that could be answered") from error
    if not found.asked:
        raise UnreadableFileError("no question")
    return found


def _read(found: StatusRequest, rows: Sequence[Sequence[str]]) -> None:
    level, subscriber, patient = "", Party(), Party()
    for row in rows:
        match row[0]:
            case "ST" if row[1] != "276":
                raise ValueError("not a 276")
            case "HL":
                level = row[3]
            case "NM1":
                filled = [*row, *[""] * (10 - len(row))]
                party = Party(filled[3], filled[4], filled[5], filled[9])
                if level == "20":
                    found.payer = party
                elif level == "21":
                    found.asking = party
                elif level == "19":
                    found.provider = party
                elif level == "22":
                    subscriber = party
                else:
                    patient = party
            case "TRN":
                found.asked.append(Asked(row[2], subscriber, patient if level == "23" else None))
            case "REF" if row[1] == "EJ":
                found.asked[-1].control_number = row[2]
            case _:
                pass


def answer_statuses(
    request: StatusRequest, taken: Sequence[Submission], answering: Answering
) -> bytes:
    """The 277: what became of each claim, as far as this payer knows it."""
    body = list(_segments(request, taken, answering))
    envelope = Envelope("HN", "005010X212", "277", request.interchange)
    turned = Submission(
        request.sender, request.receiver, request.interchange, request.usage, request.written_on
    )
    return interchange(turned, envelope, request.written_on, body)


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
    made = decide(answering.policy, claim)
    status = "F2:0" if made.status == "4" else "F1:3"
    yield f"STC*{status}*{on}**{charge}*{dollars(made.paid_cents)}"
    yield f"REF*1K*{payer_number(answering.policy, claim)}"
