"""The relay's protocol under any interleaving: Hypothesis looks for one that breaks it, and chance.

What is planted in it must be found; else the model would prove nothing.
"""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.transport.relay_model import World
from tests.transport.relay_walks import STEPS, Protocol, walk

RESTORES, GROWTH = {"restores": True}, {"growth": True}
BUGS: dict[str, dict[str, bool]] = {
    "numbered after the send": {},
    "id > last": {},
    "a zombie may number": {},
    "two windows in flight": {},
    "sequence not checked": {},
    "epoch not raised": RESTORES,
    "epoch not above the log's": RESTORES,
    "log not read": RESTORES,
    "a restored window is sent again": RESTORES,
    "what readers refuse counts as sent": RESTORES,
    "closed while it is written to": GROWTH,
    "who writes to a closed topic is not refused": GROWTH,
    "a successor's rows do not wait": GROWTH,
    "a successor's events do not wait": GROWTH,
    "a successor that was begun is never waited for again": RESTORES | GROWTH,
}
"""What it takes to show; what it does not take would only get into the search's way."""


def test_no_interleaving_loses_doubles_or_reorders_an_event() -> None:
    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]
        Protocol,
        settings=settings(
            max_examples=400,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.parametrize("growth", [False, True])
@pytest.mark.parametrize("restores", [False, True])
def test_no_walk_by_chance_does_either(restores: bool, growth: bool) -> None:
    walk("", 1500, seed=1, restores=restores, growth=growth)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_planted_in_the_protocol_is_found_whatever_the_seed(bug: str) -> None:
    for seed in range(3):
        with pytest.raises(AssertionError):
            walk(bug, 20_000, seed=seed, **BUGS[bug])


@pytest.mark.parametrize("bug", ["", "no mark"])
def test_only_the_mark_keeps_out_what_arrives_between_the_reading_and_the_first_window(
    bug: str,
) -> None:
    world = World(bug)
    before, after = world.relays[:2]
    world.begin(0)
    world.commit(0)
    world.take(before)
    world.number(before)
    world.backup = deepcopy(world.db)
    world.restore()
    world.take(after)
    world.mark(after)
    world.prove(after)
    world.arrive(world.flights[0])
    world.number(after)
    world.arrive(world.flights[0])
    for _ in range(2):
        world.read(world.readers[0], 9)
    assert len(world.effects) == (2 if bug else 1)
