"""One run: faults one after another while orders flow, then quiet, then every check."""

from __future__ import annotations

import asyncio
import random
import sys
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from tests.chaos.checks import Findings, check
from tests.chaos.journal import NOT_SAID, Journal, Load
from tests.chaos.operator import Operator
from tests.chaos.stage import Stage
from tests.chaos.victims import Victim

FLOWS_SECONDS = 90
QUIET_SECONDS = 120


class VoidError(Exception):
    """A fault that hit nothing."""


@dataclass
class Run:
    """What faults act on. A fault calls `strikes_now` at its moment."""

    stage: Stage
    operator: Operator
    in_flight: int = 0
    steps_hit: Counter[str] = field(default_factory=Counter[str])
    restarts: int = 0
    """Victims that ended by themselves and were started again, as an orchestrator does."""

    async def strikes_now(self) -> None:
        """Call just before the blow: waits until work is in flight, and notes how much."""
        self.in_flight = await until(self.stage.in_flight, 15)

    async def revive(self) -> None:
        """Start again whoever has ended."""
        for victim in self.stage.victims.values():
            if not victim.runs:
                await victim.start()

    async def strike_step(self, victim: Victim, how: str, step: str, times: int) -> None:
        """Arm a step and wait until the victim has reached it; VoidError where it does not."""
        victim.arm(how, step, times)
        if not await victim.until_struck(step, 60):
            raise VoidError(f"{victim.role} did not reach {step}")
        self.in_flight = await self.stage.in_flight()
        self.steps_hit[step] += 1


Strike = Callable[[Run, random.Random], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault and the seed of its details."""

    name: str
    strike: Strike
    seed: str


@dataclass
class Report:
    """What is printed; `void` names the faults that hit nothing or after which nothing flowed."""

    seed: int
    faults: int
    events: int = 0
    resent: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    unreconciled_cents: int = 0
    stuck_keys: int = 0
    left_over: int = 0
    void: list[str] = field(default_factory=list[str])
    by_fault: dict[str, int] = field(default_factory=dict[str, int])
    steps_hit: dict[str, int] = field(default_factory=dict[str, int])
    in_flight: dict[str, int] = field(default_factory=dict[str, int])
    """By fault, the least that was in flight when one of its kind struck."""
    restarts: int = 0
    seconds: float = 0
    notes: list[str] = field(default_factory=list[str])

    @property
    def clean(self) -> bool:
        figures = asdict(self)
        zero = ("lost", "duplicated", "reordered", "unreconciled_cents", "stuck_keys", "left_over")
        return not self.void and not any(figures[name] for name in zero)


async def run(stage: Stage, faults: list[Fault], seed: int, *, steps: list[str]) -> Report:
    """Strike with every fault, let it become quiet, and check; `steps` must each have been hit."""
    report = Report(seed=seed, faults=len(faults))
    begun = monotonic()
    with Journal.open(stage.folder / "journal.jsonl") as journal:
        load = Load(stage, journal, seed)
        made = Run(stage, Operator(stage))
        await stage.start_victims()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run())
            mending = tasks.create_task(made.operator.run())
            for number, fault in enumerate(faults, 1):
                await _strike(made, fault, report)
                tell(f"{number}/{len(faults)} {fault.name}, {made.in_flight} in flight")
            load.end()
            mending.cancel()
        found = await settle(made, journal)
    for name, figure in asdict(found).items():
        setattr(report, name, figure)
    report.steps_hit = dict(sorted(made.steps_hit.items()))
    report.void += [f"{step} was never reached" for step in steps if not made.steps_hit[step]]
    report.restarts = made.restarts
    report.seconds = round(monotonic() - begun, 1)
    return report


async def _strike(made: Run, fault: Fault, report: Report) -> None:
    made.in_flight = 0
    try:
        await fault.strike(made, random.Random(fault.seed))
        await flows(made)
        if made.in_flight == 0:
            raise VoidError("nothing was in flight")
    except Exception as error:
        if not isinstance(error, VoidError):
            tell(traceback.format_exc())
        report.void.append(f"{fault.name}: {type(error).__name__} {error}")
        for victim in made.stage.victims.values():
            await victim.kill()
        await made.revive()
    report.by_fault[fault.name] = report.by_fault.get(fault.name, 0) + 1
    least = report.in_flight.get(fault.name, made.in_flight)
    report.in_flight[fault.name] = min(least, made.in_flight)


async def flows(made: Run) -> None:
    """Returns once the pair moves on after a fault; AssertionError where it is stuck."""
    before = await made.stage.done()

    async def moved() -> bool:
        for victim in made.stage.victims.values():
            if not victim.runs:
                made.restarts += 1
                await victim.start()
        return await made.stage.done() > before

    await until(moved, FLOWS_SECONDS)


async def settle(made: Run, journal: Journal) -> Findings:
    """Let what is on its way arrive, retry and discard what is parked, and check."""
    await flows_out(made)
    found = await check(made.stage, journal)
    made.operator.check(found)
    return found


async def flows_out(made: Run) -> None:
    """Returns when all is quiet, or at the bound: the checks then say what is left."""
    deadline = monotonic() + QUIET_SECONDS
    quiet = 0
    while quiet < 3 and monotonic() < deadline:
        await made.operator.round()
        await asyncio.sleep(1)
        quiet = quiet + 1 if await made.stage.quiet() else 0


async def until(look: Callable[[], Awaitable[Any]], within_seconds: float) -> Any:
    """Look until it is something; a database that is away is nothing."""
    deadline = monotonic() + within_seconds
    while True:
        try:
            if found := await look():
                return found
        except NOT_SAID:
            pass
        if monotonic() > deadline:
            raise TimeoutError(f"not within {within_seconds} s")
        await asyncio.sleep(0.05)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
