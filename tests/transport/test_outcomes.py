"""Law 7: a handler refuses with an event, its event parks, or it is tried again."""

from __future__ import annotations

from typing import ClassVar, Literal

import asyncpg

from libs.events.contracts import Event
from libs.events.transport import Service, UnitOfWork
from tests.transport.ledger import LEDGER, MOVES, PRACTICE, MoveOrdered, order, teller
from tests.transport.platform import TestPlatform, eventually, records_of

TRIES_WHILE_AWAY = 4
"""More than the attempts after which a failure that lies in an event parks."""


class MoveRefused(Event):
    """The cents were not moved, and why."""

    type: ClassVar = "ledger.move-refused.v1"
    topic: ClassVar = MOVES
    key: ClassVar = "account"

    account: str
    reason: Literal["nothing-to-move"]


tried: dict[str, int] = {}
SEEN = """
INSERT INTO account AS a VALUES ($1, $2, $3, 1)
ON CONFLICT (practice_id, account) DO UPDATE SET moves = a.moves + 1
"""


async def move_or_not(order: MoveOrdered, uow: UnitOfWork) -> None:
    """Refuses a move of nothing; cannot handle `impossible`; meets a deadlock with `unlucky`."""
    tried[order.account] = tried.get(order.account, 0) + 1
    if order.cents == 0:
        refused = MoveRefused(
            practice_id=order.practice_id, account=order.account, reason="nothing-to-move"
        )
        await uow.publish(refused)
        return
    await uow.db.execute(SEEN, order.practice_id, order.account, order.cents)
    if order.account == "impossible":
        raise RuntimeError
    if order.account == "unlucky" and tried["unlucky"] <= TRIES_WHILE_AWAY:
        raise asyncpg.DeadlockDetectedError


judging = Service(name=LEDGER, handlers=[move_or_not])


async def test_a_handler_has_three_outcomes_a_refusal_a_parked_event_and_a_fault_that_passes(
    platform: TestPlatform,
) -> None:
    tried.clear()
    orders = [order("empty", 1, 0), order("impossible", 1, 5), order("unlucky", 1, 7)]
    async with platform.start(teller) as publishing, platform.start(judging):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for one in orders:
                await uow.publish(one)

        async def all_came_to_something() -> bool:
            row = await platform.ledger_row(
                "SELECT (SELECT count(*) FROM account WHERE account = 'unlucky') AS moved, "
                "(SELECT count(*) FROM parked_event) AS parked"
            )
            refusals = await records_of(platform.kafka, MOVES)
            return row is not None and (row["moved"], row["parked"], len(refusals)) == (1, 1, 1)

        await eventually(all_came_to_something)
        async with platform.ledger_db() as db:
            parked = await db.fetchrow("SELECT key, error FROM parked_event")
            accounts = await db.fetch("SELECT account, moves FROM account")
        [refusal] = await records_of(platform.kafka, MOVES)
    assert dict(refusal.headers)["ce_type"] == b"ledger.move-refused.v1"
    assert b'"reason":"nothing-to-move"' in (refusal.value or b"")
    assert parked is not None
    assert (parked["key"], parked["error"]) == ("impossible", "RuntimeError")
    # What passes by itself was tried as often as it took, and has its effect once.
    assert [dict(row) for row in accounts] == [{"account": "unlucky", "moves": 1}]
    assert tried["unlucky"] > TRIES_WHILE_AWAY
