"""Every entry names the event behind it: no new one goes without, and the migration that says so
takes over all rows of a database, or none."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from libs.events.examples.interop import PRACTICE
from libs.service.migrations import MigrationError, in_database, migrate
from services.billing.ledger.store import ADD_ENTRIES
from tests.billing.desk import Desk
from tests.databases import Databases
from tests.harness import Harness

LAST = "billing/0036_every_entry_names_its_event.sql"
AS_BEFORE = f"""
ALTER TABLE journal_entry ALTER COLUMN event_id DROP NOT NULL;
INSERT INTO journal_entry (practice_id, entry_id, kind, posted_at)
VALUES ('{PRACTICE}', '{uuid4()}', 'charge', now());
ALTER TABLE journal_entry
    ADD CONSTRAINT entry_names_its_event CHECK (event_id IS NOT NULL) NOT VALID;
DELETE FROM migration WHERE name = '{LAST}'
"""
IS_NULLABLE = """
SELECT is_nullable FROM information_schema.columns
 WHERE table_name = 'journal_entry' AND column_name = 'event_id'
"""
NAME_IT = "UPDATE journal_entry SET event_id = gen_random_uuid() WHERE event_id IS NULL"


async def test_an_entry_without_an_event_is_refused(billing: Harness) -> None:
    entry = ([uuid4()], ["test"], [None], [None], [None], [None])
    with pytest.raises(asyncpg.NotNullViolationError):
        async with billing.uow(PRACTICE) as uow:
            await uow.db.execute(ADD_ENTRIES, PRACTICE, uow.now, *entry)


async def test_entries_from_before_stop_the_migration_whole_until_they_are_named(
    desk: Desk, databases: Databases
) -> None:
    database = urlsplit(desk.billing.dsn).path[1:]
    admin = await asyncpg.connect(in_database(databases.admin_dsn, database))
    try:
        await admin.execute(AS_BEFORE)
        with pytest.raises(MigrationError, match="cannot take over the rows of journal_entry"):
            await migrate(databases.admin_dsn, "billing", database=database)
        assert await admin.fetchval(IS_NULLABLE) == "YES"
        await desk.see_patients()
        await admin.execute(NAME_IT)
        assert await migrate(databases.admin_dsn, "billing", database=database) == [LAST]
        assert await admin.fetchval(IS_NULLABLE) == "NO"
    finally:
        await admin.close()
    await desk.assert_books_balance()
