"""ARCHITECTURE.md says which test holds each law; here: that it is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.rules import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
LAWS = range(1, 11)
LINK = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")


def unheld(page: str, root: Path) -> list[str]:
    """What is wrong: laws without a test, and tests that are not where the page says."""
    found: list[str] = []
    for number in LAWS:
        row = re.search(rf"^\| {number} \|.*$", page, re.MULTILINE)
        if row is None or not LINK.search(row[0]):
            found.append(f"law {number} names no test")
    for name, path in LINK.findall(page):
        file = root / path
        if not file.exists() or not re.search(
            rf"^(async )?def {name}\(", file.read_text(), re.MULTILINE
        ):
            found.append(f"{name} is not in {path}")
    written = "".join(path.read_text() for path in (root / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page)) - {name for name, _ in LINK.findall(page)}
    return found + [f"{name} is nowhere" for name in named if f"def {name}(" not in written]


def test_every_law_names_tests_that_are_there() -> None:
    assert unheld(PAGE, ROOT) == []


def test_a_law_without_its_test_is_found() -> None:
    assert unheld(PAGE.replace("| 7 |", "| seven |"), ROOT) == ["law 7 names no test"]
    [(name, path), *_] = LINK.findall(PAGE)
    assert unheld(PAGE.replace(f"`{name}`", "`test_that_is_gone`"), ROOT) == [
        f"test_that_is_gone is not in {path}"
    ]
    assert unheld(PAGE.replace(path, "tests/gone.py"), ROOT)
    assert unheld(PAGE + "`test_unwritten`", ROOT) == ["test_unwritten is nowhere"]
