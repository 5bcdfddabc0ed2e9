"""One PostgreSQL 18 server on loopback."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path

from libs.local.backends.artifacts import exclusively
from libs.local.backends.errors import BackendError
from libs.local.backends.ground import User, give
from libs.local.backends.loops import on_own_loop
from libs.local.backends.servers import Program

SUPERUSER = "postgres"
MAJOR = "18"
PASSWORD = "postgres.password"
# One collation whatever the system has: byte order, as everywhere else we sort.
INITDB = (
    *("--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"),
    *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
)
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def unpack(jar: Path, into: Path) -> Path:
    """The server's own directory tree, unpacked once beside the jar; returns its `bin`."""
    tree = into / jar.stem
    if not tree.exists():
        with exclusively(into):
            if not tree.exists():
                _unpack(jar, tree)
    return tree / "bin"


def _unpack(jar: Path, tree: Path) -> None:
    making = tree.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    with zipfile.ZipFile(jar) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".txz"))
        with outer.open(inner) as packed, tarfile.open(fileobj=packed, mode="r|xz") as archive:
            if hasattr(tarfile, "tar_filter"):  # Python 3.11.4
                archive.extractall(making, filter="tar")
            else:  # no weaker: the archive was checked by SHA-256
                archive.extractall(making)
    making.replace(tree)


def prepare(home: Path, binaries: Path, user: User | None) -> str:
    """Make the data directory if there is none; returns the superuser's password.

    Raises:
        BackendError: initdb failed, or the directory is of another major version.
    """
    data, password = home / "postgres", home / PASSWORD
    if not data.exists() or not password.exists():
        shutil.rmtree(data, ignore_errors=True)
        password.unlink(missing_ok=True)
        fresh = home / "scratch" / "postgres"
        fresh.mkdir()
        secret = secrets.token_urlsafe(24)
        hint = home / "scratch" / "password"
        write_private(hint, secret)
        give(user, fresh, hint)
        _initdb(binaries, fresh, hint, user)
        hint.unlink()
        write_private(password, secret)
        fresh.replace(data)
    major = (data / "PG_VERSION").read_text().strip()
    if major != MAJOR:
        raise BackendError(
            f"{data} was made by PostgreSQL {major}; this is {MAJOR}. `make down WIPE=1` starts "
            "afresh (and loses that data)."
        )
    return password.read_text()


def _initdb(binaries: Path, data: Path, password: Path, user: User | None) -> None:
    told = subprocess.run(
        [binaries / "initdb", "-D", data, "--pwfile", password, *INITDB],
        env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
        cwd=data,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise BackendError(f"PostgreSQL could not make its data directory:\n{told.stderr[-2000:]}")


def program(home: Path, binaries: Path, *, port: int, durable: bool) -> Program:
    """The server on `port`, its files under `home`."""
    settings = [
        *("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"),
        *("log_min_messages=warning", *(() if durable else THROWAWAY)),
    ]
    flags = [flag for setting in settings for flag in ("-c", setting)]
    immediate = ((signal.SIGQUIT, 6.0), (signal.SIGKILL, 5.0))
    return Program(
        name="PostgreSQL",
        command=(str(binaries / "postgres"), "-D", str(home / "postgres"), f"-p{port}", *flags),
        directory=home,
        log=home / "logs" / "postgres.log",
        mark=str(home),
        stops=((signal.SIGINT, 20.0), *immediate) if durable else immediate,
    )


def answers(home: Path, dsn: str) -> bool:
    """Whether the server there is up and is the very one that was started here."""
    try:
        lines = (home / "postgres" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    # The eighth line is the state (PostgreSQL sources, miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
    if len(lines) < 8 or lines[7].strip() != "ready":
        return False
    told = on_own_loop(data_directory_at(dsn))
    return told is not None and Path(told).resolve() == (home / "postgres").resolve()


def lets_in(dsn: str) -> bool:
    return on_own_loop(data_directory_at(dsn)) is not None


async def data_directory_at(dsn: str) -> str | None:
    """Where the server that answers there keeps its data; None if none does yet."""
    import asyncpg

    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    try:
        return await connection.fetchval("SHOW data_directory")
    finally:
        await connection.close()


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
