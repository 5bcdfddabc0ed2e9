"""The pair under test: the teller orders transfers, the ledger moves the cents, each exactly once.

A flawed order cannot be handled before a fact is known: for a poison one that is a corrected
deploy, which the operator notes; for a late one it is an event that has not been heard yet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from libs.events.contracts import Event, Topic
from libs.events.contracts.values import Cents
from libs.events.transport import Fold, Projection, Service, Table, Timer, UnitOfWork, Work
from tests.transport.ledger import MINE, PRACTICE

TELLER, LEDGER = f"chaosteller-{MINE}", f"chaosledger-{MINE}"
ORDERS = Topic(f"{TELLER}.orders", partitions=3)
MOVES = Topic(f"{LEDGER}.moves", partitions=3)
Flaw = Literal["none", "poison", "late"]

# A deferred trigger that sleeps: while `lingering` has a row, a COMMIT lasts long enough to be hit.
LINGER = """
CREATE TABLE lingering (seconds double precision NOT NULL);
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(seconds) FROM lingering LIMIT 1;
    RETURN NULL;
END $$;
"""
TELLER_TABLES = (
    """
CREATE TABLE counter (
    practice_id uuid NOT NULL, account text NOT NULL, next integer NOT NULL,
    PRIMARY KEY (practice_id, account)
);
SELECT own_by_practice('counter');
CREATE TABLE placed (
    practice_id uuid NOT NULL, command_id uuid NOT NULL, account text NOT NULL,
    number integer NOT NULL, cents bigint NOT NULL, flaw text NOT NULL,
    PRIMARY KEY (practice_id, account, number)
);
SELECT own_by_practice('placed');
"""
    + LINGER
    + """
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON placed DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION linger();
"""
)
LEDGER_TABLES = (
    """
CREATE TABLE account (
    practice_id uuid NOT NULL, account text NOT NULL, cents bigint NOT NULL, moves bigint NOT NULL,
    PRIMARY KEY (practice_id, account)
);
SELECT own_by_practice('account');
CREATE TABLE effect (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id uuid NOT NULL, account text NOT NULL, number integer NOT NULL, cents bigint NOT NULL
);
SELECT own_by_practice('effect');
CREATE TABLE total (
    generation integer NOT NULL, practice_id uuid NOT NULL, account text NOT NULL,
    cents bigint NOT NULL, moves bigint NOT NULL, PRIMARY KEY (generation, practice_id, account)
);
SELECT own_projection('total');
CREATE TABLE fact (
    practice_id uuid NOT NULL, fact text NOT NULL, PRIMARY KEY (practice_id, fact)
);
SELECT own_by_practice('fact');
CREATE TABLE rung (
    practice_id uuid NOT NULL, key text NOT NULL, times integer NOT NULL,
    PRIMARY KEY (practice_id, key)
);
SELECT own_by_practice('rung');
CREATE TABLE paid (
    practice_id uuid NOT NULL, key text NOT NULL, times integer NOT NULL,
    PRIMARY KEY (practice_id, key)
);
SELECT own_by_practice('paid');
"""
    + LINGER
    + """
CREATE CONSTRAINT TRIGGER linger AFTER UPDATE ON checkpoint DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION linger();
"""
)

NEXT_NUMBER = """
INSERT INTO counter AS c VALUES ($1, $2, 1)
ON CONFLICT (practice_id, account) DO UPDATE SET next = c.next + 1 RETURNING next - 1
"""
NOTE_PLACED = "INSERT INTO placed VALUES ($1, $2, $3, $4, $5, $6)"
IS_FACT = "SELECT EXISTS (SELECT 1 FROM fact WHERE practice_id = $1 AND fact = $2)"
NOTE_FACT = "INSERT INTO fact VALUES ($1, $2) ON CONFLICT DO NOTHING"
NOTE_EFFECT = "INSERT INTO effect (practice_id, account, number, cents) VALUES ($1, $2, $3, $4)"
MOVE = """
INSERT INTO account AS a VALUES ($1, $2, $3, 1)
ON CONFLICT (practice_id, account) DO UPDATE SET cents = a.cents + $3, moves = a.moves + 1
"""
RING = """
INSERT INTO rung AS r VALUES ($1, $2, 1)
ON CONFLICT (practice_id, key) DO UPDATE SET times = r.times + 1
"""
PAY = """
INSERT INTO paid AS p VALUES ($1, $2, 1)
ON CONFLICT (practice_id, key) DO UPDATE SET times = p.times + 1
"""
RINGS_EVERY, PAYS_EVERY = 5, 7
"""Every so many numbers of an account a timer is set, and a payment transmitted."""


class TransferOrdered(Event):
    """Somebody asked for cents to be moved from cash to an account."""

    type: ClassVar = "chaos.transfer-ordered.v1"
    topic: ClassVar = ORDERS
    key: ClassVar = "account"

    account: str
    number: int
    """Counts up within the account without a gap: the order that must hold."""
    cents: Cents
    flaw: Flaw = "none"


class FactTold(Event):
    """What a late order waits for."""

    type: ClassVar = "chaos.fact-told.v1"
    topic: ClassVar = ORDERS
    key: ClassVar = "fact"

    fact: str


class CentsMoved(Event):
    """The cents were moved."""

    type: ClassVar = "chaos.cents-moved.v1"
    topic: ClassVar = MOVES
    key: ClassVar = "account"

    account: str
    number: int
    cents: Cents


class NotYetError(Exception):
    """What a flawed order raises while its fact is not known."""


def fact_of(account: str, number: int) -> str:
    return f"{account}/{number}"


async def place(uow: UnitOfWork, command_id: object, account: str, cents: int, flaw: Flaw) -> int:
    """The teller's command: take the account's next number under its lock, and publish."""
    number: int = await uow.db.fetchval(NEXT_NUMBER, PRACTICE, account)
    await uow.db.execute(NOTE_PLACED, PRACTICE, command_id, account, number, cents, flaw)
    await uow.publish(
        TransferOrdered(
            practice_id=PRACTICE, account=account, number=number, cents=cents, flaw=flaw
        )
    )
    return number


async def move_cents(order: TransferOrdered, uow: UnitOfWork) -> None:
    key = fact_of(order.account, order.number)
    if order.flaw != "none" and not await uow.db.fetchval(IS_FACT, PRACTICE, key):
        raise NotYetError
    for account, cents in ((order.account, order.cents), ("cash", -order.cents)):
        await uow.db.execute(MOVE, PRACTICE, account, cents)
    await uow.db.execute(NOTE_EFFECT, PRACTICE, order.account, order.number, order.cents)
    if order.number % RINGS_EVERY == 0:
        await uow.set_timer("ring", key, uow.now + timedelta(hours=1))
        await uow.set_timer("ring", key, uow.now + timedelta(seconds=0.5))  # replaces it
    if order.number % PAYS_EVERY == 0:
        await uow.set_timer("pay", key, uow.now)
    await uow.publish(
        CentsMoved(
            practice_id=PRACTICE, account=order.account, number=order.number, cents=order.cents
        )
    )


async def hear_fact(told: FactTold, uow: UnitOfWork) -> None:
    await uow.db.execute(NOTE_FACT, PRACTICE, told.fact)


async def ring(timer: Timer, uow: UnitOfWork) -> None:
    await uow.db.execute(RING, PRACTICE, timer.key)


async def pay(timer: Timer, work: Work) -> None:
    """Stands for a bank: what it was told stays told, whatever becomes of the timer."""
    async with work.unit_of_work(PRACTICE) as uow:
        await uow.db.execute(PAY, PRACTICE, timer.key)


TOTAL = Table("total", keys=("practice_id", "account"), sums=("cents", "moves"))


def on_cents_moved(moved: CentsMoved, fold: Fold) -> None:
    fold.add(TOTAL, (moved.practice_id, moved.account), cents=moved.cents, moves=1)


totals = Projection(name="totals", version=1, tables=(TOTAL,), on=(on_cents_moved,))
teller = Service(name=TELLER)
ledger = Service(
    name=LEDGER,
    handlers=[move_cents, hear_fact],
    projections=[totals],
    timers={"ring": ring},
    transmissions={"pay": pay},
)
