"""Persons as the segments of every guide name them."""

from __future__ import annotations

from datetime import date

from services.billing.x12.characters import optional_text, text
from services.billing.x12.claims_837p import Person, Sex


def person(start: str, name: Person, loop: str) -> str:
    """NM101 to NM107; prefix and suffix stay empty."""
    last = text(name.last_name, f"{loop} NM103", 60)
    first = optional_text(name.first_name, f"{loop} NM104", 35)
    middle = optional_text(name.middle_name, f"{loop} NM105", 25)
    return f"{start}*{last}*{first}*{middle}**"


def born(on: date, sex: Sex) -> str:
    """DMG of somebody who is asked about: a sex that is not known is left out."""
    return f"DMG*D8*{on:%Y%m%d}" + (f"*{sex}" if sex != "U" else "")
