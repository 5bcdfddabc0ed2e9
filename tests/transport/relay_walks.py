"""Ways through the model of the relay's protocol: Hypothesis takes them, and chance."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.transport.relay_model import World

KEYS = st.integers(0, 1)
WHICH = st.integers(0, 3)
"""The first two are of the topic, the others of its successor."""

STEPS = 30
WITH_RESTORES = precondition(lambda self: self.restores)
WITH_GROWTH = precondition(lambda self: self.growth)


class Protocol(RuleBasedStateMachine):
    """Two relays, two readers, any number of batches on their way; time is the order of rules."""

    bug = ""
    restores = True
    growth = True

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.bug)

    @rule(key=KEYS, late=st.booleans(), grown=st.booleans())
    def business(self, key: int, late: bool, grown: bool) -> None:
        """`grown`: by a process that knows the successor."""
        if key not in self.world.open:
            self.world.begin(key, of=int(grown))
        if not late and key in self.world.open:
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
        if relay.again and self.world.db.shards[relay.of].window:
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

    @WITH_GROWTH
    @rule(which=WHICH, read=st.booleans())
    def a_whole_way(self, which: int, read: bool) -> None:
        """The common case of all: a new relay sends, and somebody reads."""
        self.lease_is_taken(which)
        self.a_whole_round(which)
        if read:
            self.read(which, 3)

    @WITH_RESTORES
    @rule(which=WHICH)
    def restored_and_recovered(self, which: int) -> None:
        self.world.restore()
        for one in {which % 2, which}:
            self.a_whole_recovery(one)

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
        """An event that a restore has forgotten is only in the order of its own log."""
        world = self.world
        for key in (0, 1):
            of_key = [e for e in world.effects if world.key_of[e] == key]
            for ordered in (
                [e for e in of_key if e not in world.lost],
                [e for e in of_key if world.shard_of[e] == 0],
                [e for e in of_key if world.shard_of[e] == 1],
            ):
                assert all(before < after for before, after in pairwise(ordered))

    @invariant()
    def nothing_is_appended_before_its_predecessor(self) -> None:
        assert self.world.gaps == 0

    def teardown(self) -> None:
        """When all is quiet, everything committed has its effect, and the outbox is empty."""
        world = self.world
        for which in (0, 2, 0, 2, 0, 2):
            relay = world.relays[which]
            world.take(relay)
            world.mark(relay)
            world.prove(relay)
            for _ in range(2 * len(world.db.shards[relay.of].rows) + 2):
                self.send(which)
                for flight in list(relay.flights):
                    if flight in world.flights:
                        world.arrive(flight)
                world.forget(relay)
        for flight in list(world.flights):
            world.arrive(flight)
        for which in (2, 2, 0, 0, 2, 2):  # who is early must wait
            world.read(world.readers[which], sum(map(len, world.logs)))
        self.effects_happen_once()
        self.effects_of_a_key_are_in_the_order_of_its_commits()
        self.nothing_is_appended_before_its_predecessor()
        assert world.db.committed <= set(world.effects), "an event is lost"
        assert not any(shard.rows for shard in world.db.shards)


def steps_of(protocol: Protocol, chance: Random) -> list[Callable[[], None]]:
    """The rules with arguments by chance: Hypothesis's own walks are forty times slower."""

    def one() -> int:
        return chance.randrange(4 if protocol.growth else 2)

    def business() -> None:
        grown = protocol.growth and chance.random() < 0.5
        protocol.business(key=chance.randrange(2), late=chance.random() < 0.5, grown=grown)

    def a_batch_arrives() -> None:
        if flights := protocol.world.flights:
            protocol.world.arrive(chance.choice(flights))

    steps: list[Callable[[], None]] = [
        lambda: protocol.roll_back(key=chance.randrange(2)),
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
    if protocol.growth:
        steps += 3 * [lambda: protocol.a_whole_way(which=one(), read=chance.random() < 0.5)]
    some = chance.sample(steps, chance.randint(4, len(steps)))
    return [*([business] * (4 if protocol.growth else 1)), *some]


def walk(bug: str, walks: int, *, seed: int, restores: bool = False, growth: bool = False) -> None:
    """Raises AssertionError where an interleaving breaks what must hold."""
    body = {"bug": bug, "restores": restores, "growth": growth}
    machine = type("Planted", (Protocol,), body)
    chance = Random(seed)
    for _ in range(walks):
        protocol = machine()
        steps = steps_of(protocol, chance)
        for _ in range(STEPS):
            chance.choice(steps)()
            protocol.nothing_is_appended_before_its_predecessor()
        protocol.teardown()
