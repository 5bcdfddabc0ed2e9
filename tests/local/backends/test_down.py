"""`make down` ends what was started here, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from libs.local.backends import down
from libs.local.backends.identity import Identity
from libs.local.backends.records import LOCK, SERVERS


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def record(data: Path, identity: Identity) -> None:
    data.mkdir()
    (data / LOCK).touch()
    (data / SERVERS).write_text(json.dumps([asdict(identity)]))


def identity_of(process: subprocess.Popen[bytes], command_has: str) -> Identity:
    found = Identity.of(process.pid, command_has=command_has)
    assert found is not None
    return found


def test_a_recorded_server_is_ended(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    recorded = identity_of(stranger, "sleep")
    record(tmp_path / "data", recorded)
    assert down(tmp_path / "data", wipe=False)
    assert recorded.living() is None


def test_a_recycled_pid_is_left_alone(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    now = identity_of(stranger, "sleep")
    record(tmp_path / "data", replace(now, started_at_seconds=now.started_at_seconds - 3600))
    assert not down(tmp_path / "data", wipe=False)
    assert stranger.poll() is None


def test_another_command_of_that_pid_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    record(tmp_path / "data", identity_of(stranger, "kafka.Kafka"))
    assert not down(tmp_path / "data", wipe=False)
    assert stranger.poll() is None


def test_wiping_leaves_nothing_of_ours_and_everything_of_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("kafka", "postgres", "logs"):
        (data / name).mkdir(parents=True)
        (data / name / "file").touch()
    (data / "lock").touch()
    (data / "my-notes.txt").touch()
    down(data, wipe=True)
    assert [path.name for path in data.iterdir()] == ["my-notes.txt"]
    (data / "my-notes.txt").unlink()
    down(data, wipe=True)
    assert not data.exists()


def test_a_directory_that_never_was_is_nothing_to_stop(tmp_path: Path) -> None:
    assert not down(tmp_path / "data", wipe=True)
    assert os.listdir(tmp_path) == []
