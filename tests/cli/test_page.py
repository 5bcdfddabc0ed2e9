"""The page on running it names every command and every setting, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_group

from libs.cli.app import app
from libs.service.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/running.md").read_text()
FOR_PIPELINES = {"run", "migrate"}
"""The Kubernetes base runs these; nobody types them to operate."""


def commands() -> set[str]:
    found: set[str] = set()
    for name, command in get_group(app).commands.items():
        below: dict[str, object] = getattr(command, "commands", {})
        found |= {f"{name} {one}" for one in below} or {name}
    return found


def named_commands(page: str) -> set[str]:
    return {" ".join(m.split()[1:3]) for m in re.findall(r"`(mainstay [a-z][^`]*)`", page)}


def test_the_page_names_every_command_and_none_that_there_is_not() -> None:
    there = commands() - FOR_PIPELINES
    named = named_commands(PAGE)
    assert named - there == set()
    assert there - named == {"keys create", "topics list"}


def test_the_page_names_every_setting_of_a_service() -> None:
    settings = PAGE[PAGE.index("| setting of a service |") :]
    named = set(re.findall(r"`MAINSTAY_([A-Z_]+)`", settings))
    assert named == {name.upper() for name in Settings.model_fields}
