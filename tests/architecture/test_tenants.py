"""Every row of a practice is behind forced row-level security, in every service's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from libs.events.transport.database import Db, see_practices
from libs.service.migrations import in_database
from libs.service.process import service_names
from tests.architecture.tenants import faults, faults_of_role
from tests.databases import Databases


@asynccontextmanager
async def as_superuser(databases: Databases, service: str) -> AsyncIterator[Db]:
    """A look at the service's template; what is done in it is rolled back."""
    template = await databases.template(service)
    db = await asyncpg.connect(in_database(databases.admin_dsn, template))
    transaction = db.transaction()
    await transaction.start()
    try:
        yield db
    finally:
        await transaction.rollback()
        await db.close()


@pytest.mark.parametrize("service", service_names())
async def test_nobody_gets_around_row_level_security(databases: Databases, service: str) -> None:
    async with as_superuser(databases, service) as db:
        assert await faults(db, service) == []


FORGOTTEN = "CREATE TABLE forgotten (practice_id uuid, x int)"
OWNED = f"SET ROLE billing_owner; {FORGOTTEN}; SELECT own_by_practice('forgotten'); RESET ROLE"
BREAKS = {
    f"SET ROLE billing_owner; {FORGOTTEN}": "is not forced",
    f"{OWNED}; ALTER TABLE forgotten NO FORCE ROW LEVEL SECURITY": "is not forced",
    f"{OWNED}; ALTER TABLE forgotten DISABLE ROW LEVEL SECURITY": "is not forced",
    f"{OWNED}; DROP POLICY practice ON forgotten": "is not forced",
    f"{OWNED}; CREATE POLICY open ON forgotten USING (true)": "policy open reads any",
    f"{OWNED}; CREATE POLICY open ON forgotten FOR INSERT WITH CHECK (true)": "open writes any",
    f"{OWNED}; ALTER TABLE forgotten OWNER TO billing": "belongs to billing",
    f"{OWNED}; CREATE UNIQUE INDEX ON forgotten (x, practice_id)": "unique x, practice_id",
    f"{OWNED}; CREATE UNIQUE INDEX ON forgotten (abs(x), practice_id)": "unique (expression)",
    f"{OWNED}; CREATE UNIQUE INDEX ON forgotten (abs(x))": "unique (expression) begins",
    f"{OWNED}; CREATE UNIQUE INDEX ON forgotten (x) INCLUDE (practice_id)": "unique x begins",
    "SET ROLE billing_owner; CREATE VIEW forgotten AS SELECT * FROM counter": "reads as its owner",
    "SET ROLE billing_owner; CREATE MATERIALIZED VIEW forgotten AS SELECT 1": "does not reach",
    f"CREATE SCHEMA aside; SET search_path = aside; {FORGOTTEN}": "stands in schema aside",
    "CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'": "f(): runs as",
}


@pytest.mark.parametrize(("sql", "fault"), BREAKS.items(), ids=list(BREAKS))
async def test_a_way_around_is_found(databases: Databases, sql: str, fault: str) -> None:
    async with as_superuser(databases, "billing") as db:
        await db.execute(f"{sql}; RESET ROLE; RESET search_path")
        assert any(fault in line for line in await faults(db, "billing"))


async def test_a_login_role_that_is_somebody_special_is_found(databases: Databases) -> None:
    async with as_superuser(databases, "billing") as db:
        assert await faults_of_role(db, "eighth") == ["eighth: is no role"]
        await db.execute("CREATE ROLE eighth LOGIN SUPERUSER BYPASSRLS CREATEROLE CREATEDB")
        await db.execute("GRANT billing_owner TO eighth")
        assert [line.partition(": ")[2] for line in await faults_of_role(db, "eighth")] == [
            "rolsuper",
            "rolbypassrls",
            "rolcreaterole",
            "rolcreatedb",
            "is_member",
        ]


async def test_a_tenant_first_key_is_left_alone(databases: Databases) -> None:
    async with as_superuser(databases, "billing") as db:
        await db.execute(f"{OWNED}; CREATE UNIQUE INDEX ON forgotten (practice_id, x)")
        await db.execute("ALTER TABLE forgotten ADD id bigint GENERATED ALWAYS AS IDENTITY")
        await db.execute("CREATE UNIQUE INDEX ON forgotten (id)")
        assert await faults(db, "billing") == []


ONE, OTHER = UUID(int=1), UUID(int=2)
COUNT, PUT = "SELECT count(*) FROM counter", "INSERT INTO counter VALUES ($1, 'x', 1)"


async def test_without_a_practice_set_no_row_is_seen(databases: Databases) -> None:
    async with databases.clone("billing") as dsn:
        db = await asyncpg.connect(dsn)
        try:
            async with db.transaction():
                await see_practices(db, [ONE])
                await db.execute(PUT, ONE)
                assert await db.fetchval(COUNT) == 1
            assert await db.fetchval(COUNT) == 0, "the practice was set for the transaction only"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(PUT, OTHER)
            async with db.transaction():
                await see_practices(db, [OTHER])
                assert await db.fetchval(COUNT) == 0, "another practice's rows"
        finally:
            await db.close()
