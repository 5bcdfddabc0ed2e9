"""Databases, roles and migrations: plain SQL, forward only, run by the owner, used by the other.

Each service has a database of its own, an owner role that nobody logs in as, and a login role that
owns nothing, so row-level security binds it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from libs.events.transport.database import Db

LIBRARY = Path(__file__).resolve().parents[1] / "events" / "transport" / "migrations"
SERVICES = Path(__file__).resolve().parents[2] / "services"

JOURNAL = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The migrations in the code do not continue those in the database."""


def migration_files(service: str) -> list[tuple[str, str]]:
    """(name, SQL) in the order of running: the library's, then the service's."""
    found: list[tuple[str, str]] = []
    for prefix, folder in (("events", LIBRARY), (service, SERVICES / service / "migrations")):
        found += [(f"{prefix}/{p.name}", p.read_text()) for p in sorted(folder.glob("*.sql"))]
    return found


async def provision(
    admin_dsn: str, service: str, password: str, *, database: str | None = None
) -> None:
    """Make a service's roles and database where they are missing; needs a superuser."""
    database = database or service
    db = await asyncpg.connect(admin_dsn)
    try:
        await db.execute("SELECT pg_advisory_lock(hashtext('mainstay.provision'))")
        for role, options in ((f"{service}_owner", "NOLOGIN"), (service, "LOGIN")):
            if not await db.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await db.execute(f'CREATE ROLE "{role}" {options} NOSUPERUSER NOBYPASSRLS')
        statement = await db.fetchval(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", service, password
        )
        await db.execute(statement)
        if not await db.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await db.execute(f'CREATE DATABASE "{database}" OWNER "{service}_owner"')
            await db.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
            await db.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{service}"')
    finally:
        await db.close()


async def migrate(admin_dsn: str, service: str, *, database: str | None = None) -> list[str]:
    """Apply what is missing, each migration in a transaction; returns the names applied.

    `admin_dsn` logs in as a role that may become the owner. Raises MigrationError where a migration
    that was applied has been edited or removed since, or where rows stand in the way of a new one.
    """
    db = await asyncpg.connect(in_database(admin_dsn, database or service))
    try:
        await db.execute("SELECT pg_advisory_lock(hashtext('mainstay.migrate'))")
        await db.execute(f'SET ROLE "{service}_owner"')
        await db.execute(JOURNAL)
        await _grant_what_follows(db, service)
        rows = await db.fetch("SELECT name, sha256 FROM migration")
        applied: dict[str, str] = {row["name"]: row["sha256"] for row in rows}
        files = migration_files(service)
        if unknown := set(applied) - {name for name, _ in files}:
            raise MigrationError(
                f"the database is newer than this code: {', '.join(sorted(unknown))}"
            )
        new: list[str] = []
        for name, sql in files:
            digest = hashlib.sha256(sql.encode()).hexdigest()
            if name not in applied:
                await _apply(db, name, sql, digest)
                new.append(name)
            elif applied[name] != digest:
                raise MigrationError(
                    f"{name} was changed after it was applied; add a new one instead"
                )
        return new
    finally:
        await db.close()


async def _apply(db: Db, name: str, sql: str, digest: str) -> None:
    try:
        async with db.transaction():
            await db.execute(sql)
            await db.execute("INSERT INTO migration VALUES ($1, $2)", name, digest)
    except asyncpg.IntegrityConstraintViolationError as error:
        table: str | None = getattr(error, "table_name", None)
        raise MigrationError(
            f"{name} cannot take over the rows of {table}; its comment says why, and what to do"
        ) from None


async def _grant_what_follows(db: Db, service: str) -> None:
    """Let the login role use the tables to come; a migration may revoke, for append-only ones."""
    for rights, kind in (
        ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
        ("USAGE, SELECT", "SEQUENCES"),
    ):
        await db.execute(
            f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {kind} TO "{service}"'
        )
    await db.execute(f'GRANT USAGE ON SCHEMA public TO "{service}"')


def in_database(dsn: str, database: str) -> str:
    """The same server and role, another database."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{database}"))


def as_service(admin_dsn: str, service: str, password: str, *, database: str | None = None) -> str:
    """The DSN that a service logs in with."""
    parts = urlsplit(admin_dsn)
    address = parts.netloc.rpartition("@")[2]
    login = f"{service}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{address}", path=f"/{database or service}"))
