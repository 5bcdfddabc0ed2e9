"""Draws the faults of a run: the same seed gives the same faults with the same details."""

from __future__ import annotations

import random

from tests.chaos.faults import PROCESS_FAULTS, at_step
from tests.chaos.run import Fault, Strike


def schedule(seed: int, count: int, steps: list[str], kinds: dict[str, Strike]) -> list[Fault]:
    """Each step and each kind once, in any order, then more of them; fewer where `count` is less.

    Draws from the steps as often as from the other kinds.
    """
    rng = random.Random(seed)
    named = {f"at {step}": at_step(step) for step in steps}
    names = [*named, *kinds]
    rng.shuffle(names)
    pools = [sorted(pool) for pool in (named, kinds) if pool]
    while len(names) < count:
        names.append(rng.choice(rng.choice(pools)))
    strikes = named | kinds
    return [
        Fault(name, strikes[name], f"{seed}/{number}") for number, name in enumerate(names[:count])
    ]


def least_of_a_full_run(steps: list[str], kinds: dict[str, Strike]) -> int:
    """From so many faults on, every step and every kind is among them."""
    return len(steps) + len(kinds)


__all__ = ["PROCESS_FAULTS", "least_of_a_full_run", "schedule"]
