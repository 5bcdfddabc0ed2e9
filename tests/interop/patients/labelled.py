"""A made-up town, told to two systems: who is one patient in both is known here.

Half of the patients are in both systems, most of them mistyped, moved or renamed in one; the others
are those whom matching takes for one another: twins, parents and children of one name, spouses,
and namesakes of one birthday.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from libs.events.contracts.people import Person

FAMILIES = """
Abernathy Alvarez Anderson Baker Bennett Brooks Campbell Carter Castillo Chen Clark Coleman
Collins Cooper Cruz Davis Delgado Diaz Edwards Evans Fischer Flores Foster Garcia Gomez
Gonzalez Goodwin Gray Green Gutierrez Hall Hansen Harris Hernandez Hill Howard Hughes
Jackson Jenkins Johnson Jones Kelly Kim King Kowalski Larson Lee Lewis Lopez Marshall
Martinez Meyer Miller Mitchell Moore Morales Morgan Murphy Myers Nelson Nguyen O'Brien Ortiz
Parker Patel Perez Peterson Phillips Powell Price Ramirez Reed Reyes Reynolds Richardson
Rivera Roberts Rodriguez Rogers Ross Russell Sanchez Sanders Schmidt Scott Simmons Smith
Stewart Sullivan Taylor Thomas Thompson Torres Turner Vasquez Walker Ward Washington Watson
White Williams Wilson Wright Yang Young
""".split()  # noqa: SIM905
GIVEN = {
    "F": """
Alma Amanda Angela Barbara Carol Catherine Dana Deborah Diana Elizabeth Emily Grace Hannah
Isabel Jennifer Jessica Julia Karen Laura Linda Lucia Margaret Maria Martha Mary Megan Nancy
Nicole Olivia Pamela Patricia Rachel Rebecca Rosa Ruth Samantha Sandra Sarah Sofia Susan
Teresa Victoria
""".split(),  # noqa: SIM905,
    "M": """
Aaron Alexander Andrew Anthony Benjamin Brian Carlos Charles Christopher Daniel David Edward
Eric Frank Gary George Gregory Henry James Jason Jeffrey John Jose Joseph Joshua Juan
Kenneth Kevin Larry Luis Mark Matthew Michael Nathan Nicholas Patrick Paul Peter Richard
Robert Ronald Samuel Scott Stephen Thomas Timothy William
""".split(),  # noqa: SIM905,
}
NICKNAMES = {
    "Elizabeth": "Liz", "Catherine": "Kate", "Margaret": "Peggy", "Rebecca": "Becky",
    "Jennifer": "Jenny", "Patricia": "Pat", "William": "Bill", "Robert": "Bob",
    "Michael": "Mike", "James": "Jim", "Richard": "Rick", "Thomas": "Tom", "Charles": "Chuck",
    "Edward": "Ted", "Anthony": "Tony", "Christopher": "Chris",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One system's record of a patient; `who` is the truth."""

    who: str
    person: Person


def town(seed: int, patients: int = 600) -> tuple[list[Told], list[Told]]:
    """The records of two systems."""
    rng = Random(seed)
    ones: list[Told] = []
    others: list[Told] = []
    for number in range(patients):
        born = _person(rng, number)
        who = f"patient {number}"
        ones.append(Told(who, born))
        if number % 2:
            others.append(Told(who, rng.choice(ERRORS)(born, rng)))
        else:
            others.append(Told(f"{who}'s like", rng.choice(LIKES)(born, rng)))
    return ones, others


def _person(rng: Random, number: int) -> Person:
    sex = rng.choice("FM")
    given, family = rng.choice(GIVEN[sex]), rng.choice(FAMILIES)
    return Person(
        family=family,
        given=given,
        sex="F" if sex == "F" else "M",
        birth_on=date(1935, 1, 1) + timedelta(days=rng.randrange(29_000)),
        postal_code=f"43{rng.randrange(40):03d}",
        phone=f"614555{number:04d}" if rng.random() < 0.9 else None,
        email=f"{given}{number}@mail.example".lower() if rng.random() < 0.6 else None,
    )


def _changed(person: Person, **fields: Any) -> Person:
    return Person.model_validate({**person.model_dump(), **fields})


def _mistyped(text: str, rng: Random) -> str:
    place = rng.randrange(1, len(text))
    letter = chr(rng.randrange(97, 123))
    kinds = (
        text[:place] + letter + text[place + 1 :],
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
        text[: place - 1] + text[place : place + 1] + text[place - 1] + text[place + 1 :],
    )
    return rng.choice(kinds) or text


def _birth_mistyped(person: Person, rng: Random) -> Person:
    born = person.birth_on
    if born.day <= 12 and rng.random() < 0.5:
        return _changed(person, birth_on=born.replace(month=born.day, day=born.month))
    return _changed(person, birth_on=born.replace(year=born.year + rng.choice((-1, 1, 10))))


def _moved(person: Person, rng: Random) -> Person:
    return _changed(
        person, postal_code=f"1{rng.randrange(9999):04d}", phone=f"413555{rng.randrange(9999):04d}"
    )


def _renamed(person: Person, rng: Random) -> Person:
    family = rng.choice(FAMILIES)
    return _changed(person, family=rng.choice((family, f"{person.family}-{family}")))


ERRORS: tuple[Callable[[Person, Random], Person], ...] = (
    lambda p, r: p,
    lambda p, r: _changed(p, family=_mistyped(p.family, r)),
    lambda p, r: _changed(p, given=_mistyped(p.given, r)),
    lambda p, r: _changed(p, given=p.family, family=p.given),
    lambda p, r: _changed(p, given=NICKNAMES.get(p.given, p.given[0])),
    lambda p, r: _changed(p, family=p.family.upper(), given=f"{p.given} Q", email=None),
    lambda p, r: _changed(p, phone=None, email=None),
    lambda p, r: _changed(p, sex="U", family=f"{p.family} Jr"),
    _birth_mistyped,
    _moved,
    _renamed,
)
"""What becomes of one patient in another system."""


def _twin(person: Person, rng: Random) -> Person:
    names = [name for name in GIVEN[person.sex] if name != person.given]
    return _changed(person, given=rng.choice(names), email=None)


def _child(person: Person, rng: Random) -> Person:
    """Junior: the same name and household, another birth date."""
    born = person.birth_on + timedelta(days=rng.randrange(7_500, 13_000))
    return _changed(person, birth_on=born, family=f"{person.family} Jr", email=None)


def _spouse(person: Person, rng: Random) -> Person:
    sex = "M" if person.sex == "F" else "F"
    born = person.birth_on + timedelta(days=rng.randrange(-1500, 1500))
    return _changed(person, sex=sex, given=rng.choice(GIVEN[sex]), birth_on=born, email=None)


def _namesake(person: Person, rng: Random) -> Person:
    """The same name and birth date by chance, elsewhere."""
    return _changed(_moved(person, rng), email=f"other{rng.randrange(9999)}@mail.example")


def _same_birthday(person: Person, rng: Random) -> Person:
    return _changed(_person(rng, rng.randrange(1000, 9999)), birth_on=person.birth_on)


LIKES: tuple[Callable[[Person, Random], Person], ...] = (
    _twin, _twin, _child, _child, _spouse, _spouse, _namesake, _same_birthday, _same_birthday,
)  # fmt: skip
"""Other patients who are easily taken for one."""
