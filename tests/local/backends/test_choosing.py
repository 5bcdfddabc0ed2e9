"""Where Kafka and PostgreSQL come from when nobody, or somebody, says so."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from libs.local.backends import BackendError, Choice, choose

ADDRESSES = {"MAINSTAY_KAFKA": "kafka:9092", "MAINSTAY_POSTGRES": "postgresql://a@b/postgres"}


def client(folder: Path, script: str) -> str:
    """A PATH on which `docker` does what the script says."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Choice.native),
        (ADDRESSES, Choice.external),
        ({"MAINSTAY_KAFKA": "kafka:9092"}, Choice.native),
        (ADDRESSES | {"BACKEND": "native"}, Choice.native),
        ({"BACKEND": "docker"}, Choice.docker),
        ({"BACKEND": "external"}, Choice.external),
        ({"BACKEND": ""}, Choice.native),
    ],
)
def test_a_run_takes_what_is_named_then_what_exists_then_native(
    environ: dict[str, str], expected: Choice
) -> None:
    assert choose(environ | {"PATH": "/nowhere"}, purpose="run") is expected


def test_an_unknown_backend_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(BackendError, match="BACKEND=podman is none of external, native, docker"):
        choose({"BACKEND": "podman"}, purpose="run")


def test_tests_are_native_without_a_docker_client(capsys: pytest.CaptureFixture[str]) -> None:
    assert choose({"PATH": "/nowhere"}, purpose="test") is Choice.native
    assert "native (there is no Docker client)" in capsys.readouterr().err


def test_tests_use_docker_where_a_daemon_answers_and_has_the_images(tmp_path: Path) -> None:
    assert choose({"PATH": client(tmp_path, "exit 0")}, purpose="test") is Choice.docker


def test_tests_are_native_where_the_daemon_cannot_pull_the_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = client(tmp_path, 'case "$1" in version) exit 0;; esac; exit 1')
    assert choose({"PATH": path}, purpose="test") is Choice.native
    assert "cannot pull apache/kafka" in capsys.readouterr().err


def test_a_client_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    path = client(tmp_path, "echo $$ > $0.pid; exec sleep 600")
    assert choose({"PATH": path}, purpose="test") is Choice.native
    [pid] = tmp_path.rglob("*.pid")
    assert not psutil.pid_exists(int(pid.read_text())), "it was ended"


def test_a_daemon_on_another_machine_is_not_used(tmp_path: Path) -> None:
    environ = {"PATH": client(tmp_path, "exit 0"), "DOCKER_HOST": "tcp://elsewhere:2375"}
    assert choose(environ, purpose="test") is Choice.native
