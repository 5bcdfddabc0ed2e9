"""Whether two charts of different systems may be one patient: pure, with its weights beside it.

Exact first: the same member number with a payer, birth date and name. Else Fellegi and Sunter's sum
of evidence, in bits, against two thresholds. Nothing is ever merged for being likely: above the
upper one a practice may let charts be linked by themselves, between the two a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from jellyfish import (
    damerau_levenshtein_distance,
    jaro_winkler_similarity,
    nysiis,
)

from libs.events.contracts.people import Coverage, Person
from services.interop.patients.weights import (
    CLOSE_NAME,
    HOUSEHOLD,
    LINK_FROM_BITS,
    MOST_HOUSEHOLD_BITS,
    NICKNAMES,
    REVIEW_FROM_BITS,
    WEIGHTS,
)

Verdict = Literal["link", "review", "new"]

_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}


@dataclass(frozen=True, slots=True)
class Traits:
    """A person as two are compared: names without case, accents, marks and suffix."""

    family: str = field(repr=False)
    given: str = field(repr=False)
    suffix: str | None
    birth_on: date = field(repr=False)
    sex: str
    postal_code: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    member: tuple[str, str] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two charts compare; `levels` say of each field how, never what stands in it."""

    verdict: Verdict
    bits: float
    levels: Mapping[str, str]


def traits_of(person: Person, coverage: Coverage | None) -> Traits:
    family, suffix = _name(person.family)
    given, given_suffix = _name(person.given)
    digits = re.sub(r"\D", "", person.phone or "")[-10:]
    member = (coverage.payer_id, coverage.member_id.strip().upper()) if coverage else None
    return Traits(
        family=family,
        given=given,
        suffix=suffix or given_suffix,
        birth_on=person.birth_on,
        sex=person.sex,
        postal_code=person.postal_code[:5] if person.postal_code else None,
        phone=digits if len(digits) >= 7 else None,
        email=person.email.strip().lower() if person.email else None,
        member=member,
    )


def blocking_keys(traits: Traits) -> list[str]:
    """Texts of which two charts of one patient share at least one, whatever is mistyped in one.

    Names by their sound (NYSIIS), as a set, so that swapped names meet; with the birth date, with
    its year or its day, or with the phone. To be kept as keyed fingerprints only.
    """
    family, given = (_sound(name) for name in (traits.family, traits.given))
    both = ",".join(sorted((family, given)))
    birth = traits.birth_on
    keys = [f"birth {birth} {family}", f"birth {birth} {given}"]
    keys += [f"year {birth:%Y} {both}", f"day {birth:%m%d} {both}", f"day {birth:%d%m} {both}"]
    if traits.phone:
        keys += [f"phone {traits.phone} {family}", f"phone {traits.phone} {given}"]
    if traits.member:
        keys.append(f"member {' '.join(traits.member)} {birth}")
    return list(dict.fromkeys(keys))


def compare(one: Traits, other: Traits) -> Comparison:
    """The verdict on two charts, with what it was reached by."""
    levels = _levels(one, other)
    if _is_exact(one, other):
        return Comparison("link", LINK_FROM_BITS, {**levels, "member": "same"})
    bits = _bits(levels)
    if bits < REVIEW_FROM_BITS:
        return Comparison("new", bits, levels)
    if bits < LINK_FROM_BITS or _is_contradicted(levels):
        return Comparison("review", bits, levels)
    return Comparison("link", bits, levels)


def _is_exact(one: Traits, other: Traits) -> bool:
    """A member's number is often the family's, so the name and the birth date count, too."""
    return one.member is not None and (one.member, one.birth_on, one.family, one.given) == (
        other.member,
        other.birth_on,
        other.family,
        other.given,
    )


def _is_contradicted(levels: Mapping[str, str]) -> bool:
    """Who they are is contradicted somewhere: a person looks, however much else agrees."""
    decisive = (levels.get(name) for name in ("family", "given", "sex", "suffix"))
    return "different" in decisive or levels["birth_on"] != "same"


def _bits(levels: Mapping[str, str]) -> float:
    worth = {name: WEIGHTS[name][level].bits for name, level in levels.items()}
    shared = sum(bits for name, bits in worth.items() if name in HOUSEHOLD and bits > 0)
    rest = sum(bits for name, bits in worth.items() if name not in HOUSEHOLD or bits <= 0)
    if levels.get("given") == "different":
        return rest  # twins, spouses, parents: the household agrees because it is one
    return rest + min(shared, MOST_HOUSEHOLD_BITS)


def _levels(one: Traits, other: Traits) -> dict[str, str]:
    levels = _name_levels(one, other)
    levels["birth_on"] = _birth_level(one.birth_on, other.birth_on)
    if "U" not in (one.sex, other.sex):
        levels["sex"] = "same" if one.sex == other.sex else "different"
    if one.postal_code and other.postal_code:
        levels["postal_code"] = _postal_level(one.postal_code, other.postal_code)
    for name, ours, theirs in (
        ("phone", one.phone, other.phone),
        ("email", one.email, other.email),
    ):
        if ours and theirs:
            levels[name] = "same" if ours == theirs else "different"
    if one.suffix and other.suffix and one.suffix != other.suffix:
        levels["suffix"] = "different"
    return levels


def _name_levels(one: Traits, other: Traits) -> dict[str, str]:
    straight = {
        "family": _name_level(one.family, other.family),
        "given": _name_level(one.given, other.given),
    }
    if "different" in straight.values():
        crossed = _name_level(one.family, other.given), _name_level(one.given, other.family)
        if "different" not in crossed:
            return {"names": "swapped"}
    return straight


def _name_level(one: str, other: str) -> str:
    if one == other:
        return "same"
    parts = set(one.split()), set(other.split())
    if parts[0] & parts[1] or any(one in names and other in names for names in NICKNAMES):
        return "close"  # one of two family names; a nickname
    if 1 in (len(one), len(other)):
        return "close" if one[:1] == other[:1] else "different"
    return "close" if jaro_winkler_similarity(one, other) >= CLOSE_NAME else "different"


def _birth_level(one: date, other: date) -> str:
    if one == other:
        return "same"
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return "close"
    near = damerau_levenshtein_distance(f"{one:%Y%m%d}", f"{other:%Y%m%d}") == 1
    return "close" if near else "different"


def _postal_level(one: str, other: str) -> str:
    if one == other:
        return "same"
    return "close" if one[:3] == other[:3] else "different"


def _name(text: str) -> tuple[str, str | None]:
    """A name in plain letters, and the suffix that stood in it."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c)).replace("'", "")
    words = re.findall(r"\w+", letters)
    suffixes = [word for word in words if word in _SUFFIXES]
    return " ".join(w for w in words if w not in _SUFFIXES), next(iter(suffixes), None)


def _sound(name: str) -> str:
    """How the first word of a name sounds; names in other scripts stand as they are."""
    first = name.partition(" ")[0]
    return nysiis(first) if first.isascii() else first
