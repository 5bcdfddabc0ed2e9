"""Reads a 270 (005010X279A1) as a payer would, and answers each patient in a 271.

What is answered follows from the member's number and the seed: whoever is asked about again is
covered again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from libs.local.payer.decisions import Policy, draw
from libs.local.payer.reading import Interchange, Segments, UnreadableFileError
from libs.local.payer.wire import Envelope, interchange

_PLANS = ("GOLD", "SILVER", "BRONZE")


@dataclass(slots=True)
class Person:
    """A name as the 270 gave it."""

    family: str = ""
    given: str = ""
    born: str = ""
    sex: str = ""


@dataclass(slots=True)
class Enquiry:
    """One patient who is asked about."""

    member: str
    subscriber: Person
    dependent: Person | None = None
    trace: str = ""
    trace_origin: str = ""
    on: str = ""
    service_types: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Enquiries(Interchange):
    """One 270 with whom it came from and went to."""

    reference: str = ""
    payer: tuple[str, str] = ("", "")
    provider: tuple[str, str] = ("", "")
    patients: list[Enquiry] = field(default_factory=list[Enquiry])


@dataclass(frozen=True, slots=True)
class Coverages:
    """Whom this payer covers: fractions from 0 to 1 of those who are asked about."""

    policy: Policy
    ended: float = 0.04
    unknown: float = 0.03


def read_enquiries(content: bytes) -> Enquiries:
    """The questions in a file's bytes; UnreadableFileError where no answer is possible."""
    segments = Segments.of(content)
    found = Enquiries.begun_by(segments.isa)
    segments.each(lambda row: _take(found, row + [""] * 10, segments.repetition))
    if not found.patients:
        raise UnreadableFileError("no patient is asked about")
    return found


def _take(found: Enquiries, row: list[str], repetition: str) -> None:
    match row[:2]:
        case ["BHT", _]:
            found.reference = row[3]
        case ["NM1", "PR"]:
            found.payer = row[3], row[9]
        case ["NM1", "1P"]:
            found.provider = row[3], row[9]
        case ["HL", _] if row[3] == "22":
            found.patients.append(Enquiry("", Person()))
        case ["HL", _] if row[3] == "23":
            last = found.patients[-1]
            if last.trace:  # another dependent of the same subscriber
                found.patients.append(Enquiry(last.member, last.subscriber))
            found.patients[-1].dependent = Person()
        case ["TRN", "1"]:
            found.patients[-1].trace, found.patients[-1].trace_origin = row[2], row[3]
        case ["NM1", "IL"]:
            found.patients[-1].member = row[9]
            found.patients[-1].subscriber = Person(row[3], row[4])
        case ["NM1", "03"]:
            found.patients[-1].dependent = Person(row[3], row[4])
        case ["DMG", _]:
            person = found.patients[-1].dependent or found.patients[-1].subscriber
            person.born, person.sex = row[2], row[3]
        case ["DTP", "291"]:
            found.patients[-1].on = row[3][:8]
        case ["EQ", _]:
            found.patients[-1].service_types += row[1].split(repetition)
        case _:
            pass


def answer_enquiries(asked: Enquiries, coverages: Coverages) -> bytes:
    """The 271: the same question is answered the same, whenever and however it is asked."""
    envelope = Envelope("HB", "005010X279A1", "271", asked.interchange)
    return interchange(asked, envelope, asked.written_on, list(_body(asked, coverages)))


def _body(asked: Enquiries, coverages: Coverages) -> Iterator[str]:
    yield f"BHT*0022*11*{asked.reference}*{asked.written_on:%Y%m%d}*1200"
    yield "HL*1**20*1"
    yield f"NM1*PR*2*{asked.payer[0]}*****PI*{asked.payer[1]}"
    yield "HL*2*1*21*1"
    yield f"NM1*1P*2*{asked.provider[0]}*****XX*{asked.provider[1]}"
    level = 2
    for patient in asked.patients:
        level += 1
        dependent = patient.dependent
        yield f"HL*{level}*2*22*{0 if dependent is None else 1}"
        if dependent is None:
            yield f"TRN*2*{patient.trace}*{patient.trace_origin}"
        known = draw(coverages.policy, "member", patient.member) >= coverages.unknown
        yield _name("IL", patient.subscriber, patient.member)
        if dependent is not None:
            yield f"HL*{level + 1}*{level}*23*0"
            level += 1
            yield f"TRN*2*{patient.trace}*{patient.trace_origin}"
            yield _name("03", dependent, "")
        if not known:
            yield "AAA*N**75*C"
            continue
        person = dependent or patient.subscriber
        if person.born:
            yield f"DMG*D8*{person.born}*{person.sex}".rstrip("*")
        yield from _coverage(patient, coverages)


def _coverage(patient: Enquiry, coverages: Coverages) -> Iterator[str]:
    policy, member = coverages.policy, patient.member
    asked_on = date(int(patient.on[:4]), int(patient.on[4:6]), int(patient.on[6:]))
    plan = _PLANS[int(draw(policy, "plan", member) * len(_PLANS))]
    if draw(policy, "coverage", member) < coverages.ended:
        ended_on = asked_on.replace(day=1) - timedelta(days=1)
        yield f"DTP*347*D8*{ended_on:%Y%m%d}"
        yield f"EB*6**30**{plan} PLAN"
        return
    yield f"DTP*346*D8*{asked_on:%Y}0101"
    yield f"EB*1**30*HM*{plan} PLAN"
    copay = 15 + 5 * int(draw(policy, "copay", member) * 6)
    yield f"EB*B*IND*98***27*{copay}*****Y"
    yield f"EB*B*IND*98***27*{2 * copay}*****N"
    yield "EB*A*IND*30***27**.2****Y"
    yield "EB*C*IND*30***23*1500*****Y"
    yield f"EB*C*IND*30***29*{int(draw(policy, 'deductible', member) * 1500)}*****Y"
    yield "EB*G*IND*30***23*6000*****Y"
    yield "EB*CB**4********Y*Y"
    if draw(policy, "other payer", member) < 0.1:
        yield "EB*R**30"
        yield "LS*2120"
        yield "NM1*PRP*2*ORCHARD MUTUAL*****PI*ORCHARD1"
        yield "LE*2120"


def _name(kind: str, person: Person, member: str) -> str:
    end = f"****MI*{member}" if member else ""
    return f"NM1*{kind}*1*{person.family}*{person.given}{end}".rstrip("*")
