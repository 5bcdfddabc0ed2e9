"""What the documents tell people to type works: each snippet is run against the live platform."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parents[2]


def snippets(document: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    text = (ROOT / document).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def environment(live: LocalPlatform) -> dict[str, str]:
    return {
        **os.environ,
        "MAINSTAY_HOME": str(live.home),
        "MAINSTAY_PLATFORM": str(live.home / "platform.json"),
    }


def test_every_shell_command_of_the_readme_runs(live: LocalPlatform, doors: list[Door]) -> None:
    lines = [line for block in snippets("README.md", "sh") for line in block.splitlines() if line]
    assert lines
    for line in lines:
        done = subprocess.run(
            ["sh", "-c", line], env=environment(live), cwd=ROOT, capture_output=True, timeout=60
        )
        assert done.returncode == 0, f"{line}: {done.stderr.decode()}"
        assert done.stdout.strip(), f"{line} says something"


def test_every_python_program_of_the_integrators_page_runs(
    live: LocalPlatform, doors: list[Door]
) -> None:
    programs = snippets("docs/integrators.md", "python")
    printed: list[str] = []
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment(live), cwd=ROOT,
            capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        printed.append(done.stdout.decode())
    assert printed[0].strip() in ("200", "201", "202", "204")
    assert printed[1].startswith("agreements.practice-onboarded.v1 0001-")


def test_the_documents_link_to_files_that_are_there() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


def test_every_law_names_a_test_that_is_there() -> None:
    named = re.findall(r"`(test_\w+)`", (ROOT / "ARCHITECTURE.md").read_text())
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert [name for name in named if f"def {name}(" not in written] == []
