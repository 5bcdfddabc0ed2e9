"""A PostgreSQL of a test's own that is backed up and restored, as its administrator would do it.

`base_backup` is what pg_basebackup does (PostgreSQL documentation, 25.3.3): the files are copied
while the server runs, and restoring them is a recovery that ends in a new timeline. `cold_copy`
copies the files of a stopped server, which know nothing of having been restored.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from libs.local.backends.artifacts import cache_directory, ensure, postgres_build
from libs.local.backends.ground import User, server_user, within_reach
from tests.chaos.cluster import Machine, postgres_machine

NOT_COPIED = shutil.ignore_patterns("postmaster.pid", "postmaster.opts", "pgsql_tmp*")


@dataclass(frozen=True)
class Backup:
    """Files; `recovers`: they are of one moment only after a recovery."""

    files: Path
    recovers: bool


@dataclass(frozen=True)
class OwnPostgres:
    """The server, its files, and its administrator's DSN."""

    machine: Machine
    files: Path
    admin_dsn: str
    _user: User | None

    async def base_backup(self) -> Backup:
        backup = Backup(self.files.with_name("base-backup"), recovers=True)
        db = await asyncpg.connect(self.admin_dsn)
        try:
            await db.execute("SELECT pg_backup_start('a test', fast => true)")
            await self._copy(self.files, backup.files)
            label = await db.fetchval("SELECT labelfile FROM pg_backup_stop(false)")
        finally:
            await db.close()
        # Only now is what the recovery needs in the log; no archive keeps it for us.
        shutil.rmtree(backup.files / "pg_wal")
        await self._copy(self.files / "pg_wal", backup.files / "pg_wal")
        (backup.files / "backup_label").write_text(label)
        return backup

    async def cold_copy(self) -> Backup:
        backup = Backup(self.files.with_name("cold-copy"), recovers=False)
        await self._stop()
        await self._copy(self.files, backup.files)
        await self.machine.start_again()
        return backup

    async def restore(self, backup: Backup) -> None:
        """In the place of what was there since, which is gone."""
        await self._stop()
        shutil.rmtree(self.files)
        await self._copy(backup.files, self.files)
        if backup.recovers:
            (self.files / "recovery.signal").touch()
            with (self.files / "postgresql.auto.conf").open("a") as settings:
                # There is no archive; nobody is let in before the recovery has come to its end.
                settings.write("restore_command = 'false'\nhot_standby = off\n")
            self._give(self.files)
        await self.machine.start_again()

    async def _stop(self) -> None:
        self.machine.kill(signal.SIGINT)  # fast: connections are ended, all is written
        while self.machine.runs:
            await asyncio.sleep(0.02)

    async def _copy(self, source: Path, to: Path) -> None:
        await asyncio.to_thread(
            shutil.copytree, source, to, ignore=NOT_COPIED, copy_function=_copy_if_there
        )
        self._give(to)

    def _give(self, files: Path) -> None:
        if self._user is not None:
            for path in (files, *files.rglob("*")):
                os.chown(path, self._user.uid, self._user.gid)


def _copy_if_there(source: str, to: str) -> None:
    """A running server removes files; what belonged in them is in its log."""
    try:
        shutil.copy2(source, to)
    except FileNotFoundError:
        Path(to).unlink(missing_ok=True)


@asynccontextmanager
async def own_postgres(folder: Path) -> AsyncIterator[OwnPostgres]:
    """A server under `folder`, which the caller removes."""
    user = server_user()
    home = within_reach(folder.resolve(), user)
    cache = within_reach(cache_directory(), user)
    [build] = ensure([postgres_build()], cache, progress=False)
    machine, admin_dsn = await asyncio.to_thread(postgres_machine, home, cache, build, user)
    machine.begin()
    try:
        await machine.until_ready()
        yield OwnPostgres(machine, home / "postgres", admin_dsn, user)
    finally:
        machine.stop()
        if home != folder.resolve():
            shutil.rmtree(home, ignore_errors=True)
