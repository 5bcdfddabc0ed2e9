"""Questions about patients' coverage become the bytes of one 270 (005010X279A1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.billing.x12.asking import Asking
from services.billing.x12.characters import code, text
from services.billing.x12.claims_837p import Person, Sex
from services.billing.x12.enclose import Controls, TransactionSet, enclose, refuse_repeats
from services.billing.x12.errors import RefusedElementError
from services.billing.x12.persons import born, person

_SET = TransactionSet("HS", "270", "005010X279A1")


@dataclass(frozen=True, slots=True)
class AskedPerson:
    """A person as the payer finds one: the subscriber (2100C) or the dependent (2100D)."""

    name: Person
    born_on: date | None
    sex: Sex


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question about one patient, on one day."""

    trace_number: str
    """Ours (TRN02), echoed in the 271; unique, and about nobody."""
    member_id: str
    subscriber: AskedPerson | None
    """None: another than the patient, of whom only the member's number is known."""
    dependent: AskedPerson | None
    """The patient, where that is not the subscriber."""
    service_on: date
    service_types: tuple[str, ...] = ("30",)
    """EQ01 (external code list 1365); 30 asks for the plan as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiries(Asking):
    """One 270."""

    trace_origin: str
    """TRN03, who gave the trace numbers: 1 and the EIN."""
    inquiries: tuple[Inquiry, ...]


def write_270(asked: Inquiries) -> bytes:
    """The whole file as ASCII; RefusedElementError names the element that cannot be written."""
    if not asked.inquiries:
        raise RefusedElementError("missing", "2000C", "At least one inquiry is required.")
    refuse_repeats([one.trace_number for one in asked.inquiries], "2000C TRN02", "inquiries")
    return enclose(asked, _SET, Controls.of(asked.control), list(_segments(asked)))


def _segments(asked: Inquiries) -> Iterator[str]:
    at, payer = asked.written_at, asked.payer
    yield f"BHT*0022*13*{asked.control}*{at:%Y%m%d}*{at:%H%M}"
    yield "HL*1**20*1"
    name = text(payer.name, "2100A NM103", 60)
    yield f"NM1*PR*2*{name}*****PI*{text(payer.identifier, '2100A NM109', 80, 2)}"
    yield "HL*2*1*21*1"
    name = text(asked.provider_name, "2100B NM103", 60)
    yield f"NM1*1P*2*{name}*****XX*{code(asked.provider_npi, '2100B NM109', 10, 10)}"
    level = 2
    for inquiry in asked.inquiries:
        level += 1
        subscriber = level
        yield f"HL*{level}*2*22*{0 if inquiry.dependent is None else 1}"
        if inquiry.dependent is None:
            yield _trace(inquiry, asked, "2000C")
            yield from _subscriber(inquiry)
        else:
            yield from _subscriber(inquiry)
            level += 1
            yield f"HL*{level}*{subscriber}*23*0"
            yield _trace(inquiry, asked, "2000D")
            yield from _person("NM1*03*1", inquiry.dependent, "2100D")
        yield from _question(inquiry)


def _trace(inquiry: Inquiry, asked: Inquiries, loop: str) -> str:
    number = text(inquiry.trace_number, f"{loop} TRN02", 50)
    return f"TRN*1*{number}*{code(asked.trace_origin, f'{loop} TRN03', 10, 10)}"


def _subscriber(inquiry: Inquiry) -> Iterator[str]:
    member = f"*MI*{text(inquiry.member_id, '2100C NM109', 80, 2)}"
    if inquiry.subscriber is None:
        yield f"NM1*IL*1*****{member}"
    else:
        yield from _person("NM1*IL*1", inquiry.subscriber, "2100C", member)


def _person(start: str, asked: AskedPerson, loop: str, member: str = "") -> Iterator[str]:
    yield f"{person(start, asked.name, loop)}{member}".rstrip("*")
    if asked.born_on is not None:
        yield born(asked.born_on, asked.sex)


def _question(inquiry: Inquiry) -> Iterator[str]:
    if not inquiry.service_types:
        raise RefusedElementError("missing", "2110 EQ01", "A service type is required.")
    yield f"DTP*291*D8*{inquiry.service_on:%Y%m%d}"
    types = [code(one, "2110 EQ01", 1, 2) for one in inquiry.service_types]
    yield f"EQ*{'^'.join(types)}"
