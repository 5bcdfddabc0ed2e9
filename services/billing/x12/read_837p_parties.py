"""Whom an 837P speaks of, while it is read: NM1 with the N3, N4 and DMG that follow it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

from services.billing.x12.claims_837p import (
    Address,
    Demographics,
    DependentPatient,
    Person,
    Sex,
    Subscriber,
)
from services.billing.x12.errors import Code, X12Error
from services.billing.x12.values import at, day, required


def refuse(code: Code, number: int, message: str) -> NoReturn:
    """Stop at a segment; the message names places, never what stands in them."""
    raise X12Error(code, number, message, "Ask the sender for a correct 837P.")


@dataclass(slots=True)
class Party:
    """A person or an organisation; an organisation leaves a person's parts empty."""

    name: str = ""
    first: str = ""
    middle: str = ""
    identifier: str = ""
    street: str = ""
    place: tuple[str, str, str] | None = None
    born_on: date | None = None
    sex: Sex = "U"

    @classmethod
    def of(cls, segment: list[str], number: int) -> Party:
        """NM1."""
        required(segment, 1, number)
        return cls(at(segment, 3), at(segment, 4), at(segment, 5), at(segment, 9))

    def take(self, segment: list[str], number: int) -> None:
        """N3, N4 or DMG."""
        match segment[0]:
            case "N3":
                self.street = required(segment, 1, number)
            case "N4":
                self.place = at(segment, 1), at(segment, 2), at(segment, 3)
            case _:
                self.born_on = day(segment, 2, number)
                sex = at(segment, 3)
                if sex not in ("F", "M", "U"):
                    refuse("bad-code", number, "DMG03 is not F, M or U.")
                self.sex = sex

    def person(self) -> Person:
        return Person(self.name, self.first or None, self.middle or None)

    def address(self, number: int) -> Address:
        if self.place is None:
            refuse("missing-segment", number, "N3 or N4 is missing before this segment.")
        return Address(self.street, *self.place)

    def demographics(self, number: int) -> Demographics | None:
        """None: neither address nor birth date are told, as of a subscriber who is no patient."""
        if self.born_on is None and self.place is None:
            return None
        if self.born_on is None:
            refuse("missing-segment", number, "DMG is missing before this segment.")
        return Demographics(self.address(number), self.born_on, self.sex)


@dataclass(slots=True)
class Subscribed:
    """2000B and 2010BA."""

    party: Party = field(default_factory=Party)
    policy: list[str] = field(default_factory=list[str])
    """SBR."""

    def subscriber(self, number: int) -> Subscriber:
        if not self.policy or not self.party.name:
            refuse("missing-segment", number, "SBR or NM1*IL is missing before this claim.")
        return Subscriber(
            self.party.person(),
            self.party.identifier,
            at(self.policy, 9),
            self.party.demographics(number),
            at(self.policy, 3) or None,
            at(self.policy, 5) or None,
        )


@dataclass(slots=True)
class Patient:
    """2000C and 2010CA."""

    party: Party = field(default_factory=Party)
    relationship: str = ""

    def dependent(self, number: int) -> DependentPatient:
        known = self.party.demographics(number)
        if known is None or not self.party.name:
            refuse("missing-segment", number, "NM1*QC, N4 or DMG of the patient is missing.")
        return DependentPatient(self.party.person(), self.relationship, known)
