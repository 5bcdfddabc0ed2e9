"""A database per test, cloned from a migrated template, so that tests cannot see one another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from libs.service.migrations import as_service, in_database, migrate, provision

PASSWORD = "test-password"


class Databases:
    """Makes templates once per service and clones them."""

    def __init__(self, admin_dsn: str) -> None:
        self.admin_dsn = admin_dsn
        self._templates: dict[tuple[str, str], str] = {}

    async def template(self, service: str, tables: str = "") -> str:
        """The name of this service's migrated template; `tables` is SQL for a service of tests."""
        if (service, tables) not in self._templates:
            name = f"template_{service}_{uuid4().hex[:8]}"
            await provision(self.admin_dsn, service, PASSWORD, database=name)
            await migrate(self.admin_dsn, service, database=name)
            if tables:
                await self._run(f'SET ROLE "{service}_owner"', tables, database=name)
            self._templates[service, tables] = name
        return self._templates[service, tables]

    @asynccontextmanager
    async def clone(self, service: str, tables: str = "") -> AsyncIterator[str]:
        """The DSN of a fresh database, as the service logs in."""
        template = await self.template(service, tables)
        name = f"test_{service}_{uuid4().hex[:12]}"
        await self._run(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy '
            f'OWNER "{service}_owner"',
            f'GRANT CONNECT ON DATABASE "{name}" TO "{service}"',
        )
        try:
            yield as_service(self.admin_dsn, service, PASSWORD, database=name)
        finally:
            await self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def drop_templates(self) -> None:
        await self._run(*[f'DROP DATABASE "{t}" WITH (FORCE)' for t in self._templates.values()])

    async def _run(self, *statements: str, database: str = "postgres") -> None:
        db = await asyncpg.connect(in_database(self.admin_dsn, database))
        try:
            for statement in statements:
                await db.execute(statement)
        finally:
            await db.close()
