"""The relay's protocol under any interleaving: Hypothesis looks for one that breaks it, and chance.

What is planted in it must be found; else the model would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.transport.relay_model import World

KEYS = st.integers(0, 1)
WHICH = st.integers(0, 1)
BUGS = {
    "numbered after the send": False,
    "id > last": False,
    "a zombie may number": False,
    "two windows in flight": False,
    "sequence not checked": False,
    "epoch not raised": True,
    "epoch not above the log's": True,
    "log not read": True,
    "a restored window is sent again": True,
    "what readers refuse counts as sent": True,
}
"""Whether it takes a restore to show; where it does not, none gets into the search's way."""

STEPS = 30
WITH_RESTORES = precondition(lambda self: self.restores)


class Protocol(RuleBasedStateMachine):
    """Two relays, two readers, any number of batches on their way; time is the order of rules."""

    bug = ""
    restores = True

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.bug)

    @rule(key=KEYS, late=st.booleans())
    def business(self, key: int, late: bool) -> None:
        if key not in self.world.open:
            self.world.begin(key)
        if not late:
            self.world.commit(key)

    @rule(key=KEYS)
    def roll_back(self, key: int) -> None:
        self.world.open.pop(key, None)

    @rule(which=WHICH)
    def lease_is_taken(self, which: int) -> None:
        """It was free, or its time was up; whoever had it does not know."""
        self.world.take(self.world.relays[which])

    @rule(which=WHICH)
    def send(self, which: int) -> None:
        """What a relay does when it may: again what was in flight, or the next window."""
        relay = self.world.relays[which]
        if relay.again and self.world.db.window:
            self.world.resend(relay)
        elif not relay.flights or self.bug == "two windows in flight":
            self.world.number(relay)

    @rule(which=WHICH)
    def a_whole_round(self, which: int) -> None:
        """The common case: sent, arrived, forgotten."""
        self.send(which)
        for flight in list(self.world.relays[which].flights):
            if flight in self.world.flights:
                self.world.arrive(flight)
        self.world.forget(self.world.relays[which])

    @rule(which=WHICH, other=WHICH)
    def killed_after_the_ack(self, which: int, other: int) -> None:
        """Sent and arrived, and nobody knows; another takes over."""
        self.send(which)
        for flight in list(self.world.relays[which].flights):
            if flight in self.world.flights:
                self.world.arrive(flight)
        self.lease_is_taken(other)

    @WITH_RESTORES
    @rule(which=WHICH)
    def restored_and_recovered(self, which: int) -> None:
        self.world.restore()
        self.a_whole_recovery(which)

    @WITH_RESTORES
    @rule(which=WHICH)
    def a_whole_recovery(self, which: int) -> None:
        """The common case of a relay that starts."""
        self.lease_is_taken(which)
        self.mark(which)
        self.prove(which)

    @precondition(lambda self: self.world.flights)
    @rule(data=st.data())
    def batch_arrives(self, data: st.DataObject) -> None:
        flights = self.world.flights
        self.world.arrive(flights[data.draw(st.integers(0, len(flights) - 1))])

    @rule(which=WHICH)
    def send_fails_and_may_arrive_yet(self, which: int) -> None:
        if self.world.relays[which].flights:
            self.world.give_up(self.world.relays[which])

    @rule(which=WHICH)
    def forget(self, which: int) -> None:
        self.world.forget(self.world.relays[which])

    @WITH_RESTORES
    @rule()
    def back_up(self) -> None:
        self.world.backup = deepcopy(self.world.db)

    @WITH_RESTORES
    @rule()
    def restore(self) -> None:
        self.world.restore()

    @WITH_RESTORES
    @rule(which=WHICH)
    def mark(self, which: int) -> None:
        self.world.mark(self.world.relays[which])

    @WITH_RESTORES
    @rule(which=WHICH)
    def prove(self, which: int) -> None:
        self.world.prove(self.world.relays[which])

    @rule(which=WHICH, most=st.integers(1, 3))
    def read(self, which: int, most: int) -> None:
        self.world.read(self.world.readers[which], most)

    @invariant()
    def effects_happen_once(self) -> None:
        assert len(set(self.world.effects)) == len(self.world.effects)

    @invariant()
    def effects_of_a_key_are_in_the_order_of_its_commits(self) -> None:
        for key in (0, 1):
            of_key = [e for e in self.world.effects if self.world.key_of[e] == key]
            assert all(before < after for before, after in pairwise(of_key))

    @invariant()
    def nothing_is_appended_before_its_predecessor(self) -> None:
        assert self.world.gaps == 0

    def teardown(self) -> None:
        """When all is quiet, everything committed has its effect, and the outbox is empty."""
        world, relay = self.world, self.world.relays[0]
        for _ in range(3):
            world.take(relay)
            world.mark(relay)
            world.prove(relay)
            for _ in range(2 * len(world.db.rows) + 2):
                self.send(0)
                for flight in list(relay.flights):
                    if flight in world.flights:
                        world.arrive(flight)
                world.forget(relay)
        for flight in list(world.flights):
            world.arrive(flight)
        for _ in range(2):
            world.read(world.readers[0], len(world.log))
        self.effects_happen_once()
        self.effects_of_a_key_are_in_the_order_of_its_commits()
        self.nothing_is_appended_before_its_predecessor()
        assert world.db.committed <= set(world.effects), "an event is lost"
        assert not world.db.rows


def steps_of(protocol: Protocol, chance: Random) -> list[Callable[[], None]]:
    """The rules with arguments by chance: Hypothesis's own walks are forty times slower."""

    def one() -> int:
        return chance.randrange(2)

    def a_batch_arrives() -> None:
        if flights := protocol.world.flights:
            protocol.world.arrive(chance.choice(flights))

    steps: list[Callable[[], None]] = [
        lambda: protocol.roll_back(key=one()),
        lambda: protocol.lease_is_taken(which=one()),
        lambda: protocol.send(which=one()),
        lambda: protocol.a_whole_round(which=one()),
        lambda: protocol.killed_after_the_ack(which=one(), other=one()),
        a_batch_arrives,
        lambda: protocol.send_fails_and_may_arrive_yet(which=one()),
        lambda: protocol.forget(which=one()),
        lambda: protocol.read(which=one(), most=chance.randint(1, 3)),
    ]
    if protocol.restores:
        steps += [
            lambda: protocol.restored_and_recovered(which=one()),
            lambda: protocol.a_whole_recovery(which=one()),
            lambda: protocol.back_up(),
            lambda: protocol.restore(),
            lambda: protocol.mark(which=one()),
            lambda: protocol.prove(which=one()),
        ]
    some = chance.sample(steps, chance.randint(4, len(steps)))
    return [lambda: protocol.business(key=one(), late=chance.random() < 0.5), *some]


def walk(bug: str, walks: int, *, seed: int, restores: bool) -> None:
    """Raises AssertionError where an interleaving breaks what must hold."""
    machine = type("Planted", (Protocol,), {"bug": bug, "restores": restores})
    chance = Random(seed)
    for _ in range(walks):
        protocol = machine()
        steps = steps_of(protocol, chance)
        for _ in range(STEPS):
            chance.choice(steps)()
            protocol.nothing_is_appended_before_its_predecessor()
        protocol.teardown()


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


@pytest.mark.parametrize("restores", [False, True])
def test_no_walk_by_chance_does_either(restores: bool) -> None:
    walk("", 1500, seed=1, restores=restores)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_planted_in_the_protocol_is_found_whatever_the_seed(bug: str) -> None:
    for seed in range(3):
        with pytest.raises(AssertionError):
            walk(bug, 20_000, seed=seed, restores=BUGS[bug])


@pytest.mark.parametrize("bug", ["", "no mark"])
def test_only_the_mark_keeps_out_what_arrives_between_the_reading_and_the_first_window(
    bug: str,
) -> None:
    world = World(bug)
    before, after = world.relays
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
