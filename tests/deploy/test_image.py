"""The image holds one service and what it needs; shown by importing from just those files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.service.process import service_names

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
STAGES = [i for i, line in enumerate(LINES) if line.startswith("FROM ")]
BUILD, FINAL = LINES[STAGES[0] : STAGES[1]], LINES[STAGES[1] :]
IMPORT_ALL = """
import importlib, importlib.metadata, json, pathlib, re, sys

locked = set(json.loads(sys.argv[1]))
lacking = {
    module
    for module, owners in importlib.metadata.packages_distributions().items()
    if not {re.sub("[-_.]+", "-", owner).lower() for owner in owners} & locked
}

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name in lacking:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Lacking())
files = sorted(p for p in pathlib.Path().rglob("*.py") if p.name != "__main__.py")
for path in files:
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print(len(files), *sorted(p.parent.name for p in pathlib.Path("services").glob("*/app.py")))
"""
"""Imports every module of the tree, in an environment that lacks what is not in argv[1]."""


def test_one_build_argument_chooses_the_service_and_one_the_base() -> None:
    assert len(STAGES) == 2
    assert [line.split()[1] for line in (BUILD[0], FINAL[0])] == ["${BASE}", "${BASE}"]
    assert any(line.startswith("ARG BASE=") for line in LINES[: STAGES[0]])
    guard = next(i for i, line in enumerate(FINAL) if 'test -n "${SERVICE}"' in line)
    copies = [i for i, line in enumerate(FINAL) if line.startswith("COPY")]
    assert FINAL.index("ARG SERVICE") < guard < copies[0], "no service would mean all of them"


def test_it_installs_what_is_locked_with_the_makefiles_tool_and_nothing_for_development() -> None:
    [version] = re.findall(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    build = "\n".join(BUILD)
    assert f"uv=={version}" in build
    assert re.search(r"uv sync .*--frozen .*--no-default-groups", build)
    assert "UV_PROJECT_ENVIRONMENT=/opt/venv" in build
    assert [line for line in FINAL if "--from" in line] == ["COPY --from=build /opt/venv /opt/venv"]


def test_it_runs_as_a_number_without_a_shell() -> None:
    [user] = [line.split()[1] for line in FINAL if line.startswith("USER ")]
    assert re.fullmatch(r"[1-9][0-9]+:[1-9][0-9]+", user)
    starts = [line for line in FINAL if line.startswith(("ENTRYPOINT", "CMD"))]
    assert [json.loads(line.split(" ", 1)[1]) for line in starts] == [
        ["python", "-m", "libs.cli"],
        ["run"],
    ]
    assert FINAL.index(f"USER {user}") > max(i for i, x in enumerate(FINAL) if x.startswith("RUN"))


def test_every_builder_takes_it() -> None:
    assert not [line for line in LINES if "--mount" in line or "<<" in line]
    assert not [line for line in LINES if line.startswith("# syntax")]


def copied(service: str) -> Iterator[str]:
    """What the last stage copies from the repository, each to the same place."""
    for line in FINAL:
        if line.startswith("COPY") and "--from" not in line:
            source, target = line.replace("${SERVICE}", service).split()[1:]
            assert source == target
            yield source


def image_of(service: str, folder: Path) -> Path:
    for source in copied(service):
        origin, target = ROOT / source, folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, target)
    return folder


def import_all(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IMPORT_ALL, json.dumps(sorted(locked_for_running()))]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def locked_for_running() -> set[str]:
    """The distributions that `uv sync --no-default-groups` installs, by the lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    packages = {package["name"]: package for package in lock["package"]}
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting: list[dict[str, Any]] = [{"name": "mainstay"}]
    while waiting:
        wanted = waiting.pop()
        package = packages[wanted["name"]]
        found.add(package["name"])
        for extra in ("", *wanted.get("extra", [])):
            if (package["name"], extra) not in seen:
                seen.add((package["name"], extra))
                extras = package.get("optional-dependencies", {})
                waiting += extras.get(extra, []) if extra else package.get("dependencies", [])
    return found


@pytest.mark.parametrize("service", service_names())
def test_a_service_needs_nothing_of_another_and_nothing_for_development(
    service: str, tmp_path: Path
) -> None:
    done = import_all(image_of(service, tmp_path))
    assert done.returncode == 0, done.stderr
    modules, *services = done.stdout.split()
    assert services == [service]
    assert int(modules) > 50


@pytest.mark.parametrize("lacking", ["services.payroll", "libs.local", "pytest"])
def test_what_the_image_would_lack_is_found(lacking: str, tmp_path: Path) -> None:
    folder = image_of("billing", tmp_path)
    with (folder / "services" / "billing" / "app.py").open("a") as app:
        app.write(f"\nimport {lacking}\n")
    assert f"No module named '{lacking}'" in import_all(folder).stderr


def test_the_builder_is_sent_nothing_but_what_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*", "all is left out, but"
    sent = {line[1:] for line in ignored if line.startswith("!")}
    asked = {source.partition("/")[0] for source in copied("billing")}
    assert sent == asked | {"pyproject.toml", "uv.lock"}
    assert "libs/local" in ignored[ignored.index("!libs") :]
