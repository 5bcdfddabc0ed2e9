"""What each agreement or disagreement of two charts is worth (Fellegi and Sunter, 1969).

`m`: how often a field compares so when the charts are one patient; `u`: when they are not. A level
is worth log2(m/u) bits, and a pair the sum of its fields.

These are defaults, not measurements. The u of names and dates follow from how many values there
are (a birth date among eighty years of days, a family name among some hundreds of usual ones); the
m are of the order that published linkage studies of registration data report for mistyping and for
moves. A practice with labelled pairs should replace them with its own; the thresholds stand or fall
with them. The tests measure precision and recall on a made-up set, which says that the rules do
what they are meant to do, not how well a practice's data are matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2


@dataclass(frozen=True, slots=True)
class Level:
    """One way in which a field compares."""

    m: float
    u: float

    @property
    def bits(self) -> float:
        return log2(self.m / self.u)


WEIGHTS: Mapping[str, Mapping[str, Level]] = {
    "family": {
        "same": Level(0.90, 0.005),
        "close": Level(0.07, 0.005),
        "different": Level(0.03, 0.99),
    },
    "given": {
        "same": Level(0.87, 0.01),
        "close": Level(0.12, 0.01),
        "different": Level(0.01, 0.98),
    },
    "names": {"swapped": Level(0.01, 0.0001)},
    "birth_on": {
        "same": Level(0.95, 1 / 29_200),
        "close": Level(0.04, 0.001),
        "different": Level(0.01, 0.999),
    },
    "sex": {"same": Level(0.99, 0.5), "different": Level(0.01, 0.5)},
    "postal_code": {
        "same": Level(0.80, 0.02),
        "close": Level(0.10, 0.30),
        "different": Level(0.10, 0.68),
    },
    "phone": {"same": Level(0.60, 0.0005), "different": Level(0.40, 0.9995)},
    "email": {"same": Level(0.70, 0.0003), "different": Level(0.30, 0.9997)},
    "suffix": {"different": Level(0.01, 0.5)},
}
"""By field and level. A field that either chart lacks says nothing."""

HOUSEHOLD = ("postal_code", "phone", "email")
MOST_HOUSEHOLD_BITS = 9.0
"""A household shares all three, so together they say little more than the best of them alone."""

LINK_FROM_BITS = 31.0
"""Names, birth date and sex agree (29.8 bits) and something of the household does, too."""
REVIEW_FROM_BITS = 17.5
"""Above what twins reach (family name, birth date and sex agree, given names do not: 16.6 bits),
and a parent and child of one name in one household (17.3)."""

CLOSE_NAME = 0.9
"""Jaro-Winkler similarity of two names that are one, mistyped."""

NICKNAMES: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "alexander alex", "andrew andy drew", "anthony tony", "barbara barb", "benjamin ben",
        "catherine katherine kate kathy katie cathy", "charles charlie chuck",
        "christopher chris", "daniel dan danny", "david dave", "deborah deb debbie",
        "donald don", "edward ed eddie ted", "elizabeth liz beth betty eliza lisa",
        "francisco paco pancho", "guadalupe lupe", "ignacio nacho", "jacob jake",
        "james jim jimmy jamie", "jennifer jen jenny", "jessica jess", "john johnny jack jon",
        "jose pepe", "joseph joe joey", "kenneth ken", "margaret maggie meg peggy",
        "matthew matt", "michael mike", "nicholas nick", "pamela pam", "patricia pat patty",
        "peter pete", "rebecca becky", "richard rick dick rich", "robert bob rob bobby",
        "ronald ron", "samuel sam", "samantha sam", "stephen steven steve", "susan sue",
        "theodore ted theo", "thomas tom tommy", "timothy tim", "victoria vicky",
        "william will bill billy liam",
    )
)  # fmt: skip
"""Given names that are used for one another; a few usual ones of the United States."""
