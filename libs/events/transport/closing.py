"""Closing a topic that has grown: with its successor's first event nobody writes to it any more.

The database refuses whoever does not know the successor yet (`refuse_closed_topics`, SQLSTATE
40001), so such a process waits and tries again until it is replaced. Closing waits for those who
have written and not committed yet. So whoever sees an event of the successor, in the outbox or on
the log, knows that every event of the topic was committed before it.
"""

from __future__ import annotations

from collections.abc import Iterable

from libs.events.contracts import Topic
from libs.events.transport.database import Db

FIND_OPEN = """
SELECT topic FROM unnest($1::text[]) AS earlier (topic)
 WHERE NOT EXISTS (SELECT FROM outbox_closed c WHERE c.topic = earlier.topic AND c.successor = $2)
 ORDER BY topic
"""
WAIT_FOR_WRITERS = "SELECT pg_advisory_xact_lock(hashtext('mainstay.outbox'), hashtext($1))"
CLOSE = "INSERT INTO outbox_closed (topic, successor) VALUES ($1, $2) ON CONFLICT DO NOTHING"


async def close_before(db: Db, successors: Iterable[Topic]) -> None:
    """Close every generation before these, in the transaction that is going to write to them."""
    for successor in sorted(successors, key=lambda topic: topic.name):
        earlier = [topic.name for topic in successor.generations[1:]]
        for row in await db.fetch(FIND_OPEN, earlier, successor.name):
            await db.execute(WAIT_FOR_WRITERS, row["topic"])
            await db.execute(CLOSE, row["topic"], successor.name)
