"""The steps between two durable ones, by name: the places where a test kills or stops the process.

Each name is written once, at its place; `tests/chaos` finds them all in the source, so that a step
that nobody was killed at cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

Watcher = Callable[[str], None]

_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> Callable[[], None]:
    """Call `watcher` with each step's name from now on, until what is returned is called."""
    _watchers.append(watcher)
    return lambda: _watchers.remove(watcher)


def reached(step: str) -> None:
    """This process is between two durable steps; without a watcher it costs a comparison."""
    if _watchers:
        for watcher in _watchers:
            watcher(step)
