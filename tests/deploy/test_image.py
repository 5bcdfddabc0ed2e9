"""The image holds one service and what it needs; shown by importing from just those files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from libs.service.process import service_names

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().splitlines()
FINAL = LINES[max(i for i, line in enumerate(LINES) if line.startswith("FROM")) :]
ONLY_ON_ONE_MACHINE = ("libs.local", "jgo", "httpx", "aiosmtpd", "testcontainers")


def test_the_image_is_one_for_all_and_runs_as_a_number() -> None:
    assert "ARG SERVICE" in FINAL
    [user] = [line.split()[1] for line in FINAL if line.startswith("USER")]
    assert re.fullmatch(r"[1-9][0-9]+:[1-9][0-9]+", user)
    entry = [line for line in FINAL if line.startswith(("ENTRYPOINT", "CMD"))]
    assert all(line.split(" ", 1)[1].startswith("[") for line in entry), "no shell in between"
    assert not [line for line in LINES if "--mount" in line or "<<" in line], "plain syntax"
    assert any("--frozen" in line and "--no-default-groups" in line for line in LINES)


def test_the_image_installs_the_locked_tool_of_the_makefile() -> None:
    [locked] = re.findall(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert any(f"uv=={locked}" in line for line in LINES)


def _copied(service: str) -> list[str]:
    found: list[str] = []
    for line in FINAL:
        if line.startswith("COPY") and "--from" not in line:
            source, target = line.replace("${SERVICE}", service).split()[1:]
            assert source == target
            found.append(source)
    return found


@pytest.mark.parametrize("service", service_names())
def test_a_service_needs_nothing_of_another(service: str, tmp_path: Path) -> None:
    for source in _copied(service):
        origin, target = ROOT / source, tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, target)
    program = (
        f"import sys, services.{service}.app, libs.cli.app\n"
        f"found = [m for m in {ONLY_ON_ONE_MACHINE!r} if m in sys.modules]\n"
        "assert not found, found\n"
        f"print(services.{service}.app.service.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == service
