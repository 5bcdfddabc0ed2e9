"""A service that only tests know: each event moves cents between two accounts."""

from __future__ import annotations

import os
import signal
from typing import ClassVar
from uuid import UUID, uuid5

from libs.events.contracts import Event, Topic
from libs.events.contracts.values import Cents, PracticeId
from libs.events.transport import Fold, Projection, Service, Table, UnitOfWork

PRACTICE = PracticeId(UUID("6f6a1a51-3c1b-4b53-8a55-000000000001"))
OTHER_PRACTICE = PracticeId(UUID("6f6a1a51-3c1b-4b53-8a55-000000000002"))

# Names of this test process's own, so that several share one Kafka; its victims inherit them.
_RUN = os.environ.setdefault("MAINSTAY_TEST_RUN", f"t{os.getpid()}")
MINE = _RUN + os.environ.get("PYTEST_XDIST_WORKER", "")
TELLER, LEDGER = f"teller-{MINE}", f"ledger-{MINE}"
ORDERS = Topic(f"{TELLER}.orders", partitions=3)
MOVES = Topic(f"{LEDGER}.moves", partitions=3)

TABLES = """
CREATE TABLE account (
    practice_id uuid NOT NULL, account text NOT NULL, cents bigint NOT NULL, moves bigint NOT NULL,
    seen text NOT NULL DEFAULT '', PRIMARY KEY (practice_id, account)
);
SELECT own_by_practice('account');
CREATE TABLE total (
    generation int NOT NULL, practice_id uuid NOT NULL, account text NOT NULL,
    cents bigint NOT NULL, moves bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, account)
);
SELECT own_projection('total');
"""


class MoveOrdered(Event):
    """Somebody asked for cents to be moved."""

    type: ClassVar = "teller.move-ordered.v1"
    topic: ClassVar = ORDERS
    key: ClassVar = "account"

    account: str
    number: int
    """Counts up within the account: the order that must hold."""
    cents: Cents
    poison: bool = False


class CentsMoved(Event):
    """The cents were moved."""

    type: ClassVar = "ledger.cents-moved.v1"
    topic: ClassVar = MOVES
    key: ClassVar = "account"

    account: str
    number: int
    cents: Cents


MOVE = """
INSERT INTO account AS a VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (practice_id, account)
DO UPDATE SET cents = a.cents + $3, moves = a.moves + 1, seen = a.seen || $4
"""


class PoisonError(Exception):
    """What a poison event raises."""


healed: set[int] = set()
"""Numbers of poison orders that are handled after all, as after a corrected deploy."""


DEADLY = 666_666
"""An order of so many cents kills the process that handles it."""


async def move_cents(order: MoveOrdered, uow: UnitOfWork) -> None:
    if order.cents == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if order.poison and order.number not in healed:
        raise PoisonError
    seen = f"{order.number} "
    for account, cents in ((order.account, order.cents), ("cash", -order.cents)):
        await uow.db.execute(MOVE, order.practice_id, account, cents, seen)
    moved = CentsMoved(
        practice_id=order.practice_id,
        account=order.account,
        number=order.number,
        cents=order.cents,
    )
    await uow.publish(moved)


TOTAL = Table("total", keys=("practice_id", "account"), sums=("cents", "moves"))


def on_cents_moved(moved: CentsMoved, fold: Fold) -> None:
    fold.add(TOTAL, (moved.practice_id, moved.account), cents=moved.cents, moves=1)


totals = Projection(name="totals", version=1, tables=(TOTAL,), on=(on_cents_moved,))

teller = Service(name=TELLER)
ledger = Service(name=LEDGER, handlers=[move_cents], projections=[totals])


def order(account: str, number: int, cents: int, *, poison: bool = False) -> MoveOrdered:
    """An order with an id that follows from what it says."""
    made = MoveOrdered(
        practice_id=PRACTICE, account=account, number=number, cents=cents, poison=poison
    )
    return made.with_event_id(uuid5(PRACTICE, f"{account}/{number}"))
