"""What the person at the terminal sees while the platform works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

console = Console(stderr=True, highlight=False)


class Display:
    """One line per stage, and a bar for the messages that are fed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage of work."""
        self._progress.update(self._task, description=text, total=total, completed=0)
        if not sys.stderr.isatty():
            console.print(text)

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def say(self, text: str) -> None:
        """Describe the stage anew, as it goes on."""
        self._progress.update(self._task, description=text)


@contextmanager
def display() -> Iterator[Display]:
    """Show progress until the context ends."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Display(progress)
