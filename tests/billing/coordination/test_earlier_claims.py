"""Claims of before visits had several payers."""

from __future__ import annotations

from urllib.parse import urlsplit

import asyncpg

from libs.service.migrations import in_database, migrate
from tests.billing.desk import Desk
from tests.databases import Databases

LAST = "billing/0039_payers_of_earlier_claims.sql"
AS_BEFORE = f"UPDATE claim SET payers = '{{}}'; DELETE FROM migration WHERE name = '{LAST}'"
READ = "SELECT DISTINCT payers = ARRAY[payer_id] FROM claim"


async def test_a_claim_from_before_names_its_one_payer(desk: Desk, databases: Databases) -> None:
    await desk.see_patients()
    database = urlsplit(desk.billing.dsn).path[1:]
    admin = await asyncpg.connect(in_database(databases.admin_dsn, database))
    try:
        await admin.execute(AS_BEFORE)
        assert await migrate(databases.admin_dsn, "billing", database=database) == [LAST]
        assert [row[0] for row in await admin.fetch(READ)] == [True]
    finally:
        await admin.close()
