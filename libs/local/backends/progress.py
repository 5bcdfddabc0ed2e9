"""What a person sees while files come in: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

Advance = Callable[[int], None]


def say(line: str, *, progress: bool = True) -> None:
    """One line on stderr: stdout belongs to whatever the caller prints."""
    if progress:
        print(line, file=sys.stderr, flush=True)


@contextmanager
def downloading(what: str, total_bytes: int, *, progress: bool) -> Iterator[Advance]:
    """Yields a function to be told of every byte that has arrived; safe to call from threads."""
    megabytes = f"{total_bytes / 1e6:.0f} MB"
    console = Console(stderr=True)
    if not progress or not console.is_terminal:
        say(f"Fetching {what} ({megabytes}) …", progress=progress)
        yield lambda _: None
        say(f"Fetched {what}.", progress=progress)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console) as bar:
        task = bar.add_task(f"Fetching {what}", total=total_bytes)
        yield lambda count: bar.advance(task, count)
        bar.update(task, completed=total_bytes)
