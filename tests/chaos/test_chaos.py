"""A slice of `make chaos` on the shared servers; the whole runs on a cluster of its own."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.faults import PROCESS_FAULTS, at_step
from tests.chaos.run import Fault, Strike, run
from tests.chaos.scenes import scene
from tests.chaos.schedule import least_of_a_full_run, schedule
from tests.chaos.stage import Stage, stage
from tests.chaos.steps import steps
from tests.conftest import Addresses
from tests.databases import Databases

SEED = 20260302
SLICE: dict[str, Strike] = {
    "at relay.acknowledged": at_step("relay.acknowledged"),
    "at consumer.effects-applied": at_step("consumer.effects-applied"),
    "at parked.forgotten": at_step("parked.forgotten"),
    "at rebuild.swapping": at_step("rebuild.swapping"),
    "zombie taken over": PROCESS_FAULTS["zombie taken over"],
    "bad records": PROCESS_FAULTS["bad records"],
}


@pytest.fixture
async def made(databases: Databases, addresses: Addresses, tmp_path: Path) -> AsyncIterator[Stage]:
    # Twice: a list of servers, as a cluster is named, must do as well as one.
    async with stage(databases, f"{addresses.kafka},{addresses.kafka}", tmp_path) as ready:
        yield ready


@pytest.mark.timeout(300)
async def test_killed_stopped_and_fed_badly_the_pair_loses_doubles_and_reorders_nothing(
    made: Stage,
) -> None:
    faults = [Fault(name, strike, f"{SEED}/{name}") for name, strike in SLICE.items()]
    report = await run(made, faults, SEED, steps=[])
    assert report.clean, (report.void, report.notes)
    assert report.events > 100
    assert report.resent > 0, "a relay killed after the ack sends again"
    assert min(report.in_flight.values()) > 0, "each fault hit something"


async def test_a_process_that_stands_still_inside_its_transaction_does_not_hold_up_its_heir(
    made: Stage,
) -> None:
    """It holds the checkpoint's row; the server ends its session in the end, and all goes on."""
    async with scene(made, {}) as playing:
        await playing.enter("teller")
        [zombie] = await playing.enter("ledger")
        zombie.arm("stop", "consumer.effects-applied", 1)
        await playing.order("a", "b")
        await playing.until_struck(zombie, "consumer.effects-applied")
        del made.victims["ledger"]
        try:
            await playing.enter("ledger")
            await playing.until_read()
            found = await playing.check()
        finally:
            await zombie.kill()
    assert found.clean, found.notes


def test_every_step_of_the_source_is_found() -> None:
    found = steps()
    assert len(found) == len(set(found))
    parts = {step.partition(".")[0] for step in found}
    assert {"relay", "consumer", "parked", "timer", "transmission", "epoch"} <= parts
    assert {"rebuild", "rollback"} <= parts


def test_a_full_schedule_has_every_step_and_kind_and_the_same_seed_draws_it_again() -> None:
    kinds, found = PROCESS_FAULTS, steps()
    least = least_of_a_full_run(found, kinds)
    drawn = schedule(7, least + 20, found, kinds)
    assert {f"at {step}" for step in found} | set(kinds) <= {fault.name for fault in drawn}
    again = schedule(7, least + 20, found, kinds)
    only = schedule(7, 20, [], {"kill": kinds["kill"]})
    assert [fault.name for fault in only] == ["kill"] * 20, "narrowed to kinds, or to steps"
    assert len(schedule(7, 40, found[:1], {})) == 40
    assert [(f.name, f.seed) for f in drawn] == [(f.name, f.seed) for f in again]
    assert [f.name for f in drawn] != [f.name for f in schedule(8, least + 20, found, kinds)]
    assert random.Random(drawn[0].seed).random() == random.Random(again[0].seed).random()
