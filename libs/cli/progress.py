"""A progress bar with rate and time left, beside what a command prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from libs.events.transport.replay import Tell


class _Rate(ProgressColumn):
    """Events a second, of the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} events/s" if task.speed else "")


@contextmanager
def telling() -> Iterator[Tell]:
    """A bar on stderr for whoever looks on; what is yielded moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("events", total=None)
        begun = False

        def tell(done: int, total: int) -> None:
            nonlocal begun
            if not begun:  # what was folded before is not of this rate
                begun = True
                progress.reset(task, completed=done, total=total)
            progress.update(task, completed=done, total=total)

        yield tell
