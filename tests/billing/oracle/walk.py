"""Random steps through a practice's books, the journal beside the pencil, compared at each.

The same steps are taken by billing's decisions in memory (`books.py`) and by its handlers on
PostgreSQL (`desk_books.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from libs.events.contracts.billing_ledger import OwedBy
from services.billing.ledger.model import Account
from services.billing.x12 import RemittedClaim
from tests.billing.oracle.books import KEPT_BACK, Books, said
from tests.billing.oracle.pencil import Claim, Parts, Pencil

STEPS_OF_A_PRACTICE = 400
MOST_CLAIMS = 12
W = TypeVar("W")
"""How the books name a write-off."""


class BooksUnderTest(Protocol[W]):
    """A practice's books as a walk uses them."""

    def charge(self, number: str, cents: int) -> None: ...

    def hear(self, remitted: RemittedClaim) -> bool: ...

    def refund(self, cents: int) -> int: ...

    def adjust_provider(self, account: Account, cents: int) -> None: ...

    def give_up(self, number: str, owed_by: OwedBy, cents: int) -> W | None: ...

    def give_up_no_more(self, number: str, written: W) -> None: ...

    def owed_no_more(self, number: str, written: W) -> None: ...

    def accounts(self) -> Mapping[Account, int]: ...

    def sums(self) -> dict[str, int]: ...


class DifferenceError(AssertionError):
    """The journal and the pencil say other things; names the seed and the step."""


class Walk(Generic[W]):
    """One practice, from its first claim on."""

    def __init__(self, chance: Random, books: BooksUnderTest[W]) -> None:
        self.chance, self.books, self.pencil = chance, books, Pencil()
        self.known: list[tuple[str, Parts]] = []
        """Decisions that were posted: a payer may take each back."""
        self.given_up: list[tuple[str, OwedBy, int, W]] = []
        self.steps = (
            self.charge, self.decide, self.decide, self.decide, self.take_back, self.correct,
            self.take_back_what_is_not, self.recoup, self.refund, self.give_up, self.give_up,
            self.give_up_no_more,
        )  # fmt: skip

    def step(self) -> str:
        """Take one, compare; gives its name."""
        act = self.charge if not self.pencil.claims else self.chance.choice(self.steps)
        act()
        ours, theirs = self.books.sums(), self.pencil.sums()
        parts = ("payments", "adjustments", "given up", "payers owe", "patients owe")
        if ours != theirs or ours["charges"] != sum(ours[part] for part in parts):
            raise DifferenceError(f"after {act.__name__}: the journal {ours}, the pencil {theirs}")
        if sum(self.books.accounts().values()):
            raise DifferenceError(f"after {act.__name__}: the journal does not sum to zero")
        return act.__name__

    def charge(self) -> None:
        if len(self.pencil.claims) < MOST_CLAIMS:
            number, cents = f"C{len(self.pencil.claims)}", self.chance.randint(1, 30_000)
            self.books.charge(number, cents)
            self.pencil.claims[number] = Claim(cents)

    def decide(self) -> None:
        number = self._number()
        self._decide(number, self._parts(number))

    def correct(self) -> None:
        """A decision is taken back, and made anew in other parts."""
        if self.known:
            number, parts = self.known.pop(self.chance.randrange(len(self.known)))
            self._take_back(number, parts)
            self._decide(number, self._parts(number))

    def take_back(self) -> None:
        if self.known:
            self._take_back(*self.known.pop(self.chance.randrange(len(self.known))))

    def take_back_what_is_not(self) -> None:
        number = self._number()
        paid = self.chance.randint(1, 30_000)
        self._take_back(number, Parts(paid, 0, 0, 0))

    def recoup(self) -> None:
        cents = self.chance.randint(-5_000, 5_000) or 1
        self.books.adjust_provider(self.chance.choice(KEPT_BACK), cents)
        self.pencil.kept_back += cents

    def refund(self) -> None:
        if self.pencil.strangers > 0:
            cents = self.chance.randint(1, self.pencil.strangers)
            self.pencil.strangers -= self.books.refund(cents)

    def give_up(self) -> None:
        """Often all that is owed, sometimes more."""
        number = self.chance.choice(list(self.pencil.claims))
        who: OwedBy = self.chance.choice(("payer", "patient"))
        owed = max(self.pencil.claims[number].owed_by(who), 0)
        cents = self.chance.choice((owed, owed + 1, self.chance.randint(1, 30_000))) or 1
        written = self.books.give_up(number, who, cents)
        self._agree(written is not None, self.pencil.give_up(number, who, cents))
        if written is not None:
            self.given_up.append((number, who, cents, written))

    def give_up_no_more(self) -> None:
        if self.given_up:
            place = self.chance.randrange(len(self.given_up))
            number, who, cents, written = self.given_up.pop(place)
            self.books.give_up_no_more(number, written)
            self.pencil.claims[number].given_up[who] -= cents

    def _decide(self, number: str, parts: Parts) -> None:
        ours = self.books.hear(said(number, parts))
        self._agree(ours, self.pencil.decide(number, parts))
        if ours:
            self.known.append((number, parts))

    def _take_back(self, number: str, parts: Parts) -> None:
        ours = self.books.hear(said(number, parts, taken_back=True))
        self._agree(ours, self.pencil.take_back(number, parts))
        if ours:
            self._owe_less(number)

    def _owe_less(self, number: str) -> None:
        """What a patient was let off and does not owe any more is taken back, the latest first."""
        claim = self.pencil.claims[number]
        for given in reversed(self.given_up[:]):
            of, who, cents, written = given
            if claim.owed_by("patient") >= 0:
                return
            if (of, who) == (number, "patient"):
                claim.given_up[who] -= cents
                self.given_up.remove(given)
                self.books.owed_no_more(number, written)

    def _agree(self, ours: bool, theirs: bool) -> None:
        if ours is not theirs:
            raise DifferenceError(f"billing takes it: {ours}; by the pencil: {theirs}")

    def _number(self) -> str:
        """Mostly one of ours."""
        if self.chance.random() < 0.05:
            return "NOTOURS"
        return self.chance.choice(list(self.pencil.claims))

    def _parts(self, number: str) -> Parts:
        """Mostly of the claim's charge; a fifth of all refuse everything."""
        claim, chance = self.pencil.claims.get(number), self.chance
        charge = claim.charge if claim else chance.randint(1, 30_000)
        if chance.random() < 0.05:
            charge += chance.choice((-1, 1, 500))
        if chance.random() < 0.2 or charge < 1:
            return Parts(0, 0, 0, max(charge, 1))
        cuts = sorted(chance.randint(0, charge) for _ in range(3))
        return Parts(cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], charge - cuts[2])


def walk(
    seed: int, steps: int, open_books: Callable[[], BooksUnderTest[Any]] = Books
) -> dict[str, int]:
    """So many steps, a new practice every few hundred; gives how often each was taken.

    Raises DifferenceError, which names the seed, the practice and the step.
    """
    taken: dict[str, int] = {}
    for practice in range(-(-steps // STEPS_OF_A_PRACTICE)):
        one = Walk(Random(f"{seed}/{practice}"), open_books())
        for step in range(min(STEPS_OF_A_PRACTICE, steps - practice * STEPS_OF_A_PRACTICE)):
            try:
                name = one.step()
            except DifferenceError as error:
                raise DifferenceError(
                    f"seed {seed}, practice {practice}, step {step}: {error}"
                ) from None
            taken[name] = taken.get(name, 0) + 1
    return taken
