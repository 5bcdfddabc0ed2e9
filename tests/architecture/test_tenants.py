"""Every row of a practice is behind forced row-level security, in every service's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from libs.service.migrations import in_database
from libs.service.process import service_names
from tests.databases import Databases

TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'practice_id'
                  AND NOT a.attisdropped) AS of_practice
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND c.relname <> 'migration'
"""
UNIQUE_KEYS = """
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY k.place) AS columns,
       bool_and(a.attidentity <> '') AS identity
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid
  CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
 WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
   AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND p.attname = 'practice_id')
 GROUP BY c.relname, i.indexrelid
"""
ROLE = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = $1"


@asynccontextmanager
async def _as_superuser(databases: Databases, service: str) -> AsyncIterator[asyncpg.Connection]:
    template = await databases.template(service)
    db = await asyncpg.connect(in_database(databases.admin_dsn, template))
    try:
        yield db
    finally:
        await db.close()


@pytest.mark.parametrize("service", service_names())
async def test_every_table_forces_row_level_security_and_belongs_to_the_owner(
    databases: Databases, service: str
) -> None:
    async with _as_superuser(databases, service) as db:
        tables = await db.fetch(TABLES)
        role = await db.fetchrow(ROLE, service)
    assert tables
    wrong = [t["name"] for t in tables if not (t["enabled"] and t["forced"] and t["has_policy"])]
    assert wrong == []
    assert {t["owner"] for t in tables} == {f"{service}_owner"}, "the login role owns nothing"
    assert role is not None
    assert not any(role.values()), "the login role is nobody special"


@pytest.mark.parametrize("service", service_names())
async def test_the_tenant_comes_first_in_every_unique_key(
    databases: Databases, service: str
) -> None:
    """A key that did not begin with the practice would tell one practice of another's rows."""
    async with _as_superuser(databases, service) as db:
        keys = await db.fetch(UNIQUE_KEYS)
    wrong = [
        f"{key['name']} {key['columns']}"
        for key in keys
        if not key["identity"]
        and key["columns"][0] != "practice_id"
        and key["columns"][:2] != ["generation", "practice_id"]
    ]
    assert wrong == []


async def test_a_table_without_a_policy_is_found(databases: Databases) -> None:
    async with _as_superuser(databases, "billing") as db:
        transaction = db.transaction()
        await transaction.start()
        await db.execute("CREATE TABLE forgotten (practice_id uuid, x int UNIQUE)")
        tables = {t["name"]: t for t in await db.fetch(TABLES)}
        keys = {key["name"]: key["columns"] for key in await db.fetch(UNIQUE_KEYS)}
        await transaction.rollback()
    assert not tables["forgotten"]["forced"]
    assert keys["forgotten"] == ["x"]


async def test_without_a_practice_set_no_row_is_seen(databases: Databases) -> None:
    async with databases.clone("billing") as dsn:
        db = await asyncpg.connect(dsn)
        async with db.transaction():
            await db.execute(
                "SELECT set_config('mainstay.practices', "
                "'00000000-0000-0000-0000-000000000001', true)"
            )
            await db.execute(
                "INSERT INTO counter VALUES ('00000000-0000-0000-0000-000000000001', 'x', 1)"
            )
            assert await db.fetchval("SELECT count(*) FROM counter") == 1
        assert await db.fetchval("SELECT count(*) FROM counter") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(
                "INSERT INTO counter VALUES ('00000000-0000-0000-0000-000000000002', 'x', 1)"
            )
        await db.close()
