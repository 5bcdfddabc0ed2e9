"""The edition of ICD-10-CM that comes along, read from the kept package's list of codes.

The package itself builds a tree of 190 MB when it is imported; its list is read without that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import distribution

from services.billing.scrub.model import CodeList

_MONTHS = {"April": 4, "October": 10}


@dataclass(frozen=True, slots=True)
class Edition:
    """Codes without their point. It judges services in [first_on, ends_on)."""

    name: str
    first_on: date
    ends_on: date
    billable: frozenset[str]
    categories: frozenset[str]

    def on(self, service_on: date) -> CodeList:
        judges = self.first_on <= service_on < self.ends_on
        return CodeList(self.name, judges, self.billable, self.categories)


@lru_cache(maxsize=1)
def packaged() -> Edition:
    """ICD-10-CM is published for October and April (CMS, ICD-10-CM files); each holds six months.

    Only a code that no other one begins with is billable.
    """
    found = distribution("simple-icd-10-cm")
    [path] = [f for f in found.files or () if f.name.startswith("code-list-")]
    _, _, month, year = path.stem.split("-")
    first_on = date(int(year), _MONTHS[month], 1)
    ends_on = date(first_on.year, 10, 1) if month == "April" else date(first_on.year + 1, 4, 1)
    listed = {code for code in path.read_text().split() if "-" not in code and not code.isdigit()}
    categories = {code[:length] for code in listed for length in range(3, len(code))}
    return Edition(
        f"{month} {year}", first_on, ends_on, frozenset(listed - categories), frozenset(categories)
    )
