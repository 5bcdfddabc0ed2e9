"""Finds every step between two durable ones in the source: none can be forgotten."""

from __future__ import annotations

import ast
import os
import signal
from pathlib import Path

from libs.events.transport.steps import watch

SOURCE = Path(__file__).resolve().parents[2] / "libs" / "events" / "transport"


def steps(source: Path = SOURCE) -> list[str]:
    """The names given to `reached`, sorted; TypeError for one that is no plain text."""
    found: set[str] = set()
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) == "reached":
                name = node.args[0] if node.args else None
                if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                    raise TypeError(f"{path.name}:{node.lineno}: a step is named by a plain text")
                found.add(name.value)
    return sorted(found)


def die_at(step: str, times: int) -> None:
    """This process kills itself when it passes the step for the n-th time."""
    passed: list[str] = []

    def note(reached: str) -> None:
        if reached == step:
            passed.append(step)
            if len(passed) == times:
                os.kill(os.getpid(), signal.SIGKILL)

    watch(note)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
