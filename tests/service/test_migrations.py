"""Databases and roles: forward only, and a login role that owns nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from libs.events.transport.database import Db, Pool, see_practices
from libs.service import migrations
from libs.service.migrations import (
    MigrationError,
    as_service,
    in_database,
    migrate,
    migration_files,
    provision,
)
from libs.service.process import service_names
from tests.databases import PASSWORD, Databases
from tests.service.desk import TABLES
from tests.service.people import OTHER_PRACTICE, PRACTICE


@pytest.fixture
async def dsn(databases: Databases) -> AsyncIterator[str]:
    async with databases.clone("desk", TABLES) as made:
        yield made


@pytest.fixture
async def login(dsn: str) -> AsyncIterator[Db]:
    db = await asyncpg.connect(dsn)
    yield db
    await db.close()


def database_of(dsn: str) -> str:
    return urlsplit(dsn).path[1:]


async def change_journal(databases: Databases, dsn: str, statement: str) -> None:
    db = await asyncpg.connect(in_database(databases.admin_dsn, database_of(dsn)))
    await db.execute(statement)
    await db.close()


async def test_a_migrated_database_has_nothing_left_to_apply(
    databases: Databases, dsn: str
) -> None:
    assert await migrate(databases.admin_dsn, "desk", database=database_of(dsn)) == []


async def test_a_migration_edited_after_it_was_applied_is_refused(
    databases: Databases, dsn: str
) -> None:
    name = migration_files("desk")[0][0]
    await change_journal(databases, dsn, "UPDATE migration SET sha256 = 'what it was before'")
    with pytest.raises(MigrationError, match=f"{name} was changed after it was applied"):
        await migrate(databases.admin_dsn, "desk", database=database_of(dsn))


async def test_a_database_newer_than_the_code_is_refused(databases: Databases, dsn: str) -> None:
    await change_journal(databases, dsn, "INSERT INTO migration VALUES ('desk/0099_x.sql', 'x')")
    with pytest.raises(MigrationError, match=r"newer than this code: desk/0099_x\.sql"):
        await migrate(databases.admin_dsn, "desk", database=database_of(dsn))


REACHED_NO_ROW = {
    "billing/0015_further_payers.sql": "0039 does it again",
    "events/0003_outbox_leases.sql": "the column that it read is gone",
    "events/0005_projections.sql": "its tables may be read by all",
}
"""Migrations that were applied before anybody noticed, and what became of it."""
CHANGES_ROWS = re.compile(r"^(?:UPDATE|DELETE FROM|INSERT INTO) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("service", service_names())
def test_a_migration_lifts_the_security_that_hides_the_rows_it_changes(service: str) -> None:
    for name, sql in migration_files(service):
        for change in CHANGES_ROWS.finditer(sql) if name not in REACHED_NO_ROW else ():
            lifted = f"ALTER TABLE {change[1]} NO FORCE ROW LEVEL SECURITY;"
            assert lifted in sql[: change.start()], f"{name} sees no row of {change[1]}"


async def test_a_password_with_any_characters_becomes_a_working_address(
    databases: Databases, dsn: str
) -> None:
    password = "p@ss:w/rd?#[]% é'\""
    await provision(databases.admin_dsn, "desk2", password, database=database_of(dsn))
    db = await asyncpg.connect(in_database(databases.admin_dsn, database_of(dsn)))
    await db.execute(f'GRANT CONNECT ON DATABASE "{database_of(dsn)}" TO desk2')
    await db.close()
    address = as_service(databases.admin_dsn, "desk2", password, database=database_of(dsn))
    db = await asyncpg.connect(address)
    assert await db.fetchval("SELECT current_user") == "desk2"
    await db.close()


FORBIDDEN = (
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "ALTER TABLE note ADD COLUMN mine int",
    "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE note NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY practice ON note",
    "CREATE POLICY mine ON note USING (true)",
    "CREATE TRIGGER t BEFORE UPDATE ON note EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "TRUNCATE note",
    "DROP TABLE note",
    "ALTER ROLE desk BYPASSRLS",
    "SET ROLE desk_owner",
    "SET SESSION AUTHORIZATION desk_owner",
    "SELECT * FROM migration",
    "CREATE EXTENSION pgcrypto",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_login_role_uses_tables_and_can_change_none(login: Db, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await login.execute(statement)


async def test_the_login_role_owns_nothing_and_is_nobody_special(login: Db) -> None:
    assert (
        await login.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'desk'::regrole") == 0
    )
    role = await login.fetchrow("SELECT * FROM pg_roles WHERE rolname = current_user")
    assert role is not None
    assert not any(
        role[right]
        for right in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    )


async def test_every_table_of_the_mechanism_and_the_service_has_forced_row_security(
    login: Db,
) -> None:
    open_tables = await login.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace "
        "AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    # The journal of migrations is the owner's alone: no right on it is granted at all.
    assert [row["relname"] for row in open_tables] == ["migration"]


async def test_rows_are_seen_and_written_for_the_practice_in_force_only(login: Db) -> None:
    write = "INSERT INTO note VALUES ($1, gen_random_uuid(), 'words')"
    for practice in (PRACTICE, OTHER_PRACTICE):
        async with login.transaction():
            await see_practices(login, [practice])
            await login.execute(write, practice)
    assert await login.fetchval("SELECT count(*) FROM note") == 0, "none in force, none seen"
    async with login.transaction():
        await see_practices(login, [PRACTICE])
        rows = await login.fetch("SELECT practice_id FROM note")
        assert [row["practice_id"] for row in rows] == [PRACTICE]
        assert await login.execute("DELETE FROM note") == "DELETE 1"
    async with login.transaction():
        await see_practices(login, [PRACTICE])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute(write, OTHER_PRACTICE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await login.execute(write, PRACTICE)


async def test_a_connection_given_back_sees_nothing(
    desk_pool: Pool,
) -> None:
    async with desk_pool.acquire() as db, db.transaction():
        await see_practices(db, [PRACTICE])
        await db.execute("INSERT INTO note VALUES ($1, gen_random_uuid(), 'words')", PRACTICE)
        assert await db.fetchval("SELECT count(*) FROM note") == 1
    async with desk_pool.acquire() as db:
        assert await db.fetchval("SELECT count(*) FROM note") == 0
        assert not await db.fetchval("SELECT is_transport()")


@pytest.fixture
async def desk_pool(dsn: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        yield pool


A_ROW = """
INSERT INTO patient (practice_id, patient_id, known, given) VALUES ($1, $1, true, 'Alma')
"""


async def test_rows_that_a_migration_cannot_take_over_are_kept_and_named(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of engagement from before its patients were sealed."""
    name = f"test_engagement_{uuid4().hex[:12]}"
    await provision(databases.admin_dsn, "engagement", PASSWORD, database=name)
    before = tmp_path / "engagement" / "migrations"
    before.mkdir(parents=True)
    first = migrations.SERVICES / "engagement" / "migrations" / "0001_engagement.sql"
    (before / first.name).write_bytes(first.read_bytes())
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "SERVICES", tmp_path)
        await migrate(databases.admin_dsn, "engagement", database=name)
    db = await asyncpg.connect(in_database(databases.admin_dsn, name))
    await db.execute(A_ROW, PRACTICE)
    with pytest.raises(MigrationError, match=r"0002_patients_sealed\.sql cannot take .* patient;"):
        await migrate(databases.admin_dsn, "engagement", database=name)
    assert await db.fetchval("SELECT given FROM patient") == "Alma"
    await db.execute("DELETE FROM patient")
    await migrate(databases.admin_dsn, "engagement", database=name)
    await db.close()
    await change_journal(databases, "/postgres", f'DROP DATABASE "{name}"')
